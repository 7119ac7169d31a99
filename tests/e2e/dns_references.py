"""Other name servers beside ours: each started with the zones given, on an address of its own.

One that is not installed is missing, with a word.
"""
import os
import shutil
import socket

from dns_message import Ask, TYPES, exchange, read
from mesh import Process, until


class Reference:
    """`zones` is {apex: zone file}. Paths are absolute, nothing outside `folder` is written."""
    name = program = ""

    def __init__(self, folder, address, port, zones):
        self.folder, self.zones = folder, zones
        self.address, self.port = self.place(address, port)
        os.makedirs(folder)
        for apex, text in zones.items():
            self.write(self.zone_file(apex), text)
        self.write("server.conf", self.config())
        self.process = Process(self.command(shutil.which(self.program)), self.path("log"))
        for apex in zones:
            until(lambda: self.serves(apex), 20, f"{self.name} serves {apex}, see {self.path('log')}")

    @staticmethod
    def place(address, port):
        return address, port

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def zone_file(apex):
        return apex + ".zone"

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def serves(self, apex):
        assert self.process.alive(), f"{self.name} has ended:\n{self.process.tail()}"
        reply = exchange(self.address, self.port, Ask(apex, TYPES["SOA"]).wire(), timeout=0.5)
        return reply and read(reply).rcode == "NOERROR"

    def config(self):
        raise NotImplementedError

    def command(self, program):
        raise NotImplementedError


class Knot(Reference):
    name, program = "knot", "knotd"

    def config(self):
        zones = "".join(f"  - domain: {apex}\n    file: {self.path(self.zone_file(apex))}\n" for apex in self.zones)
        return f"""server:
  rundir: {self.folder}
  listen: {self.address}@{self.port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  version: ""
  identity: ""
database:
  storage: {self.folder}
log:
  - target: stderr
    any: info
template:
  - id: default
    zonefile-sync: -1
    journal-content: none
    zonefile-load: whole
zone:
{zones}"""

    def command(self, program):
        return [program, "-c", self.path("server.conf")]


class Nsd(Reference):
    name, program = "nsd", "nsd"

    def config(self):
        zones = "".join(f"zone:\n  name: {apex}\n  zonefile: {self.path(self.zone_file(apex))}\n"
                        for apex in self.zones)
        return f"""server:
  ip-address: {self.address}@{self.port}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: {self.folder}
  pidfile: {self.path("pid")}
  zonelistfile: {self.path("zone.list")}
  xfrdfile: {self.path("xfrd.state")}
  xfrdir: {self.folder}
  hide-version: yes
  hide-identity: yes
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
{zones}"""

    def command(self, program):
        return [program, "-d", "-c", self.path("server.conf")]


class Named(Reference):
    name, program = "named", "named"

    @staticmethod
    def place(address, port):
        """It listens on addresses of interfaces only, so not on all of 127/8."""
        while True:
            with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                tcp.bind(("127.0.0.1", 0))
                try:
                    udp.bind(tcp.getsockname())
                    return tcp.getsockname()
                except OSError:
                    pass

    def config(self):
        zones = "".join(f'zone "{apex}" {{ type primary; file "{self.path(self.zone_file(apex))}"; }};\n'
                        for apex in self.zones)
        return f"""options {{
  directory "{self.folder}";
  pid-file none;
  session-keyfile "{self.path("session.key")}";
  managed-keys-directory "{self.folder}";
  listen-on port {self.port} {{ {self.address}; }};
  listen-on-v6 {{ none; }};
  recursion no;
  dnssec-validation no;
  minimal-responses yes;
  check-names primary ignore;
  check-integrity no;
  rrset-order {{ order none; }};
  version none;
  hostname none;
  empty-zones-enable no;
  notify no;
  answer-cookie no;
  zero-no-soa-ttl no;
}};
controls {{ }};
{zones}"""

    def command(self, program):
        return [program, "-g", "-n", "1", "-p", str(self.port), "-c", self.path("server.conf")]


class Unbound(Reference):
    name, program = "unbound", "unbound"

    def config(self):
        zones = "".join(f"""auth-zone:
  name: {apex}
  zonefile: {self.path(self.zone_file(apex))}
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no
""" for apex in self.zones)
        return f"""server:
  interface: {self.address}@{self.port}
  port: {self.port}
  do-ip6: no
  do-daemonize: no
  username: ""
  chroot: ""
  directory: {self.folder}
  pidfile: {self.path("pid")}
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  hide-version: yes
  hide-identity: yes
  minimal-responses: yes
  do-not-query-localhost: yes
{"".join(f"  local-zone: {apex}. nodefault{chr(10)}" for apex in self.zones if apex.endswith(".arpa"))}remote-control:
  control-enable: no
{zones}"""

    def command(self, program):
        return [program, "-d", "-c", self.path("server.conf")]


ALL = [Knot, Nsd, Named, Unbound]


def installed():
    for reference in ALL:
        if shutil.which(reference.program):
            yield reference
        else:
            print(f"no {reference.program}: skipped beside it")
