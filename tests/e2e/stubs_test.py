#!/usr/bin/env python3
"""stubs_test.py NEARMOST: what programs get when they ask for a name as programs do, by glibc and by musl.

The test has network and mounts of its own, where port 53 and /etc/resolv.conf are its own, too: glibc (this Python) and
musl (a program made with musl-gcc) ask the agent, and dnsmasq, unbound, CoreDNS and systemd-resolved in front of it,
configured by what `nearmost dns-snippet` prints. What is not installed is skipped with a word; exit code 77: all is,
for root may make no namespaces here.
"""
import os
import shutil
import sys
import time

from mesh import DNS, Mesh, Process, query, until
from namespaces import enter_or_skip, run

SKIPPED = 77
PORT = 53
AT_ONCE_SECONDS = 3.0  # a stub that waits for another answer waits 5
DOCUMENTS = """service: both
namespace: stubs
ports: {http: 9080}
endpoints: [10.0.0.1, "fd00::1"]
---
service: only-v4
namespace: stubs
ports: {http: 9080}
endpoints: [10.0.0.2]
---
service: only-v6
namespace: stubs
ports: {http: 9080}
endpoints: ["fd00::2"]
---
service: many
namespace: stubs
ports: {http: 9080}
endpoints: [MANY]
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: pay}
spec:
  hosts: [pay.bank.example]
  services: [{name: only-v4}]
  ports: [{number: 9080, protocol: TCP}]
"""
RESOLVED = "127.0.0.53"
NOBODY = "nobody"
EXPECTED = [  # name, what it leads to; a number: so many addresses
    ("both.stubs.mesh.internal", {"10.0.0.1", "fd00::1"}),
    ("ONLY-v4.Stubs.mesh.INTERNAL", {"10.0.0.2"}),
    ("only-v6.stubs.mesh.internal.", {"fd00::2"}),
    ("fd00--2.only-v6.stubs.mesh.internal", {"fd00::2"}),
    ("only-v4.stubs", {"10.0.0.2"}),  # by the search list
    ("pay.bank.example", {"10.0.0.2"}),  # outside the zones
    ("many.stubs.mesh.internal", 8),
    ("nope.stubs.mesh.internal", NOBODY),
    ("stubs.mesh.internal", NOBODY),  # is there, and has no address
    ("_http._tcp.both.stubs.mesh.internal", NOBODY),
]
GLIBC = """import socket, sys
try:
    print(*{row[4][0] for row in socket.getaddrinfo(sys.argv[1], None)})
except socket.gaierror as error:
    print("error", error.errno)
"""
REVERSE = "import socket; print(socket.gethostbyaddr('10.0.0.2')[0])"
MUSL = """#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
  struct addrinfo hints, *all = 0, *one;
  char text[64];
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  int error = getaddrinfo(words[1], 0, &hints, &all);
  if (error) return printf("error %d\\n", error), 0;
  for (one = all; one; one = one->ai_next) {
    void *ip = one->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr
                                         : (void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
    printf("%s ", inet_ntop(one->ai_family, ip, text, sizeof text));
  }
  return 0;
}
"""
AGAIN = "error -3"  # EAI_AGAIN: no answer that says something


class StubMesh(Mesh):
    def write_cluster(self, cluster):
        super().write_cluster(cluster)
        many = ", ".join(f"10.1.0.{n}" for n in range(1, 41))
        self.write(cluster, "stubs.yaml", DOCUMENTS.replace("MANY", many))
        path = self.path(cluster, "agent.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("dns:")]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines([*lines, f"dns: {{listen: [{self.address(cluster)}:{PORT}, {self.address(cluster)}:{DNS}], "
                                     "zones: [mesh.internal, 10.in-addr.arpa]}\n"])

    def snippet(self, kind, *arguments):
        """What makes that server ask the agent, at the port that takes words to say."""
        return self.run("dns-snippet", kind, "-c", self.path("east", "agent.yaml"),
                        "--to", f"{self.address('east')}:{DNS}", *arguments).stdout

    def front(self, name, address, config, arguments, verify=()):
        """Another resolver between the programs and the agent; its address, or nothing. FILE: its configuration."""
        if not shutil.which(name):
            print(f"no {name}: skipped")
            return None
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(config)
        if verify and shutil.which(verify[0]):
            run(*(word.replace("FILE", self.path(name)) for word in verify))
        command = [name, *(word.replace("FILE", self.path(name)) for word in arguments)]
        process = Process(command, self.path(name + ".log"))
        self.backends[name] = process
        until(lambda: process.alive() and query(address, "only-v4.stubs.mesh.internal", PORT, 0.5), 10,
              f"{name} answers: {process.tail()}")
        return address


# Each refuses private addresses and what is not signed, unless it is told: so the snippet's words for that count.
def dnsmasq(mesh):
    address = f"{mesh.prefix}.9.1"
    return mesh.front("dnsmasq", address, f"""no-resolv
no-hosts
user=root
pid-file=
bind-interfaces
listen-address={address}
port={PORT}
stop-dns-rebind
bogus-priv
{mesh.snippet("dnsmasq")}""", ["--no-daemon", "--conf-file=FILE"], ["dnsmasq", "--test", "--conf-file=FILE"])


def unbound(mesh):
    address = f"{mesh.prefix}.9.2"
    return mesh.front("unbound", address, f"""server:
  interface: {address}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: {mesh.folder}
  pidfile: ""
  use-syslog: no
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor: ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
  private-address: 10.0.0.0/8
  private-address: fd00::/8
remote-control:
  control-enable: no
{mesh.snippet("unbound")}""", ["-d", "-c", "FILE"], ["unbound-checkconf", "FILE"])


def coredns(mesh):
    """By the block of NodeLocal DNSCache, which has an address of its own here."""
    address = f"{mesh.prefix}.9.3"
    return mesh.front("coredns", address, mesh.snippet("nodelocaldns", "--bind", address), ["-conf", "FILE"])


def replace_file(mesh, name, text):
    with open(mesh.path(name), "w", encoding="utf-8") as file:
        file.write(text)
    run("mount", "--bind", mesh.path(name), f"/etc/{name}")


def resolved(mesh):
    """systemd-resolved in front; its address, or nothing.

    It wants a user and a folder of its own and a link that is up; a bus it can do without.
    """
    program = shutil.which("systemd-resolved", path="/lib/systemd:/usr/lib/systemd")
    if not program:
        print("no systemd-resolved: skipped")
        return None
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    os.makedirs("/run/systemd/resolved.conf.d")
    with open("/run/systemd/resolved.conf.d/mesh.conf", "w", encoding="utf-8") as file:
        file.write(mesh.snippet("systemd-resolved"))
    for name, line in (("passwd", "systemd-resolve:x:995:995::/:/usr/sbin/nologin\n"),
                       ("group", "systemd-resolve:x:995:\n")):
        with open(f"/etc/{name}", encoding="utf-8") as file:
            text = file.read()
        if "systemd-resolve:" not in text:
            replace_file(mesh, name, text + line)
    run("ip", "link", "add", "stub0", "type", "veth", "peer", "name", "stub1")
    run("ip", "address", "add", "10.99.0.1/24", "dev", "stub0")
    for link in "stub0", "stub1":
        run("ip", "link", "set", link, "up")
    process = Process([program], mesh.path("resolved.log"))
    mesh.backends["resolved"] = process
    until(lambda: process.alive() and query(RESOLVED, "only-v4.stubs.mesh.internal", PORT, 0.5), 10,
          f"systemd-resolved answers: {process.tail()}")
    return RESOLVED


def programs(mesh):
    yield "glibc", [sys.executable, "-c", GLIBC]
    if not shutil.which("musl-gcc"):
        print("no musl-gcc: skipped")
        return
    with open(mesh.path("stub.c"), "w", encoding="utf-8") as file:
        file.write(MUSL)
    run("musl-gcc", "-static", "-o", mesh.path("stub"), mesh.path("stub.c"))
    yield "musl", [mesh.path("stub")]


def check(who, program):
    for name, expected in EXPECTED:
        begun = time.monotonic()
        said = run(*program, name).strip()
        took = time.monotonic() - begun
        addresses = set(said.split())
        if expected == NOBODY:
            right = said.startswith("error") and said != AGAIN
        elif isinstance(expected, int):
            right = len(addresses) == expected
        else:
            right = addresses == expected
        assert right, f"{who}: {name} is {said!r}, expected {expected}"
        assert took < AT_ONCE_SECONDS, f"{who}: {name} took {took:.1f} s"
    print(f"{who}: {len(EXPECTED)} names")


def check_reverse(who):
    said = run(sys.executable, "-c", REVERSE).strip()
    assert said in ("10-0-0-2.only-v4.stubs.mesh.internal", "10-0-0-2.pay.bank.example"), f"{who}: 10.0.0.2 is {said!r}"


def main():
    if not enter_or_skip():
        return SKIPPED
    with StubMesh(sys.argv[1], clusters=["east"]) as mesh:
        replace_file(mesh, "nsswitch.conf", "hosts: dns\n")
        mesh.start_agent("east")
        until(lambda: mesh.ready("east"), 30, "ready")
        fronts = [("", mesh.address("east")), ("dnsmasq", dnsmasq(mesh)), ("unbound", unbound(mesh)),
                  ("CoreDNS", coredns(mesh)), ("systemd-resolved", resolved(mesh))]
        for name, program in programs(mesh):
            for front, address in fronts:
                if address:
                    replace_file(mesh, "resolv.conf", f"nameserver {address}\nsearch mesh.internal\noptions ndots:2\n")
                    who = f"{name} behind {front}" if front else name
                    check(who, program)
                    if name == "glibc":
                        check_reverse(who)
    return 0


if __name__ == "__main__":
    sys.exit(main())
