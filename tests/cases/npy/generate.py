"""Writes the .npy files of this folder with NumPy: python3 generate.py"""
import numpy as np

values = np.arange(6).reshape(2, 3)
for name, dtype in dict(bool="?", i8="i1", i16="i2", i32="i4", i64="i8", u8="u1", u16="u2", u32="u4", u64="u8", f16="f2", f32="f4", f64="f8").items():
    a = (values % 2 == 1) if name == "bool" else (values - 3 if name[0] in "if" else values).astype(dtype)
    if name[0] in "iu":
        a[0, 0], a[1, 2] = np.iinfo(dtype).min, np.iinfo(dtype).max
    if name[0] == "f":
        a[0, 0], a[1, 2] = 0.1, -np.inf
    np.save(f"{name}.npy", a)
    np.save(f"{name}_fortran.npy", np.asfortranarray(a))
    np.save(f"{name}_big.npy", a.astype(a.dtype.newbyteorder(">")))

np.save("rank0.npy", np.float32(2.5))
np.save("empty.npy", np.zeros((2, 0, 3), dtype="f4"))
np.save("rank3_fortran.npy", np.asfortranarray(np.arange(24, dtype="i4").reshape(2, 3, 4)))
np.save("complex.npy", values.astype("c8"))
np.save("object.npy", np.array([1, "a"], dtype=object), allow_pickle=True)
np.save("structured.npy", np.zeros(2, dtype=[("x", "f4"), ("y", "i4")]))
for version in (2, 3):
    with open(f"version{version}.npy", "wb") as file:
        np.lib.format.write_array(file, values.astype("i4"), version=(version, 0))

# ---- archives: <name>.npz
import zipfile

arrays = dict(W=values.astype("f4"), b=np.array([1, -2], dtype="i8"), mask=np.asfortranarray(values % 2 == 1), scalar=np.float64(0.5), empty=np.zeros((0, 3), dtype="u1"))
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
np.savez_compressed("zeros.npz", Z=np.zeros((64, 64), dtype="f4"))
np.savez("none.npz")
with zipfile.ZipFile("twice.npz", "w") as z:
    for _ in range(2):
        z.writestr(zipfile.ZipInfo("W.npy"), open("f32.npy", "rb").read())
with zipfile.ZipFile("text.npz", "w") as z:
    z.writestr(zipfile.ZipInfo("W.npy"), b"not an array")
    z.writestr(zipfile.ZipInfo("readme.txt"), b"arrays")
