#!/usr/bin/env python3
"""faults_test.py NEARMOST links|cuts|line|processes [STORY…]: what agents make of networks and processes that fail.

Three agents, or five in a line, whose every link goes through a fault relay; probes reach the endpoints directly.
"""
import os
import random
import signal
import sys

from fault_mesh import ARRIVES_SECONDS, HEALED_SECONDS, MARKED, MARKED_SECONDS, FaultMesh, equal, nearest, tell
from fault_relay import FaultRelay
from mesh import ADMIN, CLUSTERS, GOSSIP, stays, until

LINE = [*CLUSTERS, "north", "asia"]


class RelayedMesh(FaultMesh):
    """A mesh in which each agent knows the others only by the relay's addresses, one for each ordered pair."""

    def __init__(self, binary, relay, clusters):
        self.relay = relay
        super().__init__(binary, clusters)
        for dialler in self.clusters:
            for dialled in self.clusters:
                if dialler != dialled:
                    relay.listen(dialler, dialled, (self.door(dialler, dialled), GOSSIP),
                                 (self.address(dialled), GOSSIP))

    def door(self, dialler, dialled):
        return f"{self.prefix}.{self.clusters.index(dialler) + 101}.{self.clusters.index(dialled) + 1}"

    def gossip(self, cluster):
        peers = ", ".join(f"{self.door(cluster, other)}:{GOSSIP}" for other in self.clusters if other != cluster)
        nowhere = f"{self.address(cluster, 250)}:{GOSSIP}"  # whoever dials what is advertised gets round no fault
        return f"{{listen: {self.address(cluster)}:{GOSSIP}, advertise: {nowhere}, peers: [{peers}]}}"

    def cut_off(self, cluster):
        for other in self.others(cluster):
            self.relay.cut(cluster, other)

    def stretch(self):
        """Leaves links between neighbours only."""
        for i, cluster in enumerate(self.clusters):
            for other in self.clusters[i + 2:]:
                self.relay.cut(cluster, other)

    def stop(self, cluster):
        """All its threads have stopped when this returns."""
        process = self.agents[cluster].popen
        process.send_signal(signal.SIGSTOP)
        until(lambda: states_of_threads(process.pid) == {"T"}, 20, f"{cluster}'s agent has stopped")

    def go_on(self, cluster):
        self.agents[cluster].popen.send_signal(signal.SIGCONT)


def states_of_threads(pid):
    states = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as file:
            states.add(file.read().rpartition(")")[2].split()[0])
    return states


def delay_and_loss_move_nothing(mesh):
    mesh.relay.slow(0.1)
    mesh.relay.lose(0.05)
    lost, judged = mesh.relay.lost(), mesh.judgements()
    for cluster in [*mesh.clusters, *mesh.clusters]:
        change = mesh.change(cluster)
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
        mesh.unmoved(3, "answers under delay and loss")
    until(lambda: mesh.relay.lost() > lost + 5, 60, "the relay loses packets")
    until(lambda: all(mesh.propagation(one, other) >= 100 for one in mesh.clusters for other in mesh.others(one)), 60,
          "status shows how long a change takes")
    mesh.relay.heal()
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def links_that_are_reset_move_nothing(mesh):
    judged, before = mesh.judgements(), {c: len(mesh.logged(c, "link lost")) for c in mesh.clusters}
    for _ in range(4):
        for one, other in (("east", "west"), ("west", "eu"), ("eu", "east")):
            mesh.relay.reset(one, other)
        mesh.unmoved(1.5, "answers while links are reset")
    until(lambda: all(len(mesh.logged(c, "link lost")) > n for c, n in before.items()), 10, "everybody has lost links")
    until(mesh.whole, HEALED_SECONDS, "all see all after the resets")
    change = mesh.change("east")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def who_is_not_heard_is_marked_and_stays(mesh):
    judged = mesh.judgements()
    for other in mesh.others("east"):
        mesh.relay.hold("east", other)
    change = mesh.change("east")
    for viewer in mesh.others("east"):
        until(lambda: mesh.members(viewer).get("east") in MARKED, MARKED_SECONDS, f"{viewer} does not hear east")
    mesh.unmoved(14, "answers while east is not heard")  # its links are given up after 10 s of silence
    until(lambda: mesh.states(["west", "eu"], "east") == {"stale"}, 10, "east's endpoints answer")
    equal((mesh.sees_all("east"), mesh.arrived(change, ["west"])), (False, False), "what is held does not arrive")
    mesh.relay.heal()
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def two_without_a_link_are_bridged_by_the_third(mesh):
    judged = mesh.judgements()
    mesh.relay.cut("east", "west")

    def bridged():
        return all(m.get("state") == "fresh" and m.get("via") == "eu"
                   for m in (mesh.member("west", "east"), mesh.member("east", "west")))
    until(bridged, 30, "east and west hear each other by eu")
    for cluster in ("east", "west"):
        change = mesh.change(cluster)
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    mesh.unmoved(5, "answers over the bridge")
    told = mesh.run("status", "--admin", f"{mesh.address('west')}:{ADMIN}", check=False).stdout
    equal([line.split()[1::2][:2] for line in told.split("\n") if line.startswith("east ")], [["fresh", "eu"]],
          "status shows the bridge")
    mesh.kill_agent("west")
    mesh.start_agent("west")
    until(lambda: mesh.ready("west"), 30, "west is ready again")
    until(bridged, 30, "an agent that never had a link to east has the bridge")
    until(lambda: mesh.answers(["west"]) == {"west": ["east"]}, ARRIVES_SECONDS, "east's rows came over the bridge")
    mesh.relay.heal()
    until(lambda: mesh.member("west", "east").get("via") == "direct", HEALED_SECONDS, "the bridge is not needed")
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def who_is_bridged_is_left_where_its_endpoints_do_not_answer(mesh):
    mesh.relay.cut("east", "west")
    until(lambda: mesh.member("west", "east").get("path") == "answers", 30, "west has asked east's endpoints")
    equal(mesh.answers(["west"]), {"west": ["east"]}, "what answers keeps its tier")
    mesh.backends["east"].kill()  # its agent lives, and its documents call them healthy
    until(lambda: mesh.answers(["west"]) == {"west": ["eu"]}, MARKED_SECONDS, "west's callers have left east")

    def seen():
        east = mesh.member("west", "east")
        return [mesh.answers(["west"])["west"], *(east.get(field) for field in ("state", "via", "path", "detail"))]
    stays(seen, [["eu"], "demoted", "eu", "fails", "its endpoints do not answer from here"], 8,
          "while others bring east's words")
    until(lambda: mesh.members("eu").get("east") == "fresh", HEALED_SECONDS, "eu hears east itself")
    change = mesh.change("east")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, "its changes still come, as a last resort")
    mesh.start_backends("east")
    until(lambda: mesh.answers(["west"]) == {"west": ["east"]}, ARRIVES_SECONDS, "an answer brings them back")
    equal([mesh.member("west", "east").get(field) for field in ("state", "via", "path")], ["fresh", "eu", "answers"],
          "there is no link yet")
    mesh.relay.heal()
    until(lambda: mesh.member("west", "east").get("via") == "direct", HEALED_SECONDS, "the bridge is not needed")
    until(mesh.whole, HEALED_SECONDS, "all see all again")


def a_partition_moves_nothing_and_heals(mesh):
    judged = mesh.judgements()
    mesh.cut_off("east")
    changes = [mesh.change("east"), mesh.change("west"), mesh.change("eu")]
    for one, other in (("west", "east"), ("eu", "east"), ("east", "west"), ("east", "eu")):
        until(lambda: mesh.members(one).get(other) in MARKED, MARKED_SECONDS, f"{one} does not hear {other}")
    until(lambda: mesh.arrived(changes[1], ["eu"]), ARRIVES_SECONDS, "the larger part goes on")
    mesh.unmoved(18, "answers while east is cut off")
    until(lambda: mesh.states(["west", "eu"], "east") == {"stale"}, 10, "east's endpoints answer")
    equal([mesh.arrived(changes[0], [c]) for c in mesh.others("east")], [False, False], "the partition holds")
    mesh.relay.heal()
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    for change in changes:
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def a_short_stall_moves_nothing(mesh):
    judged = mesh.judgements()
    for cluster in mesh.clusters:
        mesh.stop(cluster)
        try:
            equal(mesh.ready(cluster), False, f"{cluster} is stopped")  # waits 2 s for an answer
            mesh.unmoved(0.1, f"answers while {cluster} is stopped", mesh.others(cluster))
        finally:
            mesh.go_on(cluster)
        mesh.unmoved(1, f"answers after the stall of {cluster}")
        until(mesh.whole, HEALED_SECONDS, "all see all again")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def a_long_stall_blames_nobody(mesh):
    judged = mesh.judgements()
    mesh.stop("east")
    try:
        change = mesh.change("west")
        mesh.unmoved(20, "answers while east is stopped", mesh.others("east"))
        until(lambda: mesh.states(["west", "eu"], "east") == {"stale"}, 10, "east's endpoints answer")
    finally:
        mesh.go_on("east")
    mesh.unmoved(2, "answers after the stall")
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed, at east the least")


def the_death_of_an_agent_alone_moves_nothing(mesh):
    judged = mesh.judgements()
    mesh.kill_agent("east")
    for viewer in mesh.others("east"):
        until(lambda: mesh.members(viewer).get("east") in MARKED, MARKED_SECONDS, f"{viewer} marks east")
    mesh.unmoved(8, "answers while east's agent is dead", mesh.others("east"))
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 30, "east is ready again")
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def the_death_of_a_cluster_moves_its_callers(mesh):
    judged = mesh.judgements()
    mesh.kill_cluster("east")
    until(lambda: mesh.answers(["west"]) == {"west": ["eu"]}, MARKED_SECONDS, "west's callers have left east")
    for viewer in mesh.others("east"):
        until(lambda: len(mesh.judgements()[viewer]) > len(judged[viewer]), MARKED_SECONDS, f"{viewer} logs it")
    mesh.start_backends("east")
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 30, "east is ready again")
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    until(lambda: mesh.answers(mesh.clusters) == nearest(mesh.clusters), ARRIVES_SECONDS, "east's callers are back")


def changes_pass_along_a_line(mesh):
    judged, first, last = mesh.judgements(), mesh.clusters[0], mesh.clusters[-1]
    equal((mesh.member(first, last).get("via"), mesh.member(last, first).get("via")),
          (mesh.clusters[1], mesh.clusters[-2]), "the ends hear each other by their neighbours")
    for cluster in (first, last):
        change = mesh.change(cluster)
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    mesh.unmoved(8, "answers along the line")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


def a_line_that_breaks_moves_nothing_and_heals(mesh):
    judged, left, right = mesh.judgements(), mesh.clusters[:2], mesh.clusters[2:]
    mesh.relay.cut(left[-1], right[0])
    changes = {mesh.change(left[0]): left, mesh.change(right[-1]): right}
    for viewers, silent in ((left, right), (right, left)):
        for cluster in silent:
            until(lambda: mesh.states(viewers, cluster) <= set(MARKED), MARKED_SECONDS, f"{cluster} is silent")
    mesh.unmoved(14, "answers while the line is broken")
    for change, side in changes.items():
        until(lambda: mesh.arrived(change, side), ARRIVES_SECONDS, f"{change} has arrived on its side")
    equal([mesh.arrived(c, right if side is left else left) for c, side in changes.items()], [False, False],
          "the break holds")
    mesh.relay.join(left[-1], right[0])
    until(mesh.whole, HEALED_SECONDS, "all see all again")
    for change in changes:
        until(lambda: mesh.arrived(change), ARRIVES_SECONDS, f"{change} has arrived everywhere")
    equal(mesh.judgements(), judged, "nobody's tier has changed")


STORIES = {
    "links": [delay_and_loss_move_nothing, links_that_are_reset_move_nothing, who_is_not_heard_is_marked_and_stays],
    "cuts": [two_without_a_link_are_bridged_by_the_third, who_is_bridged_is_left_where_its_endpoints_do_not_answer,
             a_partition_moves_nothing_and_heals],
    "line": [changes_pass_along_a_line, a_line_that_breaks_moves_nothing_and_heals],
    "processes": [a_short_stall_moves_nothing, a_long_stall_blames_nobody, the_death_of_an_agent_alone_moves_nothing,
                  the_death_of_a_cluster_moves_its_callers],
}


def main():
    binary, faults, chosen = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    clusters = LINE if faults == "line" else CLUSTERS
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed} of the relay", flush=True)
    with FaultRelay(seed) as relay, RelayedMesh(binary, relay, clusters) as mesh:
        if faults == "line":
            mesh.stretch()
        mesh.start()
        tell(STORIES[faults], mesh, chosen)


main()
