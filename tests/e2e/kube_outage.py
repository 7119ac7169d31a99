"""An API server that is away for a time and comes back with everything changed, and what callers of three clusters are
told meanwhile. For kubernetes_test.py in short and tests/bench/kubernetes.py for as long as one likes.

Away is one of two: connections are refused, or they are taken and nothing is ever said on them (KubeApi.hang), those
from before it came back for ever. Every answer before it is back has to be the one from before it went.
"""
import threading
import time

from kube_objects import endpoint_slice, service
from mesh import query, until

ORDERS, MANY, OLD, NEW = (f"{name}.outage.mesh.internal" for name in ("orders", "many", "old", "new"))
SOON_SECONDS = 30
PAUSE = 0.01  # seconds between rounds of questions
ROLLED = range(12)  # so many endpoints as to be held where they were missed


class Caller(threading.Thread):
    """Asks one cluster's DNS for each host, again and again."""

    def __init__(self, mesh, cluster, expected):
        super().__init__(daemon=True)
        self.server, self.expected, self.ended = mesh.address(cluster), expected, False
        self.last, self.at, self.asked, self.wrong, self.strange = {}, 0.0, 0, [], []
        self.allowed = None  # once the API server is back

    def run(self):
        while not self.ended:
            for host, expected in self.expected.items():
                tries = (query(self.server, host) for _ in range(3))  # a datagram may get lost on a busy machine
                answer = sorted(next((found for found in tries if found is not None), []))
                self.asked += 1
                if self.allowed is None and answer != expected:
                    self.wrong.append((host, answer, time.monotonic()))
                if self.allowed is not None and not set(answer) <= self.allowed:
                    self.strange.append((host, answer))
                if answer != self.last.get(host):
                    self.last[host], self.at = answer, time.monotonic()
            time.sleep(PAUSE)


def put(store, name, addresses, **spec):
    store.put("services", service(name, namespace="outage", **spec))
    store.put("endpointslices", endpoint_slice(name, addresses, namespace="outage"))


def before(mesh):
    """What there is, and what all clusters answer."""
    many = sorted(mesh.pod(100 + n) for n in ROLLED)
    put(mesh.api.store, "orders", mesh.pods(81, 82))
    put(mesh.api.store, "many", many, clusterIP="None")
    put(mesh.api.store, "old", mesh.pods(83))
    return {ORDERS: mesh.pods(81, 82), MANY: many, OLD: mesh.pods(83), NEW: []}


def after(mesh):
    """Other endpoints of every service, one service less and one more."""
    store = mesh.api.store
    many = sorted(mesh.pod(200 + n) for n in ROLLED)
    put(store, "orders", mesh.pods(91, 92, 93))
    put(store, "many", many, clusterIP="None")
    put(store, "new", mesh.pods(94))
    store.delete("endpointslices", "outage/old-abc12")
    store.delete("services", "outage/old")
    return {ORDERS: mesh.pods(91, 92, 93), MANY: many, OLD: [], NEW: mesh.pods(94)}


def outage(mesh, seconds, hangs):
    """The agents of `mesh` run. Returns how many answers were wrong of how many, and how long after the server's return
    the last caller was told the whole truth.
    """
    was = before(mesh)
    for cluster in mesh.clusters:
        for host, expected in was.items():
            until(lambda: mesh.answers(cluster, host) == expected, SOON_SECONDS, f"{cluster} answers {host}")
    callers = [Caller(mesh, cluster, was) for cluster in mesh.clusters]
    for caller in callers:
        caller.start()
    mesh.api.stop()
    if hangs:
        mesh.api.hang()
    ends = time.monotonic() + seconds
    until(lambda: mesh.degraded("endpointslices cannot be read"), SOON_SECONDS, "status says that it is away")
    time.sleep(max(0.0, ends - time.monotonic()))
    now = after(mesh)
    mesh.api.store.compact()
    allowed = {address for answers in [*was.values(), *now.values()] for address in answers}
    for caller in callers:
        caller.allowed = allowed
    returned = time.monotonic()
    mesh.api.start()
    until(lambda: all(caller.last == now for caller in callers), SOON_SECONDS, "the whole truth everywhere")
    exact = max(caller.at for caller in callers) - returned
    time.sleep(1)
    for caller in callers:
        caller.ended = True
        caller.join()
    lasting = all(caller.last == now for caller in callers)
    for name in ("orders", "many", "new"):
        mesh.api.store.delete("endpointslices", f"outage/{name}-abc12")
        mesh.api.store.delete("services", f"outage/{name}")
    return {"asked": sum(caller.asked for caller in callers), "wrong": [w for c in callers for w in c.wrong],
            "strange": [s for c in callers for s in c.strange], "exactSeconds": exact, "lasting": lasting}
