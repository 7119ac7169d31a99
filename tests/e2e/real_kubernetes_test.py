#!/usr/bin/env python3
"""real_kubernetes_test.py NEARMOST: an agent of a real API server (real_kube.py), with deploy/kubernetes applied to it.

Exit code 77, with a word: etcd, kube-apiserver or kubectl is not installed. What the simulated API server is asked
to do against its nature (410, streams that break, lists that lie) is kubernetes_test.py's.
"""
import os
import sys
import time

from kube_objects import endpoint_slice, node, service
from mesh import ROOT, Mesh, certify, equal, query, request, stays, until
from real_kube import RealKube, missing

SKIPPED = 77
HOST, SHOP = "orders.default.mesh.internal", "shop.mesh.internal"
SOON_SECONDS = 30  # on a busy machine
OURS = "networking.nearmost.internal/v2"


def address(number):
    """No API server takes endpoints on loopback; nothing is sent to these."""
    return f"10.201.0.{number}"


def of_life(made):
    """Without what the server alone may write."""
    for name in ("uid", "creationTimestamp", "managedFields", "ownerReferences"):
        made["metadata"].pop(name, None)
    made.pop("status", None)
    for name in ("clusterIP", "clusterIPs"):
        made.get("spec", {}).pop(name, None)
    return made


def orders(*numbers, unready=()):
    return of_life(endpoint_slice("orders", [address(n) for n in numbers], unready=[address(n) for n in unready]))


class RealMesh(Mesh):
    def __init__(self, binary):
        super().__init__(binary, ["east", "west"])
        ip = self.address("east", 250)
        certify(self.path("api"), "kube-apiserver", f"subjectAltName=IP:{ip}")
        self.kube = RealKube(ip, self.path("kube"), certificate=(self.path("api.pem"), self.path("api.key")))
        path = self.path("east", "agent.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("resources: [resources]\n", "")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{text}kubernetes: {{server: \"{self.kube.url}\", ca: {self.path('api.pem')}, token: token}}\n")

    def answers(self, cluster, host=HOST):
        return sorted(query(self.address(cluster), host) or [])

    def become(self, numbers, what, host=HOST):
        for cluster in self.clusters:
            until(lambda: self.answers(cluster, host) == sorted(address(n) for n in numbers), SOON_SECONDS,
                  f"{cluster} answers {numbers}: {what}")


def what_is_deployed_is_taken(mesh):
    mesh.kube.kubectl("apply", "-f", os.path.join(ROOT, "deploy", "kubernetes", "namespace.yaml"))
    for layer in ("", "leaf"):
        mesh.kube.kubectl("apply", "-k", os.path.join(ROOT, "deploy", "kubernetes", layer))
    mesh.kube.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    for kind in ("deployments", "daemonsets"):
        equal(len(mesh.kube.kubectl.read(kind, "-A")["items"]), 1, kind)


def the_account_of_the_deployment_reads_all_it_needs(mesh):
    mesh.kube.apply(of_life(node("node-1", "us-east", "us-east-1a")), of_life(service("orders")), orders(1, 2))
    token = mesh.kube.kubectl("create", "token", "nearmost", "-n", "nearmost", "--duration=1h")
    with open(mesh.path("east", "token"), "w", encoding="utf-8") as file:
        file.write(token)
    for cluster in mesh.clusters:
        mesh.start_agent(cluster)
    for cluster in mesh.clusters:
        until(lambda: mesh.ready(cluster), 40, f"{cluster} is ready")
    mesh.become([1, 2], "there from the start")
    status = mesh.ask("east", "status", check=False)
    equal([line for line in status["degraded"] if "cannot be" in line], [], "what is wrong with it")
    explained = mesh.run("explain", HOST, "--admin", f"{mesh.address('west')}:7780").stdout
    equal("us-east-1a" in explained, True, "the zone is in explain")


def readiness_is_followed(mesh):
    mesh.kube.apply(orders(1, 2, unready=[2]))
    mesh.become([1], "one is not ready")
    mesh.kube.apply(orders(1, 2, 3))
    mesh.become([1, 2, 3], "and one is new")


def a_list_of_several_pages_is_one(mesh):
    many = [of_life(service(f"bulk-{n:03}")) for n in range(250)]
    mesh.kube.apply(*many)
    mesh.kube.apply(of_life(endpoint_slice("bulk-249", [address(9)])))
    mesh.agents["east"].terminate()
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 40, "east is ready again")
    mesh.become([9], "the last of 250", "bulk-249.default.mesh.internal")


def documents_are_custom_resources(mesh):
    mesh.kube.apply({"apiVersion": OURS, "kind": "VirtualDestination",
                     "metadata": {"name": "shop", "namespace": "default"},
                     "spec": {"hosts": [SHOP], "services": [{"name": "orders", "namespace": "default"}],
                              "ports": [{"number": 9080, "protocol": "HTTP"}]}},
                    {"apiVersion": OURS, "kind": "RouteTable", "metadata": {"name": "shop", "namespace": "default"},
                     "spec": {"hosts": [SHOP], "http": [{"directResponse": {"status": 200, "body": "open"}}]}})

    def body():
        try:
            return request((mesh.address("east"), 9080), SHOP, "/").body
        except OSError:
            return None
    until(lambda: body() == "open", SOON_SECONDS, "the route table serves")

    def state():
        made = mesh.kube.kubectl.read("routetables.networking.nearmost.internal", "shop")
        return made.get("status", {}).get("common", {}).get("State", {}).get("approval")
    until(lambda: state() == "ACCEPTED", SOON_SECONDS, "its status is written")


def a_server_that_dies_leaves_what_it_said(mesh):
    mesh.kube.kill()
    stays(lambda: mesh.answers("west"), [address(n) for n in (1, 2, 3)], 3, "answer of west")
    mesh.kube.start()
    mesh.kube.apply(orders(2, 4))
    mesh.become([2, 4], "changed right after its return")


STORIES = (what_is_deployed_is_taken, the_account_of_the_deployment_reads_all_it_needs, readiness_is_followed,
           a_list_of_several_pages_is_one, documents_are_custom_resources, a_server_that_dies_leaves_what_it_said)


def main():
    if absent := missing():
        print(f"no {' and no '.join(absent)}: skipped")
        return SKIPPED
    with RealMesh(os.path.abspath(sys.argv[1])) as mesh, mesh.kube:
        for story in STORIES:
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
