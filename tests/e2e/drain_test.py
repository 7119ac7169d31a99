#!/usr/bin/env python3
"""drain_test.py NEARMOST: services, endpoints and a cluster are taken out of service without a request lost."""
import http.client
import json
import os
import sys
import threading

from mesh import ADMIN, Mesh, equal, query, stays, until

HOST = "ratings.bookinfo.mesh.internal"  # its endpoints; ratings.mesh.internal is behind the forwarder
API = ("productpage.bookinfo.example", 8080, "/api/v1/ratings/1")  # a route that leads to ratings
OVER_SECONDS = 4
LONELY_DOCUMENT = "service: lonely\nnamespace: drain\nport: 9090\nendpoints: [{address}]\n"
LONELY = "lonely.drain.mesh.internal"  # east alone has it


class Callers(threading.Thread):
    """One that asks one agent's forwarder on one connection, as fast as it is answered."""

    def __init__(self, mesh, cluster):
        super().__init__(daemon=True)
        self.address = (mesh.address(cluster), API[1])
        self.served, self.failures, self.ended = {}, [], False

    def run(self):
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        while not self.ended:
            try:
                connection.request("GET", API[2], headers={"Host": API[0]})
                reply = connection.getresponse()
                body = reply.read().decode()
                if reply.status != 200:
                    self.failures.append((reply.status, body))
                cluster = json.loads(body)["cluster"]
                self.served[cluster] = self.served.get(cluster, 0) + 1
            except (OSError, http.client.HTTPException, ValueError) as failure:
                self.failures.append(repr(failure))
                connection.close()

    def end(self):
        self.ended = True
        self.join()


def drains(mesh, cluster):
    return {d["target"]: d["left"] for d in mesh.ask(cluster, "status", check=False)["drains"]}


def order(mesh, cluster, *words):
    return mesh.run(*words, "--admin", f"{mesh.address(cluster)}:{ADMIN}", check=False)


def seen(mesh, asked_in, host=HOST):
    return mesh.resolve(asked_in, host)


def preview_and_refusals(mesh):
    shown = order(mesh, "west", "drain", "service", "ratings", "--dry-run")
    equal(shown.returncode, 0, "a dry run")
    for part in [HOST, "west", "own cluster and zone 100% (west 2)", "same region 100% (east 2)", "nothing is done"]:
        if part not in shown.stdout:
            raise AssertionError(f"a dry run says {part!r}: {shown.stdout}")
    equal(drains(mesh, "west"), {}, "what a dry run does")

    refused = order(mesh, "east", "drain", "service", "drain/lonely")
    equal(refused.returncode, 1, "to drain what is nowhere else")
    if LONELY not in refused.stderr or "nothing healthy" not in refused.stderr:
        raise AssertionError(f"a refusal: {refused.stderr}")
    for cluster, words, part in [
            ("west", ("cluster", "east"), "this is an agent of west"),
            ("west", ("service", "bookinfo/rating"), 'did you mean "bookinfo/ratings"?'),
            ("west", ("endpoint", "10.9.9.9"), "west has no endpoint at 10.9.9.9"),
            ("west", ("endpoint", "ratings"), "is no address"),
            ("west", ("service", "ratings", "--over", "5 minutes"), "5 minutes")]:
        wrong = order(mesh, cluster, "drain", *words)
        equal(wrong.returncode, 2, f"drain {words}")
        if part not in wrong.stderr:
            raise AssertionError(f"drain {words} says {part!r}: {wrong.stderr}")
    for cluster in mesh.clusters:
        equal(drains(mesh, cluster), {}, "what is drained after refusals")


def a_service(mesh):
    callers = [Callers(mesh, "west") for _ in range(2)]
    for caller in callers:
        caller.start()
    until(lambda: callers[0].served.get("west", 0) > 50, 20, "west is served by west")
    equal({c for caller in callers for c in caller.served}, {"west"}, "who serves west")
    equal(order(mesh, "west", "drain", "service", "ratings", "--over", f"{OVER_SECONDS}s").returncode, 0, "drain")
    partly = until(lambda: [l for l in drains(mesh, "eu").values() if 0 < l < 1], 20, "eu sees it being drained")
    print(f"eu sees {partly[0]:.3f} left")
    for cluster in mesh.clusters:
        until(lambda: drains(mesh, cluster) == {"service bookinfo/ratings": 0}, 20, f"{cluster} sees nothing left")
    until(lambda: seen(mesh, "west") == ["east"], 20, "west's DNS gives east's ratings")
    before = sum(caller.served.get("west", 0) for caller in callers)
    asked = sum(sum(caller.served.values()) for caller in callers)
    until(lambda: sum(sum(c.served.values()) for c in callers) > asked + 50, 20, "more requests")
    for caller in callers:
        caller.end()
    equal([f for caller in callers for f in caller.failures], [], "failures while west was drained")
    served = {c: sum(caller.served.get(c, 0) for caller in callers) for c in ("west", "east", "eu")}
    equal(served["west"] - before <= len(callers), True, "requests to west after the end, beside those under way")
    print(f"served by {served}, 0 failed")
    equal(seen(mesh, "west", "reviews.bookinfo.mesh.internal"), ["west"], "what is not drained")


def a_restart(mesh):
    mesh.agents["west"].terminate()
    mesh.start_agent("west")
    until(lambda: seen(mesh, "west"), 20, "west's new agent answers")
    stays(lambda: seen(mesh, "west"), ["east"], 2, "what a restart answers")
    until(lambda: mesh.ready("west"), 20, "west ready")
    equal(drains(mesh, "west"), {"service bookinfo/ratings": 0}, "what is drained after a restart")
    sibling = order(mesh, "east", "undrain", "service", "ratings")
    equal(sibling.returncode, 2, "to take back what was not ordered there")
    equal(order(mesh, "west", "undrain", "service", "ratings").returncode, 0, "undrain")
    for cluster in mesh.clusters:
        until(lambda: drains(mesh, cluster) == {}, 20, f"{cluster} sees no drain")
    until(lambda: seen(mesh, "west") == ["west"], 20, "west's ratings are back")


def an_endpoint_and_a_cluster(mesh):
    one, other = mesh.address("west", 31), mesh.address("west", 32)
    equal(order(mesh, "west", "drain", "endpoint", one, "--over", "0s").returncode, 0, "drain an endpoint")
    until(lambda: query(mesh.address("west"), HOST) == [other], 20, "the other one answers alone")
    equal(order(mesh, "west", "undrain", "endpoint", one).returncode, 0, "undrain the endpoint")
    until(lambda: sorted(query(mesh.address("west"), HOST) or []) == [one, other], 20, "both again")

    equal(order(mesh, "east", "drain", "cluster", "east", "--over", "0s").returncode, 1, "east alone has something")
    equal(order(mesh, "east", "drain", "cluster", "east", "--over", "0s", "--force").returncode, 0, "forced")
    for asked_in in mesh.clusters:
        until(lambda: "east" not in (seen(mesh, asked_in) or ["east"]), 20, f"{asked_in} leaves east alone")
        until(lambda: seen(mesh, asked_in, LONELY) == ["east"], 20, "what drains serves where nothing else is")
    equal(order(mesh, "east", "undrain", "cluster", "east", "--over", "1s").returncode, 0, "undrain the cluster")
    until(lambda: seen(mesh, "east") == ["east"] and drains(mesh, "east") == {}, 20, "east is back")


def what_is_gone(mesh):
    address = mesh.address("west", 77)
    mesh.write("west", "passing.yaml", f"service: passing\nnamespace: drain\nport: 9090\nendpoints: [{address}]\n")
    until(lambda: seen(mesh, "west", "passing.drain.mesh.internal"), 20, "an endpoint is there")
    equal(order(mesh, "west", "drain", "endpoint", address, "--over", "0s", "--force").returncode, 0, "drained")

    def gone():
        return [d.get("gone", False) for d in mesh.ask("east", "status", check=False)["drains"]]
    until(lambda: gone() == [False], 20, "it is there")
    os.remove(mesh.path("west", "resources", "passing.yaml"))
    until(lambda: gone() == [True], 20, "its drain is said to be of nothing")
    equal(f"endpoint {address} (gone)" in order(mesh, "west", "status").stdout, True, "what status says")
    equal(order(mesh, "west", "undrain", "endpoint", address).returncode, 0, "what is gone is undrained")
    until(lambda: drains(mesh, "west") == {}, 20, "no drain")


def main():
    with Mesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.write("east", "lonely.yaml", LONELY_DOCUMENT.format(address=mesh.address("east", 90)))
        mesh.start()
        for cluster in mesh.clusters:
            until(lambda: seen(mesh, cluster) == [cluster], 20, f"{cluster} answers with its own")
        preview_and_refusals(mesh)
        a_service(mesh)
        a_restart(mesh)
        an_endpoint_and_a_cluster(mesh)
        what_is_gone(mesh)


if __name__ == "__main__":
    main()
