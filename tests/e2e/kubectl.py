"""kubectl against one API server, real or not, without what its user has configured."""
import json
import os
import shutil
import subprocess


class Kubectl:
    def __init__(self, url, ca, token, folder):
        self.command = ["kubectl", "--kubeconfig", "/dev/null", "--server", url, "--certificate-authority", ca,
                        "--token", token, "--cache-dir", os.path.join(folder, "kube-cache")]

    @staticmethod
    def is_installed():
        return shutil.which("kubectl") is not None

    def __call__(self, *arguments, objects=None):
        """Its output; `objects` are given to it as one list."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}) if objects is not None else None
        done = subprocess.run([*self.command, *arguments], input=text, capture_output=True, text=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def read(self, *what):
        return json.loads(self("get", *what, "-o", "json"))
