"""What clients rely on beyond the conformance tests."""
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import zmq
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from kernel import collect, kernel, run, text

TX = os.environ["TX"]
RUNS = int(os.environ.get("TX_RUNS", "200"))


def started(**environment):
    """A kernel process with its connection file, not waited for."""
    path, info = write_connection_file(fname=os.path.join(tempfile.mkdtemp(), "kernel.json"), key=b"secret")
    process = subprocess.Popen([TX, "kernel", "start", "--connection-file", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment})
    return process, info, path


def stop(process):
    process.terminate()
    process.wait(10)
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


class RawClient:
    """Sends as soon as it is made, and waits for nothing."""

    def __init__(self, info):
        self.key, self.context = info["key"].encode() if isinstance(info["key"], str) else info["key"], zmq.Context()
        self.shell, self.iopub = self.context.socket(zmq.DEALER), self.context.socket(zmq.SUB)
        for socket in (self.shell, self.iopub):
            socket.linger = 0
        self.shell.connect(f"tcp://127.0.0.1:{info['shell_port']}")
        self.iopub.connect(f"tcp://127.0.0.1:{info['iopub_port']}")
        self.iopub.subscribe(b"")

    def send(self, kind, content, key=None):
        header = {"msg_id": uuid.uuid4().hex, "session": "raw", "username": "raw", "date": "2026-01-01T00:00:00Z", "msg_type": kind, "version": "5.3"}
        parts = [json.dumps(p).encode() for p in (header, {}, {}, content)]
        signature = hmac.new(self.key if key is None else key, b"".join(parts), hashlib.sha256).hexdigest().encode()
        self.shell.send_multipart([b"<IDS|MSG>", signature, *parts])
        return header["msg_id"]

    def published(self, message, timeout=20):
        found, end = [], time.monotonic() + timeout
        while time.monotonic() < end:
            if not self.iopub.poll(200):
                continue
            frames = self.iopub.recv_multipart()
            at = frames.index(b"<IDS|MSG>")
            header, parent, content = (json.loads(frames[at + i]) for i in (2, 3, 5))
            assert hmac.new(self.key, b"".join(frames[at + 2:at + 6]), hashlib.sha256).hexdigest().encode() == frames[at + 1]
            if parent.get("msg_id") != message:
                continue
            found.append((header["msg_type"], content))
            if header["msg_type"] == "status" and content["execution_state"] == "idle":
                return found
        raise AssertionError(f"no idle in {timeout} s; got {found}")

    def close(self):
        self.context.destroy(linger=0)


class Clients(unittest.TestCase):
    def test_sends_at_once(self):
        """New clients of one kernel, each with a request before its subscription can have arrived."""
        process, info, _ = started()
        try:
            lost = 0
            for n in range(RUNS):
                client = RawClient(info)
                seen = client.published(client.send("execute_request", {"code": f'print("run {n}")', "silent": False}))
                lost += ("stream", {"name": "stdout", "text": f"run {n}\n"}) not in seen or seen[0] != ("status", {"execution_state": "busy"})
                client.close()
            print(f"{RUNS} clients that send at once: {lost} lost output")
            self.assertEqual(0, lost)
        finally:
            stop(process)

    def test_sends_before_the_kernel_listens(self):
        for n in range(5):
            process, info, _ = started()
            client = RawClient(info)
            try:
                self.assertIn(("stream", {"name": "stdout", "text": "early\n"}), client.published(client.send("execute_request", {"code": 'print("early")'})))
            finally:
                client.close()
                stop(process)

    def test_refuses_what_is_not_signed(self):
        process, info, _ = started()
        client = RawClient(info)
        try:
            client.send("execute_request", {"code": 'print("forged")'}, key=b"other")
            client.shell.send_multipart([b"garbage"])
            client.shell.send_multipart([b"<IDS|MSG>", b"", b"{"])
            client.shell.send_multipart([b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"[]"])
            message = client.send("execute_request", {"code": 'print("real")'})
            self.assertIn(("stream", {"name": "stdout", "text": "real\n"}), client.published(message))
            client.send("unheard_of_request", {})
            self.assertIn(("stream", {"name": "stdout", "text": "still\n"}), client.published(client.send("execute_request", {"code": 'print("still")'})))
        finally:
            client.close()
            stop(process)

    def test_ends_with_its_client(self):
        parent = subprocess.Popen(["sleep", "1000"])
        process, _, _ = started(JPY_PARENT_PID=str(parent.pid))
        time.sleep(1.5)
        self.assertIsNone(process.poll())
        parent.kill()
        parent.wait()
        self.assertEqual(0, process.wait(5))
        stop(process)

    def test_ends_by_signal(self):
        process, info, path = started()
        client = RawClient(info)
        client.published(client.send("kernel_info_request", {}))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(5))
        client.close()
        stop(process)

    def test_ports_that_are_taken(self):
        process, info, path = started()
        client = RawClient(info)
        client.published(client.send("kernel_info_request", {}))
        second = subprocess.run([TX, "kernel", "start", "--connection-file", path], capture_output=True, text=True, timeout=20)
        self.assertEqual(2, second.returncode)
        self.assertIn("another program uses the port", second.stderr)
        client.close()
        stop(process)

    def test_cells(self):
        with kernel() as (manager, client):
            # What runs after an error is given up, and what comes later is not.
            messages = [client.execute(code) for code in ('print("a")', "nothing_here", 'print("b")', 'print("c")')]
            self.assertEqual(["ok", "error", "aborted", "aborted"], [collect(client, m)[0]["status"] for m in messages])
            self.assertEqual("ok", run(client, 'print("d")')[0]["status"])
            messages = [client.execute(code, stop_on_error=False) for code in ("nothing_here", 'print("b")')]
            self.assertEqual(["error", "ok"], [collect(client, m)[0]["status"] for m in messages])

            # A silent cell counts nothing and shows nothing; its expressions are answered.
            before = run(client, "let v = 20")[0]["execution_count"]
            reply, published = run(client, 'print("hush")\nv', silent=True, user_expressions={"twice": "2 * v", "bad": "w"})
            self.assertEqual([], published)
            self.assertEqual("40", reply["user_expressions"]["twice"]["data"]["text/plain"])
            self.assertEqual("error", reply["user_expressions"]["bad"]["status"])
            self.assertEqual(before + 1, run(client, "v")[0]["execution_count"])

            # Values are shown as they come, between what is printed.
            _, published = run(client, 'print("one")\nv\nprint("two")')
            self.assertEqual(["stream", "execute_result", "stream"], [t for t, _ in published if t != "execute_input"])

            # Positions count code points.
            reply = self.ask(client, client.complete('print("𝕏𝕏", arang', 17))
            self.assertEqual((["arange"], 12, 17), (reply["matches"], reply["cursor_start"], reply["cursor_end"]))
            # A cell is completed with what the session has declared, also what a command line stands before.
            run(client, "/// Doubles.\nop doubled(X: f32[N]) -> Y: f32[N] { Y[i] = 2 * X[i] }\nlet grid = zeros(f32[3, 5])")
            self.assertEqual(["doubled"], self.ask(client, client.complete("doub", 4))["matches"])
            self.assertIn("Doubles.", self.ask(client, client.inspect("doubled(grid[0])", 2))["data"]["text/markdown"])
            self.assertIn("f32[3, 5]", self.ask(client, client.inspect("print(grid)", 7))["data"]["text/plain"])
            self.assertFalse(self.ask(client, client.inspect("nobody", 2))["found"])

            # Rich forms beside text.
            _, published = run(client, "grid")
            data = [c["data"] for t, c in published if t == "execute_result"][0]
            self.assertIn("text/plain", data)
            self.assertTrue({"text/html", "image/svg+xml"} & set(data), data.keys())
            self.assertIn("<svg" if "image/svg+xml" in data else "<", data.get("image/svg+xml") or data["text/html"])

    def ask(self, client, message):
        return client.get_shell_msg(timeout=20)["content"] if message else None

    def test_comms_and_restart(self):
        with kernel() as (manager, client):
            run(client, "let kept = 1")
            client.session.send(client.shell_channel.socket, "comm_open", {"comm_id": "c1", "target_name": "widget", "data": {}})
            client.comm_info()
            self.assertEqual({}, client.get_shell_msg(timeout=10)["content"]["comms"])
            start = time.monotonic()
            manager.restart_kernel(now=False)
            client.wait_for_ready(timeout=30)
            print(f"restart: {time.monotonic() - start:.2f} s")
            self.assertEqual("error", run(client, "kept")[0]["status"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
