"""A real API server: etcd and kube-apiserver on loopback, and kubectl to write with. No kubelet and no controllers:
what they would write, tests write.
"""
import os
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

from kubectl import Kubectl
from mesh import Process, until

BINARIES = ("etcd", "kube-apiserver", "kubectl")
ADMIN_TOKEN = "the-tests-own"
START_SECONDS = 90  # on a busy machine


def missing():
    return [name for name in BINARIES if not shutil.which(name)]


class RealKube:
    """Keeps all it has in `folder`; its server is at `ip`. Use as a context."""

    def __init__(self, ip, folder, certificate):
        self.ip, self.folder, self.certificate = ip, folder, certificate
        self.etcd_port, self.peer_port, self.port = (self.free_port() for _ in range(3))
        self.url = f"https://{ip}:{self.port}"
        self.etcd = self.server = None
        self.kubectl = Kubectl(self.url, certificate[0], ADMIN_TOKEN, folder)
        os.makedirs(folder)
        with open(self.path("tokens.csv"), "w", encoding="utf-8") as file:
            file.write(f"{ADMIN_TOKEN},admin,1,system:masters\n")
        subprocess.run(["openssl", "genrsa", "-out", self.path("accounts.key"), "2048"], check=True,
                       capture_output=True)

    def __enter__(self):
        self.etcd = Process(
            ["etcd", "--data-dir", self.path("etcd"), "--log-level", "error",
             "--listen-client-urls", self.etcd_url(), "--advertise-client-urls", self.etcd_url(),
             "--listen-peer-urls", f"http://{self.ip}:{self.peer_port}",
             "--initial-advertise-peer-urls", f"http://{self.ip}:{self.peer_port}",
             "--initial-cluster", f"default=http://{self.ip}:{self.peer_port}"], self.path("etcd.log"))
        self.start()
        return self

    def __exit__(self, kind, *_):
        for process in (self.server, self.etcd):
            if process and process.alive():
                process.kill()
        if kind:
            print(f"--- kube-apiserver\n{self.server.tail() if self.server else ''}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def free_port(self):
        with socket.create_server((self.ip, 0)) as taken:
            return taken.getsockname()[1]

    def etcd_url(self):
        return f"http://{self.ip}:{self.etcd_port}"

    def start(self):
        certificate, key = self.certificate
        self.server = Process(
            ["kube-apiserver", "--etcd-servers", self.etcd_url(), "--bind-address", self.ip,
             "--secure-port", str(self.port), "--tls-cert-file", certificate, "--tls-private-key-file", key,
             "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16",
             "--authorization-mode=RBAC", "--token-auth-file", self.path("tokens.csv"),
             "--disable-admission-plugins=ServiceAccount",  # nobody makes the accounts that pods would have
             "--service-account-issuer=https://kubernetes.default.svc",
             "--service-account-key-file", self.path("accounts.key"),
             "--service-account-signing-key-file", self.path("accounts.key")], self.path("api.log"))
        until(self.is_ready, START_SECONDS, "kube-apiserver is ready")

    def kill(self):
        self.server.kill()

    def is_ready(self):
        if not self.server.alive():
            raise AssertionError(f"kube-apiserver ended:\n{self.server.tail()}")
        asked = urllib.request.Request(self.url + "/readyz", headers={"Authorization": "Bearer " + ADMIN_TOKEN})
        try:
            context = ssl.create_default_context(cafile=self.certificate[0])
            with urllib.request.urlopen(asked, timeout=2, context=context) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def apply(self, *objects):
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", objects=list(objects))
