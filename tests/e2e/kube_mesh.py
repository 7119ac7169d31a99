"""An east whose cluster is a Kubernetes, by an API server in this process (kube_api.py), and a west without one."""
import base64
import os

from kube_api import KubeApi
from kube_objects import endpoint_slice
from mesh import Mesh, certify, query, until
from name_server import SERVER_PORT

HOST = "orders.default.mesh.internal"
SOON_SECONDS = 20  # on a busy machine


class KubeMesh(Mesh):
    @property
    def dns(self):
        return f", passOn: [{{zone: ., to: ['{self.prefix}.9.1:{SERVER_PORT}']}}]"

    def __init__(self, binary, clusters=("east", "west"), *, resources=False, kubeconfig=False):
        """`resources`: east has an empty folder of documents, too. `kubeconfig`: which says who east is, by a
        certificate, and not agent.yaml by a token.
        """
        super().__init__(binary, clusters)
        ip = self.address("east", 250)
        certify(self.path("api"), "kube-apiserver", f"subjectAltName=IP:{ip}")
        self.api = KubeApi(ip, certificate=(self.path("api.pem"), self.path("api.key")))
        if kubeconfig:
            certify(self.path("client"), "nearmost", "extendedKeyUsage=clientAuth")
            self.api.client_ca, self.api.tokens = self.path("client.pem"), []
        self.api.start()
        self.write_token("secret")
        with open(self.path("east", "agent.yaml"), "a", encoding="utf-8") as file:
            file.write("kubernetes: {kubeconfig: kubeconfig, context: here}\n" if kubeconfig else
                       f"kubernetes: {{server: \"{self.api.url}\", ca: {self.path('api.pem')}, token: token}}\n")
        if kubeconfig:
            self.write_kubeconfig()
        with open(self.path("east", "agent.yaml"), encoding="utf-8") as file:
            text = file.read()
        if resources:
            for name in os.listdir(self.path("east", "resources")):
                os.remove(self.path("east", "resources", name))
        else:
            text = text.replace("resources: [resources]\n", "")
        with open(self.path("east", "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def write_kubeconfig(self):
        """As kubectl writes it; the contexts beside ours could not serve an agent."""
        def data(name):
            with open(self.path(name), "rb") as file:
                return base64.b64encode(file.read()).decode()
        with open(self.path("east", "kubeconfig"), "w", encoding="utf-8") as file:
            file.write(f"""apiVersion: v1
kind: Config
preferences: {{}}
current-context: elsewhere
contexts:
- context: {{cluster: elsewhere, user: by-program}}
  name: elsewhere
- context: {{cluster: here, user: nearmost}}
  name: here
clusters:
- cluster: {{server: "https://192.0.2.1", insecure-skip-tls-verify: true}}
  name: elsewhere
- cluster:
    certificate-authority-data: {data("api.pem")}
    server: {self.api.url}
  name: here
users:
- name: by-program
  user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: get-token}}}}
- name: nearmost
  user:
    client-certificate-data: {data("client.pem")}
    client-key-data: {data("client.key")}
""")

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
