#!/usr/bin/env python3
"""systemd_test.py NEARMOST: the units, the example of agent.yaml and the program fit each other.

systemd-analyze reads the units where it is installed; the sockets of nearmost.socket go to an agent as systemd passes
them.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = os.path.join(HERE, "..", "..", "deploy", "systemd")
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from mesh import claim_net, query, until  # noqa: E402
from supervisor import Supervisor  # noqa: E402

INSTALLED = "/usr/bin/nearmost"
LISTEN = "127.0.0.1:7753"
MOST_EXPOSED = 25  # of 100, as systemd-analyze counts
HOST = "ratings.default.mesh.internal"
PATIENCE = 30


def text_of(name):
    with open(os.path.join(UNITS, name), encoding="utf-8") as file:
        return file.read()


def settings(name):
    """{key: [value, …]} of a unit."""
    found = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text_of(name), re.M):
        found.setdefault(key, []).append(value)
    return found


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def the_example_is_taken(binary, folder):
    os.mkdir(os.path.join(folder, "resources"))
    path = write(folder, "agent.yaml", text_of("agent.yaml"))
    done = subprocess.run([binary, "check", "-c", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"check of the example: {done.returncode}\n{done.stdout}{done.stderr}"


def the_files_name_each_other():
    service, listeners, config = settings("nearmost.service"), settings("nearmost.socket"), text_of("agent.yaml")
    assert service["ExecStart"] == [f"{INSTALLED} agent -c /etc/nearmost/agent.yaml"], service["ExecStart"]
    assert f"state: {{dir: /var/lib/{service['StateDirectory'][0]}}}" in config, "state.dir is the StateDirectory"
    assert f"dns: {{listen: {LISTEN}}}" in config, "dns.listen"
    assert listeners["ListenDatagram"] == listeners["ListenStream"] == [LISTEN], "the sockets are those of dns.listen"


def systemd_takes_the_units(binary, folder):
    if not shutil.which("systemd-analyze"):
        print("no systemd-analyze: its reading of the units is skipped")
        return
    paths = [write(folder, unit, text_of(unit).replace(INSTALLED, binary))
             for unit in ("nearmost.service", "nearmost.socket")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60)
    complaints = [line for line in (done.stdout + done.stderr).split("\n") if "nearmost" in line]
    assert done.returncode == 0 and not complaints, "\n".join(complaints or [done.stderr])
    exposed = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", paths[0]],
                             capture_output=True, text=True, timeout=60)
    assert exposed.returncode == 0 or "unrecognized option" in exposed.stderr, exposed.stdout[-300:] + exposed.stderr


def listeners_of_a_socket_unit_serve(binary, folder):
    """A query that came before the agent did is answered by it."""
    net, claim = claim_net()
    me = f"127.{net}.1.1"
    config = write(folder, "agent.yaml", f"""cluster: east
checks: false
gossip: {{listen: {me}:7700}}
dns: {{listen: {me}:7753}}
forwarder: false
admin: {{listen: {me}:7780}}
probes: {{listen: {me}:7781}}
resources: [ratings.yaml]
""")
    write(folder, "ratings.yaml", "service: ratings\nport: 9080\nendpoints: [10.0.0.9]\n")
    with claim, Supervisor([binary, "agent", "-c", config], folder) as systemd:
        udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.create_server((me, 7753))
        udp.bind((me, 7753))
        systemd.store["nearmost.socket"] = [udp.detach(), tcp.detach()]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
            early.settimeout(PATIENCE)
            early.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\20\0\3", (me, 7753))
            systemd.start()
            systemd.until_ready(PATIENCE)
            early.recv(512)
        assert query(me, HOST) == ["10.0.0.9"], "the agent answers"
        assert not any(name.endswith("_7753") for name in systemd.store), f"left in the store: {systemd.store}"
        socket.create_connection((me, 7753), timeout=PATIENCE).close()
        until(lambda: query(me, HOST), PATIENCE, "an answer")


def main():
    binary = os.path.abspath(sys.argv[1])
    the_files_name_each_other()
    for test in the_example_is_taken, systemd_takes_the_units, listeners_of_a_socket_unit_serve:
        folder = tempfile.mkdtemp(prefix="nearmost-deploy-")
        test(binary, folder)
        shutil.rmtree(folder)
        print(test.__name__.replace("_", " "))


main()
