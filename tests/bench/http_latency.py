#!/usr/bin/env python3
"""http_latency.py NEARMOST HTTP_ORIGIN HTTP_LOAD [--json FILE] [--repetitions 16] [--slice 1]: what our forwarder and
HAProxy add to the time of a request at half of the load.

The rate is half of what HAProxy passes on with 64 connections, and the same for all; requests are due at their own
times (http_load). All run at real-time priority where that is allowed: others' work on the machine is not ours. In
each repetition the origin without a proxy, ours and HAProxy have a slice in an order drawn anew; what a proxy adds to
a percentile is its own less the origin's of that repetition. Given are the medians of the slices and, paired, the
ratio of what is added.
"""
import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import time

import http_servers
from http_servers import ONE_ROUTE, Haproxy, Load, Nearmost
from paired import bounds, ratio

CONNECTIONS = 64
PARTS = {"p50": 1.0, "p99": 1.1}  # and at most how many times what HAProxy adds


def measure(arguments, load, servers, rate):
    slices = {server.name: [] for server in servers}
    for repetition in range(-1, arguments.repetitions):  # the first only warms up
        for server in random.sample(servers, len(servers)):
            result = load.run(server, ONE_ROUTE, arguments.slice, connections=CONNECTIONS, rate=rate)
            if repetition >= 0:
                slices[server.name].append(result)
    return slices


def show(slices, origin):
    rows = []
    print(f"{'server':10} {'us:':>4} {'p50':>6} {'p99':>6} {'99.9':>7}   {'added:':6} {'p50':>6} {'p99':>6}")
    for name, mine in slices.items():
        row = {"server": name, **{part: statistics.median(one[part] for one in mine) for part in (*PARTS, "p999")},
               **{"added_" + part: statistics.median(added(slices, name, part, origin)) for part in PARTS}}
        rows.append(row)
        print(f"{name:10} {'':4} {row['p50']:6.0f} {row['p99']:6.0f} {row['p999']:7.0f}   {'':6} "
              f"{row['added_p50']:6.0f} {row['added_p99']:6.0f}")
    for part, target in PARTS.items():
        ours, theirs = (added(slices, name, part, origin) for name in (Nearmost.name, Haproxy.name))
        pairs = [pair for pair in zip(ours, theirs) if min(pair) > 0]
        if not pairs:
            print(f"added to {part}: less than can be measured")
            continue
        mean, error = ratio(*zip(*pairs))
        low, high = bounds(mean, error)
        rows.append({"added": part, "ratio": mean, "low": low, "high": high, "pairs": len(pairs)})
        print(f"added to {part}: {mean:.3f} of what {Haproxy.name} adds ({low:.3f} to {high:.3f}, {len(pairs)} pairs), "
              f"target {target}  {'met' if mean <= target else 'NOT MET'}")
    return rows


def added(slices, name, part, origin):
    return [one[part] - without[part] for one, without in zip(slices[name], slices[origin])]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nearmost")
    parser.add_argument("origin")
    parser.add_argument("load")
    parser.add_argument("--json")
    parser.add_argument("--repetitions", type=int, default=16)
    parser.add_argument("--slice", type=float, default=1)
    arguments = parser.parse_args()
    if not shutil.which(Haproxy.binary):
        sys.exit(f"bench http-latency: HAProxy is the measure and is not here: apt-get install {Haproxy.package}")
    folder = tempfile.mkdtemp(prefix="nearmost-bench-")
    servers = []
    try:
        servers = [http_servers.Origin(folder, arguments.origin, endpoints=4)]
        servers += http_servers.start(folder, arguments.nearmost, servers[0], peers=[Haproxy])
        allowed = all([server.be_real_time() for server in servers])
        if not allowed:
            print("no real-time priority here: latencies are also of who else is at work")
        load = Load(arguments.load, folder, ["chrt", "-r", "1"] if allowed else [])
        full = load.run(servers[-1], ONE_ROUTE, 2, connections=CONNECTIONS)
        rate = round(full["answers"] / full["seconds"] / 2)
        print(f"{rate} requests a second, half of what {Haproxy.name} passes on")
        rows = show(measure(arguments, load, servers, rate), servers[0].name)
    finally:
        for server in servers:
            server.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "http-latency", "date": time.strftime("%F"), "rate": rate, "rows": rows}, file,
                      indent=1)


if __name__ == "__main__":
    main()
