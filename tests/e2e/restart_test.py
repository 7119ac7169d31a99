#!/usr/bin/env python3
"""restart_test.py NEARMOST: an agent that leaves its sockets with its supervisor restarts three times under load, and
no port is closed for a moment: no query and no connection is refused, all are answered.
"""
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

from mesh import claim_net, query, until
from supervisor import Supervisor

HOST = "ratings.default.mesh.internal"
ROUTES = """apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: ratings}
spec:
  hosts: [ratings.mesh.internal]
  services: [{labels: {app: ratings}}]
  ports: [{number: 9080, protocol: HTTP}]
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: ratings}
spec:
  hosts: [ratings.mesh.internal]
  http: [{directResponse: {status: 200, body: served}}]
"""
RESTARTS, PATIENCE = 3, 8
ALONE = 8  # seconds; an agent that waits for others is ready after ten


class Load(threading.Thread):
    """Asks again and again until told to end; every answer in time is counted, all else is kept."""

    def __init__(self, ask):
        super().__init__()
        self.ask, self.answers, self.failures, self.ended = ask, 0, [], False

    def run(self):
        while not self.ended:
            try:
                self.ask()
                self.answers += 1
            except (OSError, AssertionError) as failure:
                self.failures.append(repr(failure))
            time.sleep(0.005)

    def end(self):
        self.ended = True
        self.join()


def ask_dns(server):
    """As a stub does: once more after two seconds. A closed port would refuse."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in HOST.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server, 7753))
        for seconds in (2, PATIENCE):
            client.settimeout(seconds)
            client.send(b"\1\1\1\0\0\1\0\0\0\0\0\0" + question)
            try:
                reply = client.recv(4096)
            except TimeoutError:
                continue
            assert reply[3] & 15 == 0 and reply[7] > 0, f"an answer of {reply!r}"
            return
    raise AssertionError("no answer")


def ask_http(server, port, path):
    with socket.create_connection((server, port), timeout=PATIENCE) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: ratings.mesh.internal\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 "), "no answer"


def configure(folder, me):
    os.makedirs(os.path.join(folder, "resources"))
    with open(os.path.join(folder, "resources", "ratings.yaml"), "w", encoding="utf-8") as file:
        file.write(f"service: ratings\nport: 9080\nendpoints: [{me[:-1]}9]\n")
    with open(os.path.join(folder, "resources", "routes.yaml"), "w", encoding="utf-8") as file:
        file.write(ROUTES)
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""cluster: east
checks: false
gossip: {{listen: {me}:7700}}
dns: {{listen: {me}:7753, workers: 2}}
forwarder: {{listen: {me}}}
admin: {{listen: {me}:7780}}
probes: {{listen: {me}:7781}}
resources: [resources]
state: {{dir: state}}
""")
    return path


def main():
    binary = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="nearmost-e2e-")
    net, claim = claim_net()
    me = f"127.{net}.1.1"
    config = configure(folder, me)
    with claim, Supervisor([binary, "agent", "-c", config], folder) as supervisor:
        supervisor.start()
        supervisor.until_ready(ALONE)
        until(lambda: query(me, HOST), 10, "an answer")
        kept = sum(len(numbers) for numbers in supervisor.store.values())
        assert kept == 2 + 1 + 1 + 1 + 1, f"two of UDP, DNS over TCP, forwarder, admin, probes: {supervisor.store}"
        loads = [Load(lambda: ask_dns(me)), Load(lambda: ask_http(me, 9080, "/")),
                 Load(lambda: ask_http(me, 7781, "/livez"))]
        for load in loads:
            load.start()
        for _ in range(RESTARTS):
            before = [load.answers for load in loads]
            supervisor.restart()
            until(lambda: all(load.answers > was + 20 for load, was in zip(loads, before)), 30, "answers again")
            supervisor.until_ready()
        for load in loads:
            load.end()
        for name, load in zip(("DNS", "forwarder", "probes"), loads):
            print(f"{name}: {load.answers} answers over {RESTARTS} restarts, {len(load.failures)} failures")
            assert not load.failures, load.failures[:5]
        assert sum(len(numbers) for numbers in supervisor.store.values()) == kept, "each is stored once"

        # A worker less: what nobody reads must not take half of the queries.
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace("workers: 2", "workers: 1"))
        supervisor.restart()
        supervisor.until_ready()
        until(lambda: sum(map(len, supervisor.store.values())) == kept - 1, 5, "the other socket is given up")
        for _ in range(50):
            assert query(me, HOST), "every query reaches the one that is left"
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
