"""Writes tensors and the text that NumPy gives them: python3 generate.py. NAME.npy is the tensor, NAME.txt its elements as
numpy.array2string(a, separator=", ") writes them, with `true` and `false` for NumPy's `True` and `False`."""
import numpy as np

r = np.random.RandomState(5)
nan, inf = np.nan, np.inf
cases = dict(
    whole_f32=np.arange(6, dtype="f4").reshape(2, 3),
    halves_f32=np.array([[1.5, -2, 0.25], [10, 0, 7]], dtype="f4"),
    tenths_f32=np.array([0.1, 0.2, 0.3, 1 / 3], dtype="f4"),
    tenths_f64=np.array([0.1, 0.2, 0.3, 1 / 3]),
    special_f32=np.array([nan, inf, -inf, 1.5, -0.0], dtype="f4"),
    nan_f64=np.array([nan, nan]),
    infinite_f64=np.array([[inf, 1.0], [-inf, nan]]),
    not_finite_f32=np.array([nan, -inf], dtype="f4"),
    zeros_f64=np.zeros((2, 2)),
    negative_zero=np.array([-0.0, 0.0]),
    small_f32=np.array([1e-7, 1, 2e10], dtype="f4"),
    small_f64=np.array([1e-5, -3e-5, 0.0]),
    large_f64=np.array([123456789.0, 1e8, -1e9]),
    edge_f64=np.array([99999999.0, 99999.0]),
    ratio_f64=np.array([1.0, 1000.0, 1000.5]),
    ratio_f32=np.array([0.001, 1.0001], dtype="f4"),
    three_digit_exponent=np.array([1e-200, 1.0, 1e150]),
    subnormal_f64=np.array([5e-324, 1e-310]),
    subnormal_f32=np.array([1e-45, -1e-40], dtype="f4"),
    largest_f32=np.array([np.finfo("f4").max, np.finfo("f4").min], dtype="f4"),
    ten_thousandth_f32=np.array([0.0001, 0.05], dtype="f4"),
    tie=np.array([2.0 ** -9, 3 * 2.0 ** -9, 0.5]),
    scientific_tie=np.array([1 + 2.0 ** -9, 2.0 ** 40]),
    carried=np.array([9.99999999999, 1e9]),
    long_f64=r.uniform(-1, 1, (4, 7)),
    long_f32=r.uniform(-1, 1, (4, 7)).astype("f4"),
    wide_f32=r.uniform(-100, 100, (2, 40)).astype("f4"),
    rank3_f32=r.uniform(-1, 1, (2, 3, 4)).astype("f4"),
    rank4_i32=np.arange(24, dtype="i4").reshape(2, 2, 3, 2),
    tenths_f16=np.array([0.1, 0.2, 1 / 3, -7], dtype="f2"),
    ratio_f16=np.array([1.0, 1001.0, 0.333], dtype="f2"),
    largest_f16=np.array([65504, 6e-8, nan], dtype="f2"),
    filled_f32=np.array([0.1, 16777216.0, 1.00000012e-9, -123456.79], dtype="f4"),
    filled_subnormals=np.array([5e-324, 1.234567e-200]),
    filled_f16=np.array([1e-4, 1e-7, 0.3333, 2048], dtype="f2"),
    rows_f16=r.uniform(-1, 1, (3, 12)).astype("f2"),
    i8=np.array([-128, 1, 20, 127], dtype="i1"),
    u64=np.array([0, 2 ** 64 - 1], dtype="u8"),
    i64_wrapped=np.arange(100, dtype="i8") * 12345 - 5,
    bool=np.array([[True, False], [True, True]]),
    bool_all=np.array([True, True, True]),
    summary_vector=np.arange(2000, dtype="i4"),
    summary_rows=np.arange(2000, dtype="i4").reshape(1000, 2),
    summary_f32=r.uniform(-1, 1, (100, 100)).astype("f4"),
    summary_rank3=np.arange(4000, dtype="f4").reshape(10, 20, 20) / 4,
    summary_edges=np.where(np.arange(1500) == 700, 1e30, 1.0),
    thousand=np.arange(1000, dtype="i2").reshape(10, 100),
    empty=np.zeros((0, 3), dtype="f4"),
    one_f32=np.array(2.5, dtype="f4"),
    one_whole=np.array(3.0),
    one_i32=np.array(-7, dtype="i4"),
    one_bool=np.array(True),
    single=np.array([[[1.0]]]),
)
for name, a in cases.items():
    np.save(f"{name}.npy", a)
    text = np.array2string(a, separator=", ")
    with open(f"{name}.txt", "w") as file:
        file.write(text.replace("True", "true").replace("False", "false"))
