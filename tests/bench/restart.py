"""restart.py BINARY STATE HOST [CHANGES]: an agent of cluster "east" begins with a state folder (tests/bench/saved_mesh
writes one) and is asked for HOST until it answers; then its own document changes, and is asked for until it shows.

A query that is sent before the agent listens reaches nobody, so each waits 50 ms and no more. On a busy machine
`chrt -r 1` in front keeps others out: the times are then those of an idle one.
"""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from mesh import query  # noqa: E402

ME = "127.99.1.1"
DNS = 7753
PATIENCE = 60.0  # s
SETTLED = 6.0  # s: probes of what was restored and the publications that follow are behind it

CONFIG = """cluster: east
checks: false
gossip: {{listen: {me}:7700, insecure: true}}
dns: {{listen: {me}:{dns}}}
forwarder: {{listen: {me}}}
admin: {{listen: {me}:7780}}
probes: {{listen: {me}:7781}}
state: {{dir: {state}}}
resources: [resources]
"""


def wait_for(done):
    """Seconds until it is."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > PATIENCE:
            sys.exit("no answer")
        time.sleep(0.002)
    return time.monotonic() - began


def processor(pid):
    """Seconds that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    return {line.split(":")[0]: int(line.split()[1]) // 1024 for line in open(f"/proc/{pid}/status")
            if line.startswith(("VmHWM", "VmRSS"))}


def write_own(folder, address):
    beside = folder / "resources" / ".own"
    beside.write_text(f"service: own\nport: 8080\nendpoints: [{address}]\n")
    beside.rename(folder / "resources" / "own.yaml")


def main(binary, state, host, changes=0):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "resources").mkdir()
        write_own(folder, "127.99.1.9")
        (folder / "agent.yaml").write_text(CONFIG.format(me=ME, dns=DNS, state=Path(state).resolve()))
        with open(folder / "log", "w") as log:
            agent = subprocess.Popen([Path(binary).resolve(), "agent", "-c", "agent.yaml"], cwd=folder, stdout=log,
                                     stderr=subprocess.STDOUT)
        try:
            took = wait_for(lambda: query(ME, host, DNS, timeout=0.05))
            print(f"answers after {took:.2f} s, {processor(agent.pid):.2f} s of processor")
            time.sleep(SETTLED)
            print(f"{SETTLED:.0f} s later: {processor(agent.pid):.2f} s of processor, MB: {memory(agent.pid)}")
            for n in range(int(changes)):
                address, used = f"127.99.2.{n + 1}", processor(agent.pid)
                write_own(folder, address)
                took = wait_for(lambda: query(ME, "own.default.mesh.internal", DNS, timeout=0.05) == [address])
                print(f"a change shows after {took * 1000:.0f} ms, {processor(agent.pid) - used:.2f} s of processor")
                time.sleep(0.5)
        finally:
            began = time.monotonic()
            agent.terminate()
            agent.wait(PATIENCE)
            print(f"stops in {time.monotonic() - began:.2f} s")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
