#!/usr/bin/env python3
"""rollout_test.py NEARMOST [--json FILE]: both agents of a cluster are rolled as the Deployment rolls them, under load,
and nothing that a caller asks fails.

The pods are those of pods_test.py. A new one is ready before an old one is told to end. Callers are as strict as they
may be: none asks twice. What a balancer (kube-proxy) leads to a pod that is told to end it leads there for a while yet;
who has resolved a name keeps what it heard for five seconds; a connection that is kept is used until an answer says
that it closes. Exit code 77: as there.
"""
import argparse
import json
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time

from pods_test import EXAMPLE, GRACE, ORDERS, PODS, SKIPPED, SOON, Cluster
from kube_objects import endpoint_slice, service
from mesh import Process, accepts, equal, query, until
from namespaces import enter_or_skip, run

BACKEND = "127.77.9.1"
BALANCER_SECONDS = 0.5  # until kube-proxy has heard
TTL_SECONDS = 5
KEPT, SHORT, ASKING = 6, 2, 2  # callers with a connection that is kept, with one for each request; of DNS
AT_LEAST = 1000  # requests a second
REQUEST = f"GET / HTTP/1.1\r\nHost: {EXAMPLE}\r\n\r\n".encode()


class Balancer:
    """Service nearmost-dns: pods that are ready, and for a while those that were."""

    def __init__(self, pods):
        self.pods = list(pods)

    def pick(self):
        return random.choice(self.pods)

    def remove_soon(self, pod):
        def remove():
            self.pods = [one for one in self.pods if one != pod]
        threading.Timer(BALANCER_SECONDS, remove).start()


class Caller(threading.Thread):
    def __init__(self, balancer):
        super().__init__(daemon=True)
        self.balancer, self.done, self.failures, self.ended = balancer, 0, [], False

    def run(self):
        while not self.ended:
            try:
                self.ask()
                self.done += 1
            except (OSError, AssertionError) as failure:
                self.failures.append(f"{time.strftime('%X')} {failure!r}")
                self.forget()

    def forget(self):
        pass

    def end(self):
        self.ended = True
        self.join()


class Asker(Caller):
    """Of DNS. A datagram that is lost has failed."""

    def ask(self):
        pod = self.balancer.pick()
        for host, least in ((ORDERS, 2), (EXAMPLE, 1)):
            answer = query(pod, host)
            assert answer and len(answer) >= least, f"{pod} answers {answer} for {host}"
        time.sleep(0.005)


class Client(Caller):
    """Of the forwarders, where DNS says that they are."""

    def __init__(self, balancer, keeps):
        super().__init__(balancer)
        self.keeps, self.link, self.addresses, self.resolved = keeps, None, [], 0.0

    def address(self):
        if not self.addresses or time.monotonic() - self.resolved > TTL_SECONDS:
            self.addresses, self.resolved = query(self.balancer.pick(), EXAMPLE), time.monotonic()
            assert self.addresses, "the name is not answered"
        return random.choice(self.addresses)

    def ask(self):
        kept = self.link is not None
        if not kept:
            address = self.address()
            self.link = socket.create_connection((address, 80), timeout=10)
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer) < self.size(answer):
            data = self.link.recv(65536)
            assert data, f"a {'kept' if kept else 'new'} connection was closed after {answer!r}"
            answer += data
        assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
        if not self.keeps or b"\r\nconnection: close\r\n" in answer.lower():
            self.forget()

    @staticmethod
    def size(answer):
        head, _, _ = answer.partition(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return len(head) + 4 + int(length.split(b":")[1])

    def forget(self):
        if self.link:
            self.link.close()
        self.link = None


def roll(cluster, balancer):
    for old, new in ((1, 3), (2, 4)):
        cluster.start_pod(new)
        until(lambda: cluster.probed(PODS[new]), SOON, f"pod {new} is ready")
        until(lambda: len(cluster.numbers()) == 3, SOON, "west hears three")
        balancer.pods = [*balancer.pods, PODS[new]]
        time.sleep(2)  # the controller, and the next pod's turn
        balancer.remove_soon(PODS[old])
        equal(cluster.running[f"pod-{old}"].terminate(GRACE), 0, f"pod {old} ends")
        until(lambda: len(cluster.numbers()) == 2, SOON, "west hears two")


def story(cluster):
    store = cluster.api.store
    cluster.running["backend"] = Process(
        [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "backend.py"), "east",
         cluster.path("received"), f"{BACKEND}:9080"], cluster.path("backend.log"))
    until(lambda: accepts(f"{BACKEND}:9080"), SOON, "the backend serves")
    store.put("services", service("orders"))
    store.put("endpointslices", endpoint_slice("orders", ["10.1.0.1", "10.1.0.2"]))
    store.put("services", service("web", ports=(("http", 80, 9080),), labels={"app": "example"}))
    store.put("endpointslices", endpoint_slice("web", [BACKEND]))
    for number in (1, 2):
        cluster.start_pod(number)
    cluster.start_west()
    for number in (1, 2):
        until(lambda: cluster.probed(PODS[number]), SOON, f"pod {number} is ready")
        cluster.answers(PODS[number], EXAMPLE, [PODS[1], PODS[2]])
    balancer = Balancer([PODS[1], PODS[2]])
    clients = [Client(balancer, keeps=n < KEPT) for n in range(KEPT + SHORT)]
    askers = [Asker(balancer) for _ in range(ASKING)]
    begun = time.monotonic()
    for caller in clients + askers:
        caller.start()
    time.sleep(1)
    roll(cluster, balancer)
    time.sleep(TTL_SECONDS + 1)
    for caller in clients + askers:
        caller.end()
    took = time.monotonic() - begun
    failures = [failure for caller in clients + askers for failure in caller.failures]
    requests, queries = (sum(caller.done for caller in some) for some in (clients, askers))
    figures = {"seconds": took, "requests": requests, "queries": 2 * queries, "failures": failures}
    print(f"{requests} requests ({requests / took:.0f} a second) and {2 * queries} queries in {took:.1f} s of a roll "
          f"of two replicas: {len(failures)} failed")
    assert requests / took >= AT_LEAST, "not the load that is asked for"
    equal(failures[:20], [], "failures")
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("build", nargs="?")
    parser.add_argument("--json")
    asked = parser.parse_args()
    if not enter_or_skip():
        return SKIPPED
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    folder = tempfile.mkdtemp(prefix="nearmost-rollout-")
    cluster = Cluster(os.path.abspath(asked.binary), folder)
    try:
        figures = story(cluster)
    except BaseException:
        for name, process in cluster.running.items():
            print(f"--- {name}\n{process.tail()}", file=sys.stderr)
        raise
    finally:
        for process in cluster.running.values():
            if process.alive():
                process.kill()
    shutil.rmtree(folder)
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
