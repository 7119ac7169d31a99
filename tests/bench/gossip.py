#!/usr/bin/env python3
"""gossip.py NEARMOST [--json FILE] [--members 20]: agents as processes beside Debian's serf, the same number of each.

Measured of both: an idle member's bytes and processor time, one change until every other member shows it, and what a
change costs while nobody looks. A change of ours is a rewritten document and counts as shown when the DNS answer has
it; one of serf's is a new tag, from the request, and counts when `serf monitor` prints the event. Ours speak mutual
TLS, serf plain text. As root each side runs in a network namespace of its own, so that the bytes of its
loopback are its own (headers and acknowledgements included); else bytes of others count too, and the table says so.
"""
import argparse
import ctypes
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import Process, query, until  # noqa: E402

CHANGES, PAUSE, IDLE_SECONDS, PATIENCE = 100, 0.2, 20, 10
HOST = "web.default.mesh.internal"
CLONE_NEWNET = 0x40000000
TICKS = os.sysconf("SC_CLK_TCK")


def own_network():
    """A namespace with a loopback of its own; False where that needs rights that we do not have."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return False
    import fcntl
    import struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
    return True


def loopback_bytes():
    with open("/proc/net/dev", encoding="ascii") as table:
        for line in table:
            name, _, counters = line.partition(":")
            if name.strip() == "lo":
                return int(counters.split()[8])
    raise AssertionError("no loopback")


class Members:
    """Processes of one side, and what the kernel says that they cost."""

    def __init__(self, count):
        self.count, self.processes = count, []
        self.folder = tempfile.mkdtemp(prefix="nearmost-bench-")

    def cpu(self):
        ticks = 0
        for process in self.processes:
            with open(f"/proc/{process.popen.pid}/stat", encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def memory(self):
        sizes = []
        for process in self.processes:
            with open(f"/proc/{process.popen.pid}/status", encoding="ascii") as status:
                sizes += [int(line.split()[1]) for line in status if line.startswith("VmRSS")]
        return statistics.mean(sizes) / 1024

    def stop(self):
        for process in self.processes:
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Agents(Members):
    name = "nearmost"

    def __init__(self, binary, count):
        super().__init__(count)
        self.binary, self.edition = binary, 0
        authority = os.path.join(self.folder, "authority")
        self.run("tls", "init", "--dir", authority)
        for number in range(count):
            self.configure(number, authority)
        for number in range(count):
            home = os.path.join(self.folder, self.cluster(number))
            self.processes.append(Process([binary, "agent", "-c", os.path.join(home, "agent.yaml")], home + ".log"))
        for number in range(count):
            until(lambda: self.fresh(number) == count - 1, 60, f"{self.cluster(number)} hears all others")

    def run(self, *arguments):
        subprocess.run([self.binary, *arguments], check=True, capture_output=True, timeout=60)

    @staticmethod
    def cluster(number):
        return f"c{number:02d}"

    @staticmethod
    def address(number):
        return f"127.77.{number}.1"

    def configure(self, number, authority):
        home = os.path.join(self.folder, self.cluster(number))
        os.makedirs(os.path.join(home, "resources"))
        self.run("tls", "issue", "--cluster", self.cluster(number), "--dir", authority)
        shutil.copytree(os.path.join(authority, self.cluster(number)), os.path.join(home, "tls"))
        me = self.address(number)
        peers = f"{self.address(0)}:7700" if number else ""
        with open(os.path.join(home, "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""cluster: {self.cluster(number)}
checks: false
gossip: {{listen: {me}:7700, peers: [{peers}]}}
dns: {{listen: {me}:7753}}
forwarder: false
admin: {{listen: {me}:7780}}
probes: {{listen: {me}:7781}}
resources: [resources]
""")
        if number == 0:
            self.write_document()

    def fresh(self, number):
        import urllib.request
        try:
            with urllib.request.urlopen(f"http://{self.address(number)}:7780/api/v1/members", timeout=2) as answer:
                return sum(m["state"] == "fresh" for m in json.load(answer)) - 1
        except OSError:
            return 0

    def write_document(self):
        folder = os.path.join(self.folder, self.cluster(0), "resources")
        with open(os.path.join(folder, ".part"), "w", encoding="utf-8") as file:
            file.write(f"service: web\nport: 8080\nendpoints: [{self.endpoint()}]\n")
        os.rename(os.path.join(folder, ".part"), os.path.join(folder, "web.yaml"))

    def endpoint(self):
        return f"127.78.{self.edition // 250}.{1 + self.edition % 250}"

    def change(self):
        self.edition += 1
        self.write_document()

    def watch(self):
        pass

    def wait_shown(self):
        """When each of the others has shown the last change."""
        missing, times = set(range(1, self.count)), []
        deadline = time.monotonic() + PATIENCE
        while missing and time.monotonic() < deadline:
            for number in sorted(missing):
                if query(self.address(number), HOST) == [self.endpoint()]:
                    missing.discard(number)
                    times.append(time.monotonic())
        return times + [float("inf")] * len(missing)


def text(value):
    return bytes([0xA0 | len(value)]) + value.encode()


def header(command, number):
    return b"\x82" + text("Command") + text(command) + text("Seq") + bytes([number])


class Serf(Members):
    name = "serf"

    def __init__(self, count):
        super().__init__(count)
        self.edition, self.monitors, self.control = 0, [], None
        for number in range(count):
            self.processes.append(Process(
                ["serf", "agent", f"-node=m{number:02d}", f"-bind={self.address(number)}:7946",
                 f"-rpc-addr={self.rpc(number)}",
                 *([f"-retry-join={self.address(0)}:7946", "-retry-interval=1s"] if number else [])],
                os.path.join(self.folder, f"m{number:02d}.log")))
        for number in range(count):
            until(lambda: self.alive(number) == count, 60, f"m{number:02d} hears all others")

    @staticmethod
    def address(number):
        return f"127.79.{number}.1"

    @classmethod
    def rpc(cls, number):
        return f"{cls.address(number)}:7373"

    def alive(self, number):
        done = subprocess.run(["serf", "members", f"-rpc-addr={self.rpc(number)}", "-status=alive"],
                              capture_output=True, text=True, timeout=20)
        return len(done.stdout.splitlines())

    def change(self):
        """A request of its RPC, in MessagePack: `serf tags` would wait until the news has gone out."""
        self.edition += 1
        if not self.control:
            self.control = socket.create_connection((self.address(0), 7373), timeout=20)
            self.control.sendall(header("handshake", 0) + b"\x81" + text("Version") + b"\x01")
        tags = b"\x81" + text("edition") + text(str(self.edition))
        self.control.sendall(header("tags", self.edition % 128) + b"\x81" + text("Tags") + tags)

    def watch(self):
        for number in range(1, self.count):
            monitor = subprocess.Popen(["serf", "monitor", f"-rpc-addr={self.rpc(number)}", "-log-level=info"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            os.set_blocking(monitor.stdout.fileno(), False)
            self.monitors.append(monitor)
        time.sleep(2)
        self.read_events(0)

    def read_events(self, seconds):
        """The monitors that have printed an update of m00 since."""
        ready, _, _ = select.select([m.stdout for m in self.monitors], [], [], seconds)
        return {out.fileno() for out in ready if b"EventMemberUpdate: m00" in (out.read() or b"")}

    def wait_shown(self):
        missing, times = {m.stdout.fileno() for m in self.monitors}, []
        deadline = time.monotonic() + PATIENCE
        while missing and time.monotonic() < deadline:
            heard = self.read_events(0.05) & missing
            missing -= heard
            times += [time.monotonic()] * len(heard)
        return times + [float("inf")] * len(missing)

    def stop(self):
        for monitor in self.monitors:
            monitor.kill()
            monitor.wait()
        super().stop()


def cost_of(members, seconds, step=None):
    """Bytes and processor seconds of all members in so many seconds, with `step` called every PAUSE."""
    bytes_before, cpu_before, begun = loopback_bytes(), members.cpu(), time.monotonic()
    steps = 0
    while time.monotonic() - begun < seconds:
        time.sleep(PAUSE)
        if step:
            step()
            steps += 1
    took = time.monotonic() - begun
    return (loopback_bytes() - bytes_before) / took, (members.cpu() - cpu_before) / took, steps / took


def measure(members):
    time.sleep(5)  # joining is not idling
    idle_bytes, idle_cpu, _ = cost_of(members, IDLE_SECONDS)
    busy_bytes, busy_cpu, rate = cost_of(members, IDLE_SECONDS, members.change)
    members.watch()
    delays = []
    for _ in range(CHANGES):
        begun = time.monotonic()
        members.change()
        delays += [max(0.0, at - begun) for at in members.wait_shown()]
        time.sleep(PAUSE)
    delays.sort()
    lost = sum(d == float("inf") for d in delays)
    count = members.count
    return {
        "change -> all, p50, ms": 1e3 * delays[len(delays) // 2],
        "change -> all, p99, ms": 1e3 * delays[int(len(delays) * 0.99)],
        f"not shown within {PATIENCE} s": lost,
        "wire bytes per change and member": (busy_bytes - idle_bytes) / rate / count,
        "CPU per change and member, ms": 1e3 * (busy_cpu - idle_cpu) / rate / count,
        "idle, wire bytes/s per member": idle_bytes / count,
        "idle, CPU % per member": 100 * idle_cpu / count,
        "memory per member, MB": members.memory(),
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("nearmost")
    arguments.add_argument("--json")
    arguments.add_argument("--members", type=int, default=20)
    options = arguments.parse_args()
    own = own_network()
    results = {}
    sides = [lambda: Agents(options.nearmost, options.members)]
    if shutil.which("serf"):
        sides.append(lambda: Serf(options.members))
    else:
        print("serf is not installed: only our own side is measured", file=sys.stderr)
    for start in sides:
        members = start()
        try:
            results[members.name] = measure(members)
        finally:
            members.stop()
    ours, theirs = results["nearmost"], results.get("serf", {})
    print(f"{options.members} members on loopback{'' if own else ' (not root: bytes of other programs count too)'}")
    print(f"  {'':36}{'nearmost':>12}{'serf':>12}{'ratio':>8}")
    for what, value in ours.items():
        other = theirs.get(what)
        print(f"  {what:36}{value:12.4g}{other if other is not None else float('nan'):12.4g}"
              f"{value / other if other else float('nan'):8.2f}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "gossip", "members": options.members, "own_network": own, **results}, file, indent=1)


if __name__ == "__main__":
    main()
