#!/usr/bin/env python3
"""netns_test.py NEARMOST [STORY…]: real packets dropped between agents in network namespaces, where root may make them.

The test moves into a namespace of its own with a bridge; each cluster has one behind a veth pair. They have no names:
they are gone when the processes in them are. nftables drops what arrives at a cluster from another, so neither gossip
nor the probes of endpoints get through where all is dropped. Exit code 77: skipped, and the reason is said.
"""
import ctypes
import os
import shutil
import subprocess
import sys

from fault_mesh import ARRIVES_SECONDS, HEALED_SECONDS, MARKED, MARKED_SECONDS, FaultMesh, equal, nearest, tell
from mesh import ADMIN, GOSSIP, Process, stays, until

SKIPPED = 77
CLONE_NEWNET = 0x40000000
ROUTE_LOCALNET = "echo 1 > /proc/sys/net/ipv4/conf/{}/route_localnet"


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def namespace_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


class NamespaceMesh(FaultMesh):
    def __init__(self, binary):
        self.holders = {}
        super().__init__(binary)
        run("ip", "link", "add", "bridge", "type", "bridge")
        self.settle([], "bridge", f"{self.prefix}.0.1")
        for cluster in self.clusters:
            self.join(cluster)

    def settle(self, entering, device, address):
        """In a namespace, 127.0.0.0/8 leads out by the device, as if it were no loopback: only the address is here."""
        run(*entering, "ip", "link", "set", "lo", "up")
        run(*entering, "ip", "address", "flush", "dev", "lo")
        run(*entering, "sh", "-c", ROUTE_LOCALNET.format(device))
        run(*entering, "ip", "address", "add", address + "/8", "dev", device)
        run(*entering, "ip", "link", "set", device, "up")

    def __exit__(self, *failure):
        super().__exit__(*failure)
        for holder in self.holders.values():
            holder.kill()

    def join(self, cluster):
        holder = Process(["unshare", "--net", "sleep", "infinity"], self.path(cluster, "namespace.log"))
        self.holders[cluster] = holder
        pid = holder.popen.pid
        until(lambda: namespace_of(pid) != namespace_of("self"), 10, f"{cluster} has a namespace")
        run("ip", "link", "add", cluster, "type", "veth", "peer", "name", "outside", "netns", str(pid))
        run("ip", "link", "set", cluster, "master", "bridge", "up")
        self.settle(self.entering(cluster), "outside", self.address(cluster))
        # Of its cluster every address is, as the documents say.
        self.inside(cluster, "ip", "route", "add", "local", self.address(cluster, 0) + "/24", "dev", "lo")

    def entering(self, cluster):
        return ["nsenter", f"--net=/proc/{self.holders[cluster].popen.pid}/ns/net"]

    def inside(self, cluster, *command, text=None):
        return run(*self.entering(cluster), *command, text=text)

    def spawn(self, cluster, arguments, log):
        return super().spawn(cluster, [*self.entering(cluster), *arguments], log)

    def drop(self, receiver, source, what=""):
        """Of what arrives at the receiver from the source, a cluster, drops `what` matches: all, or nft's words."""
        self.inside(receiver, "nft", "-f", "-", text=f"""
add table ip faults
add chain ip faults arriving {{ type filter hook input priority 0; }}
add rule ip faults arriving ip saddr {self.address(source, 0)}/24 {what} counter drop
""")

    def dropped(self, receiver):
        rules = self.inside(receiver, "nft", "list", "table", "ip", "faults").split()
        return sum(int(count) for word, count in zip(rules, rules[1:]) if word == "packets")

    def each_way(self):
        return [(one, other) for one in self.clusters for other in self.others(one)]

    def heal(self):
        for cluster in self.clusters:
            self.inside(cluster, "nft", "-f", "-", text="add table ip faults\ndelete table ip faults\n")


def five_percent_loss_moves_nothing(mesh):
    judged = mesh.judgements()
    for receiver, source in mesh.each_way():
        mesh.drop(receiver, source, "numgen random mod 100 < 5")
    for cluster in [*mesh.clusters, *mesh.clusters]:
        change = mesh.change(cluster)
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
        mesh.unmoved(3, "answers under loss")
    until(lambda: all(mesh.dropped(cluster) > 0 for cluster in mesh.clusters), 60, "packets are dropped")
    mesh.heal()
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def whose_gossip_is_not_heard_is_marked_and_stays(mesh):
    judged = mesh.judgements()
    for viewer in mesh.others("east"):
        mesh.drop(viewer, "east", f"tcp sport {GOSSIP}")
        mesh.drop(viewer, "east", f"tcp dport {GOSSIP}")
    change = mesh.change("east")
    for viewer in mesh.others("east"):
        until(lambda: mesh.members(viewer).get("east") in MARKED, MARKED_SECONDS, f"{viewer} does not hear east")
    mesh.unmoved(14, "answers while east is not heard")  # its links are given up after 10 s of silence
    until(lambda: mesh.states(["west", "eu"], "east") == {"stale"}, 10, "east's endpoints answer")
    equal(mesh.arrived(change, ["west"]), False, "what is dropped does not arrive")
    mesh.heal()
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def who_cannot_be_reached_is_left_though_a_third_hears_it(mesh):
    for receiver, source in (("east", "west"), ("west", "east")):
        mesh.drop(receiver, source)
    change = mesh.change("east")
    until(lambda: mesh.answers(["west"]) == {"west": ["eu"]}, MARKED_SECONDS, "west's callers have left east")

    def seen():
        pairs = (("west", "east"), ("east", "west"))
        return [mesh.answers(["west"])["west"],
                *([mesh.member(*pair).get(field) for pair in pairs] for field in ("state", "via", "path"))]
    lost = [["eu"], ["demoted"] * 2, ["eu"] * 2, ["fails"] * 2]
    until(lambda: seen() == lost, MARKED_SECONDS, "both know that they are cut from each other")
    stays(seen, lost, 14, "while eu hears both")  # their links are given up after 10 s of silence
    until(lambda: mesh.sees_all("eu"), HEALED_SECONDS, "eu hears both itself")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, "its changes still come, as a last resort")
    told = mesh.run("status", "--admin", f"{mesh.address('west')}:{ADMIN}", check=False).stdout
    line = next(line.split() for line in told.split("\n") if line.startswith("east "))
    equal((line[1], line[3], " ".join(line[7:])), ("demoted", "eu", "its endpoints do not answer from here"),
          "status says what and why")
    mesh.heal()
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.answers(mesh.clusters) == nearest(mesh.clusters), ARRIVES_SECONDS, "east's callers are back")
    until(lambda: mesh.member("west", "east").get("via") == "direct", HEALED_SECONDS, "the bridge is not needed")


def who_is_cut_off_is_left_and_comes_back(mesh):
    for receiver, source in mesh.each_way():
        if "east" in (receiver, source):
            mesh.drop(receiver, source)
    changes = [mesh.change("east"), mesh.change("west")]
    until(lambda: mesh.answers(["west"]) == {"west": ["eu"]}, MARKED_SECONDS, "west's callers have left east")
    until(lambda: mesh.arrived(changes[1], ["west", "eu"]), ARRIVES_SECONDS, "the larger part goes on")
    for one, other in (("west", "east"), ("eu", "east"), ("east", "west"), ("east", "eu")):
        until(lambda: mesh.members(one).get(other) == "dead", 60, f"{other} is dead to {one}")
    equal(mesh.answers(mesh.clusters), {**nearest(mesh.clusters), "west": ["eu"]}, "who had its own keeps its own")
    equal([mesh.arrived(changes[0], [c]) for c in mesh.others("east")], [False, False], "the partition holds")
    mesh.heal()
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.answers(mesh.clusters) == nearest(mesh.clusters), ARRIVES_SECONDS, "east's callers are back")
    for change in changes:
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")


STORIES = [five_percent_loss_moves_nothing, whose_gossip_is_not_heard_is_marked_and_stays,
           who_cannot_be_reached_is_left_though_a_third_hears_it, who_is_cut_off_is_left_and_comes_back]


def why_not():
    """Moves this process into a network namespace of its own; or what is missing here."""
    absent = [tool for tool in ("ip", "nft", "nsenter", "unshare") if not shutil.which(tool)]
    if absent:
        return f"no {', '.join(absent)} here"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return f"no network namespace: {os.strerror(ctypes.get_errno())}"
    try:
        run("ip", "link", "add", "one", "type", "veth", "peer", "name", "other")
        run("ip", "link", "add", "two", "type", "bridge")
        run("nft", "-f", "-", text="""
add table ip faults
add chain ip faults arriving { type filter hook input priority 0; }
add rule ip faults arriving numgen random mod 100 < 5 counter drop
delete table ip faults
""")
        run("sh", "-c", ROUTE_LOCALNET.format("one"))
        for link in ("one", "two"):
            run("ip", "link", "delete", link)
    except OSError as error:
        return str(error)
    return None


def main():
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        raise SystemExit(SKIPPED)
    with NamespaceMesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.start()
        tell(STORIES, mesh, sys.argv[2:])


main()
