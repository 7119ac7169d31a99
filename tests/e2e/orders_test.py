#!/usr/bin/env python3
"""orders_test.py NEARMOST [STORY…]: east has two agents; what one was told outlives it and ends at either.

A receiver that never met the dead agent shows what lives on: nobody waits for a minute to pass.
"""
import os
import shutil
import sys
import threading
import time

from mesh import ADMIN, equal, query, stays, until
from register_test import post
from replica_mesh import SIBLINGS, ReplicaMesh

RATINGS, WEB = "ratings.bookinfo.mesh.internal", "web.shop.mesh.internal"
TARGET = "service bookinfo/ratings"
DRAINED = {TARGET: 0}
ONE, OTHER = SIBLINGS
SECONDS = 40  # on a slow machine


def order(mesh, agent, *words):
    done = mesh.run(*words, "--admin", f"{mesh.address(agent)}:{ADMIN}", check=False)
    equal(done.returncode, 0, f"{words} at {agent}: {done.stderr}")
    return done


def drains(mesh, agent):
    return {d["target"]: d["left"] for d in mesh.status(agent)["drains"]}


def carried_out(mesh, agent):
    """By that agent itself, and not seen in another one's rows alone."""
    return {d["target"]: d["goal"] for d in mesh.status(agent)["drains"] if "goal" in d}


def everywhere(mesh, expected, what):
    for agent in (*SIBLINGS, "west"):
        until(lambda: drains(mesh, agent) == expected, SECONDS, f"{what}: {agent} says {expected}")


def begin(mesh, agent, keeps):
    if not keeps:
        shutil.rmtree(mesh.path(agent, "state"))
    mesh.start_agent(agent)
    until(lambda: mesh.ready(agent), 60, f"{agent} is ready")


def die(mesh, agent):
    mesh.kill_agent(agent)


def west_that_knows_nothing(mesh):
    die(mesh, "west")
    begin(mesh, "west", keeps=False)


def both_live(mesh):
    for agent in SIBLINGS:
        if not mesh.agents[agent].alive():
            begin(mesh, agent, keeps=True)
    until(mesh.is_whole, SECONDS, "west hears both agents of east")


def a_drain_outlives_the_agent_that_was_asked(mesh):
    order(mesh, ONE, "drain", "service", "ratings", "--over", "4s")
    until(lambda: carried_out(mesh, OTHER) == DRAINED, SECONDS, "the other drains it, too")
    everywhere(mesh, DRAINED, "drained")
    die(mesh, ONE)
    west_that_knows_nothing(mesh)
    until(lambda: drains(mesh, "west") == DRAINED, SECONDS, "who never met the dead one sees the drain")
    until(lambda: mesh.resolve(OTHER, RATINGS) == ["west"], SECONDS, "east's callers are sent to west")
    begin(mesh, ONE, keeps=False)
    until(lambda: carried_out(mesh, ONE) == DRAINED, SECONDS, "a new agent learns it")
    die(mesh, OTHER)
    west_that_knows_nothing(mesh)
    until(lambda: drains(mesh, "west") == DRAINED, SECONDS, "and hands it on")
    begin(mesh, OTHER, keeps=False)
    until(lambda: carried_out(mesh, OTHER) == DRAINED, SECONDS, "as does the next")


def either_takes_it_back(mesh):
    order(mesh, OTHER, "undrain", "service", "ratings")
    everywhere(mesh, {}, "taken back")
    equal([carried_out(mesh, agent) for agent in SIBLINGS], [{}, {}], "what is carried out")


def a_dead_one_neither_keeps_it_nor_brings_it_back(mesh):
    begun = time.time()
    order(mesh, ONE, "drain", "service", "ratings", "--over", "0s")
    everywhere(mesh, DRAINED, "drained at once")
    until(lambda: os.stat(mesh.path(ONE, "state", "drains")).st_mtime > begun, SECONDS, "it is on disk")
    die(mesh, ONE)
    order(mesh, OTHER, "undrain", "service", "ratings")
    until(lambda: drains(mesh, "west") == {}, SECONDS, "west heeds the later order, whatever the dead one said")
    begin(mesh, ONE, keeps=True)
    until(lambda: mesh.is_whole(), SECONDS, "both are heard")
    until(lambda: carried_out(mesh, ONE) == {}, SECONDS, "who comes back with the drain on its disk learns its end")
    everywhere(mesh, {}, "taken back")
    stays(lambda: drains(mesh, "west"), {}, 2, "what west sees then")


def two_orders_at_once_end_alike(mesh):
    for turn in range(4):
        orders = [(ONE, ("drain", "service", "ratings", "--over", "1s")), (OTHER, ("undrain", "service", "ratings"))]
        if turn % 2:
            orders = [(agent, words) for agent, (_, words) in zip((OTHER, ONE), orders)]
        threads = [threading.Thread(target=mesh.run, args=[*words, "--admin", f"{mesh.address(agent)}:{ADMIN}"],
                                    kwargs={"check": False}) for agent, words in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        def agree():
            said = [(drains(mesh, agent), carried_out(mesh, agent)) for agent in SIBLINGS]
            return said[0] == said[1] and drains(mesh, "west") == said[0][0] and said[0][0] in ({}, DRAINED)
        until(agree, SECONDS, "both do the same, and west sees it")
    for agent in SIBLINGS:
        mesh.run("undrain", "service", "ratings", "--admin", f"{mesh.address(agent)}:{ADMIN}", check=False)
    everywhere(mesh, {}, "taken back")


def known(mesh, expected, what):
    for agent in (*SIBLINGS, "west"):
        until(lambda: (query(mesh.address(agent), WEB) or []) == expected, SECONDS, f"{what}: {agent} says {expected}")


def elsewhere(mesh, agent):
    return [entry["elsewhere"] for entry in mesh.status(agent)["registrations"]]


def a_registration_outlives_the_agent_that_was_told(mesh):
    web = mesh.address("east", 91)
    document = f"service: web\nnamespace: shop\nport: 9090\nendpoints: [{web}]\n"
    equal(post(mesh, ONE, "register?lease=60s", document)[0], 200, "registered")
    known(mesh, [web], "told to one")
    equal([elsewhere(mesh, agent) for agent in SIBLINGS], [[False], [True]], "where it is renewed")
    die(mesh, ONE)
    west_that_knows_nothing(mesh)
    until(lambda: elsewhere(mesh, OTHER) == [False], SECONDS, "the other takes it over")
    until(lambda: query(mesh.address("west"), WEB) == [web], SECONDS, "who never met the dead one knows it")
    equal(post(mesh, OTHER, "register?lease=60s", document)[0], 200, "renewed at the other")
    begin(mesh, ONE, keeps=False)
    until(lambda: elsewhere(mesh, ONE) == [True], SECONDS, "a new agent learns it")
    die(mesh, OTHER)
    west_that_knows_nothing(mesh)
    until(lambda: query(mesh.address("west"), WEB) == [web], SECONDS, "and hands it on")
    begin(mesh, OTHER, keeps=False)
    known(mesh, [web], "after both have died")
    equal(post(mesh, OTHER, "deregister", document)[0], 200, "taken back where it was never told")
    known(mesh, [], "taken back")


def a_lease_may_be_renewed_at_either(mesh):
    web = mesh.address("east", 92)
    document = f"service: web\nnamespace: shop\nport: 9090\nendpoints: [{web}]\n"
    equal(post(mesh, ONE, "register?lease=3s", document)[0], 200, "registered")
    known(mesh, [web], "told to one")
    turns = iter(range(1000))

    def renewed():
        equal(post(mesh, SIBLINGS[next(turns) % 2], "register?lease=3s", document)[0], 200, "renewed")
        return query(mesh.address("west"), WEB)
    stays(renewed, [web], 3, "while it is renewed here and there")

    def renewed_at_the_other():
        equal(post(mesh, OTHER, "register?lease=3s", document)[0], 200, "renewed")
        return query(mesh.address("west"), WEB), query(mesh.address(ONE), WEB)
    stays(renewed_at_the_other, ([web], [web]), 5, "longer than a lease at one alone, not the one that was told first")
    known(mesh, [], "renewed no more")


STORIES = [a_drain_outlives_the_agent_that_was_asked, either_takes_it_back,
           a_dead_one_neither_keeps_it_nor_brings_it_back, two_orders_at_once_end_alike,
           a_registration_outlives_the_agent_that_was_told, a_lease_may_be_renewed_at_either]


def main():
    chosen = sys.argv[2:]
    with ReplicaMesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.start()
        for story in STORIES:
            if chosen and story.__name__ not in chosen:
                continue
            both_live(mesh)
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
