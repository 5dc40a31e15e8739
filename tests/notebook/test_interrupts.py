"""Whatever runs, an interrupt is answered within half a second, and the session goes on."""
import os
import signal
import time
import unittest

from kernel import collect, kernel, run

LIMIT = 0.5
# About a minute on one thread: each step needs the one before it.
KERNEL = """op slow(X: f32[N], steps: f32[M]) -> Y: f32[M, N] {
    Y[t, i] = sqrt((Y[t - 1, i] ?? X[i]) * 1.0001 + 1) + sin(Y[t - 1, i] ?? X[i])
}
"""
LOOP = "op spin(X: f32[N]) -> Y: f32[1] { Y[o] = sum(a in 0..N, b in 0..N, c in 0..N: sin(X[a] * X[b] + X[c])) }\nprint(spin(random(f32[4000], seed = 1)))"
EVALUATOR = "op heavy(X: f32[N]) -> Y: f32[1] { Y[o] = sum(a in 0..N, b in 0..N: sin(X[a] * X[b])) }\nprint(reference(heavy(random(f32[20000], seed = 1))))"


def compile_heavy(stages):
    """Operators that take the compiler long: a chain of stages, each over the last."""
    body = "\n".join(f"    T{n}[i, j] = exp(T{n - 1}[i, j]) * T{n - 1}[i, j] + sqrt(abs(T{n - 1}[i, j] + {n}))" for n in range(1, stages))
    return f"op chain(X: f32[M, N]) -> Y: f32[M, N] {{\n    T0[i, j] = X[i, j]\n{body}\n    Y[i, j] = T{stages - 1}[i, j]\n}}\nprint(chain(random(f32[64, 64], seed = 1))[0, 0])"


class Interrupts(unittest.TestCase):
    def interrupted(self, client, interrupt, code, after=2.0):
        message = client.execute(code)
        time.sleep(after)
        start = time.monotonic()
        interrupt()
        reply, published = collect(client, message)
        taken = time.monotonic() - start
        print(f"{self._testMethodName}: answered {taken * 1000:.0f} ms after the interrupt: {reply['status']} {reply.get('ename')}")
        self.assertEqual(("error", "TX5704"), (reply["status"], reply["ename"]))
        self.assertLess(taken, LIMIT)
        self.assertEqual("ok", run(client, 'print("on it goes")')[0]["status"])

    def test_kernel(self):
        with kernel() as (manager, client):
            self.interrupted(client, manager.interrupt_kernel, LOOP, after=4.0)
            self.interrupted(client, manager.interrupt_kernel, LOOP)

    def test_evaluator(self):
        with kernel() as (manager, client):
            self.interrupted(client, manager.interrupt_kernel, EVALUATOR)

    def test_compile(self):
        with kernel() as (manager, client):
            self.interrupted(client, manager.interrupt_kernel, compile_heavy(400), after=1.0)

    def test_signal(self):
        with kernel() as (manager, client):
            self.interrupted(client, lambda: os.kill(manager.provisioner.process.pid, signal.SIGINT), LOOP)
            # With nothing to interrupt it does no harm.
            os.kill(manager.provisioner.process.pid, signal.SIGINT)
            self.assertEqual("ok", run(client, "1")[0]["status"])

    def test_expressions(self):
        with kernel() as (manager, client):
            start = time.monotonic()
            manager.interrupt_kernel()
            self.assertEqual("ok", run(client, "1")[0]["status"])
            self.assertLess(time.monotonic() - start, 5)

    def test_progress(self):
        """A long cell says how far it is."""
        with kernel() as (manager, client):
            message = client.execute('print("first")\n' + LOOP)
            time.sleep(5)
            manager.interrupt_kernel()
            _, published = collect(client, message)
            shown = [c for t, c in published if t in ("display_data", "update_display_data")]
            self.assertGreaterEqual(len(shown), 3)
            self.assertEqual(1, len({c["transient"]["display_id"] for c in shown}))
            self.assertIn("line 3: `print(spin(", shown[1]["data"]["text/plain"])
            self.assertRegex(shown[-1]["data"]["text/plain"], r"^took \d+\.\d s$")
            # Nobody watches a client that cannot be asked.
            message = client.execute(LOOP, allow_stdin=False)
            time.sleep(3.5)
            manager.interrupt_kernel()
            self.assertNotIn("display_data", [t for t, _ in collect(client, message)[1]])


class ByteInterrupt(unittest.TestCase):
    def test_byte(self):
        """A .NET Interactive client writes the byte of Ctrl-C to the kernel's input."""
        from test_clients import RawClient, started, stop
        process, info, _ = started()
        client = RawClient(info)
        try:
            message = client.send("execute_request", {"code": LOOP})
            time.sleep(3)
            start = time.monotonic()
            process.stdin.write(b"\x03\n")
            process.stdin.flush()
            seen = client.published(message)
            self.assertLess(time.monotonic() - start, LIMIT)
            self.assertIn("TX5704", [c.get("ename") for t, c in seen if t == "error"])
        finally:
            client.close()
            stop(process)


if __name__ == "__main__":
    unittest.main(verbosity=2)
