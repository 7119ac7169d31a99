#!/usr/bin/env python3
"""pods_test.py NEARMOST: agents as the objects of deploy/kubernetes start them, on loopback, by an API server in this
process (kube_api.py): what is in their ConfigMaps, mounted as a kubelet mounts it, with the environment of a pod.

Three pods of the Deployment come and go as in a rollout, a leaf of the DaemonSet follows them, an agent of west that is
no pod dials one. The rights that are asked for are those of the ClusterRole. Exit code 77: no PyYAML or no namespaces.
"""
import json
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from mesh import Process, equal, query, until  # noqa: E402

try:
    import yaml  # noqa: F401
except ImportError:
    print("no PyYAML: skipped")
    sys.exit(77)

from kube_api import KubeApi  # noqa: E402
from kube_objects import endpoint_slice, service  # noqa: E402
from manifests import AGENTS, LEAVES, agent_yaml, container_of, one, port_of  # noqa: E402
from namespaces import enter_or_skip, run  # noqa: E402

SKIPPED = 77
PODS = {n: f"127.77.1.{n}" for n in (1, 2, 3, 4)}
API, NODE, WEST = "127.77.1.250", "127.77.3.1", "127.77.2.1"
HOMES = "nearmost-agents.nearmost.svc.cluster.local"
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
ORDERS, EXAMPLE, MORE = "orders.default.mesh.internal", "example.mesh.internal", "more.mesh.internal"
GRACE = 30  # terminationGracePeriodSeconds
GLOO = {"networking": ["ExternalEndpoint", "ExternalService", "RouteTable", "VirtualDestination", "VirtualGateway"],
        "resilience.policy": ["ConnectionPolicy", "FailoverPolicy", "OutlierDetectionPolicy", "RetryTimeoutPolicy"],
        "trafficcontrol.policy": ["HeaderManipulationPolicy", "LoadBalancerPolicy"]}
SOON = 30  # seconds, on a busy machine


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def mount(folder, data):
    """As a kubelet does, again after a change: links lead through ..data to what is swapped at once."""
    generation = f"..{len(os.listdir(folder)) if os.path.isdir(folder) else 0}"
    for name, text in data.items():
        write(os.path.join(folder, generation, name), text)
        if not os.path.lexists(os.path.join(folder, name)):
            os.symlink(os.path.join("..data", name), os.path.join(folder, name))
    os.symlink(generation, os.path.join(folder, "..next"))
    os.rename(os.path.join(folder, "..next"), os.path.join(folder, "..data"))


class Cluster:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.running = binary, folder, {}
        for arguments in (["init"], ["issue", "--cluster", "east"], ["issue", "--cluster", "east", "--leaf"],
                          ["issue", "--cluster", "west"]):
            run(binary, "tls", *arguments, "--dir", self.path("authority"))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=kube-apiserver", "-keyout", self.path("api.key"), "-out", self.path("api.pem"),
            "-addext", f"subjectAltName=IP:{API}")
        self.api = KubeApi(API, certificate=(self.path("api.pem"), self.path("api.key"))).start()
        write(ACCOUNT + "/token", "secret\n")
        write(ACCOUNT + "/namespace", "nearmost")
        shutil.copy(self.path("api.pem"), ACCOUNT + "/ca.crt")
        names = "".join(f"{ip} {HOMES}\n" for ip in (PODS[1], PODS[2]))
        write(self.path("hosts"), "127.0.0.1 localhost\n" + names)
        run("mount", "--bind", self.path("hosts"), "/etc/hosts")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def secret(self, *parts):
        folder = self.path("authority", *parts)
        return {name: open(os.path.join(folder, name), encoding="utf-8").read()
                for name in ("cert.pem", "key.pem", "ca.pem")}

    def documents(self):
        return one(AGENTS, "ConfigMap", "nearmost-documents")["data"]

    def mount_all(self, name, layer, secret, admin):
        """The pod's folders below one of its own; only admin's address is added, for all pods share a loopback here."""
        text = agent_yaml(layer).replace("/etc/nearmost", self.path(name))
        text = text.replace("/var/lib/nearmost", self.path(name, "state"))
        mount(self.path(name, "config"), {"agent.yaml": f"{text}admin: {{listen: \"{admin}:7780\"}}\n"})
        mount(self.path(name, "tls"), secret)
        if layer == AGENTS:
            mount(self.path(name, "documents"), self.documents())

    def start(self, name, layer, environment, admin):
        """By the command and the environment's names of the container."""
        wanted = {variable["name"]: variable.get("value") for variable in container_of(layer)["env"]}
        equal(wanted.keys(), environment.keys(), "the environment")
        equal({key for key, value in wanted.items() if value not in (None, environment[key])}, set(), "its values")
        arguments = [word.replace("/etc/nearmost", self.path(name)) for word in container_of(layer)["args"]]
        pod = [f"{key}={value}" for key, value in environment.items()]
        api = [f"KUBERNETES_SERVICE_HOST={API}", f"KUBERNETES_SERVICE_PORT={self.api.address[1]}"]
        checked = run("env", *pod, *api, self.binary, "check", *arguments[1:])
        assert ": 0 errors, 0 warnings" in checked, checked
        self.running[name] = Process(["env", *pod, *api, self.binary, *arguments], self.path(name + ".log"))

    def start_pod(self, number):
        name, ip = f"pod-{number}", PODS[number]
        self.mount_all(name, AGENTS, self.secret("east"), ip)
        self.start(name, AGENTS, {"POD_IP": ip}, ip)

    def start_leaf(self):
        self.mount_all("leaf", LEAVES, self.secret("east", "leaf"), "127.0.0.1")
        self.start("leaf", LEAVES, {"HOST_IP": NODE, "NODE_ZONE": "us-east-1a"}, "127.0.0.1")

    def start_west(self):
        """No pod: it dials one of east's, and is dialled by none."""
        shutil.copytree(self.path("authority", "west"), self.path("west", "tls"))
        write(self.path("west", "agent.yaml"), f"""cluster: west
locality: {{region: us-west}}
gossip: {{listen: {WEST}:7700, peers: [{PODS[1]}:7700]}}
dns: {{listen: {WEST}:7753}}
forwarder: {{listen: {WEST}}}
admin: {{listen: {WEST}:7780}}
probes: {{listen: {WEST}:7781}}
""")
        self.running["west"] = Process([self.binary, "agent", "-c", self.path("west", "agent.yaml")],
                                       self.path("west.log"))

    def probed(self, ip, layer=AGENTS, probe="readinessProbe"):
        wanted = container_of(layer)[probe]["httpGet"]
        host, port = wanted.get("host", ip), port_of(layer, wanted["port"])
        try:
            return urllib.request.urlopen(f"http://{host}:{port}{wanted['path']}", timeout=2).status == 200
        except (urllib.error.URLError, OSError):
            return False

    def answers(self, ip, host, expected, layer=AGENTS):
        port = port_of(layer, "dns")
        until(lambda: sorted(query(ip, host, port) or []) == sorted(expected), SOON,
              f"{ip} answers {expected} for {host}, not {query(ip, host, port)}")

    def numbers(self):
        """Of the replicas that west hears of."""
        members = urllib.request.urlopen(f"http://{WEST}:7780/api/v1/members", timeout=2).read().decode()
        return sorted(m["member"] for m in json.loads(members) if m["member"].startswith("east") and
                      m["state"] == "fresh")


def story(cluster):
    store = cluster.api.store
    for group, kinds in GLOO.items():
        cluster.api.define(f"{group}.gloo.solo.io/v2", *kinds)
        cluster.api.define("networking.nearmost.internal/v2", *kinds)
    store.put("services", service("orders"))
    store.put("endpointslices", endpoint_slice("orders", ["10.1.0.1", "10.1.0.2"]))
    store.put("services", service("web", ports=(("http", 80, 9080),), labels={"app": "example"}))
    store.put("endpointslices", endpoint_slice("web", ["10.1.0.3"]))
    store.put("services", service("secrets", namespace="nearmost"))
    store.put("endpointslices", endpoint_slice("secrets", ["10.1.0.9"], namespace="nearmost"))
    for number in (1, 2):
        cluster.start_pod(number)
    cluster.start_west()
    for ip in (PODS[1], PODS[2]):
        until(lambda: cluster.probed(ip), SOON, f"{ip} is ready")
        equal(cluster.probed(ip, probe="livenessProbe"), True, "alive")
    for ip in (PODS[1], PODS[2], WEST):
        cluster.answers(ip, ORDERS, ["10.1.0.1", "10.1.0.2"])
    for ip in (PODS[1], PODS[2]):  # its port is mapped: behind the forwarders, which are these
        cluster.answers(ip, EXAMPLE, [PODS[1], PODS[2]])
        cluster.answers(ip, "secrets.nearmost.mesh.internal", ["10.1.0.9"])
    equal(query(WEST, "secrets.nearmost.mesh.internal", 7753) or [], [], "the agents' own namespace stays at home")
    equal(len(until(lambda: cluster.numbers()[1:] and cluster.numbers(), SOON, "two")), 2, "agents of east")
    print("two pods are ready, answer, and are two replicas of one cluster to west")

    rights = {(group, resource) for rule in one(AGENTS, "ClusterRole")["rules"] if "list" in rule["verbs"]
              for group in rule["apiGroups"] for resource in rule["resources"]}
    asked = {tuple(path.split("?")[0].strip("/").split("/")) for path in cluster.api.requests()}
    discovery = {words for words in asked if words[0] == "apis" and len(words) == 3}  # everybody's right
    needed = {(words[1] if words[0] == "apis" else "", words[-1]) for words in asked - discovery}
    equal(needed | {("", "pods")}, rights, "what is asked for, with Pods, which are where a subset is named")
    equal(("", "pods") in needed, False, "Pods are asked for")
    print("they ask for what the ClusterRole allows, and for all of it but Pods, of which no route names a subset")

    cluster.start_leaf()
    until(lambda: cluster.probed(NODE, LEAVES), SOON, "the leaf is ready")
    cluster.answers("127.0.0.1", ORDERS, ["10.1.0.1", "10.1.0.2"], LEAVES)
    cluster.answers("127.0.0.1", EXAMPLE, [NODE], LEAVES)
    print("a leaf answers on its node's loopback, its forwarder on the node's address")

    more = cluster.documents()["example.yaml"].replace("name: example", "name: more").replace(EXAMPLE, MORE)
    for number in (1, 2):
        mount(cluster.path(f"pod-{number}", "documents"), {**cluster.documents(), "more.yaml": more})
    for ip in (PODS[1], WEST):
        until(lambda: query(ip, MORE, 7753), SOON, f"{ip} knows what was added to the ConfigMap")
    print("a changed ConfigMap of documents is taken")

    cluster.start_pod(3)
    until(lambda: cluster.probed(PODS[3]), SOON, "the third is ready")
    equal(cluster.running["pod-1"].terminate(GRACE), 0, "the first ends")
    for ip in (PODS[2], PODS[3], WEST):
        cluster.answers(ip, ORDERS, ["10.1.0.1", "10.1.0.2"])
    cluster.answers(PODS[3], EXAMPLE, [PODS[2], PODS[3]])
    print("a rollout: a third pod takes a number of its own, the first leaves, nothing is missed")


def main():
    if not enter_or_skip():
        return SKIPPED
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    folder = tempfile.mkdtemp(prefix="nearmost-pods-")
    cluster = Cluster(os.path.abspath(sys.argv[1]), folder)
    try:
        story(cluster)
    except BaseException:
        for name, process in cluster.running.items():
            print(f"--- {name}\n{process.tail()}", file=sys.stderr)
        raise
    finally:
        for process in cluster.running.values():
            if process.alive():
                process.kill()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
