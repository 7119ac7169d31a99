#!/usr/bin/env python3
"""kubernetes.py NEARMOST [--json FILE] [--changes 100] [--seconds 60] [--outage 600]: what an API server's words make.

Three clusters on loopback, the API server in this process (tests/e2e/kube_api.py), whose own time is in all of it.
How long a readiness change at the API server takes until every cluster answers otherwise; how long 2,000 slices of 100
endpoints take from the agent's start until the last of their services is answered, and the memory of the process
then; what 500 changes a second cost, and how late a change is among them; what an outage does (kubernetes_outage.py).
"""
import argparse
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from kube_objects import endpoint_slice, service  # noqa: E402
from kube_mesh import KubeMesh  # noqa: E402
from kubernetes_outage import measure as measure_outage, show as show_outage  # noqa: E402
from mesh import query, until  # noqa: E402

CLUSTERS = ["east", "west", "eu"]
MARKER = "marker.default.mesh.internal"
SLICES, ENDPOINTS = 2000, 100
SETTLED = 16  # seconds until what reading took is given back
RATE, SERVICES = 500, 200  # changes a second, of so many services


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


class Watcher(threading.Thread):
    """Asks one cluster's DNS without a pause; `seen` is told of each change of the answer and its time."""

    def __init__(self, mesh, cluster):
        super().__init__(daemon=True)
        self.server, self.last, self.at, self.ended = mesh.address(cluster), None, 0.0, False

    def run(self):
        while not self.ended:
            answer = sorted(query(self.server, MARKER) or [])
            if answer != self.last:
                self.last, self.at = answer, time.monotonic()
            time.sleep(0.0005)


class Cluster:
    def __init__(self, mesh):
        self.mesh, self.one, self.other = mesh, mesh.pod(31), mesh.pod(32)
        self.ready = True

    def mark(self):
        """Another readiness of one of two pods; what all clusters answer from then on."""
        self.ready = not self.ready
        both = [self.one, self.other]
        self.mesh.api.store.put("endpointslices", endpoint_slice(
            "marker", both, unready=[] if self.ready else [self.other]))
        return both if self.ready else [self.one]


def lags(cluster, watchers, times, pause):
    """Seconds from each of so many changes until each watcher saw it."""
    all_lags = []
    for _ in range(times):
        begun = time.monotonic()
        expected = cluster.mark()
        until(lambda: all(w.last == expected for w in watchers), 30, "every cluster answers otherwise")
        all_lags.append(max(w.at for w in watchers) - begun)
        time.sleep(pause)
    return all_lags


def memory_mb(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(store):
    for n in range(SLICES):
        store.put("services", service(f"s{n}"))
        addresses = [f"10.{100 + n // 250}.{n % 250}.{k + 1}" for k in range(ENDPOINTS)]
        store.put("endpointslices", endpoint_slice(f"s{n}", addresses))


def changes(store, seconds):
    """The readiness of one endpoint each, spread evenly; returns how many a second it came to."""
    begun, done = time.monotonic(), 0
    while (now := time.monotonic() - begun) < seconds:
        while done < now * RATE:
            n, turn = done % SERVICES, done // SERVICES
            addresses = [f"10.200.{n}.{k + 1}" for k in range(10)]
            store.put("endpointslices", endpoint_slice(f"c{n}", addresses, unready=addresses[:1] if turn % 2 else []))
            done += 1
        time.sleep(0.002)
    return done / seconds


def measure(binary, asked):
    figures = {}
    with KubeMesh(binary, CLUSTERS) as mesh:
        store = mesh.api.store
        cluster = Cluster(mesh)
        store.put("services", service("marker"))
        expected = cluster.mark()
        assert mesh.clusters == CLUSTERS
        for name in mesh.clusters:
            mesh.start_agent(name)
        for name in mesh.clusters:
            until(lambda: mesh.answers(name, MARKER) == expected, 60, f"{name} answers")
        watchers = [Watcher(mesh, name) for name in mesh.clusters]
        for watcher in watchers:
            watcher.start()
        seen = lags(cluster, watchers, asked.changes, 0.1)
        figures["readinessMs"] = {"p50": 1000 * quantile(seen, 0.5), "p99": 1000 * quantile(seen, 0.99)}

        for n in range(SERVICES):
            store.put("services", service(f"c{n}"))
        pid = mesh.agents["east"].popen.pid
        reached = []
        load = threading.Thread(target=lambda: reached.append(changes(store, asked.seconds)))
        before = cpu_seconds(pid)
        load.start()
        seen = []
        while load.is_alive():
            seen += lags(cluster, watchers[:1], 1, 0.2)
        figures["rate"] = {"changesPerSecond": reached[0], "lagP50Ms": 1000 * quantile(seen, 0.5),
                           "lagP99Ms": 1000 * quantile(seen, 0.99),
                           "cpu": (cpu_seconds(pid) - before) / asked.seconds}
        for watcher in watchers:
            watcher.ended = True

    with KubeMesh(binary, ["east"]) as mesh:
        fill(mesh.api.store)
        begun = time.monotonic()
        mesh.start_agent("east")
        last = f"s{SLICES - 1}.default.mesh.internal"
        until(lambda: mesh.answers("east", last), 120, "the last service is answered")
        took = time.monotonic() - begun
        until(lambda: mesh.ready("east"), 60, "ready")
        time.sleep(SETTLED)
        pid = mesh.agents["east"].popen.pid
        figures["list"] = {"seconds": took, "cpuSeconds": cpu_seconds(pid), "memoryMb": memory_mb(pid, "VmRSS"),
                           "peakMb": memory_mb(pid, "VmHWM")}
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--json")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--outage", type=int, default=600)
    asked = parser.parse_args()
    figures = measure(os.path.abspath(asked.binary), asked)
    ready, rate, listed = figures["readinessMs"], figures["rate"], figures["list"]
    print(f"readiness → all three answer    p50 {ready['p50']:.1f} ms, p99 {ready['p99']:.1f} ms   (100 ms)")
    print(f"{rate['changesPerSecond']:.0f} changes a second            p50 {rate['lagP50Ms']:.1f} ms, "
          f"p99 {rate['lagP99Ms']:.1f} ms late, {100 * rate['cpu']:.1f} % of a core   (100 ms, 25 %)")
    print(f"{SLICES} slices × {ENDPOINTS}              {listed['seconds']:.2f} s ({listed['cpuSeconds']:.2f} s of "
          f"processor), {listed['memoryMb']:.0f} MB, at most {listed['peakMb']:.0f} MB   (5 s, 200 MB)")
    figures["outage"] = measure_outage(os.path.abspath(asked.binary), asked.outage)
    show_outage(figures["outage"], asked.outage)
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
