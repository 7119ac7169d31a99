#!/usr/bin/env python3
"""gateway_test.py NEARMOST: ports that a VirtualGateway opens, seen from outside."""
import os
import sys

from mesh import Mesh, equal, until

OUTSIDE, REDIRECTS = 8088, 8089
DOCUMENTS = """
apiVersion: networking.gloo.solo.io/v2
kind: VirtualGateway
metadata: {{name: edge, namespace: shop}}
spec:
  listeners:
  - {{port: {{number: {port}}}, http: {{}}, allowedRouteTables: [{{host: '*.shop.example'}}]}}
  - {{port: {{number: {redirects}}}, http: {{}}, httpsRedirect: true}}
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: outside, namespace: shop}}
spec:
  hosts: [www.shop.example, shop.test]
  virtualGateways: [{{name: edge}}]
  http:
  - directResponse: {{status: 200, body: {body}}}
"""


def main():
    with Mesh(os.path.abspath(sys.argv[1]), clusters=["west"]) as mesh:
        mesh.start()

        def get(host, port, path="/"):
            try:
                answer = mesh.request("west", host, port, path)
            except OSError as error:
                return 0, str(error), ""
            return answer.status, answer.body, {k.lower(): v for k, v in answer.headers.items()}.get("location", "")

        equal(get("www.shop.example", OUTSIDE)[0], 0, "before there is a gateway")
        mesh.write("west", "gateway.yaml", DOCUMENTS.format(port=OUTSIDE, redirects=REDIRECTS, body="hello"))
        until(lambda: get("www.shop.example", OUTSIDE)[:2] == (200, "hello"), 20, "the gateway's port serves the table")
        equal(get("shop.test", OUTSIDE)[0], 404, "a host that the listener does not allow")
        equal(get("details.mesh.internal", OUTSIDE)[0], 404, "a host of the mesh")
        equal(get("www.shop.example", 9080)[0], 404, "on a port of the mesh")
        equal(get("www.shop.example", REDIRECTS, "/a?b=c")[::2], (301, "https://www.shop.example/a?b=c"), "redirect")

        said = {s["object"]: s for s in mesh.ask("west", "status", check=False)["documents"]["routing"]}
        equal(said["VirtualGateway shop/edge"]["notes"],
              [f"port {OUTSIDE} serves 1 route table", f"port {REDIRECTS} leads to https"], "the gateway's status")
        equal(said["RouteTable shop/outside"]["state"], "warning", "the table's, for the host that is not allowed")
        route = mesh.ask("west", "route", "GET", f"http://www.shop.example:{OUTSIDE}/")
        equal(route["route"], "shop/outside[0]", "what route says")

        mesh.write("west", "gateway.yaml", DOCUMENTS.format(port=OUTSIDE + 2, redirects=REDIRECTS, body="moved"))
        until(lambda: get("www.shop.example", OUTSIDE + 2)[:2] == (200, "moved"), 20, "another port")
        until(lambda: get("www.shop.example", OUTSIDE)[0] == 0, 20, "the old one is closed")
    print("ok")


main()
