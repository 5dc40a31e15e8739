#!/usr/bin/env python3
"""Writes recurrences.npz: inputs and NumPy's results for recurrences.tx. Needs python3-numpy; the tests do not."""
import os
import numpy as np

r = np.random.RandomState(23)
out = {}


def f32(*shape):
    return r.uniform(-1, 1, shape).astype(np.float32)


def f64(*shape):
    return r.uniform(-1, 1, shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


T, I, U = 6, 5, 13
wx, wh, bias, seq = f32(4, U, I), f32(4, U, U), f32(4, U), f32(T, I)
h, c, hidden = np.zeros(U), np.zeros(U), [np.zeros(U)]
for t in range(T):
    gate = bias + wx.astype(np.float64) @ seq[t] + wh.astype(np.float64) @ h
    c = sigmoid(gate[1]) * c + sigmoid(gate[0]) * np.tanh(gate[2])
    h = sigmoid(gate[3]) * np.tanh(c)
    hidden.append(h)
out.update(wx=wx, wh=wh, bias=bias, seq=seq, hidden=np.array(hidden, np.float32))

line, grid = f32(101), f32(7, 37)
out.update(line=line, line_sums=np.cumsum(line.astype(np.float64)).astype(np.float32), grid=grid, grid_max=np.maximum.accumulate(grid, 1))

warm = f32(83)
steps = [warm.astype(np.float64)]
for t in range(7):
    u = steps[-1].copy()
    u[1:-1] = (steps[-1][:-2] + steps[-1][1:-1] + steps[-1][2:]) / 3
    steps.append(u)
out.update(warm=warm, cool=np.array(steps, np.float32))

N = 31
full = f64(N, N) + 4 * np.eye(N)
lower, upper, right, sides = np.tril(full), np.triu(full), f64(N), f64(N, 9)
out.update(lower=lower, upper=upper, right=right, sides=sides,
           x_lower=np.linalg.solve(lower, right), x_upper=np.linalg.solve(upper, right), x_sides=np.linalg.solve(lower, sides))

wave = f64(97)
y = np.zeros(97)
for n in range(97):
    y[n] = wave[n] + 1.5 * (y[n - 1] if n >= 1 else 0) - 0.75 * (y[n - 2] if n >= 2 else 0)
out.update(wave=wave, filtered=y)

a, b = r.randint(0, 4, 17).astype(np.uint8), r.randint(0, 4, 23).astype(np.uint8)
d = np.zeros((18, 24), np.int32)
d[0], d[:, 0] = np.arange(24), np.arange(18)
for i in range(17):
    for j in range(23):
        d[i + 1, j + 1] = min(d[i, j + 1] + 1, d[i + 1, j] + 1, d[i, j] + (a[i] != b[j]))
out.update(word_a=a, word_b=b, distance=d)

p, v = [f64(19)], [f64(19)]
for t in range(11):
    v.append(v[-1] - 0.125 * p[-1])
    p.append(p[-1] + 0.125 * v[-1])
out.update(p0=p[0], v0=v[0], path=np.array(p), speed=np.array(v))

m = f64(29, 29)
spd = m @ m.T + 29 * np.eye(29)
out.update(spd=spd, factor=np.linalg.cholesky(spd))

pixels = r.randint(0, 256, (37, 41)).astype(np.uint8)
out.update(pixels=pixels, bins=np.bincount(pixels.ravel(), minlength=256).astype(np.int32))

rows, classes = f64(43, 21), r.randint(0, 16, 43).astype(np.uint8)
sums = np.zeros((256, 21))
np.add.at(sums, classes, rows)
out.update(rows=rows, classes=classes, sums=sums)

diagonals, column = f64(3, 47), f64(47)
product = np.zeros(49)
for k in range(3):
    product[k:k + 47] += diagonals[k] * column
out.update(diagonals=diagonals, column=column, product=2 * product)

np.savez(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recurrences.npz"), **out)
