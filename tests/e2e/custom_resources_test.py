#!/usr/bin/env python3
"""custom_resources_test.py NEARMOST: an agent whose documents are custom resources of its API server (kube_api.py).

What they say serves as what a file says; what is wrong with one is said, and changes nothing that served before.
"""
import os
import sys
import time

from kube_api import defined_kinds, plural_of
from kube_objects import endpoint_slice, service
from kube_mesh import SOON_SECONDS, KubeMesh
from mesh import equal, query, request, stays, until

OURS, GLOO = "networking.nearmost.internal/v2", "networking.gloo.solo.io/v2"
HOST, PORT = "shop.mesh.internal", 9080


def made(kind, name, spec, api_version=OURS, **metadata):
    return {"apiVersion": api_version, "kind": kind, "spec": spec,
            "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z", **metadata}}


def destination(host=HOST, name="shop"):
    return made("VirtualDestination", name, {"hosts": [host], "services": [{"name": "orders", "namespace": "default"}],
                                             "ports": [{"number": PORT, "protocol": "HTTP"}]})


def table(body, api_version=OURS, name="shop", **spec):
    return made("RouteTable", name, {"hosts": [HOST],
                                     "http": [{"directResponse": {"status": 200, "body": body}}], **spec}, api_version)


def body_of(mesh, host=HOST):
    try:
        return request((mesh.address("east"), PORT), host, "/").body
    except OSError:
        return None


def serves(mesh, body, what):
    until(lambda: body_of(mesh) == body, SOON_SECONDS, f"{body!r} is answered: {what}")


def documents(mesh):
    return mesh.ask("east", "status", check=False)["documents"]


def what_is_defined_at_the_start_serves_from_the_start(mesh):
    kinds = defined_kinds()
    mesh.api.define(OURS, *kinds)
    mesh.api.apply(destination())
    mesh.api.apply(table("first"))
    for cluster in mesh.clusters:
        mesh.start_agent(cluster)
    until(lambda: mesh.ready("east") and mesh.ready("west"), 40, "both are ready")
    equal(body_of(mesh), "first", "answer of a ready agent")
    until(lambda: query(mesh.address("west"), HOST) == mesh.pods(11), SOON_SECONDS, "west knows the destination")
    status = mesh.status()
    equal({name: one["objects"] for name, one in status.items() if name != "pods"},  # those are for west's subsets
          {**{plural_of(kind): 0 for kind in kinds}, "endpointslices": 1, "services": 1, "nodes": 0, "routetables": 1,
           "virtualdestinations": 1}, "objects of what is read")
    equal(mesh.degraded("kubernetes"), [], "degraded")


def is_stated(mesh, approval, generation, words=""):
    def matches():
        state = mesh.api.state(OURS, "RouteTable", "shop/shop")
        return state.get("approval") == approval and state["observedGeneration"] == generation \
            and words in state["message"]
    until(matches, SOON_SECONDS, f"the status says {approval} of generation {generation}")


def what_became_of_an_object_is_written_to_its_status_once(mesh):
    is_stated(mesh, "ACCEPTED", 1)
    until(lambda: mesh.api.state(OURS, "VirtualDestination", "shop/shop").get("approval") == "ACCEPTED", SOON_SECONDS,
          "the destination is accepted, too")
    mesh.api.apply(table("bad", http=[{"directResponse": {"status": "two hundred"}}]))
    is_stated(mesh, "INVALID", 2, "its last good state serves:\nspec.http[0].directResponse.status: expected a whole")
    mesh.api.apply(table("odd", htpp=[]))
    is_stated(mesh, "WARNING", 3, 'did you mean "http"?')
    mesh.api.apply(table("first"))
    is_stated(mesh, "ACCEPTED", 4)
    written = mesh.api.requests("PATCH")
    equal(5 <= len(written) <= 8, True, f"one or two for each state: {written}")
    stays(lambda: mesh.api.requests("PATCH"), written, 2, "what is written stays")


def a_status_that_may_not_be_written_is_said_and_all_serves(mesh):
    mesh.api.forbidden = {"routetables/status"}
    mesh.api.apply(table("unsaid"))
    serves(mesh, "unsaid", "changed without a status")
    until(lambda: mesh.degraded("cannot be written to their status"), SOON_SECONDS, "status says so")
    equal('cannot patch resource "routetables/status"' in mesh.degraded("to their status")[0], True, "the reason")
    equal([path for path in mesh.api.requests("PATCH") if "gloo" in path], [], "nothing of Gloo's is written")


def a_change_counts_as_it_is_heard(mesh):
    mesh.api.apply(table("second"))
    serves(mesh, "second", "changed")
    mesh.api.lose_history()
    mesh.api.apply(table("third"))
    serves(mesh, "third", "changed while its history was lost")
    mesh.api.remove(OURS, "VirtualDestination", "shop/shop")
    until(lambda: not query(mesh.address("west"), HOST), SOON_SECONDS, "west hears that it is gone")
    mesh.api.apply(destination())
    until(lambda: query(mesh.address("west"), HOST) == mesh.pods(11), SOON_SECONDS, "and that it is back")


def a_bad_object_serves_as_it_was_and_is_named(mesh):
    mesh.api.apply(table("bad", weight=None, http=[{"directResponse": {"status": "two hundred"}}]))
    until(lambda: documents(mesh)["heldBack"] == ["kubernetes: RouteTable shop/shop"], SOON_SECONDS, "held back")
    problem = [p for p in documents(mesh)["problems"] if p["severity"] == "error"][0]
    equal((problem["file"], problem["line"], problem["object"], problem["field"]),
          ("kubernetes: RouteTable shop/shop", 0, "RouteTable shop/shop", "spec.http[0].directResponse.status"),
          "problem")
    until(lambda: mesh.degraded("RouteTable shop/shop has errors and is held back: its last good state serves"),
          SOON_SECONDS, "status says so")
    stays(lambda: body_of(mesh), "third", 1, "its last good state serves")
    mesh.api.apply(destination("other.mesh.internal", "other"))
    until(lambda: query(mesh.address("west"), "other.mesh.internal") == mesh.pods(11), SOON_SECONDS,
          "what is good beside it changes")
    mesh.api.apply(table("mended"))
    serves(mesh, "mended", "good again")
    equal(documents(mesh)["heldBack"], [], "held back")
    deep = []
    for _ in range(200):
        deep = [deep]
    mesh.api.apply(made("RouteTable", "deep", {"hosts": ["deep.mesh.internal"], "http": deep}))
    until(lambda: documents(mesh)["heldBack"] == ["kubernetes: RouteTable shop/deep"], SOON_SECONDS,
          "what is too deep to be read is held back, too")
    mesh.api.lose_history()
    mesh.api.apply(table("beside it"))
    serves(mesh, "beside it", "and keeps no other from being listed")
    mesh.api.remove(OURS, "RouteTable", "shop/deep")


def a_file_and_an_object_are_judged_together(mesh):
    mesh.write("east", "shop.yaml", f"""
apiVersion: {GLOO}
kind: RouteTable
metadata: {{name: by-file, namespace: shop}}
spec: {{hosts: [file.mesh.internal], http: [{{directResponse: {{status: 200, body: of a file}}}}]}}
""")
    until(lambda: documents(mesh)["routeTables"] == 2, SOON_SECONDS, "both are read")
    mesh.api.apply(made("RouteTable", "by-file", {"hosts": ["twice.mesh.internal"], "http": []}))
    until(lambda: "kubernetes: RouteTable shop/by-file" in documents(mesh)["heldBack"], SOON_SECONDS,
          "the object that came later is held back")
    mesh.api.remove(OURS, "RouteTable", "shop/by-file")
    until(lambda: not documents(mesh)["heldBack"], SOON_SECONDS, "nothing is held back")
    os.remove(mesh.path("east", "resources", "shop.yaml"))
    until(lambda: documents(mesh)["routeTables"] == 1, SOON_SECONDS, "the file is gone")


def what_is_defined_later_is_found_and_what_is_refused_is_named(mesh):
    mesh.api.forbidden = {"virtualgateways"}
    mesh.api.define(GLOO, "RouteTable", "VirtualGateway", "Workspace")
    mesh.api.apply(table("of Gloo", GLOO, name="gloo", hosts=["gloo.mesh.internal"]))
    until(lambda: documents(mesh)["routeTables"] == 2, 60, "Gloo's table is read")
    until(lambda: mesh.degraded("virtualgateways.networking.gloo.solo.io cannot be read"), SOON_SECONDS, "refused")
    equal(mesh.ready("east"), True, "ready")
    mesh.api.apply(table("fifth"))
    serves(mesh, "fifth", "the others go on")
    mesh.api.forbidden = set()
    mesh.api.undefine(GLOO)
    until(lambda: documents(mesh)["routeTables"] == 1, SOON_SECONDS, "Gloo's table is gone")
    until(lambda: not mesh.degraded("gloo.solo.io"), 60, "what is not defined is no trouble")


def a_restart_waits_for_its_documents(mesh):
    mesh.agents["east"].terminate()
    mesh.api.delay = 0.5
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 60, "east is ready")
    equal(body_of(mesh), "fifth", "answer of a ready agent")
    mesh.api.delay = 0.0


def main():
    with KubeMesh(os.path.abspath(sys.argv[1]), resources=True, kubeconfig=True) as mesh:
        mesh.api.store.put("services", service("orders"))
        mesh.api.store.put("endpointslices", endpoint_slice("orders", mesh.pods(11)))
        for story in (what_is_defined_at_the_start_serves_from_the_start,
                      what_became_of_an_object_is_written_to_its_status_once, a_change_counts_as_it_is_heard,
                      a_bad_object_serves_as_it_was_and_is_named, a_file_and_an_object_are_judged_together,
                      what_is_defined_later_is_found_and_what_is_refused_is_named, a_restart_waits_for_its_documents,
                      a_status_that_may_not_be_written_is_said_and_all_serves):
            begun = time.monotonic()
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)


main()
