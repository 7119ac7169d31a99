#!/usr/bin/env python3
"""dns.py NEARMOST DNS_LOAD NO_SEGMENTS [--json FILE] [--repetitions 8] [--slice 0.5]: our answers beside others'.

All servers are up with the same names, one worker each, pinned to core 0; the load is on core 1. A repetition gives
each server a slice of each case, forwards and then backwards; what a query costs is the processor time of all of a
server's threads (schedstat) over the answers it gave. The ratio is paired with Knot's slice of the same repetition:
the figure that does not move with the machine (performance.md, 0). "one by one" is ours with NO_SEGMENTS preloaded, so
that no replies are grouped. What is not installed is left out with a word, dnsperf too.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import query, until  # noqa: E402
from paired import ratio  # noqa: E402
from server import Server, on_core  # noqa: E402

ZONE, HOSTS, ADDRESSES = "mesh.internal", 1000, 3
A, SRV, NOERROR, NXDOMAIN = 1, 33, 0, 3


def hosts():
    return [f"service{number}.default.{ZONE}" for number in range(HOSTS)]


def addresses(number):
    return [f"10.{number >> 8}.{number & 255}.{1 + at}" for at in range(ADDRESSES)]


class DnsServer(Server):
    """One of those beside each other: it serves all hosts on an address of its own."""

    def __init__(self, folder, address, command):
        self.address = address
        super().__init__(folder, command)

    def serves(self):
        return query(self.address, hosts()[-1], 5300)


class Nearmost(DnsServer):
    name, at = "nearmost", "127.88.1.1"

    def __init__(self, folder, command):
        self.folder = os.path.join(folder, self.name)
        resources = os.path.join(self.folder, "resources")
        os.makedirs(resources)
        for number in range(HOSTS):
            endpoints = ", ".join(f"{address}:8080" for address in addresses(number))
            self.write(f"resources/service{number}.yaml",
                       f"service: service{number}\nport: 8080\nendpoints: [{endpoints}]\n")
        config = self.write("agent.yaml", f"""cluster: bench
checks: false
gossip: {{listen: {self.at}:7700, insecure: true}}
dns: {{listen: {self.at}:5300, workers: 1}}
forwarder: false
admin: {{listen: {self.at}:7780}}
probes: {{listen: {self.at}:7781}}
resources: [resources]
""")
        # Until its first sync nobody knows what does not exist.
        super().__init__(self.folder, self.at, [*command, "agent", "-c", config])
        until(self.ready, 60, "nearmost is ready")

    def ready(self):
        with urllib.request.urlopen(f"http://{self.at}:7780/api/v1/status", timeout=5) as answer:
            return json.load(answer)["ready"]


class OneByOne(Nearmost):
    """On a kernel that cannot group replies."""

    name, at = "one by one", "127.88.1.4"


def zone_file(server):
    lines = [f"$ORIGIN {ZONE}.", "$TTL 5", "@ IN SOA ns hostmaster 1 60 60 60 5", "@ IN NS ns", "ns IN A 127.0.0.1"]
    for number, host in enumerate(hosts()):
        lines += [f"{host}. IN A {address}" for address in addresses(number)]
        for address in addresses(number):
            name = address.replace(".", "-") + "." + host
            lines += [f"{name}. IN A {address}", f"_http._tcp.{host}. IN SRV 0 1 8080 {name}."]
    return server.write(server.name + ".zone", "\n".join(lines) + "\n")


class Knot(DnsServer):
    name, binary = "knot", "knotd"

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "knot"))
        config = self.write("knot.conf", f"""server:
    listen: 127.88.1.2@5300
    rundir: {folder}/knot
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}/knot
zone:
  - domain: {ZONE}
    file: {zone_file(self)}
""")
        super().__init__(folder, "127.88.1.2", [shutil.which(self.binary), "-c", config])


class Nsd(DnsServer):
    name, binary = "nsd", "nsd"

    def __init__(self, folder):
        self.folder = folder
        config = self.write("nsd.conf", f"""server:
    ip-address: 127.88.1.3@5300
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
remote-control:
    control-enable: no
zone:
    name: {ZONE}
    zonefile: {zone_file(self)}
""")
        super().__init__(folder, "127.88.1.3", [shutil.which(self.binary), "-d", "-c", config])

    def cpu(self):  # its server is a child of the process that was started
        total = 0
        for pid in os.listdir("/proc"):
            if not pid.isdigit():
                continue
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
                if int(pid) == self.process.popen.pid or self.is_ours(parent):
                    with open(f"/proc/{pid}/schedstat", encoding="ascii") as stat:
                        total += int(stat.read().split()[0])
            except OSError:
                continue
        return total

    def is_ours(self, pid):
        while pid > 1:
            if pid == self.process.popen.pid:
                return True
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                    pid = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                return False
        return False


class Case:
    def __init__(self, title, names, kind=A, sockets=1, window=256, rcode=NOERROR):
        self.title, self.names, self.kind, self.rcode = title, names, kind, rcode
        self.sockets, self.window = sockets, window

    def run(self, load, folder, server, seconds):
        names = os.path.join(folder, "names")
        with open(names, "w", encoding="utf-8") as file:
            file.write("\n".join(self.names) + "\n")
        before = server.cpu()
        output = subprocess.run(
            [*on_core(1), load, f"{server.address}:5300", names, str(self.kind), str(self.sockets),
             str(self.window), str(seconds), str(self.rcode)], check=True, capture_output=True, timeout=60).stdout
        used = server.cpu() - before
        result = json.loads(output)
        if result["bad"] or not result["answers"]:
            raise AssertionError(f"{server.name}, {self.title}: {result}")
        result["us"] = used / 1000 / result["answers"]
        return result


class Dnsperf(Case):
    """By a client that costs more than the servers do: smaller batches, nobody is saturated."""

    binary = "dnsperf"

    def run(self, load, folder, server, seconds):
        names = os.path.join(folder, "questions")
        with open(names, "w", encoding="utf-8") as file:
            file.writelines(f"{name} A\n" for name in self.names)
        before = server.cpu()
        output = subprocess.run(
            [*on_core(1), self.binary, "-s", server.address, "-p", "5300", "-d", names, "-l",
             str(max(1, round(seconds))), "-c", str(self.sockets), "-q", str(self.window)], check=True,
            capture_output=True, text=True, timeout=60).stdout
        used = server.cpu() - before
        said = dict(re.findall(r"^ +([A-Z][A-Za-z ()]+): +([0-9.]+)", output, re.MULTILINE))
        answers = int(said["Queries completed"])
        if not re.search(r"NOERROR \d+ \(100.00%\)", output):
            raise AssertionError(f"{server.name}, {self.title}: {output}")
        return {"answers": answers, "lost": int(said["Queries lost"]), "seconds": float(said["Run time (s)"]),
                "us": used / 1000 / answers}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nearmost")
    parser.add_argument("load")
    parser.add_argument("no_segments")
    parser.add_argument("--json")
    parser.add_argument("--repetitions", type=int, default=8)
    parser.add_argument("--slice", type=float, default=0.5)
    arguments = parser.parse_args()
    if not shutil.which(Knot.binary):
        sys.exit("bench dns: Knot is the measure and is not here: apt-get install knot")
    folder = tempfile.mkdtemp(prefix="nearmost-bench-")
    os.chmod(folder, 0o755)
    servers = []
    try:
        binary = os.path.abspath(arguments.nearmost)
        preload = "LD_PRELOAD=" + os.path.abspath(arguments.no_segments)
        servers = [Knot(folder), Nearmost(folder, [binary]), OneByOne(folder, ["env", preload, binary])]
        for peer in (Nsd,):
            if shutil.which(peer.binary):
                servers.append(peer(folder))
            else:
                print(f"{peer.name} is not installed: left out")
        cases = [
            Case("A, one socket", hosts()),
            Case("A, 16 sockets", hosts(), sockets=16, window=16),
            Case("no such name", ["no-" + host for host in hosts()], rcode=NXDOMAIN),
            Case("SRV", ["_http._tcp." + host for host in hosts()], kind=SRV),
        ]
        if shutil.which(Dnsperf.binary):
            cases.append(Dnsperf("dnsperf", hosts(), sockets=4, window=200))
        else:
            print("dnsperf is not installed: left out")
        measure(arguments, folder, servers, cases)
    finally:
        for server in servers:
            server.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def measure(arguments, folder, servers, cases):
    slices = {(case.title, server.name): [] for case in cases for server in servers}
    for repetition in range(arguments.repetitions):
        for case in cases:
            for server in servers if repetition % 2 == 0 else servers[::-1]:
                slices[case.title, server.name].append(case.run(arguments.load, folder, server, arguments.slice))
    rows = []
    print(f"{'case':16} {'server':10} {'us/query':>9} {'ratio':>6} {'x/':>6} {'queries/s':>10} {'lost':>5}")
    for case in cases:
        measure_of = [one["us"] for one in slices[case.title, Knot.name]]
        for server in servers:
            mine = slices[case.title, server.name]
            mean, error = ratio([one["us"] for one in mine], measure_of)
            row = {"case": case.title, "server": server.name, "us": statistics.median(one["us"] for one in mine),
                   "ratio": mean, "error": error,
                   "rate": statistics.median(one["answers"] / one["seconds"] for one in mine),
                   "lost": sum(one["lost"] for one in mine)}
            rows.append(row)
            print(f"{case.title:16} {server.name:10} {row['us']:9.2f} {row['ratio']:6.3f} {row['error']:6.3f} "
                  f"{row['rate']:10.0f} {row['lost']:5}")
    for server in servers:
        print(f"memory of {server.name}: {server.memory():.1f} MB")
        rows.append({"case": "memory", "server": server.name, "mb": server.memory()})
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "dns", "date": time.strftime("%F"), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
