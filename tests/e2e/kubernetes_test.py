#!/usr/bin/env python3
"""kubernetes_test.py NEARMOST: an agent whose cluster is a Kubernetes, by an API server in this process (kube_api.py).

What the API server says becomes answers at home and in the other cluster; what goes wrong between the two changes none.
"""
import json
import os
import sys
import threading
import time
import urllib.request

from kube_objects import endpoint_slice, node, service
from kube_mesh import HOST, SOON_SECONDS, KubeMesh
from kube_outage import outage
from mesh import ADMIN, equal, query, stays, until
from name_server import NameServer

def nothing_is_said_before_both_lists_are_read(mesh):
    api = mesh.api
    api.forbidden = {"endpointslices"}
    mesh.start_agent("east")
    until(lambda: mesh.agents["east"].alive() and api.requests("endpointslices"), SOON_SECONDS, "east asks")
    until(lambda: mesh.degraded("endpointslices cannot be read"), SOON_SECONDS, "status says what is forbidden")
    line = mesh.degraded("endpointslices cannot be read")[0]
    equal([words in line for words in ("403", 'cannot list resource "endpointslices"', "nothing of it serves yet")],
          [True] * 3, line)
    equal(mesh.ready("east"), False, "ready")
    api.forbidden = set()
    until(lambda: mesh.ready("east"), 40, "east is ready once it may read them")
    mesh.start_agent("west")
    until(lambda: mesh.ready("west"), SOON_SECONDS, "west ready")


def a_service_is_answered_in_both_clusters(mesh):
    mesh.become([11, 12], "listed before the agent came")
    mesh.slices(11, 12, 13)
    mesh.become([11, 12, 13], "scaled up")
    mesh.slices(11, 12, 13, unready=[12])
    mesh.become([11, 13], "one is not ready")
    mesh.slices(11, 12, 13)
    mesh.become([11, 12, 13], "it is ready again")
    mesh.slices(12, 14, suffix="zz999")
    mesh.become([11, 12, 13, 14], "two slices, one endpoint in both")
    mesh.api.store.delete("endpointslices", "default/orders-zz999")
    mesh.become([11, 12, 13], "a slice is gone")


def a_list_of_many_pages_is_one_list(mesh):
    for i in range(250):
        mesh.api.store.put("services", service(f"bulk-{i:03}"))
    mesh.api.gone_in_stream = False
    before = len(mesh.api.requests("services", "continue="))
    mesh.api.lose_history()
    until(lambda: len(mesh.api.requests("services", "continue=")) >= before + 2, SOON_SECONDS, "pages are asked for")
    until(lambda: mesh.status()["services"]["objects"] == 251, SOON_SECONDS, "all are known")
    until(lambda: mesh.status()["endpointslices"]["lists"] == 2, SOON_SECONDS, "slices are listed anew too")
    mesh.become([11, 12, 13], "nothing was lost")
    mesh.api.gone_in_stream = True
    for i in range(250):
        mesh.api.store.delete("services", f"default/bulk-{i:03}")
    until(lambda: mesh.status()["services"]["objects"] == 1, SOON_SECONDS, "all are gone")


def a_stream_that_breaks_goes_on_where_it_broke(mesh):
    mesh.api.split_chunks = True
    lists = mesh.status()["endpointslices"]["lists"]
    mesh.api.break_streams()
    mesh.slices(11, 13)
    mesh.become([11, 13], "written while the stream was broken in the midst of an object")
    equal(mesh.status()["endpointslices"]["lists"], lists, "lists")
    mesh.api.split_chunks = False


def a_stream_that_never_begins_is_asked_for_again(mesh):
    def watches():
        return len(mesh.api.requests("watch=true", "endpointslices"))

    mesh.api.mute, before = True, watches()
    mesh.api.break_streams()
    until(lambda: watches() > before, SOON_SECONDS, "the stream is asked for")
    mesh.api.mute = False
    mesh.slices(12, 13)
    mesh.become([12, 13], "written while the server did not answer")


def history_that_is_gone_is_listed_anew(mesh):
    for in_stream in (True, False):
        mesh.api.gone_in_stream = in_stream
        lists = mesh.status()["endpointslices"]["lists"]
        stop = threading.Event()
        empty = []

        def load():
            while not stop.is_set():
                if query(mesh.address("west"), HOST) == []:
                    empty.append(time.monotonic())
                time.sleep(0.01)
        asking = threading.Thread(target=load)
        asking.start()
        mesh.slices(11)
        with mesh.api.store.changed:  # nobody hears of it but by a list
            mesh.slices(11, 15)
            mesh.api.lose_history()
        mesh.become([11, 15], f"listed anew, told of it {'in' if in_stream else 'instead of'} a stream")
        until(lambda: mesh.status()["endpointslices"]["lists"] > lists, SOON_SECONDS, "a new list")
        mesh.slices(11)
        mesh.become([11], "and watched again")
        stop.set()
        asking.join()
        equal(empty, [], "empty answers")


def an_api_server_that_is_away_leaves_what_it_said(mesh):
    api = mesh.api
    mesh.slices(11, 12)
    mesh.become([11, 12], "before it goes")
    api.stop()
    until(lambda: mesh.degraded("endpointslices cannot be read"), SOON_SECONDS, "status says that it is away")
    stays(lambda: mesh.answers("east"), mesh.pods(11, 12), 6, "what it said before serves")
    equal(len(mesh.degraded("kubernetes")), 3, f"lines in status: {mesh.degraded('kubernetes')}")
    equal(mesh.ready("east"), True, "ready")
    until(lambda: mesh.status()["endpointslices"]["ageMs"] >= 5000, SOON_SECONDS, "its age is told")
    until(lambda: any("cannot read its source" in line for line in
                      mesh.ask("west", "status", check=False)["degraded"]), SOON_SECONDS, "west is told")
    mesh.slices(21, 22, 23)
    api.store.put("services", service("more"))
    api.store.put("endpointslices", endpoint_slice("more", mesh.pods(31)))
    api.store.compact()
    api.start()
    mesh.become([21, 22, 23], "back with everything changed")
    mesh.become([31], "and with more", "more.default.mesh.internal")
    until(lambda: not mesh.degraded("kubernetes"), SOON_SECONDS, "nothing is wrong any more")


def nothing_is_withdrawn_wrongly_by_an_outage(mesh):
    for hangs in (False, True):
        found = outage(mesh, 8, hangs)
        print(f"        {found['asked']} answers, exact after {found['exactSeconds']:.2f} s", flush=True)
        equal((found["wrong"], found["strange"], found["lasting"]), ([], [], True), "wrong; of neither state; lasting")


def a_list_that_is_suddenly_empty_is_held(mesh):
    store = mesh.api.store
    mesh.slices(*range(41, 55))
    until(lambda: len(mesh.answers("west")) == 8, SOON_SECONDS, "many endpoints")
    with store.changed:
        kept = store.objects["endpointslices"]
        store.objects["endpointslices"] = {}
        mesh.api.lose_history()
    until(lambda: [h for h in mesh.ask("east", "status", check=False)["holds"] if h["source"] == "kubernetes"],
          SOON_SECONDS, "east holds what it has lost")
    equal(len(mesh.answers("west")), 8, "answers of west")
    with store.changed:
        for made in kept.values():
            store.put("endpointslices", made)
    until(lambda: not mesh.ask("east", "status", check=False)["holds"], SOON_SECONDS, "nothing is held any more")
    store.delete("endpointslices", "default/orders-abc12")
    for cluster in mesh.clusters:
        until(lambda: not mesh.answers(cluster), SOON_SECONDS, f"{cluster}: what was seen to go is gone at once")
    mesh.slices(11, 12)
    mesh.become([11, 12], "back")


def places(mesh, cluster):
    with urllib.request.urlopen(f"http://{mesh.address(cluster)}:{ADMIN}/api/v1/endpoints", timeout=5) as answer:
        return {one["address"]: one["locality"] for one in json.load(answer) if one["service"] == "default/orders"}


def an_endpoint_without_a_zone_is_where_its_node_is(mesh):
    def at(pod, zone=None, node_name="node-1"):
        made = endpoint_slice("orders", mesh.pods(pod), suffix=f"at{pod}")
        made["endpoints"][0].update({"zone": zone, "nodeName": node_name})
        mesh.api.store.put("endpointslices", made)
    mesh.api.store.delete("endpointslices", "default/orders-abc12")
    mesh.api.store.put("nodes", node("node-1", "us", "us-east-1b"))
    mesh.api.store.put("nodes", node("node-2", "europe", "eu-1"))
    at(61)
    at(62, "eu-1", "")
    for cluster in mesh.clusters:
        until(lambda: places(mesh, cluster) == {mesh.pod(61): "us/us-east-1b", mesh.pod(62): "europe/eu-1"},
              SOON_SECONDS, f"{cluster} knows where both are")
    mesh.api.store.put("nodes", node("node-1", "us", "us-east-1c"))
    until(lambda: places(mesh, "west")[mesh.pod(61)] == "us/us-east-1c", SOON_SECONDS, "the node has another label")
    equal("as=PartialObjectMetadata" in mesh.api.accepted["/api/v1/nodes"], True, "only metadata is asked for")
    for pod in (61, 62):
        mesh.api.store.delete("endpointslices", f"default/orders-at{pod}")
    mesh.slices(11, 12)
    mesh.become([11, 12], "back")


def an_external_name_is_looked_up(mesh):
    names = NameServer(f"{mesh.prefix}.9.1")
    names.names = {"db.outside.example": [mesh.pod(71)]}
    made = service("db", ports=(("sql", 5432, 5432),), type="ExternalName", externalName="db.outside.example")
    for field in ("clusterIP", "clusterIPs", "selector"):
        del made["spec"][field]
    mesh.api.store.put("services", made)
    mesh.become([71], "where its name leads", "db.default.mesh.internal")
    names.names = {"db.outside.example": [mesh.pod(72)]}
    mesh.become([72], "where its name leads now", "db.default.mesh.internal")


def what_is_not_needed_may_be_refused(mesh):
    mesh.api.forbidden = {"nodes"}
    mesh.api.lose_history()
    until(lambda: mesh.degraded("nodes cannot be read"), SOON_SECONDS, "status says so")
    mesh.slices(11)
    mesh.become([11], "the rest goes on")
    mesh.agents["east"].terminate()
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 40, "ready without them")
    mesh.api.forbidden = set()
    mesh.slices(11, 12)
    mesh.become([11, 12], "back")
    until(lambda: not mesh.degraded("nodes cannot be read"), 70, "asked again")


def a_token_that_is_rotated_is_read_again(mesh):
    mesh.api.tokens = ["another"]
    mesh.api.break_streams()
    until(lambda: mesh.degraded("401"), SOON_SECONDS, "status says that the token is refused")
    equal(mesh.answers("west"), mesh.pods(11, 12), "answers")
    mesh.write_token("another")
    until(lambda: not mesh.degraded("401"), 60, "the new token is taken")
    mesh.slices(11, 16)
    mesh.become([11, 16], "watched again")


STORIES = (nothing_is_said_before_both_lists_are_read, a_service_is_answered_in_both_clusters,
           a_list_of_many_pages_is_one_list, a_stream_that_breaks_goes_on_where_it_broke,
           a_stream_that_never_begins_is_asked_for_again, history_that_is_gone_is_listed_anew,
           an_api_server_that_is_away_leaves_what_it_said, nothing_is_withdrawn_wrongly_by_an_outage,
           a_list_that_is_suddenly_empty_is_held, an_endpoint_without_a_zone_is_where_its_node_is,
           an_external_name_is_looked_up, what_is_not_needed_may_be_refused, a_token_that_is_rotated_is_read_again)


def main():
    with KubeMesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.api.store.put("services", service("orders"))
        mesh.slices(11, 12)
        for story in STORIES:
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
