#!/usr/bin/env python3
"""checks_test.py NEARMOST: an endpoint whose port is dead leaves the answers everywhere, and comes back."""
import json
import os
import sys
import time

from mesh import ADMIN, GOSSIP, Mesh, Process, equal, query, until
from named_server import Named, serve

PORT, OUT_WITHIN_SECONDS = 9090, 3.0
HOST = "web.checks.mesh.internal"
DOCUMENTS = """service: web
namespace: checks
ports: {{http: {port}}}
endpoints: [{one}, {two}]
---
service: unchecked
namespace: checks
check: false
port: {port}
endpoints: [{nobody}]
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: web, namespace: checks}}
spec: {{hosts: [routed.checks.example], http: [{{forwardTo: {{destinations: [{{ref: {{name: web}}}}]}}}}]}}
"""


ASKED = """service: pages
namespace: checks
port: {port}
check: {{http: /healthz, host: pages.example}}
endpoints: [{one}, {two}]
---
service: rpc
namespace: checks
port: {gossip}
check: {{grpc: "", every: 500ms}}
endpoints: [{agent}, {nobody}]
"""


class CheckedMesh(Mesh):
    checks = "true"


def down(mesh):
    checks = mesh.ask("west", "status", check=False)["checks"]
    return [(d["endpoint"], d["why"]) for d in checks["down"] if d["service"] == "checks/web"]


def explained(mesh, host):
    """Of each endpoint what explain says in the other cluster: "" when it is well."""
    told = mesh.run("explain", host, "--admin", f"{mesh.address('east')}:{ADMIN}", "-o", "json", check=False)
    if not told.stdout:
        return {}  # nothing is known of it yet
    told = json.loads(told.stdout)
    return {e["address"]: e.get("why", "") for e in told["leftOut"] + sum((t["endpoints"] for t in told["tiers"]), [])}


def asked_otherwise(mesh, one, two, nobody):
    """HTTP, and gRPC: whom they ask is an agent, whose gossip port has grpc.health.v1."""
    agent, folder = mesh.address("west", 95), mesh.path("rpc")
    os.makedirs(folder)
    with open(os.path.join(folder, "agent.yaml"), "w", encoding="utf-8") as file:
        file.write(f"""cluster: rpc
gossip: {{listen: {agent}:{GOSSIP}, insecure: true}}
dns: {{listen: {agent}:7753}}
admin: {{listen: {agent}:7780}}
probes: {{listen: {agent}:7781}}
""")
    start = [mesh.binary, "agent", "-c", os.path.join(folder, "agent.yaml")]
    mesh.agents["rpc"] = Process(start, os.path.join(folder, "agent.log"))
    Named.wanted = {one: ("/healthz", "pages.example")}
    pages, rpc = "pages.checks.mesh.internal", "rpc.checks.mesh.internal"
    addresses = {"port": PORT, "gossip": GOSSIP, "one": one, "two": two, "agent": agent, "nobody": nobody}
    mesh.write("west", "asked.yaml", ASKED.format(**addresses))
    until(lambda: explained(mesh, pages) == {one: "", two: ""}, 20, "both answer 200")
    until(lambda: explained(mesh, rpc) == {agent: "", nobody: "refuses connections"}, 20, "one says SERVING")
    Named.broken.add(one)
    until(lambda: query(mesh.address("east"), pages) == [two], 20, "who answers 500 is out")
    equal(explained(mesh, pages), {one: "answers 500", two: ""}, "why")
    Named.broken.clear()
    until(lambda: explained(mesh, pages) == {one: "", two: ""}, 20, "and is well again")
    mesh.write("west", "asked.yaml", ASKED.replace('grpc: ""', "grpc: nobody.Has").format(**addresses))
    until(lambda: explained(mesh, rpc)[agent] == "answers gRPC status 5", 20, "a service that it does not have")


def main():
    with CheckedMesh(os.path.abspath(sys.argv[1]), clusters=["west", "east"]) as mesh:
        one, two, nobody = [mesh.address("west", n) for n in (91, 92, 93)]
        first = serve(one, PORT)
        serve(two, PORT)
        mesh.write("west", "checks.yaml", DOCUMENTS.format(port=PORT, one=one, two=two, nobody=nobody))
        mesh.start()

        def seen(cluster, host=HOST):
            return sorted(query(mesh.address(cluster), host) or [])
        for cluster in mesh.clusters:
            until(lambda: seen(cluster) == [one, two], 20, f"{cluster} answers with both")
        equal(seen("east", "unchecked.checks.mesh.internal"), [nobody], "whom nobody checks")

        # The process lives, its port is dead.
        first.shutdown()
        first.server_close()
        dead = time.monotonic()
        for cluster in mesh.clusters:
            until(lambda: seen(cluster) == [two], 20, f"{cluster} answers with the one that is left")
            took = time.monotonic() - dead
            print(f"out of {cluster}'s answers after {took:.2f} s")
            if took > OUT_WITHIN_SECONDS:
                raise AssertionError(f"{took:.2f} s, at most {OUT_WITHIN_SECONDS} s")
        bodies = {mesh.request("west", "routed.checks.example", PORT, "/").body for _ in range(20)}
        equal(bodies, {two}, "whom routes lead to")
        equal(down(mesh), [(one, "refuses connections")], "what status says")

        serve(one, PORT)
        for cluster in mesh.clusters:
            until(lambda: seen(cluster) == [one, two], 20, f"{cluster} answers with both again")

        asked_otherwise(mesh, one, two, nobody)

        # All are dead: answers stay, for nobody knows better.
        mesh.write("west", "checks.yaml", DOCUMENTS.format(port=PORT + 1, one=one, two=two, nobody=nobody))
        until(lambda: len(down(mesh)) == 2, 20, "both are down")
        until(lambda: HOST + " has no healthy endpoint" in mesh.ask("east", "status", check=False)["degraded"], 20,
              "the other cluster knows it")
        equal(seen("east"), [one, two], "answers where all are down")

        # A restart does not bring back what is dead.
        mesh.write("west", "checks.yaml", DOCUMENTS.format(port=PORT, one=one, two=nobody, nobody=nobody))
        until(lambda: seen("east") == [one], 20, "one of them is dead")
        mesh.kill_agent("west")
        mesh.start_agent("west")
        answers = []
        while not mesh.ready("west") or len(answers) < 50:
            answers.append(seen("east"))
            time.sleep(0.02)
        equal([a for a in answers if a != [one]], [], "answers with the dead one")
    print("ok")


main()
