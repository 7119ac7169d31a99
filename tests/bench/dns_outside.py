#!/usr/bin/env python3
"""dns_outside.py NEARMOST DNS_OBSERVER DNS_LOAD [--json FILE] [--answers 10000000]: what clients see of a change.

Three real agents, one after the other. Of 10,000 hosts one changes in its source file, again and again: how long the
old endpoint is still answered (dns_observer), and what a change costs the agent. Of 20 hosts, 100 a second change: how
many of 10^7 answers hold an endpoint of the wrong tier or one that is gone. And an agent that restarts three times
under a supervisor that keeps its sockets, at 20,000 queries a second: how many are lost.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import Process, until  # noqa: E402
from supervisor import Supervisor  # noqa: E402

ME, OTHER, DNS = "127.88.3.1", "127.88.3.2", 5300
HOSTS, IN_A_FILE = 10_000, 100
RESTARTS, RATE = 3, 20_000
WRITTEN = 5  # s: what is known is on the disk
ASKED = 5000  # a second, where time is what is measured
FLAPS = 5  # a second, then


def configure(folder, hosts, me=ME, peers=""):
    """The path of an agent.yaml with so many hosts, in files of a hundred."""
    os.makedirs(os.path.join(folder, "resources"))
    for first in range(0, hosts, IN_A_FILE):
        with open(os.path.join(folder, "resources", f"hosts{first}.yaml"), "w", encoding="utf-8") as file:
            file.write("---\n".join(
                f"service: host{n}\nport: 8080\nendpoints: [10.9.{n >> 8}.{n & 255}, 10.8.{n >> 8}.{n & 255}]\n"
                for n in range(first, min(first + IN_A_FILE, hosts))))
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""cluster: c{me[-1]}
checks: false
locality: {{region: here, zone: near}}
gossip: {{listen: {me}:7700, insecure: true, peers: [{peers}]}}
dns: {{listen: {me}:{DNS}, workers: 1}}
forwarder: false
admin: {{listen: {me}:7780}}
probes: {{listen: {me}:7781}}
resources: [resources]
state: {{dir: state}}
""")
    return path


def is_ready():
    try:
        with urllib.request.urlopen(f"http://{ME}:7781/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def processor(pid):
    """Milliseconds that the process has used."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total / 1e6


def observe(arguments, hosts, changing, flaps, answers, rate):
    """What the observer says."""
    with tempfile.TemporaryDirectory(prefix="nearmost-bench-") as folder:
        config = configure(folder, hosts)
        agent = Process([arguments.nearmost, "agent", "-c", config], os.path.join(folder, "log"))
        try:
            until(is_ready, 60, "the agent is ready")
            used = processor(agent.popen.pid)
            done = subprocess.run(
                [arguments.observer, f"{ME}:{DNS}", os.path.join(folder, "resources"), str(changing), str(flaps),
                 str(answers), str(rate)], check=True, stdout=subprocess.PIPE, text=True, timeout=1800)
            return {**json.loads(done.stdout), "processor_ms": processor(agent.popen.pid) - used}
        finally:
            agent.kill()


def restart_under_load(arguments):
    """What the load says. What the agent knew of another cluster lies on its disk, so that it need not wait for it."""
    with tempfile.TemporaryDirectory(prefix="nearmost-bench-") as folder:
        names = os.path.join(folder, "names")
        with open(names, "w", encoding="utf-8") as file:
            file.writelines(f"host{n}.default.mesh.internal\n" for n in range(IN_A_FILE))
        mine, theirs = os.path.join(folder, "mine"), os.path.join(folder, "theirs")
        other = Process([arguments.nearmost, "agent", "-c", configure(theirs, 1, OTHER, f"{ME}:7700")],
                        os.path.join(folder, "log"))
        command = [arguments.nearmost, "agent", "-c", configure(mine, IN_A_FILE, ME, f"{OTHER}:7700")]
        with Supervisor(command, folder) as supervisor:
            supervisor.start()
            supervisor.until_ready()
            time.sleep(WRITTEN)
            said = {}
            load = threading.Thread(target=lambda: said.update(json.loads(subprocess.run(
                [arguments.load, f"{ME}:{DNS}", names, "1", "4", "16000", str(3 * RESTARTS), "0", str(RATE)],
                check=True, stdout=subprocess.PIPE, timeout=120).stdout)))
            load.start()
            for _ in range(RESTARTS):
                time.sleep(2)
                supervisor.restart()
                supervisor.until_ready()
            load.join()
            other.kill()
            return said


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for path in ("nearmost", "observer", "load"):
        parser.add_argument(path, type=os.path.abspath)
    parser.add_argument("--json")
    parser.add_argument("--answers", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=20, help="of changes in source files")
    arguments = parser.parse_args()
    rows = []

    for hosts in (IN_A_FILE, HOSTS):
        lag = observe(arguments, hosts, 1, FLAPS, ASKED * arguments.seconds, ASKED)
        rows.append({"case": f"a change among {hosts} hosts", **lag})
        print(f"a change among {hosts} hosts: {lag['flaps']} changes, the old answered for {lag['p50']:.1f} ms (p50), "
              f"{lag['p99']:.1f} ms (p99), {lag['slowest']:.1f} ms at most; wrong {lag['wrong']}, lost {lag['lost']}; "
              f"{lag['processor_ms'] / lag['flaps']:.0f} ms of processor a change, the queries' with it")
    seen = observe(arguments, 0, 20, 100, arguments.answers, 0)
    rows.append({"case": "answers under flaps", **seen})
    print(f"answers under flaps: {seen['answers']} answers, {seen['flaps']} flaps, wrong {seen['wrong']}, "
          f"lost {seen['lost']}; the old for {seen['p50']:.1f} ms (p50), {seen['p99']:.1f} ms (p99)")
    lost = restart_under_load(arguments)
    rows.append({"case": "restarts under load", **lost})
    print(f"{RESTARTS} restarts at {RATE} queries a second: {lost['answers']} answers, {lost['lost']} lost; the latest "
          f"came after {lost['slowest'] / 1000:.0f} ms, p99 {lost['p99'] / 1000:.0f} ms")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "dns-outside", "date": time.strftime("%F"), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
