#!/usr/bin/env python3
"""dns_scale.py DNS_SERVE DNS_LOAD [--json FILE] [--repetitions 8] [--slice 0.5]: many hosts and flapping endpoints.

The DNS part alone (dns_serve), with 1,000 hosts of 10 endpoints and with 100,000: what a query costs its worker, in
slices that are paired with one of 1,000 hosts at rest, and how late answers are at 20,000 a second while tables are
swapped: of each percentile the median of the slices, of p99 also the best slice. Workers are on core 0, at real-time
priority where it is allowed (others' work on the machine is not ours); the builder and the load are on core 1. And the
memory of a table of 1,000 hosts of 3, and of 100,000 of 10.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import dies_with_parent  # noqa: E402
from paired import ratio  # noqa: E402
from server import on_core  # noqa: E402

FLAPS, RATE = 1000, 20_000
REAL_TIME = ["chrt", "-r", "1"]


class Serve:
    """A dns_serve of its own address."""

    def __init__(self, binary, address, hosts, endpoints):
        self.address, self.hosts = f"{address}:5300", hosts
        self.popen = subprocess.Popen([binary, self.address, str(hosts), str(endpoints)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, preexec_fn=dies_with_parent)
        self.memory = json.loads(self.popen.stdout.readline())
        os.sched_setaffinity(self.popen.pid, [1])
        self.worker = next(int(task) for task in os.listdir(f"/proc/{self.popen.pid}/task")
                           if int(task) != self.popen.pid)
        os.sched_setaffinity(self.worker, [0])

    def be_real_time(self):
        """Whether it may."""
        try:
            os.sched_setscheduler(self.worker, os.SCHED_RR, os.sched_param(1))
            return True
        except PermissionError:
            return False

    def flap(self, rate):
        self.popen.stdin.write(f"{rate}\n")
        self.popen.stdin.flush()
        time.sleep(0.02)

    def cpu(self):
        """Nanoseconds of the worker so far."""
        with open(f"/proc/{self.popen.pid}/task/{self.worker}/schedstat", encoding="ascii") as stat:
            return int(stat.read().split()[0])

    def end(self):
        out, _ = self.popen.communicate(timeout=60)
        return json.loads(out)


class Load:
    def __init__(self, binary, folder, before):
        self.binary, self.folder, self.before = binary, folder, before

    def names(self, hosts):
        """In no order, as clients ask."""
        path = os.path.join(self.folder, f"names-{hosts}")
        if not os.path.exists(path):
            names = [f"service{number}.default.mesh.internal" for number in range(hosts)]
            random.Random(1).shuffle(names)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(names) + "\n")
        return path

    def run(self, server, window, seconds, *rate):
        used = server.cpu()
        done = subprocess.run(
            [*self.before, *on_core(1), self.binary, server.address, self.names(server.hosts), "1", "1",
             str(window), str(seconds), "0", *map(str, rate)], check=True, capture_output=True, timeout=60)
        result = json.loads(done.stdout)
        assert result["answers"] and not result["bad"], result
        result["us"] = (server.cpu() - used) / 1000 / result["answers"]
        return result


def slices(arguments, load, small, large):
    """Case → slices, saturated and paced."""
    cases = [("1,000 hosts", small, 0), ("100,000 hosts", large, 0), ("1,000 hosts, flapping", small, FLAPS),
             ("100,000 hosts, flapping", large, FLAPS)]
    saturated, paced = {case[0]: [] for case in cases}, {case[0]: [] for case in cases}
    for repetition in range(arguments.repetitions):
        for title, server, rate in cases if repetition % 2 == 0 else cases[::-1]:
            server.flap(rate)
            saturated[title].append(load.run(server, 256, arguments.slice))
            paced[title].append(load.run(server, 20_000, arguments.slice, RATE))
            server.flap(0)
    return saturated, paced


def show(saturated, paced):
    rows = []
    rest = [one["us"] for one in saturated["1,000 hosts"]]
    print(f"{'saturated':26} {'us/query':>9} {'ratio':>6} {'x/':>6}   at {RATE}/s, us: {'p50':>5} {'p99':>6} "
          f"{'best':>5} {'99.9':>6} {'slowest':>8} {'lost':>5}")
    for title, mine in saturated.items():
        mean, error = ratio([one["us"] for one in mine], rest)
        row = {"case": title, "us": statistics.median(one["us"] for one in mine),
               "ratio": mean, "error": error,
               **{part: statistics.median(one[part] for one in paced[title]) for part in ("p50", "p99", "p999")},
               "best_p99": min(one["p99"] for one in paced[title]),
               "slowest": max(one["slowest"] for one in paced[title]), "lost": sum(one["lost"] for one in paced[title])}
        rows.append(row)
        print(f"{title:26} {row['us']:9.2f} {row['ratio']:6.3f} {row['error']:6.3f}   {'':12}{row['p50']:8.0f} "
              f"{row['p99']:6.0f} {row['best_p99']:5} {row['p999']:6.0f} {row['slowest']:8} {row['lost']:5}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("serve")
    parser.add_argument("load")
    parser.add_argument("--json")
    parser.add_argument("--repetitions", type=int, default=8)
    parser.add_argument("--slice", type=float, default=0.5)
    arguments = parser.parse_args()
    servers = []
    try:
        for last, hosts, endpoints in ((4, 1000, 3), (5, 1000, 10), (6, 100_000, 10)):
            servers.append(Serve(arguments.serve, f"127.88.1.{last}", hosts, endpoints))
        rows = []
        for server, title in zip(servers, ("1,000 x 3", "1,000 x 10", "100,000 x 10")):
            megabytes = {part: size / 1e6 for part, size in server.memory.items()}
            rows.append({"case": "memory, " + title, **megabytes})
            print(f"table of {title:13} {megabytes['table']:6.2f} MB, on the heap {megabytes['heap']:6.2f} MB")
        allowed = all([server.be_real_time() for server in servers])
        if not allowed:
            print("no real-time priority here: latencies are also of who else is at work")
        with tempfile.TemporaryDirectory(prefix="nearmost-bench-") as folder:
            load = Load(arguments.load, folder, REAL_TIME if allowed else [])
            rows += show(*slices(arguments, load, *servers[1:]))
        for server in servers[1:]:
            built = server.end()
            rows.append({"case": f"{server.hosts} hosts, tables", **built})
            print(f"{server.hosts} hosts: {built['flaps']} flaps in {built['tables']} tables, one takes "
                  f"{built['mean_ms']:.2f} ms, the slowest {built['slowest_ms']:.1f} ms")
    finally:
        for server in servers:
            if server.popen.poll() is None:
                server.popen.kill()
                server.popen.wait()
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "dns-scale", "date": time.strftime("%F"), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
