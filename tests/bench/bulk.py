#!/usr/bin/env python3
"""bulk.py GOSSIP_BULK [--rows N] [--bytes B] [--mbit M] [--delay-ms D] [--joiners N] [--third]
[--outbound]: bulk and the rest.

An agent with so many rows of so many bytes, and joiners that reach it only through the fault relay, one link each,
with so many Mbit/s each way and so much delay each way (--third: through a hub that has the rows of that agent and
changes a row of its own ten times a second; --outbound: one joiner, which is dialled by the agent). Printed: when the
last row was there, the longest silence between two frames of beacons, and how late changes of the hub were; who was
suspected or lost; memory of either side.
"""
import argparse
import collections
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from fault_relay import FaultRelay  # noqa: E402
from mesh import dies_with_parent, until  # noqa: E402

CHANGE_MS = 100


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Agent:
    def __init__(self, binary, folder, name, listen=0, peer=0, rows=1, size=100, changes=0):
        self.name, self.log = name, os.path.join(folder, name)
        with open(self.log, "wb") as out:
            self.popen = subprocess.Popen([binary, name, *map(str, (listen, peer, rows, size, changes))],
                                          stdout=out, preexec_fn=dies_with_parent)

    def lines(self):
        with open(self.log, encoding="utf-8") as file:
            return [(int(line.split()[0]), line.split()[1:]) for line in file if line.endswith("\n")]

    def has(self, *words):
        return any(line[:len(words)] == list(words) for _, line in self.lines())

    def memory(self):
        """In MB: now, and at most until now."""
        with open(f"/proc/{self.popen.pid}/status", encoding="ascii") as status:
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Vm")}
        return kilobytes["VmRSS"] // 1024, kilobytes["VmHWM"] // 1024

    def end(self):
        self.popen.kill()
        self.popen.wait()


def silence(lines, begun, ended):
    """The longest time between two frames of beacons, in ms."""
    times = [begun, *(at for at, line in lines if line[0] == "beacons" and begun < at < ended), ended]
    return max(b - a for a, b in zip(times, times[1:]))


def lateness(lines, begun, ended):
    """Of each change in this time: one that was not seen alone came with the next."""
    late, last = [], None
    for at, line in lines:
        if line[0] != "clock" or at < begun:
            continue
        said = int(line[2])
        if last is not None and last < ended:
            late += [at - changed for changed in range(said, last, -CHANGE_MS)]
        last = said
    return sorted(late)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--bytes", type=int, default=250)
    parser.add_argument("--mbit", type=float, default=20)
    parser.add_argument("--delay-ms", type=float, default=100)
    parser.add_argument("--joiners", type=int, default=1)
    parser.add_argument("--third", action="store_true")
    parser.add_argument("--outbound", action="store_true")
    parser.add_argument("--patience", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nearmost-bulk-") as folder, FaultRelay(1) as relay:
        agents, door = [], free_port()

        def join(dialler, dialled, at, to):
            relay.listen(dialler, dialled, ("127.0.0.1", at), ("127.0.0.1", to))
            relay.way(dialler, dialled), relay.way(dialled, dialler)
            relay.slow(options.delay_ms / 1000)
            relay.narrow(options.mbit * 1e6 / 8)

        joiners, at = [], free_port()
        if options.outbound:
            joiners = [Agent(options.binary, folder, "joiner0", listen=door)]
            join("big", "joiner0", at, door)
        big = Agent(options.binary, folder, "big", listen=0 if options.outbound else door,
                    peer=at if options.outbound else 0, rows=options.rows, size=options.bytes,
                    changes=0 if options.third else CHANGE_MS)
        agents.append(big)
        until(lambda: big.has("up"), 60, "big is up")
        source = big
        if options.third:
            door, to = free_port(), door
            source = Agent(options.binary, folder, "hub", listen=door, peer=to, changes=CHANGE_MS)
            agents.append(source)
            until(lambda: source.has("rows", "big"), 60, "the hub has all")
        before = source.memory()[0]
        for n in range(0 if options.outbound else options.joiners):
            at = free_port()
            join(f"joiner{n}", source.name, at, door)
            joiners.append(Agent(options.binary, folder, f"joiner{n}", peer=at))
        agents += joiners
        begun = time.monotonic() * 1000
        try:
            until(lambda: all(j.has("rows", "big") for j in joiners), options.patience, "all have all")
        except AssertionError as error:
            print(error)
        time.sleep(2)
        print(f"{options.rows} rows of {options.bytes} B{' of a third' if options.third else ''}, "
              f"{options.mbit} Mbit/s and {options.delay_ms} ms each way, {options.joiners} joiners")
        for joiner in joiners:
            lines = joiner.lines()
            ended = next((at for at, line in lines if line[:2] == ["rows", "big"]), time.monotonic() * 1000)
            first = next((at for at, line in lines if line[0] == "beacons"), begun)
            late = lateness(lines, first, ended)
            print(f"  {joiner.name}: all there after {(ended - begun) / 1000:.1f} s; longest silence "
                  f"{silence(lines, first, ended):.0f} ms; changes late by "
                  + (f"p50 {late[len(late) // 2]}, p99 {late[len(late) * 99 // 100]}, most {late[-1]} ms ({len(late)})"
                     if late else "(none)")
                  + f"; memory {joiner.memory()} MB")
        events = collections.Counter()
        for agent in agents:
            for _, line in agent.lines():
                if line[0] in ("event", "failed"):
                    events[agent.name + ": " + " ".join(line[1:])] += 1
        print(f"  {source.name}: memory before {before} MB, then {source.memory()} MB; events {dict(events)}")
        turns = [(a.name, int(line[1])) for a in agents for _, line in a.lines() if line[0] == "turn"]
        print(f"  turns over 50 ms: {len(turns)}, longest {max(turns, key=lambda t: t[1], default=None)}")
        for agent in agents:
            agent.end()


main()
