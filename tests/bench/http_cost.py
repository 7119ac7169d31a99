#!/usr/bin/env python3
"""http_cost.py NEARMOST HTTP_ORIGIN HTTP_LOAD [--json FILE] [--repetitions 16] [--slice 0.5] [--log] [--relay
BARE_RELAY]: our forwarder beside HAProxy and nginx (http_servers.py says what is alike), and with --relay beside one
that only passes bytes on.

A repetition gives each proxy a slice of each case, in an order drawn anew; what a request costs is the processor time
of all of a proxy's threads (schedstat) over the answers it passed on. The ratio is paired with HAProxy's slice of the
same repetition: the figure that does not move with the machine (performance.md, 0). In a closed loop a proxy that takes
longer has its load wait, and pays for waking it; at a pace all are given the same work. At last the system calls of one
connection, by strace. What is not installed is left out with a word.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import http_servers
from http_servers import MANY_ROUTES, ONE_ROUTE, REUSE_SAFE, TEN_KB, Haproxy, Load, Nearmost
from paired import bounds, ratio


class Case:
    def __init__(self, title, port=ONE_ROUTE, connections=64, target=None, **options):
        self.title, self.port, self.target = title, port, target
        self.options = {"connections": connections, **options}

    def contenders(self, proxies):
        """Name → proxy and port."""
        whole = "fresh" in self.options or "body" in self.options  # one must know where a message ends
        all_of_them = {proxy.name: (proxy, self.port) for proxy in proxies
                       if not (whole and isinstance(proxy, http_servers.Bare))}
        haproxy = all_of_them.get(Haproxy.name)
        if haproxy and "body" in self.options:  # what it does by default to requests that may not be sent twice
            all_of_them["haproxy, safe"] = (haproxy[0], REUSE_SAFE)
        return all_of_them

    def run(self, load, proxy, port, seconds):
        before = proxy.cpu()
        result = load.run(proxy, port, seconds, **self.options)
        result["us"] = (proxy.cpu() - before) / 1000 / result["answers"]
        return result


CASES = [
    Case("100 B", target=0.8),
    Case("10 KB", port=TEN_KB, target=0.77),
    Case("1 connection", connections=1, target=0.75),
    Case("new connections", fresh=1, target=1.0),
    Case("1,000 routes", port=MANY_ROUTES, target=0.8),
    Case("POST 1 KB", body=1024),
    Case("at a pace", rate=10_000),
]
ONE_CONNECTION = CASES[2]
LOG_TARGET = 1.05


def measure(arguments, load, proxies, cases):
    slices = {case.title: {name: [] for name in case.contenders(proxies)} for case in cases}
    for repetition in range(-1, arguments.repetitions):  # the first only warms up
        for case in cases:
            order = list(case.contenders(proxies).items())
            random.shuffle(order)
            for name, (proxy, port) in order:
                result = case.run(load, proxy, port, arguments.slice)
                if repetition >= 0:
                    slices[case.title][name].append(result)
    return slices


def show(slices, cases, base):
    rows = []
    print(f"{'case':16} {'proxy':13} {'us/request':>10} {'ratio':>6} {'low':>6} {'high':>6} {'requests/s':>10} "
          f"{'target':>6}")
    for case in cases:
        of_base = [one["us"] for one in slices[case.title][base]]
        for name, mine in slices[case.title].items():
            mean, error = ratio([one["us"] for one in mine], of_base)
            low, high = bounds(mean, error)
            row = {"case": case.title, "proxy": name, "us": statistics.median(one["us"] for one in mine),
                   "ratio": mean, "low": low, "high": high,
                   "rate": statistics.median(one["answers"] / one["seconds"] for one in mine)}
            said = ""
            if name == Nearmost.name and case.target and base == Haproxy.name:
                said = f"{case.target:6.2f}  {'met' if mean <= case.target else 'NOT MET'}"
            rows.append(row)
            print(f"{case.title:16} {name:13} {row['us']:10.2f} {mean:6.3f} {low:6.3f} {high:6.3f} "
                  f"{row['rate']:10.0f} {said}")
    return rows


def show_own_cost_of_log(slices, cases):
    rows = []
    for case in cases:
        with_log, without = ([one["us"] for one in slices[case.title][proxy.name]]
                             for proxy in (Nearmost, http_servers.Silent))
        mean, error = ratio(with_log, without)
        low, high = bounds(mean, error)
        rows.append({"case": case.title + ", our log's own cost", "ratio": mean, "low": low, "high": high})
        print(f"our log's own cost, {case.title}: {mean:.3f} ({low:.3f} to {high:.3f}), target {LOG_TARGET:.2f}")
    return rows


def system_calls(load, proxy, case):
    """Name → calls a request; None where strace may not look."""
    counts = os.path.join(load.folder, f"{proxy.name}.calls")
    strace = subprocess.Popen(["strace", "-f", "-c", "-o", counts, "-p", str(proxy.process.popen.pid)],
                              stderr=subprocess.PIPE, text=True)
    if "attached" not in strace.stderr.readline():
        strace.wait()
        return None
    time.sleep(0.2)  # until it is at every thread
    answers = load.run(proxy, case.port, 1, **case.options)["answers"]
    strace.send_signal(signal.SIGINT)
    strace.wait()
    with open(counts, encoding="ascii") as file:
        lines = re.findall(r"^ +[0-9.]+ +[0-9.]+ +[0-9]+ +([0-9]+) +(?:[0-9]+ +)?(\w+)$", file.read(), re.MULTILINE)
    return {name: int(calls) / answers for calls, name in lines if name != "total"}


def show_system_calls(load, proxies, case):
    if not shutil.which("strace"):
        print("system calls are not counted: apt-get install strace")
        return []
    rows = []
    for proxy in proxies:
        calls = system_calls(load, proxy, case)
        if calls is None:
            print("system calls are not counted: strace may not look here")
            break
        many = {name: round(each, 2) for name, each in calls.items() if each >= 0.05}
        rows.append({"case": "system calls, " + case.title, "proxy": proxy.name, "all": sum(calls.values()), **many})
        print(f"{proxy.name}: {sum(calls.values()):.1f} system calls a request: "
              + ", ".join(f"{name} {each}" for name, each in many.items()))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nearmost")
    parser.add_argument("origin")
    parser.add_argument("load")
    parser.add_argument("--json")
    parser.add_argument("--relay", help="bare_relay")
    parser.add_argument("--repetitions", type=int, default=16)
    parser.add_argument("--slice", type=float, default=0.5)
    parser.add_argument("--endpoints", type=int, default=4)
    parser.add_argument("--case", action="append", help="only this one; may be given again")
    parser.add_argument("--log", action="store_true", help="with access logs; ours without one, too")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.case is None or case.title in arguments.case]
    folder = tempfile.mkdtemp(prefix="nearmost-bench-")
    servers = []
    try:
        servers = [http_servers.Origin(folder, arguments.origin, arguments.endpoints)]
        servers += http_servers.start(folder, arguments.nearmost, servers[0], log=arguments.log)
        if arguments.relay:
            servers.append(http_servers.Bare(folder, arguments.relay, servers[0]))
        proxies, load = servers[1:], Load(arguments.load, folder)
        base = Haproxy.name if any(proxy.name == Haproxy.name for proxy in proxies) else Nearmost.name
        slices = measure(arguments, load, proxies, cases)
        rows = show(slices, cases, base)
        if arguments.log:
            rows += show_own_cost_of_log(slices, cases)
        for proxy in proxies:
            print(f"memory of {proxy.name}: {proxy.memory():.1f} MB")
            rows.append({"case": "memory", "proxy": proxy.name, "mb": proxy.memory()})
        rows += show_system_calls(load, proxies, ONE_CONNECTION)
    finally:
        for server in servers:
            server.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            result = {"bench": "http", "log": arguments.log, "date": time.strftime("%F"), "rows": rows}
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
