"""Real agents on loopback: three clusters with the demo's documents, killed and revived by pid.

Each Mesh has a 127.N.0.0/16 of its own, so that tests run beside each other and beside a demo: 127.N.1.x is east,
127.N.2.x west, 127.N.3.x eu, 127.N.4.x and so on what a test adds; the agent is x = 1 with the default ports. Waiting
is polling with a bound (until), the only place of the tests that lets time pass.
"""
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DOCUMENTS = os.path.join(ROOT, "agent", "demo", "documents")
CLUSTERS = ["east", "west", "eu"]
PLACES = {"east": ("us", "us-east"), "west": ("us", "us-west"), "eu": ("europe", "eu-central"),
          "north": ("nordics", "no-oslo"), "asia": ("asia", "jp-tokyo")}
GOSSIP, DNS, ADMIN, PROBES = 7700, 7753, 7780, 7781
NOBODY = 99  # the last number of an address that nothing listens on
POLL_SECONDS = 0.05


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def until(condition, seconds, what):
    """Polls until the condition gives something true, and returns it; a failure says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        last = condition()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


def stays(read, expected, seconds, what):
    """Polls and fails as soon as `read` gives something else."""
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        if (found := read()) != expected:
            raise AssertionError(f"{what}: {found!r} after {passed:.1f} s, expected {expected!r} for {seconds} s")
        time.sleep(POLL_SECONDS)


def accepts(endpoint):
    ip, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((ip, int(port)), timeout=2).close()
        return True
    except OSError:
        return False


def claim_net():
    """An N of 127.N.0.0/16 that no other test on this machine uses, and the socket that says so while it is open."""
    while True:
        net, claim = random.SystemRandom().randrange(10, 250), socket.socket()
        try:
            claim.bind((f"127.{net}.255.250", 7699))
            return net, claim
        except OSError:
            claim.close()


def dies_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def certify(path, subject, extension):
    """A certificate that is its own CA, and its key: PATH.pem and PATH.key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={subject}", "-keyout", path + ".key", "-out", path + ".pem",
                    "-addext", extension], check=True, capture_output=True)


class Process:
    def __init__(self, arguments, log):
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(arguments, stdout=out, stderr=out, preexec_fn=dies_with_parent)

    def alive(self):
        return self.popen.poll() is None

    def kill(self):
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def terminate(self, seconds=20):
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=seconds)

    def tail(self, size=3000):
        with open(self.log, "rb") as file:
            return file.read()[-size:].decode(errors="replace")


class Mesh:
    """Writes the folders at once; start_* and kill_* do what they say. Use as a context."""

    checks = "false"  # of agent.yaml: most endpoints here are made up
    dns = ""  # what stands in its field beside `listen`

    def __init__(self, binary, clusters=CLUSTERS, hub=None):
        """`hub`: the only cluster that the others can reach; the addresses that they tell lead nowhere."""
        self.binary = binary
        self.hub = hub
        self.folder = tempfile.mkdtemp(prefix="nearmost-e2e-")
        net, self.claim = claim_net()
        self.prefix = f"127.{net}"
        self.clusters = list(clusters)
        self.agents, self.backends = {}, {}
        self.run("tls", "init", "--dir", self.path("authority"))
        for cluster in self.clusters:
            self.write_cluster(cluster)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in [*self.agents.values(), *self.backends.values()]:
            if process.alive():
                process.kill()
        self.claim.close()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for name, process in self.agents.items():
            print(f"--- {name}'s agent\n{process.tail()}", file=sys.stderr)
        print(f"logs and configs: {self.folder}", file=sys.stderr)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def address(self, cluster, last=1):
        return f"{self.prefix}.{self.clusters.index(cluster) + 1}.{last}"

    def cluster_of(self, address):
        return self.clusters[int(address.split(".")[2]) - 1]

    def run(self, *arguments, check=True):
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"nearmost {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def ask(self, cluster, *arguments, check=True):
        """A command that asks the cluster's agent, as JSON."""
        admin = f"{self.address(cluster)}:{ADMIN}"
        return json.loads(self.run(*arguments, "--admin", admin, "-o", "json", check=check).stdout)

    def write(self, cluster, name, text):
        os.makedirs(self.path(cluster, "resources"), exist_ok=True)
        part = self.path(cluster, "resources", "." + name)
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(part, self.path(cluster, "resources", name))

    def document(self, name):
        with open(os.path.join(DOCUMENTS, name), encoding="utf-8") as file:
            return file.read().replace("127.0.", self.prefix + ".")

    def services(self, cluster):
        """What the cluster runs: as in the demo; one that the demo does not have runs what eu runs."""
        if cluster in CLUSTERS:
            return self.document(cluster + ".yaml")
        text = self.document("eu.yaml").replace(self.prefix + ".3.", self.address(cluster, ""))
        return text.replace("europe", PLACES[cluster][0]).replace("eu-central", PLACES[cluster][1])

    def write_cluster(self, cluster):
        self.write(cluster, "every-cluster.yaml", self.document("every-cluster.yaml"))
        self.write(cluster, cluster + ".yaml", self.services(cluster))
        self.run("tls", "issue", "--cluster", cluster, "--dir", self.path("authority"))
        shutil.copytree(self.path("authority", cluster), self.path(cluster, "tls"))
        region, zone = PLACES[cluster]
        me = self.address(cluster)
        with open(self.path(cluster, "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""cluster: {cluster}
checks: {self.checks}
locality: {{region: {region}, zone: {zone}}}
gossip: {self.gossip(cluster)}
dns: {{listen: {me}:{DNS}{self.dns}}}
forwarder: {{listen: {me}, workers: 1, accessLog: {{path: access.log, format: json}}}}
admin: {{listen: {me}:{ADMIN}}}
probes: {{listen: {me}:{PROBES}}}
resources: [resources]
state: {{dir: state}}
""")

    def gossip(self, cluster):
        """The gossip field of its agent.yaml."""
        me = self.address(cluster)
        if self.hub and cluster != self.hub:
            return (f"{{listen: {me}:{GOSSIP}, peers: [{self.address(self.hub)}:{GOSSIP}], "
                    f"advertise: {self.address(cluster, NOBODY)}:{GOSSIP}}}")
        peers = ", ".join(f"{self.address(c)}:{GOSSIP}" for c in self.clusters if c != cluster)
        return f"{{listen: {me}:{GOSSIP}, peers: [{peers}]}}"

    def spawn(self, cluster, arguments, log):
        return Process(arguments, self.path(cluster, log))

    def start_agent(self, cluster):
        self.agents[cluster] = self.spawn(
            cluster, [self.binary, "agent", "-c", self.path(cluster, "agent.yaml")], "agent.log")

    def start_backends(self, cluster):
        self.backends[cluster] = self.spawn(
            cluster, [sys.executable, os.path.join(HERE, "backend.py"), cluster, self.path(cluster, "received"),
                      *self.endpoints_in(cluster)], "backends.log")
        for endpoint in self.endpoints_in(cluster):
            until(lambda: accepts(endpoint), 20, f"{endpoint} serves")

    def endpoints_in(self, cluster):
        own = self.address(cluster, "")
        text = self.services(cluster)
        return sorted({own + part.split(",")[0] + ":9080" for part in text.split("address: " + own)[1:]})

    def start(self):
        for cluster in self.clusters:
            self.start_backends(cluster)
            self.start_agent(cluster)
        for cluster in self.clusters:
            until(lambda: self.ready(cluster), 30, f"{cluster} ready")
            until(lambda: self.sees_all(cluster), 30, f"{cluster} sees {self.clusters}")

    def kill_agent(self, cluster):
        self.agents[cluster].kill()

    def kill_cluster(self, cluster):
        self.agents[cluster].kill()
        self.backends[cluster].kill()

    def ready(self, cluster):
        if not self.agents[cluster].alive():
            raise AssertionError(f"{cluster}'s agent ended:\n{self.agents[cluster].tail()}")
        try:
            with urllib.request.urlopen(f"http://{self.address(cluster)}:{PROBES}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def members(self, cluster):
        """{cluster: state} as its agent sees them."""
        try:
            url = f"http://{self.address(cluster)}:{ADMIN}/api/v1/members"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return {m["member"].split("/")[0]: m["state"] for m in json.load(answer)}
        except (urllib.error.URLError, OSError):
            return {}

    def sees_all(self, cluster):
        members = self.members(cluster)
        return all(members.get(other) == "fresh" for other in self.clusters if other != cluster)

    def resolve(self, cluster, host, timeout=2.0):
        """The clusters that the A records of a host point into; None when there is no answer."""
        reply = query(self.address(cluster), host, timeout=timeout)
        return None if reply is None else sorted({self.cluster_of(a) for a in reply})

    def request(self, cluster, host, port, path, method="GET", headers=None, timeout=10):
        return request((self.address(cluster), port), host, path, method, headers, timeout)


def query(server, host, port=DNS, timeout=2.0):
    """The addresses of an A query over UDP; None when none came or it was refused. A small client for load and
    polling; tests/e2e/dig_test.py asks with dig."""
    number = random.randrange(65536)
    question = b"".join(bytes([len(label)]) + label.encode() for label in host.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.sendto(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question, (server, port))
            reply = client.recv(4096)
        except OSError:
            return None
    replied, flags, _, answers, _, _ = struct.unpack("!6H", reply[:12])
    if replied != number or flags & 0xF:
        return None
    addresses, at = [], 12 + len(question)
    for _ in range(answers):
        while 0 < reply[at] < 64:  # a name that others write out; ours are pointers
            at += 1 + reply[at]
        at += 2 if reply[at] else 1
        kind, _, _, size = struct.unpack("!HHIH", reply[at:at + 10])
        if kind == 1:
            addresses.append(socket.inet_ntoa(reply[at + 10:at + 14]))
        at += 10 + size
    return addresses


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def request(address, host, path, method="GET", headers=None, timeout=10):
    """One request on a connection of its own, no redirect followed. Errors raise OSError."""
    import http.client
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        body = b"" if method == "POST" else None
        connection.request(method, path, body=body, headers={"Host": f"{host}:{address[1]}", **(headers or {})})
        reply = connection.getresponse()
        return Answer(reply.status, dict(reply.getheaders()), reply.read().decode())
    except http.client.HTTPException as error:
        raise OSError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
