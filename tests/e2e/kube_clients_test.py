#!/usr/bin/env python3
"""kube_clients_test.py: that kubectl, and the official client of Python, take kube_api.py for a real API server.

Who is not installed is skipped, with a word; exit code 77: neither is.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading

from kube_api import KubeApi, defined_kinds
from kube_objects import endpoint_slice, node, pod, service
from kubectl import Kubectl
from mesh import certify, equal, until

SKIPPED = 77
OURS = "networking.nearmost.internal/v2"
NAMES = [f"s{n}" for n in range(7)]
SECONDS = 20


def fill(api):
    for name in NAMES:
        api.store.put("services", service(name))
    api.store.put("endpointslices", endpoint_slice("s0", ["10.0.0.1", "10.0.0.2"], unready=["10.0.0.2"]))
    api.store.put("nodes", node("node-1", "us-east", "us-east-1a"))
    api.store.put("pods", pod("10.0.0.1", {"version": "v1"}))
    api.define(OURS, *defined_kinds())
    api.apply({"apiVersion": OURS, "kind": "RouteTable", "metadata": {"name": "shop", "namespace": "default"},
               "spec": {"hosts": ["shop.mesh.internal"]}})


def names(kubectl, *what):
    return sorted(line.split("/", 1)[1] for line in kubectl("get", *what, "-o", "name").splitlines())


def kubectl_takes_it(api, folder):
    if not Kubectl.is_installed():
        return print("no kubectl: skipped")
    kubectl = Kubectl(api.url, api.certificate[0], "secret", folder)
    equal(names(kubectl, "services", "-A"), NAMES, "services")
    equal(names(kubectl, "services", "-A", "--chunk-size=2"), NAMES, "services by pages")
    equal(names(kubectl, "nodes"), ["node-1"], "nodes")
    equal(names(kubectl, "pods", "-A"), ["pod-10.0.0.1"], "pods")
    equal(names(kubectl, "routetables.networking.nearmost.internal", "-A"), ["shop"], "custom resources")
    slices = kubectl.read("endpointslices", "-A")["items"]
    equal([[e["conditions"]["ready"] for e in one["endpoints"]] for one in slices], [[True, False]], "readiness")
    with subprocess.Popen([*kubectl.command, "get", "services", "-A", "--watch", "-o", "name"], text=True,
                          stdout=subprocess.PIPE) as watching:
        try:
            equal(sorted(watching.stdout.readline().strip() for _ in NAMES),
                  sorted("service/" + name for name in NAMES), "what is watched, first")
            api.store.put("services", service("new"))
            equal(watching.stdout.readline().strip(), "service/new", "what is watched, then")
        finally:
            watching.kill()
    api.store.delete("services", "default/new")
    return True


def the_client_of_python_takes_it(api, _):
    try:
        from kubernetes import client, watch
    except ImportError:
        return print("no client of Python (Debian's python3-kubernetes): skipped")
    access = client.Configuration()
    access.host, access.api_key = api.url, {"authorization": "Bearer secret"}
    access.ssl_ca_cert = api.certificate[0]
    connection = client.ApiClient(access)
    core, discovery = client.CoreV1Api(connection), client.DiscoveryV1Api(connection)
    read, rest = [], None
    while rest != "":
        page = core.list_service_for_all_namespaces(limit=3, **({"_continue": rest} if rest else {}))
        read += [made.metadata.name for made in page.items]
        rest = page.metadata._continue or ""
    equal(sorted(read), NAMES, "services by pages")
    listed = discovery.list_endpoint_slice_for_all_namespaces()
    equal([e.conditions.ready for e in listed.items[0].endpoints], [True, False], "readiness")

    seen = []

    def follow():
        for event in watch.Watch().stream(discovery.list_endpoint_slice_for_all_namespaces, timeout_seconds=SECONDS,
                                          resource_version=listed.metadata.resource_version):
            made = event["object"]
            seen.append((event["type"], [e.conditions.ready for e in made.endpoints]))
            if event["type"] == "DELETED":
                return
    following = threading.Thread(target=follow, daemon=True)
    following.start()
    api.store.put("endpointslices", endpoint_slice("s0", ["10.0.0.1", "10.0.0.2"]))
    until(lambda: seen, SECONDS, "the change is heard")
    api.store.delete("endpointslices", "default/s0-abc12")
    following.join(SECONDS)
    equal(seen, [("MODIFIED", [True, True]), ("DELETED", [True, True])], "what is heard")

    page = core.list_service_for_all_namespaces(limit=3)
    api.store.compact()
    try:
        core.list_service_for_all_namespaces(limit=3, _continue=page.metadata._continue)
    except client.exceptions.ApiException as refused:
        equal((refused.status, json.loads(refused.body)["reason"]), (410, "Expired"), "what is too old")
    else:
        raise AssertionError("a continue token from before what is kept was taken")
    return True


def main():
    ran = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "api")
        certify(path, "kube-apiserver", "subjectAltName=IP:127.0.0.1")
        api = KubeApi("127.0.0.1", certificate=(path + ".pem", path + ".key")).start()
        fill(api)
        for story in (kubectl_takes_it, the_client_of_python_takes_it):
            if story(api, folder):
                ran.append(story)
                print(f"ok      {story.__name__}", flush=True)
        api.stop()
    return 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
