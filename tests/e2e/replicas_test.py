#!/usr/bin/env python3
"""replicas_test.py NEARMOST [STORY…]: east has two agents; either is killed, rolled, or cannot read its documents.

Then two agents stand behind one address, as behind a load balancer, that west knows alone.
"""
import os
import shutil
import signal
import socket
import sys
import threading
import time

from mesh import GOSSIP, NOBODY, equal, query, until
from replica_mesh import SIBLINGS, ReplicaMesh

PAGE, RATINGS, DETAILS = "productpage.bookinfo.example", "ratings.mesh.internal", "details.mesh.internal"
NOTICED_SECONDS = 30  # on a slow machine


class Load:
    """DNS queries and requests to west's forwarder for what east alone serves, until stopped: none may fail."""

    def __init__(self, mesh):
        self.mesh, self.failures, self.done, self.stopping = mesh, [], 0, False
        self.threads = [threading.Thread(target=self.repeat, args=[ask]) for ask in (self.resolve, self.get)]
        for thread in self.threads:
            thread.start()

    def resolve(self):
        if (reply := self.mesh.resolve("west", DETAILS, timeout=5)) != ["east"]:
            self.failures.append(f"{time.monotonic():.2f}: {DETAILS} is {reply}")

    def get(self):
        answer = self.mesh.request("west", PAGE, 8080, "/api/v1/details/7")
        if answer.status != 200 or answer.json()["cluster"] != "east":
            self.failures.append(f"{time.monotonic():.2f}: {answer.status} {answer.body}")

    def repeat(self, ask):
        while not self.stopping:
            try:
                ask()
            except OSError as error:
                self.failures.append(f"{time.monotonic():.2f}: {error}")
            self.done += 1
            time.sleep(0.005)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        equal(self.failures, [], f"no query or request of {self.done} failed")
        print(f"        {self.done} queries and requests, none failed", flush=True)


def each_takes_a_number_of_its_own(mesh):
    until(mesh.is_whole, NOTICED_SECONDS, "west hears both agents of east")
    equal(sorted(mesh.status(agent)["replica"] for agent in SIBLINGS), [0, 1], "the replica numbers")
    equal(len(mesh.taken()), 1, "the agents of east that west takes")
    for agent in SIBLINGS:
        equal([mesh.agent_called(member) for member in mesh.taken(agent)], [agent], "each takes its own rows")
    until(lambda: mesh.status("west")["degraded"] == [], 10, "nothing is wrong")


def the_door_has_both_forwarders(mesh):
    both = sorted(mesh.address(agent) for agent in SIBLINGS)
    for agent in SIBLINGS:
        until(lambda: sorted(query(mesh.address(agent), RATINGS) or []) == both, 15, f"{agent} tells of both doors")
    equal(query(mesh.address("west"), RATINGS), [mesh.address("west")], "west's callers have west's door")


def the_death_of_the_taken_one_is_not_noticed(mesh):
    until(lambda: mesh.resolve("west", DETAILS) == ["east"], 15, "details is east's")
    load, (dead,) = Load(mesh), mesh.taken()
    victim = mesh.agent_called(dead)
    survivor = next(agent for agent in SIBLINGS if agent != victim)
    time.sleep(1)
    mesh.kill_agent(victim)
    until(lambda: mesh.taken() not in ([], [dead]), NOTICED_SECONDS, "west takes the other")
    until(lambda: query(mesh.address(survivor), RATINGS) == [mesh.address(survivor)], NOTICED_SECONDS,
          "the door of the dead one is told no more")
    time.sleep(5)
    mesh.start_agent(victim)
    until(lambda: mesh.ready(victim), 60, f"{victim} is ready again")
    until(mesh.is_whole, NOTICED_SECONDS, "west hears both again")
    load.stop()
    equal(mesh.status(victim)["replica"], int(dead.partition("/")[2] or 0), "it kept its number on disk")
    equal(mesh.logged("west", '"demoted') + mesh.logged("west", '"dead"'), [], "nobody was judged")


def leave(mesh, agent):
    """Told to end it serves on while callers go over to the other; to rotate its log meanwhile is not to hurry."""
    begun = time.monotonic()
    mesh.agents[agent].popen.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    mesh.agents[agent].popen.send_signal(signal.SIGHUP)
    mesh.agents[agent].popen.wait(timeout=40)
    equal(time.monotonic() - begun > 2, True, f"{agent} hands over")


def both_are_rolled_unnoticed(mesh):
    load = Load(mesh)
    for agent in SIBLINGS:
        leave(mesh, agent)
        time.sleep(2)
        mesh.start_agent(agent)
        until(lambda: mesh.ready(agent), 60, f"{agent} is ready again")
        until(mesh.is_whole, NOTICED_SECONDS, "west hears both again")
    load.stop()


def who_cannot_read_keeps_nothing_alive(mesh):
    host = "passing.bookinfo.mesh.internal"
    mesh.write_both("passing.yaml", "service: passing\nnamespace: bookinfo\nports: {http: 9080}\n"
                    f"endpoints: [{mesh.address('east', 21)}]\n")
    until(lambda: mesh.resolve("west", host) == ["east"], 15, f"{host} is there")
    (taken,) = mesh.taken()
    stuck = mesh.agent_called(taken)
    other = next(agent for agent in SIBLINGS if agent != stuck)
    os.rename(mesh.path(stuck, "resources"), mesh.path(stuck, "gone"))
    until(lambda: mesh.taken() not in ([], [taken]), NOTICED_SECONDS, "west takes the one that can read")
    if not any(f"{taken} cannot read its source" in line for line in mesh.status("west")["degraded"]):
        raise AssertionError(f"west says nothing of it: {mesh.status('west')['degraded']}")
    os.remove(mesh.path(other, "resources", "passing.yaml"))
    for viewer in ("west", stuck, other):
        until(lambda: not mesh.resolve(viewer, host), 15, f"{host} is gone at {viewer}")
    os.remove(mesh.path(stuck, "gone", "passing.yaml"))
    os.rename(mesh.path(stuck, "gone"), mesh.path(stuck, "resources"))
    until(lambda: mesh.status("west")["degraded"] == [], NOTICED_SECONDS, "nothing is wrong")


def a_third_is_told_what_to_do(mesh):
    shutil.copytree(mesh.path("east"), mesh.path("east-c"), ignore=shutil.ignore_patterns("state", "agent.log"))
    with open(mesh.path("east", "agent.yaml"), encoding="utf-8") as file:
        text = file.read().replace(mesh.address("east") + ":", mesh.address("east", 3) + ":")
    text = text.replace(f"listen: {mesh.address('east')},", f"listen: {mesh.address('east', 3)},")
    with open(mesh.path("east-c", "agent.yaml"), "w", encoding="utf-8") as file:
        file.write(text.replace("peers: [", f"peers: [{mesh.address('east')}:{GOSSIP}, "))
    mesh.start_agent("east-c")
    until(lambda: mesh.logged("east-c", "all 2 replica numbers of this cluster are held"), 60, "the third is told")
    until(lambda: mesh.is_whole() and len(mesh.taken()) == 1, 10, "the others stay as they are")
    mesh.kill_agent("east-c")


class Balancer:
    """Connections to one address go to the agents in turn."""

    def __init__(self, address, targets):
        self.targets, self.count, self.sockets = targets, 0, []
        self.listener = socket.create_server(address)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            # Each twice: whoever dials again may well get the same one.
            target = self.targets[self.count // 2 % len(self.targets)]
            self.count += 1
            try:
                server = socket.create_connection(target)
            except OSError:
                client.close()
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=[source, sink], daemon=True).start()

    @staticmethod
    def pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def who_stands_behind_one_address_is_found(binary):
    told = {"east": "1.200", "east-b": "1.200", "west": f"2.{NOBODY}"}
    with ReplicaMesh(binary, seed=200, advertise=told) as mesh:
        # The two meet directly; west reaches them through the balancer alone, and nobody reaches west.
        for agent, other in (SIBLINGS, reversed(SIBLINGS)):
            with open(mesh.path(agent, "agent.yaml"), encoding="utf-8") as file:
                text = file.read()
            with open(mesh.path(agent, "agent.yaml"), "w", encoding="utf-8") as file:
                file.write(text.replace("peers: []", f"peers: [{mesh.address(other)}:{GOSSIP}]"))
        balancer = Balancer((mesh.address("east", 200), GOSSIP), [(mesh.address(a), GOSSIP) for a in SIBLINGS])
        mesh.start()
        until(mesh.is_whole, NOTICED_SECONDS, "west hears both agents of east")
        until(lambda: {m["via"] for m in mesh.status("west")["members"] if not m["local"]} == {"direct"}, 60,
              "west has a link to each")
        print(f"ok      who_stands_behind_one_address_is_found ({balancer.count} connections)", flush=True)


STORIES = [each_takes_a_number_of_its_own, the_door_has_both_forwarders, the_death_of_the_taken_one_is_not_noticed,
           both_are_rolled_unnoticed, who_cannot_read_keeps_nothing_alive, a_third_is_told_what_to_do]


def main():
    binary, chosen = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with ReplicaMesh(binary) as mesh:
        mesh.start()
        for story in STORIES:
            if chosen and story.__name__ not in chosen:
                continue
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
    if not chosen or "who_stands_behind_one_address_is_found" in chosen:
        who_stands_behind_one_address_is_found(binary)


main()
