#!/usr/bin/env python3
"""subsets_test.py NEARMOST: routes to subsets of a Kubernetes Service, by the labels of its Pods (kube_api.py).

East's API server has three Pods of `reviews`, of versions v1, v2 and v3, each an HTTP server that says its address.
Routes are east's own, as custom resources, or west's, in a file: west has no Kubernetes, and what it knows of the Pods
came by gossip. Nothing that served before is lost by it.
"""
import http.server
import os
import re
import shutil
import sys
import threading
import time
import urllib.request

from kube_objects import endpoint_slice, pod, service
from kube_mesh import SOON_SECONDS, KubeMesh
from kubectl import Kubectl
from mesh import ADMIN, equal, request, stays, until

OURS, HOST, PORT = "networking.nearmost.internal/v2", "reviews.default.mesh.internal", 9080
NUMBERS = {11: "v1", 12: "v2", 13: "v3"}


class Named(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.server_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients that go away


def serve(address):
    threading.Thread(target=Server((address, PORT), Named).serve_forever, args=(0.05,), daemon=True).start()


def table(subsets=True):
    """x-version: v3 leads to v3, all else to v1; without subsets to whoever there is."""
    def to(version):
        subset = {"subset": {"version": version}} if subsets else {}
        return {"destinations": [{"ref": {"name": "reviews", "namespace": "default"}, "port": {"number": PORT},
                                  **subset}]}
    return {"apiVersion": OURS, "kind": "RouteTable", "metadata": {"name": "reviews", "namespace": "default"},
            "spec": {"hosts": [HOST], "http": [
                {"matchers": [{"headers": [{"name": "x-version", "value": "v3"}]}], "forwardTo": to("v3")},
                {"forwardTo": to("v1")}]}}


def write_table(mesh, **how):
    """West's, in a file: JSON is YAML."""
    mesh.write("west", "reviews.yaml", str(table(**how)).replace("'", '"'))


def pods_of(mesh, cluster, version="", requests=12):
    """The numbers of the Pods that answer; 0: something failed."""
    seen = set()
    for _ in range(requests):
        try:
            answer = request((mesh.address(cluster), PORT), HOST, "/", headers={"X-Version": version})
            seen.add(int(answer.body.split(".")[3]) if answer.status == 200 else 0)
        except OSError:
            seen.add(0)
    return seen


def endpoints(mesh, cluster):
    """The addresses of Pods that the cluster knows."""
    with urllib.request.urlopen(f"http://{mesh.address(cluster)}:{ADMIN}/api/v1/endpoints", timeout=5) as answer:
        text = answer.read().decode()
    return [pod for pod in mesh.pods(*NUMBERS, 14) if re.search(re.escape(pod) + r"\b", text)]


class Load:
    """Requests to a cluster's forwarder, while it is entered, of which none may fail."""

    def __init__(self, mesh, cluster):
        self.mesh, self.cluster, self.failed, self.stop = mesh, cluster, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.is_set():
            for version in ("v1", "v3"):
                if 0 in (seen := pods_of(self.mesh, self.cluster, version, 1)):
                    self.failed.append((version, seen))
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        equal(self.failed[:3], [], f"requests to {self.cluster} that failed")


def asked_for_pods(mesh):
    return mesh.api.requests("/api/v1/pods")


def relabel(mesh, number, version):
    mesh.api.store.put("pods", pod(mesh.pod(number), {"app": "reviews", "version": version}))


def where_no_subset_is_named_no_pods_are_read(mesh):
    for cluster in mesh.clusters:
        if os.path.exists(demo := mesh.path(cluster, "resources", "every-cluster.yaml")):
            os.remove(demo)  # its routes lead to subsets
        mesh.start_agent(cluster)
    for cluster in mesh.clusters:
        until(lambda: mesh.ready(cluster), 40, f"{cluster} is ready")
    write_table(mesh, subsets=False)
    until(lambda: pods_of(mesh, "west") == {11, 12, 13}, SOON_SECONDS, "all of them answer")
    equal(asked_for_pods(mesh), [], "requests for Pods")
    equal("pods" in mesh.status(), False, "Pods in status")


def a_subset_that_another_cluster_names_is_served_there(mesh):
    with Load(mesh, "west"):
        write_table(mesh)
        until(lambda: pods_of(mesh, "west") == {11}, SOON_SECONDS, "v1")
    equal(pods_of(mesh, "west", "v3"), {13}, "v3")
    equal(mesh.status()["pods"]["objects"], 3, "Pods")
    equal("as=PartialObjectMetadata" in mesh.api.accepted["/api/v1/pods"], True, "only metadata is asked for")


def a_custom_resource_names_one_at_home(mesh):
    mesh.api.define(OURS, "RouteTable")
    mesh.api.apply(table(subsets=False))
    until(lambda: pods_of(mesh, "east") == {11, 12, 13}, 40, "defined")
    with Load(mesh, "east"):
        mesh.api.apply(table())
        until(lambda: pods_of(mesh, "east") == {11}, SOON_SECONDS, "v1")
    equal(pods_of(mesh, "east", "v3"), {13}, "v3")


def a_pod_that_is_relabelled_changes_its_subset_and_no_more(mesh):
    for cluster in mesh.clusters:
        equal(endpoints(mesh, cluster), mesh.pods(11, 12, 13), "endpoints")
    with Load(mesh, "west"):
        relabel(mesh, 12, "v3")
        for cluster in mesh.clusters:
            until(lambda: pods_of(mesh, cluster, "v3") == {12, 13}, SOON_SECONDS, f"{cluster}: v3 has one more")
            equal(endpoints(mesh, cluster), mesh.pods(11, 12, 13), "endpoints")
        relabel(mesh, 12, "v2")
        for cluster in mesh.clusters:
            until(lambda: pods_of(mesh, cluster, "v3") == {13}, SOON_SECONDS, f"{cluster}: and one less")


def an_endpoint_whose_pod_is_not_known_yet_serves_and_joins_its_subset_later(mesh):
    serve(mesh.pod(14))
    mesh.api.store.put("endpointslices", endpoint_slice("reviews", mesh.pods(11, 12, 13, 14)))
    until(lambda: endpoints(mesh, "west") == mesh.pods(11, 12, 13, 14), SOON_SECONDS, "it serves")
    stays(lambda: pods_of(mesh, "west"), {11}, 1, "it is in no subset")
    relabel(mesh, 14, "v1")
    until(lambda: pods_of(mesh, "west") == {11, 14}, SOON_SECONDS, "it is")
    mesh.api.store.delete("pods", "default/pod-" + mesh.pod(14))
    stays(lambda: pods_of(mesh, "west", requests=30), {11, 14}, 1, "a Pod goes before its endpoint does")
    mesh.api.store.put("endpointslices", endpoint_slice("reviews", mesh.pods(11, 12, 13)))
    until(lambda: pods_of(mesh, "west") == {11}, SOON_SECONDS, "it is gone")


def a_restart_loses_no_subset(mesh):
    """Of an agent that kept nothing: what others look at it has to hear before it speaks."""
    with Load(mesh, "west"):
        equal(mesh.agents["east"].terminate(), 0, "exit code")
        shutil.rmtree(mesh.path("east", "state"))
        mesh.start_agent("east")
        until(lambda: mesh.ready("east"), 40, "east is ready")
        stays(lambda: pods_of(mesh, "west"), {11}, 2, "the subset")


def a_pod_with_two_addresses_is_answered_by_both(mesh):
    made = endpoint_slice("reviews", ["fd00::13"], suffix="v6")
    made["addressType"] = "IPv6"
    made["endpoints"][0]["targetRef"] = {"kind": "Pod", "name": "pod-" + mesh.pod(13), "namespace": "default",
                                         "uid": "u-" + mesh.pod(13)}
    mesh.api.store.put("endpointslices", made)

    def addresses():
        with urllib.request.urlopen(f"http://{mesh.address('west')}:{ADMIN}/api/v1/endpoints", timeout=5) as answer:
            return "fd00::13" in answer.read().decode()
    until(addresses, SOON_SECONDS, "west has the other address, too")
    route = mesh.ask("west", "route", "GET", f"http://{HOST}:{PORT}/", "-H", "x-version: v3")
    members = [member for tier in route["destinations"][0]["tiers"] for member in tier["members"]]
    equal(members, [f"{mesh.pod(13)}:{PORT}"], "where the forwarder goes")
    equal(pods_of(mesh, "west", "v3"), {13}, "v3")
    mesh.api.store.delete("endpointslices", "default/reviews-v6")


def pods_that_are_refused_are_named_and_all_else_serves(mesh):
    mesh.api.forbidden = {"pods"}
    mesh.api.lose_history()
    until(lambda: mesh.degraded("pods cannot be read"), SOON_SECONDS, "status says so")
    equal('resource "pods"' in mesh.degraded("pods cannot be read")[0], True, "and why")
    equal(pods_of(mesh, "west"), {11}, "what was read before serves")
    mesh.agents["east"].terminate()
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 40, "ready without them")
    equal(endpoints(mesh, "east"), mesh.pods(11, 12, 13), "answers")
    until(lambda: mesh.degraded("pods cannot be read"), SOON_SECONDS, "status says so from the start")
    with urllib.request.urlopen(f"http://{mesh.address('east')}:{ADMIN}/metrics", timeout=5) as metrics:
        equal('nearmost_kubernetes_synced{resource="pods"} 0\n' in metrics.read().decode(), True, "metric")
    until(lambda: pods_of(mesh, "west") == {0}, SOON_SECONDS, "the subset has nobody")
    mesh.api.forbidden = set()
    until(lambda: pods_of(mesh, "west") == {11}, 70, "asked again")
    until(lambda: not mesh.degraded("pods cannot be read"), SOON_SECONDS, "all is well")


def kubectl_reads_the_same_pods(mesh):
    """That what the agent was read to is what a client of Kubernetes' own takes for Pods."""
    if not Kubectl.is_installed():
        return print("no kubectl: skipped")
    kubectl = Kubectl(mesh.api.url, mesh.path("api.pem"), "secret", mesh.folder)
    read = sorted((line.split()[1], line.split()[-1])
                  for line in kubectl("get", "pods", "-A", "-L", "version", "--no-headers").splitlines())
    expected = [("pod-" + mesh.pod(number), version) for number, version in NUMBERS.items()]
    return equal(read, sorted(expected), "what kubectl reads")


def main():
    with KubeMesh(os.path.abspath(sys.argv[1]), resources=True) as mesh:
        mesh.api.store.put("services", service("reviews"))
        mesh.api.store.put("endpointslices", endpoint_slice("reviews", mesh.pods(*NUMBERS)))
        for number, version in NUMBERS.items():
            serve(mesh.pod(number))
            relabel(mesh, number, version)
        for story in (where_no_subset_is_named_no_pods_are_read, a_subset_that_another_cluster_names_is_served_there,
                      a_custom_resource_names_one_at_home, a_pod_that_is_relabelled_changes_its_subset_and_no_more,
                      an_endpoint_whose_pod_is_not_known_yet_serves_and_joins_its_subset_later,
                      a_restart_loses_no_subset, a_pod_with_two_addresses_is_answered_by_both,
                      pods_that_are_refused_are_named_and_all_else_serves, kubectl_reads_the_same_pods):
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
