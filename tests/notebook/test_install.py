"""Where `tx kernel install` writes."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

TX = os.environ["TX"]


class Install(unittest.TestCase):
    def install(self, *options, rc=0, **environment):
        kept = {k: v for k, v in os.environ.items() if k not in ("JUPYTER_DATA_DIR", "XDG_DATA_HOME", "VIRTUAL_ENV", "CONDA_PREFIX")}
        result = subprocess.run([TX, "kernel", "install", *options], env={**kept, **environment}, capture_output=True, text=True)
        self.assertEqual(rc, result.returncode, result.stderr)
        return result

    def spec(self, folder):
        self.assertEqual({"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}, set(os.listdir(folder)))
        with open(os.path.join(folder, "kernel.json"), encoding="utf-8") as file:
            spec = json.load(file)
        self.assertTrue(os.path.isabs(spec["argv"][0]))
        self.assertEqual(["kernel", "start", "--connection-file", "{connection_file}"], spec["argv"][-4:])
        self.assertEqual(("tx", "message"), (spec["language"], spec["interrupt_mode"]))
        return spec

    def test_places(self):
        with tempfile.TemporaryDirectory() as home:
            for options, environment, place in [
                ([], {"HOME": home}, ".local/share/jupyter"),
                (["--user"], {"HOME": home, "XDG_DATA_HOME": home + "/xdg"}, "xdg/jupyter"),
                (["--user"], {"HOME": home + "/not/there"}, "not/there/.local/share/jupyter"),
                (["--user"], {"HOME": home, "JUPYTER_DATA_DIR": home + "/data"}, "data"),
                (["--sys-prefix"], {"HOME": home, "VIRTUAL_ENV": home + "/venv"}, "venv/share/jupyter"),
                (["--prefix", home + "/prefix"], {"HOME": home}, "prefix/share/jupyter"),
            ]:
                self.install(*options, **environment)
                self.spec(os.path.join(home, place, "kernels", "tx"))
            # Again, and under another name.
            self.install("--prefix", home + "/prefix", "--name", "tx-dev", "--display-name", "tx (dev)", HOME=home)
            self.install("--prefix", home + "/prefix", HOME=home)
            self.assertEqual("tx (dev)", self.spec(home + "/prefix/share/jupyter/kernels/tx-dev")["display_name"])

    def test_refused(self):
        with tempfile.TemporaryDirectory() as home:
            for options in (["--user", "--prefix", home], ["--name", "../x"], ["--prefix", "/proc/nowhere"]):
                result = self.install(*options, rc=2, HOME=home)
                self.assertTrue(result.stderr.startswith("tx: "), result.stderr)

    def test_found_by_jupyter(self):
        listed = subprocess.run([sys.executable, "-m", "jupyter_client.kernelspecapp", "list", "--json"], capture_output=True, text=True, check=True)
        self.assertEqual("tx", json.loads(listed.stdout)["kernelspecs"]["tx"]["spec"]["display_name"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
