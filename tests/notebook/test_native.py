"""What native code writes arrives in its order among what the session prints."""
import platform
import time
import unittest

from kernel import kernel, run, text

# An instruction that writes its operand, 32 letters, to standard output by a system call, and gives it back.
SAY = """intrin say(x: i32[8], z: i32[8]) on cpu("avx2") {
    z[i] = x[i]
    emit asm "sub rsp, 256; vmovdqu ymmword ptr [rsp + 64], {x}; mov qword ptr [rsp], rax; mov qword ptr [rsp + 8], rdi; mov qword ptr [rsp + 16], rsi; mov qword ptr [rsp + 24], rdx; mov qword ptr [rsp + 32], rcx; mov qword ptr [rsp + 40], r11; mov eax, 1; mov edi, 1; lea rsi, [rsp + 64]; mov edx, 32; syscall; mov rax, qword ptr [rsp]; mov rdi, qword ptr [rsp + 8]; mov rsi, qword ptr [rsp + 16]; mov rdx, qword ptr [rsp + 24]; mov rcx, qword ptr [rsp + 32]; mov r11, qword ptr [rsp + 40]; vmovdqu {z}, ymmword ptr [rsp + 64]; add rsp, 256"(x) -> z
}
op said(X: i32[1, 8]) -> Z: i32[1, 8] { Z[n, j] = X[n, j] }
schedule aloud for said on cpu("avx2") { Z.j.tensorize(say) }
"""
LINES, CELLS = 20_000, 20


def words(line):
    """A line of 32 letters as the numbers of which the instruction takes its bytes."""
    data = line.ljust(31).encode() + b"\n"
    return "[[" + ", ".join(str(int.from_bytes(data[i:i + 4], "little", signed=True)) for i in range(0, 32, 4)) + "]]"


@unittest.skipUnless(platform.machine() == "x86_64", "the instruction is one of x86-64")
class Native(unittest.TestCase):
    def test_order(self):
        with kernel() as (manager, client):
            self.assertEqual("ok", run(client, SAY)[0]["status"])
            reply, published = run(client, f'let first: i32[1, 8] = {words("native")}\nlet told = said(first, using = aloud)\nprint("printed")')
            self.assertEqual("ok", reply["status"], reply)
            self.assertEqual("native".ljust(31) + "\nprinted\n", text(published))
            start, got, messages = time.monotonic(), "", 0
            each = LINES // 2 // CELLS
            for cell in range(CELLS):
                code = []
                for n in range(cell * each, (cell + 1) * each):
                    code += [f"let line: i32[1, 8] = {words(f'native {n}')}", "let told = said(line, using = aloud)", f'print("printed {n}")']
                reply, published = run(client, "\n".join(code), timeout=300)
                self.assertEqual("ok", reply["status"], reply)
                got += text(published)
                messages += sum(t == "stream" for t, _ in published)
            expected = "".join(f"native {n}".ljust(31) + "\n" + f"printed {n}\n" for n in range(LINES // 2))
            self.assertEqual(expected, got)
            print(f"{LINES} lines, half of them from native code: in order, {messages} messages, {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    unittest.main(verbosity=2)
