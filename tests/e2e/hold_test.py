#!/usr/bin/env python3
"""hold_test.py NEARMOST: what becomes of a cluster whose folder of documents is suddenly empty, and of real removals.

As with a volume that is unmounted, an empty folder takes the place of east's; its callers at home and in west ask on.
"""
import os
import socket
import sys
import threading
import time
import urllib.request

from mesh import PROBES, Mesh, equal, query, until

HOST = "many.bookinfo.mesh.internal"
NUMBERS = range(101, 113)
SOON_SECONDS = 15  # far less than a hold, far more than it takes


class Load(threading.Thread):
    """Asks both agents for the host until the end of the context, and keeps every answer that is empty."""

    def __init__(self, mesh):
        super().__init__()
        self.mesh, self.empty, self.asked, self.ending = mesh, [], 0, False

    def run(self):
        while not self.ending:
            for cluster in self.mesh.clusters:
                # A datagram may get lost on a busy machine, three do not.
                tries = (query(self.mesh.address(cluster), HOST) for _ in range(3))
                answers = next((answers for answers in tries if answers is not None), None)
                self.asked += 1
                if not answers:
                    self.empty.append((cluster, answers))
            time.sleep(0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.join()


class HoldMesh(Mesh):
    def many(self):
        endpoints = ", ".join(self.address("east", n) for n in NUMBERS)
        return f"service: many\nnamespace: bookinfo\nports: {{http: 9080}}\nendpoints: [{endpoints}]\n"

    def unmount(self):
        os.rename(self.path("east", "resources"), self.path("east", "aside"))
        os.mkdir(self.path("east", "resources"))

    def mount(self):
        os.rmdir(self.path("east", "resources"))
        os.rename(self.path("east", "aside"), self.path("east", "resources"))

    def hold(self):
        holds = self.ask("east", "status", check=False)["holds"]
        return holds[0] if holds else None

    def held_by_metrics(self):
        with urllib.request.urlopen(f"http://{self.address('east')}:{PROBES}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("nearmost_held_endpoints "))

    def shows(self, cluster):
        """How many answers of eight at a time know: 0 = none."""
        return len(query(self.address(cluster), HOST) or [])

    def logged(self, words):
        with open(self.path("east", "agent.log"), encoding="utf-8", errors="replace") as log:
            return [line for line in log if words in line]


def a_folder_that_is_empty_for_a_while_empties_no_answer(mesh):
    def route():
        url = "http://reviews.mesh.internal:9080/reviews/1"
        return mesh.ask("east", "route", "GET", url, "-H", "end-user: jason", check=False).get("route")
    equal("jason" in route(), True, "east has a route of its documents")
    with Load(mesh) as load:
        mesh.unmount()
        until(mesh.hold, SOON_SECONDS, "east holds what it has lost")
        equal(mesh.hold()["endpoints"] >= len(NUMBERS), True, "all its endpoints are held")
        equal(mesh.held_by_metrics(), float(mesh.hold()["endpoints"]), "the metric says so")
        equal(mesh.run("status", "--admin", f"{mesh.address('east')}:7780", check=False).stdout.count(
            "nearmost release files"), 1, "status says what can be done")
        time.sleep(2)
        equal("jason" in (route() or ""), True, "its routes hold too")
        mesh.mount()
        until(lambda: not mesh.hold(), SOON_SECONDS, "nothing is held any more")
        time.sleep(1)
    equal((load.empty, load.asked > 100), ([], True), f"empty answers of {load.asked}")
    equal([len(mesh.logged(words)) for words in ("relist held", "hold ended")], [1, 1], "what is logged")


def what_does_not_answer_is_used_last(mesh):
    dead = mesh.address("east", NUMBERS[0])
    mesh.doors[0].close()
    mesh.unmount()
    until(lambda: (mesh.hold() or {}).get("failing"), SOON_SECONDS, "one of those that are held does not answer")
    until(lambda: all(dead not in query(mesh.address("west"), HOST) for _ in range(30)), SOON_SECONDS,
          "west leads nobody there")
    equal(mesh.shows("west") > 0, True, "west still answers")
    mesh.mount()
    until(lambda: not mesh.hold(), SOON_SECONDS, "nothing is held any more")


def what_an_operator_removes_is_gone_at_once(mesh):
    mesh.write("east", "others.yaml", mesh.many().replace("many", "others"))
    until(lambda: query(mesh.address("west"), HOST.replace("many", "others")), SOON_SECONDS, "others are known")
    os.remove(mesh.path("east", "resources", "others.yaml"))
    os.remove(mesh.path("east", "resources", "many.yaml"))
    for cluster in mesh.clusters:
        until(lambda: mesh.shows(cluster) == 0, SOON_SECONDS, f"{cluster} has left them out")
    equal(mesh.hold(), None, "nothing is held")
    mesh.write("east", "many.yaml", mesh.many())
    until(lambda: mesh.shows("west"), SOON_SECONDS, "they are back")


def what_is_released_is_gone_at_once(mesh):
    mesh.unmount()
    until(mesh.hold, SOON_SECONDS, "east holds what it has lost")
    equal(mesh.ask("east", "release", "files"), {"release": "files"}, "what is released")
    for cluster in mesh.clusters:
        until(lambda: mesh.shows(cluster) == 0, SOON_SECONDS, f"{cluster} has left them out")
    again = mesh.run("release", "all", "--admin", f"{mesh.address('east')}:7780", check=False)
    equal((again.returncode, "nothing is held" in again.stderr), (2, True), "there is no more to release")
    mesh.mount()
    until(lambda: mesh.shows("west"), SOON_SECONDS, "they are back")


def main():
    with HoldMesh(os.path.abspath(sys.argv[1]), ["east", "west"]) as mesh:
        mesh.doors = [socket.create_server((mesh.address("east", n), 9080), backlog=1024) for n in NUMBERS]
        mesh.write("east", "many.yaml", mesh.many())
        mesh.start()
        for cluster in mesh.clusters:
            until(lambda: mesh.shows(cluster), SOON_SECONDS, f"{cluster} knows {HOST}")
        for story in (a_folder_that_is_empty_for_a_while_empties_no_answer, what_does_not_answer_is_used_last,
                      what_an_operator_removes_is_gone_at_once, what_is_released_is_gone_at_once):
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)


main()
