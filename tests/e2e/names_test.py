#!/usr/bin/env python3
"""names_test.py NEARMOST: endpoints that are names, external services, and what becomes of them when DNS fails.

The DNS server that knows the names is this test.
"""
import os
import sys
import time

from mesh import Mesh, equal, query, until
from name_server import SERVER_PORT, NameServer
from named_server import serve

PORT = 9090
DB, API = "db.outside.example", "api.outside.example"
SRV, FIRST, SECOND = "_shop._tcp.outside.example", "first.outside.example", "second.outside.example"
DOCUMENTS = """service: db
namespace: names
ports: {{tcp: {port}}}
endpoints: [{db}]
---
service: shop
namespace: names
port: 80
check: true
endpoints: [{srv}]
---
apiVersion: networking.gloo.solo.io/v2
kind: ExternalService
metadata: {{name: api, namespace: names, labels: {{kind: outside}}}}
spec:
  hosts: [{api}]
  ports: [{{number: {port}, protocol: HTTP}}, {{number: 443, protocol: HTTPS, clientsideTls: {{}}}}]
---
apiVersion: networking.gloo.solo.io/v2
kind: ExternalService
metadata: {{name: chosen, namespace: names, labels: {{kind: outside}}}}
spec: {{hosts: [chosen.outside.example], selector: {{host: chosen}}, ports: [{{number: 80, name: http}}]}}
---
apiVersion: networking.gloo.solo.io/v2
kind: ExternalEndpoint
metadata: {{name: chosen, namespace: names, labels: {{host: chosen}}}}
spec: {{address: {chosen}, ports: [{{name: http, number: {port}}}]}}
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {{name: hidden, namespace: names}}
spec: {{services: [{{name: db, namespace: names}}], ports: [{{number: 80, targetPort: {{number: {port}}}}}]}}
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {{name: both, namespace: names}}
spec:
  hosts: [both.mesh.internal]
  externalServices: [{{labels: {{kind: outside}}}}]
  ports: [{{number: {port}}}, {{number: 8080, targetPort: {{name: http}}}}]
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: api, namespace: names}}
spec:
  hosts: [{api}]
  http:
  - matchers: [{{uri: {{prefix: /hidden}}}}]
    forwardTo:
      autoHostRewrite: true
      destinations: [{{ref: {{name: hidden}}, kind: VIRTUAL_DESTINATION, port: {{number: 80}}}}]
  - matchers: [{{uri: {{prefix: /chosen}}}}]
    forwardTo:
      autoHostRewrite: true
      destinations: [{{ref: {{name: chosen}}, kind: EXTERNAL_SERVICE, port: {{name: http}}}}]
  - matchers: [{{uri: {{prefix: /secret}}}}]
    forwardTo: {{destinations: [{{ref: {{name: api}}, kind: EXTERNAL_SERVICE, port: {{number: 443}}}}]}}
  - forwardTo: {{destinations: [{{ref: {{name: api}}, kind: EXTERNAL_SERVICE, port: {{number: {port}}}}}]}}
"""


class NamesMesh(Mesh):
    @property
    def dns(self):
        return (", zones: [mesh.internal, outside.example], "
                f"passOn: [{{zone: ., to: ['{self.prefix}.9.1:{SERVER_PORT}']}}]")


def end(server):
    server.shutdown()
    server.server_close()


def srv_records_say_where_a_service_is(mesh, names):
    """Ports and weights are the records'; who stands by at a later priority serves when nobody before answers."""
    hosts = [mesh.address("west", n) for n in (94, 95, 96)]
    servers = {host: serve(host, 9101 + at) for at, host in enumerate(hosts)}
    others = dict(names.names)

    def shows():
        """The endpoints that east has of it, and the weights that west gives them."""
        found = mesh.ask("east", "explain", "shop.names.mesh.internal", check=False)
        endpoints = {f"{e['address']}:{p}" for tier in found.get("tiers", []) for e in tier["endpoints"]
                     for p in e["ports"].values()}
        records = next(n["srv"] for n in mesh.ask("west", "status", check=False)["names"] if n["name"] == SRV)
        return sorted((r["address"], r["weight"]) for r in records if r["address"] in endpoints)

    def lead(records, **addresses):
        names.names = {**others, SRV: records, **addresses}
    one, two, three = hosts
    lead([(10, 30, 9101, FIRST), (10, 10, 9102, SECOND), (20, 0, 9103, "third.outside.example")],
         **{FIRST: [one], SECOND: [two], "third.outside.example": [three]})
    until(lambda: shows() == [(f"{one}:9101", 3), (f"{two}:9102", 1)], 20, "ports and weights of the first priority")
    for host in (one, two):
        end(servers[host])
    until(lambda: shows() == [(f"{three}:9103", 1)], 20, "the next priority serves")
    equal(mesh.request("west", "shop.names.mesh.internal", 80, "/").body, three, "who answers")
    serve(one, 9101)
    until(lambda: shows() == [(f"{one}:9101", 3)], 20, "and the first again")
    lead([(10, 0, 9101, FIRST)], **{FIRST: [three]})
    serve(three, 9101)
    until(lambda: shows() == [(f"{three}:9101", 1)], 20, "the target leads elsewhere")
    lead([(0, 0, 0, ".")])
    until(lambda: "no such service" in trouble_of(mesh, SRV), 20, "a service that is none is told")
    equal(shows(), [(f"{three}:9101", 1)], "and doubted for a while")
    lead([(10, 0, 9101, FIRST)], **{FIRST: [three]})
    until(lambda: not trouble_of(mesh, SRV), 20, "all is well")


def trouble_of(mesh, name):
    said = {n["name"]: n for n in mesh.ask("west", "status", check=False)["names"]}
    return said[name]["trouble"]


def main():
    with NamesMesh(os.path.abspath(sys.argv[1]), clusters=["west", "east"]) as mesh:
        names = NameServer(f"{mesh.prefix}.9.1")
        one, two, three = [mesh.address("west", n) for n in (91, 92, 93)]
        for address in (one, two, three):
            serve(address, PORT)
        names.names = {DB: [one], API: [two]}
        mesh.write("west", "names.yaml", DOCUMENTS.format(port=PORT, db=DB, api=API, srv=SRV,
                                                                chosen=three))
        mesh.start()

        def seen():
            return query(mesh.address("east"), "db.names.mesh.internal")

        def body(path):
            answer = mesh.request("west", API, PORT, path)
            return answer.status, f"{answer.body} {answer.headers.get('X-Host')}"
        until(lambda: seen() == [one], 20, "the other cluster sees where the name leads")

        equal(query(mesh.address("west"), API), [mesh.address("west")], "DNS leads callers of a routed host")
        equal(query(mesh.address("east"), "chosen.outside.example"), [mesh.address("east")],
              "elsewhere an external service that maps its port is behind the forwarder")
        equal(body("/"), (200, f"{two} {API}:{PORT}"), "an external service that is its host")
        equal(body("/chosen"), (200, f"{three} chosen.outside.example"), "one with endpoints, and its host")
        equal(body("/hidden"), (200, f"{one} {API}:{PORT}"), "a virtual destination without hosts")
        equal(body("/secret")[0], 500, "a port that takes TLS")
        behind = mesh.ask("east", "explain", "both.mesh.internal")
        equal(sorted(behind["services"]), ["west/names/api--external", "west/names/chosen--external"],
              "elsewhere a virtual destination has all external services that it selects")
        answer = mesh.request("east", "both.mesh.internal", 8080, "/")
        equal((answer.status, answer.body), (200, three), "and leads by a port of theirs")

        names.names = {DB: [two], API: [two]}
        until(lambda: seen() == [two], 20, "the name leads elsewhere")
        equal(body("/hidden"), (200, f"{two} {API}:{PORT}"), "and so does its route")

        srv_records_say_where_a_service_is(mesh, names)

        # Servers that say nothing take nothing, and it is told; so do those that deny for a moment.
        names.names = None

        def trouble():
            return trouble_of(mesh, DB)
        until(lambda: trouble() != "", 30, "the silence is told")
        degraded = mesh.ask("west", "status", check=False)["degraded"]
        equal(any(DB in reason for reason in degraded), True, f"why degraded: {degraded}")
        equal(seen(), [two], "what was known stays")
        names.names = {API: [two]}
        until(lambda: "not found" in trouble().lower(), 30, "the denial is told")
        equal(seen(), [two], "a denial is doubted")
        names.names = {DB: [two], API: [two]}
        until(lambda: trouble() == "", 30, "all is well")

        # A restart looks names up before it says that they lead nowhere.
        names.takes = 0.2
        mesh.kill_agent("west")
        mesh.start_agent("west")
        empty, answers = 0, 0
        while not mesh.ready("west") or answers < 50:
            empty += seen() != [two]
            answers += 1
            time.sleep(0.02)
        equal(empty, 0, f"answers without the name's address, of {answers}")
    print("ok")


main()
