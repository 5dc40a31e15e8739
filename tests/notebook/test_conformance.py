"""Jupyter's own conformance tests. One without a sample skips itself, so that skips count as failures."""
import sys
import unittest

import jupyter_kernel_test


class TxTests(jupyter_kernel_test.KernelTests):
    kernel_name = "tx"
    language_name = "tx"
    file_extension = ".tx"
    code_hello_world = 'print("hello, world")'
    # A warning does not stop a cell.
    code_stderr = "op unread(X: f32[N]) -> Y: f32[N] {\n    T[i] = X[i] + 1\n    Y[i] = X[i]\n}"
    completion_samples = [{"text": "arang", "matches": {"arange"}}, {"text": "let 𝕏 = 1\narang", "matches": {"arange"}}]
    complete_code_samples = ["let a = 1", "op f(X: f32[N]) -> Y: f32[N] {\n    Y[i] = X[i]\n}", ""]
    incomplete_code_samples = ["op f(X: f32[N]) -> Y: f32[N] {", "print(", "let a ="]
    invalid_code_samples = ["let = = 3", "op 1() {}"]
    code_page_something = "arange?"
    code_generate_error = "let broken = zeros(f32[2])[7]"
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": "1 + 1", "result": "2"}, {"code": "2.5 * 2", "result": "5"}]
    code_display_data = [{"code": "bench twice(zeros(f32[16]))", "mime": "text/plain"}]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 ? 7*"
    code_inspect_sample = "arange"
    code_clear_output = "%clear_output"

    def test_display_data(self):
        self.execute_helper(code="op twice(X: f32[N]) -> Y: f32[N] { Y[i] = 2 * X[i] }")
        super().test_display_data()


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(TxTests)
    count = suite.countTestCases()
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    base = [n for n in dir(jupyter_kernel_test.KernelTests) if n.startswith("test_")]
    sys.exit(0 if result.wasSuccessful() and not result.skipped and result.testsRun == count == len(base) >= 12 else 1)
