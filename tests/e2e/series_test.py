#!/usr/bin/env python3
"""series_test.py NEARMOST: with traffic on each of 5,000 routes /metrics stays small, and loses no request."""
import os
import re
import socket
import sys
import threading
import urllib.request

from mesh import PROBES, Mesh, equal, until

ROUTES, DESTINATIONS, PORT, BACKEND = 5000, 100, 8088, 9090
BUSY, BUSY_STATUSES = 100, (200, 302, 404, 503)  # of routes that get answers of every class
MOST_OF_TRAFFIC, MOST_IN_ALL = 454, 600

SERVICE = """
service: s{n}
namespace: shop
ports: {{http: {port}}}
endpoints: [{{address: {address}}}]
---"""
TABLE = """
apiVersion: networking.gloo.solo.io/v2
kind: VirtualGateway
metadata: {{name: edge, namespace: shop}}
spec: {{listeners: [{{port: {{number: {port}}}, http: {{}}}}]}}
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: many, namespace: shop}}
spec:
  hosts: [shop.test]
  virtualGateways: [{{name: edge}}]
  http:
"""
ROUTE = """  - name: r{n}
    matchers: [{{uri: {{exact: /r{n}}}}}]
    forwardTo: {{destinations: [{{ref: {{name: s{s}}}}}]}}
"""


def documents(address):
    services = "".join(SERVICE.format(n=n, port=BACKEND, address=address) for n in range(DESTINATIONS))
    routes = "".join(ROUTE.format(n=n, s=n % DESTINATIONS) for n in range(ROUTES))
    return services + TABLE.format(port=PORT) + routes


def serve(listener):
    """Answers each request with the status that its X-Status asks for."""
    def answer(link):
        with link, link.makefile("rb") as lines:
            status = "200"
            for line in lines:
                if line.lower().startswith(b"x-status:"):
                    status = line.split(b":")[1].strip().decode()
                elif line == b"\r\n":
                    link.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode())

    while True:
        link, _ = listener.accept()
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=answer, args=[link], daemon=True).start()


class Client:
    def __init__(self, address):
        self.link = socket.create_connection((address, PORT), timeout=20)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.link.makefile("rb")

    def get(self, path, status):
        """The status of the answer."""
        self.link.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nX-Status: {status}\r\n\r\n".encode())
        got, length = int(self.lines.readline().split()[1]), 0
        while (line := self.lines.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.lines.read(length)
        return got


def metrics(mesh):
    """[(name, labels, value)] of all series that /metrics has."""
    with urllib.request.urlopen(f"http://{mesh.address('west')}:{PROBES}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return [re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups("") for line in lines if not line.startswith("#")]


def counted(series, name, label=""):
    return sum(int(value) for full, labels, value in series if full == name and label in labels)


def main():
    with Mesh(os.path.abspath(sys.argv[1]), clusters=["west"]) as mesh:
        listener = socket.create_server((mesh.address("west", 200), BACKEND), backlog=128)
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        mesh.write("west", "many.yaml", documents(mesh.address("west", 200)))
        mesh.start()

        def serves_last():
            try:
                return mesh.request("west", "shop.test", PORT, f"/r{ROUTES - 1}").status == 200
            except OSError:
                return False

        until(serves_last, 30, "the last route serves")
        before = metrics(mesh)
        client = Client(mesh.address("west"))
        for n in range(ROUTES):
            equal(client.get(f"/r{n}", 200), 200, f"route {n}")
        for n in range(BUSY):
            for status in BUSY_STATUSES:
                equal(client.get(f"/r{n}", status), status, f"route {n}")
        equal(client.get("/nowhere", 200), 404, "what no route takes")

        asked = ROUTES + BUSY * len(BUSY_STATUSES)
        requests = "nearmost_route_requests_total"
        until(lambda: counted(metrics(mesh), requests) - counted(before, requests) == asked + 1, 10, "all are counted")
        after = metrics(mesh)
        of_traffic = [s for s in after if 'route="' in s[1] or 'destination="' in s[1]]
        print(f"{len(after)} series, {len(of_traffic)} of routes and destinations")
        equal([s for s in after if not s[0].startswith("nearmost_")], [], "names of others")
        equal(len({s[:2] for s in after}), len(after), "each series stands once")
        if len(of_traffic) > MOST_OF_TRAFFIC or len(after) > MOST_IN_ALL:
            raise AssertionError(f"at most {MOST_OF_TRAFFIC} of routes and destinations, {MOST_IN_ALL} in all")
        named = {labels.split('"')[1] for name, labels, _ in after if name == requests}
        equal(len(named), 31, "30 routes by name and the others")
        equal(counted(after, "nearmost_destination_requests_total") -
              counted(before, "nearmost_destination_requests_total"), asked, "requests of destinations")
    print("ok")


main()
