"""What the tests share: a kernel with a client, and the messages of one cell."""
import contextlib
import time

from jupyter_client.manager import start_new_kernel


@contextlib.contextmanager
def kernel(**options):
    manager, client = start_new_kernel(kernel_name="tx", **options)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def collect(client, message, timeout=60):
    """The reply of a request, and what was published for it up to its end; the two come in any order."""
    published = []
    end = time.monotonic() + timeout
    while True:
        m = client.get_iopub_msg(timeout=max(0.01, end - time.monotonic()))
        if m["parent_header"].get("msg_id") != message:
            continue
        if m["msg_type"] == "status" and m["content"]["execution_state"] == "idle":
            break
        if m["msg_type"] != "status":
            published.append((m["msg_type"], m["content"]))
    while True:
        reply = client.get_shell_msg(timeout=max(0.01, end - time.monotonic()))
        if reply["parent_header"].get("msg_id") == message:
            return reply["content"], published


def run(client, code, timeout=60, **options):
    return collect(client, client.execute(code, **options), timeout)


def text(published, name="stdout"):
    return "".join(c["text"] for t, c in published if t == "stream" and c["name"] == name)
