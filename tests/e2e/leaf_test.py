#!/usr/bin/env python3
"""leaf_test.py NEARMOST: two nodes of east, in different zones, each with a leaf that follows an agent of east."""
import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request

from mesh import ADMIN, DNS, GOSSIP, PROBES, Mesh, Process, equal, query, request, stays, until

ZONED, REVIEWS = "zoned.default.mesh.internal", "reviews.mesh.internal"
LEAVES = {"a": 101, "b": 102}  # zone: last number of the node's address


class LeafMesh(Mesh):
    def __init__(self, binary):
        super().__init__(binary, clusters=["east", "west"])
        self.zoned({"a": 61, "b": 62})
        self.run("tls", "issue", "--cluster", "east", "--leaf", "--dir", self.path("authority"))
        for zone in LEAVES:
            self.write_leaf(zone)

    def node(self, zone):
        return self.address("east", LEAVES[zone])

    def zoned(self, lasts):
        endpoints = "".join(f"- {{address: {self.address('east', last)}, region: us, zone: {zone}}}\n"
                            for zone, last in lasts.items())
        self.write("east", "zoned.yaml", f"service: zoned\nport: 9080\nendpoints:\n{endpoints}")

    def write_leaf(self, zone):
        name, me = "leaf-" + zone, self.node(zone)
        self.write(name, "every-cluster.yaml", self.document("every-cluster.yaml"))
        shutil.copytree(self.path("authority", "east", "leaf"), self.path(name, "tls"))
        with open(self.path(name, "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""cluster: east
checks: false
role: leaf
locality: {{region: us, zone: {zone}}}
gossip: {{peers: [{self.address("east")}:{GOSSIP}]}}
dns: {{listen: {me}:{DNS}}}
forwarder: {{listen: {me}, workers: 1}}
admin: {{listen: {me}:{ADMIN}}}
probes: {{listen: {me}:{PROBES}}}
resources: [resources]
state: {{dir: state}}
""")

    def start_second_agent(self):
        """Replica 1 of east, at an address of its own, with the same documents."""
        shutil.copytree(self.path("east"), self.path("east-b"), ignore=shutil.ignore_patterns("state", "*.log"))
        file = self.path("east-b", "agent.yaml")
        with open(file, encoding="utf-8") as text:
            lines = [line for line in text.read().splitlines() if not line.startswith("gossip:")]
        me, peers = self.address("east", 2), f"{self.address('east')}:{GOSSIP}, {self.address('west')}:{GOSSIP}"
        lines += [f"gossip: {{listen: {self.address('east')}:{GOSSIP}, peers: [PEERS]}}", "replica: 1"]
        with open(file, "w", encoding="utf-8") as text:
            text.write("\n".join(lines).replace(self.address("east"), me).replace("PEERS", peers) + "\n")
        self.start_agent("east-b")

    def start_leaf(self, zone):
        name = "leaf-" + zone
        self.agents[name] = Process([self.binary, "agent", "-c", self.path(name, "agent.yaml")],
                                    self.path(name, "agent.log"))

    def get(self, zone, path, port=ADMIN):
        """The body of a page of a leaf's; None when it is not served or not 200."""
        try:
            with urllib.request.urlopen(f"http://{self.node(zone)}:{port}{path}", timeout=2) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def answers(self, zone, host=ZONED):
        return sorted(query(self.node(zone), host) or [])

    def taken(self, zone):
        """Of east's agents the one whose rows the leaf takes."""
        members = json.loads(self.get(zone, "/api/v1/status"))["members"]
        return [m["member"] for m in members if m["member"].split("/")[0] == "east" and m["taken"]]

    def status(self, zone):
        return self.run("status", "--admin", f"{self.node(zone)}:{ADMIN}", check=False).stdout


def each_leaf_answers_with_its_own_zone(mesh):
    for zone, last in (("a", 61), ("b", 62)):
        until(lambda: mesh.get(zone, "/readyz", PROBES), 20, f"the leaf in zone {zone} is ready")
        until(lambda: mesh.answers(zone) == [mesh.address("east", last)], 5, f"zone {zone} gets its own endpoint")
        if ", leaf of east at " not in mesh.status(zone):
            raise AssertionError(f"status names no home:\n{mesh.status(zone)}")


def routes_lead_to_the_forwarder_of_the_node(mesh):
    for zone in LEAVES:
        until(lambda: mesh.answers(zone, REVIEWS) == [mesh.node(zone)], 5, f"{REVIEWS} leads to zone {zone}'s own")
        until(lambda: request((mesh.node(zone), 9080), REVIEWS, "/", timeout=5).status == 200, 5, "it forwards")


def nobody_lists_a_leaf(mesh):
    equal(mesh.members("east"), {"east": "fresh", "west": "fresh"}, "members in east")
    equal(mesh.members("west"), {"east": "fresh", "west": "fresh"}, "members in west")
    def counted():
        with urllib.request.urlopen(f"http://{mesh.address('east')}:{ADMIN}/metrics", timeout=5) as answer:
            return "\nnearmost_leaves 2\n" in answer.read().decode()
    until(counted, 5, "east counts two leaves")


def a_change_arrives(mesh):
    mesh.zoned({"a": 63, "b": 62})
    until(lambda: mesh.answers("a") == [mesh.address("east", 63)], 5, "a change of the home's")
    until(lambda: mesh.answers("b") == [mesh.address("east", 62)], 5, "zone b keeps its own")


def a_leaf_without_a_home_goes_on(mesh):
    mesh.kill_agent("east")
    stays(lambda: mesh.answers("a"), [mesh.address("east", 63)], 6, "answers while the home is dead")
    if "leaf without a home" not in mesh.status("a"):
        raise AssertionError(f"status does not say that no home is heard:\n{mesh.status('a')}")
    if '"freshness": "stale"' not in str(mesh.get("a", f"/api/v1/explain?name={ZONED}")).replace('":"', '": "'):
        raise AssertionError("explain does not call east stale")
    mesh.agents["leaf-b"].kill()
    begun = time.monotonic()
    mesh.start_leaf("b")
    until(lambda: mesh.answers("b") == [mesh.address("east", 62)], 10, "a leaf that restarts answers from its disk")
    print(f"        a leaf restarted without a home answers after {time.monotonic() - begun:.1f} s", flush=True)
    until(lambda: mesh.get("b", "/readyz", PROBES), 5, "and is ready")


def its_home_returns(mesh):
    mesh.start_agent("east")
    mesh.zoned({"a": 61, "b": 64})
    for zone, last in (("a", 61), ("b", 64)):
        until(lambda: mesh.answers(zone) == [mesh.address("east", last)], 30, f"zone {zone} hears of a change again")
        until(lambda: "leaf of east" in mesh.status(zone), 5, "status names its home")


def either_agent_of_a_cluster_is_a_home(mesh):
    mesh.start_second_agent()
    for zone in LEAVES:
        until(lambda: "east/1" in mesh.status(zone), 30, f"zone {zone} hears of east's second agent")
        # It hears of an agent before it hears which is taken.
        until(lambda: mesh.taken(zone) == ["east"], 5, f"of two agents zone {zone} takes the one that its home takes")
    before = {zone: mesh.answers(zone) for zone in LEAVES}
    mesh.kill_agent("east")
    stays(lambda: {zone: mesh.answers(zone) for zone in LEAVES}, before, 6, "answers while the home dies")
    for zone in LEAVES:
        until(lambda: "leaf of east/1 at" in mesh.status(zone), 20, f"zone {zone} follows the other agent")
        until(lambda: mesh.taken(zone) == ["east/1"], 5, f"zone {zone} takes the rows of the other agent")


def a_leaf_s_certificate_makes_no_agent(mesh):
    folder = mesh.path("impostor")
    shutil.copytree(mesh.path("authority", "east", "leaf"), os.path.join(folder, "tls"))
    with open(os.path.join(folder, "agent.yaml"), "w", encoding="utf-8") as file:
        file.write("cluster: east\n")
    done = mesh.run("check", "-c", os.path.join(folder, "agent.yaml"), check=False)
    if "cannot speak for cluster east" not in done.stdout + done.stderr or done.returncode == 0:
        raise AssertionError(f"a leaf's certificate served an agent:\n{done.stdout}{done.stderr}")


def main():
    with LeafMesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.start()
        for zone in LEAVES:
            mesh.start_leaf(zone)
        for story in (each_leaf_answers_with_its_own_zone, routes_lead_to_the_forwarder_of_the_node,
                      nobody_lists_a_leaf, a_change_arrives, a_leaf_without_a_home_goes_on, its_home_returns,
                      either_agent_of_a_cluster_is_a_home, a_leaf_s_certificate_makes_no_agent):
            story(mesh)
            print(f"ok      {story.__name__}", flush=True)


main()
