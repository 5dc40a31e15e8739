"""`tx kernel --stdio` as a process: nothing but events on its output, one end for each command, and an end with its input."""
import json
import os
import subprocess
import unittest

TX = os.environ["TX"]
TRANSCRIPT = os.path.join(os.path.dirname(__file__), "..", "cases", "polyglot", "transcript.txt")


class Stdio(unittest.TestCase):
    def host(self, *options):
        return subprocess.Popen([TX, "kernel", "--stdio", "--kernel-host", "pid-7", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def test_transcript(self):
        """The recorded commands and answers, in another process."""
        with open(TRANSCRIPT, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if line[0] in "<>"]
        host = self.host()
        for line in lines:
            if line[0] == ">":
                host.stdin.write(line[2:] + "\n")
                host.stdin.flush()
            else:
                self.assertEqual(json.loads(line[2:]), json.loads(host.stdout.readline()))
        out, err = host.communicate(timeout=20)
        self.assertEqual(("", 0), (out, host.returncode), err)
        self.assertIn("a line is passed over", err)

    def test_end_of_input(self):
        """What was sent before the end is still done."""
        commands = [{"token": f"t{n}", "commandType": "SubmitCode", "command": {"code": f"print({n})\n{n} + 1"}} for n in range(5)]
        host = self.host()
        out, err = host.communicate("".join(json.dumps(c) + "\n" for c in commands) + "garbage\n", timeout=60)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(0, host.returncode, err)
        self.assertEqual([f"t{n}" for n in range(5)], [e["command"]["token"] for e in events if e["eventType"] == "CommandSucceeded"])
        self.assertEqual([f"{n}\n" for n in range(5)], [e["event"]["formattedValues"][0]["value"] for e in events if e["eventType"] == "StandardOutputValueProduced"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
