"""An east whose cluster is a Kubernetes, by an API server in this process (kube_api.py), and a west without one."""
import os
import subprocess

from kube_api import KubeApi, endpoint_slice
from mesh import Mesh, query, until

HOST = "orders.default.mesh.internal"
SOON_SECONDS = 20  # on a busy machine


class KubeMesh(Mesh):
    def __init__(self, binary, resources=False):
        """`resources`: east has an empty folder of documents, too."""
        super().__init__(binary, ["east", "west"])
        self.certify()
        ip = self.address("east", 250)
        self.api = KubeApi(ip, certificate=(self.path("api.pem"), self.path("api.key"))).start()
        self.write_token("secret")
        with open(self.path("east", "agent.yaml"), "a", encoding="utf-8") as file:
            file.write(f"kubernetes: {{server: \"{self.api.url}\", ca: {self.path('api.pem')}, token: token}}\n")
        with open(self.path("east", "agent.yaml"), encoding="utf-8") as file:
            text = file.read()
        if resources:
            for name in os.listdir(self.path("east", "resources")):
                os.remove(self.path("east", "resources", name))
        else:
            text = text.replace("resources: [resources]\n", "")
        with open(self.path("east", "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def certify(self):
        """A CA of its own, as each cluster has: the certificate names the address."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=kube-apiserver", "-keyout", self.path("api.key"),
                        "-out", self.path("api.pem"), "-addext", f"subjectAltName=IP:{self.address('east', 250)}"],
                       check=True, capture_output=True)

    def write_token(self, token):
        with open(self.path("east", ".token"), "w", encoding="utf-8") as file:
            file.write(token + "\n")
        os.rename(self.path("east", ".token"), self.path("east", "token"))

    def pod(self, number):
        return self.address("east", number)

    def pods(self, *numbers):
        return sorted(self.pod(n) for n in numbers)

    def answers(self, cluster, host=HOST):
        return sorted(query(self.address(cluster), host) or [])

    def become(self, numbers, what, host=HOST):
        for cluster in self.clusters:
            until(lambda: self.answers(cluster, host) == self.pods(*numbers), SOON_SECONDS,
                  f"{cluster} answers {numbers}: {what}")

    def status(self):
        """Of each resource that is read."""
        resources = self.ask("east", "status", check=False)["kubernetes"]
        return {r["resource"]: r for r in resources if r["resource"] != "statuses"}

    def degraded(self, words):
        return [line for line in self.ask("east", "status", check=False)["degraded"] if words in line]

    def slices(self, *numbers, unready=(), **more):
        self.api.store.put("endpointslices", endpoint_slice(
            "orders", self.pods(*numbers), unready=self.pods(*unready), **more))
