#!/usr/bin/env python3
"""pass_on_test.py NEARMOST: names of others go to upstreams, over UDP and TCP, for those who may, and harm nobody.

The upstreams are this test: one answers, one takes queries and says nothing.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import urllib.request

from mesh import ADMIN, DNS, Mesh, PROBES, query, until

OURS = "ratings.bookinfo.mesh.internal"
PORT = 5353
FLOOD_CLIENTS, FLOOD_QUERIES = 200, 100
MEMORY_BYTES = 200 << 20  # what 10,000 questions may take, with a sanitizer's share


class Upstream:
    """Answers A queries with 192.0.2.7, over UDP and TCP; counts them."""

    def __init__(self, ip):
        self.asked = 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = socket.create_server((ip, PORT))
        self.udp.bind((ip, PORT))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def answer(self, asked):
        self.asked += 1
        end = asked.index(b"\0", 12) + 5
        opt = asked[end:]
        head = asked[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 1 if opt else 0)
        return head + asked[12:end] + bytes.fromhex("c00c000100010000003c0004c0000207") + opt

    def serve_udp(self):
        while True:
            asked, peer = self.udp.recvfrom(4096)
            if b"big" in asked.lower():  # only over TCP
                answer = self.answer(asked)
                self.udp.sendto(answer[:2] + b"\x83\x80" + answer[4:], peer)
            else:
                self.udp.sendto(self.answer(asked), peer)

    def serve_tcp(self):
        while True:
            client, _ = self.tcp.accept()
            asked = client.recv(4096)
            answer = self.answer(asked[2:])
            client.sendall(struct.pack("!H", len(answer)) + answer)


class PassOnMesh(Mesh):
    def write_cluster(self, cluster):
        super().write_cluster(cluster)
        self.pass_on(f"{self.prefix}.9.1:{PORT}")

    def pass_on(self, *servers):
        path = self.path("east", "agent.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("dns:")]
        servers = ", ".join(servers)
        lines.append(f"dns: {{listen: {self.address('east')}:{DNS}, clients: [127.0.0.1/32, {self.prefix}.0.0/17], "
                     f"passOn: [{{zone: ., to: [{servers}]}}]}}\n")
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.writelines(lines)
        os.rename(path + ".part", path)

    def dig(self, *arguments):
        command = ["dig", f"@{self.address('east')}", "-p", str(DNS), "+tries=1", "+time=8", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout

    def get(self, port, path):
        with urllib.request.urlopen(f"http://{self.address('east')}:{port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def metrics(self):
        text = self.get(PROBES, "/metrics")
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    def memory(self):
        with open(f"/proc/{self.agents['east'].popen.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def both_kinds_of_names(mesh, upstream):
    for transport in "+notcp", "+tcp":
        ours = mesh.dig(transport, OURS)
        assert "status: NOERROR" in ours and " aa " in ours and " ra" in ours, ours
        others = mesh.dig(transport, "www.Example.com")
        assert "192.0.2.7" in others and "www.Example.com." in others, others
        assert " aa" not in others.split("QUERY:")[0].split("flags:")[1] and " ra" in others, others
    big = mesh.dig("+notcp", "big.example")
    assert "192.0.2.7" in big, big  # the agent has asked over TCP
    asked = upstream.asked
    assert "NXDOMAIN" in mesh.dig("nobody.mesh.internal")
    assert "127.0.0.1" in mesh.dig("localhost")
    assert upstream.asked == asked, "names that are ours or special went to the upstream"


def who_may_not(mesh, upstream):
    asked = upstream.asked
    refused = mesh.dig("-b", f"{mesh.prefix}.200.1", "www.example.com")
    assert "status: REFUSED" in refused and "EDE: 18" in refused and " ra" not in refused, refused
    assert "status: NOERROR" in mesh.dig("-b", f"{mesh.prefix}.200.1", OURS)
    assert upstream.asked == asked


def dead_upstreams(mesh):
    """A flood of names at an upstream that is silent: ours are answered on, memory is bounded, then all is well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((f"{mesh.prefix}.9.2", PORT))
        mesh.pass_on(f"{mesh.prefix}.9.2:{PORT}")
        until(lambda: f"9.2:{PORT}" in mesh.get(ADMIN, "/api/v1/config"), 20, "the reload")
        before = mesh.memory()
        lost = 0
        for client in range(FLOOD_CLIENTS):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooder:
                flooder.bind((f"{mesh.prefix}.8.{client + 1}", 0))
                for number in range(FLOOD_QUERIES):
                    name = f"n{client}-{number}".encode()
                    question = bytes([len(name)]) + name + b"\7example\0\0\1\0\1"
                    flooder.sendto(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question,
                                   (mesh.address("east"), DNS))
            if client % 10 == 0:
                lost += query(mesh.address("east"), OURS) is None
        assert lost <= 1, f"{lost} of {FLOOD_CLIENTS // 10} queries for our names were not answered in the flood"
        assert 1000 < float(mesh.metrics()["nearmost_dns_inflight"]) <= 10000
        grown = mesh.memory() - before
        print(f"flood: {lost} of ours lost, {grown >> 20} MB more")
        assert grown < MEMORY_BYTES, f"{grown} bytes for the flood"
        until(lambda: float(mesh.metrics()["nearmost_dns_inflight"]) == 0, 30, "the flood has ended")
        servfail = mesh.dig("www.example.com")
        assert "status: SERVFAIL" in servfail and "EDE: 22" in servfail, servfail
    status = mesh.run("status", "--admin", f"{mesh.address('east')}:{ADMIN}", check=False)
    assert f"upstream {mesh.prefix}.9.2:{PORT} has not answered" in status.stdout, status
    mesh.pass_on(f"{mesh.prefix}.9.1:{PORT}")
    until(lambda: "192.0.2.7" in mesh.dig("www.example.com"), 20, "the other upstream answers")


def loops_are_refused(mesh):
    """Servers that lead back: told at the check, and a reload does not take them."""
    mesh.pass_on(f"{mesh.address('east')}:{DNS}")
    checked = mesh.run("check", "-c", mesh.path("east", "agent.yaml"), check=False)
    assert checked.returncode == 2 and "is this agent's own dns.listen" in checked.stdout + checked.stderr, checked
    assert "192.0.2.7" in mesh.dig("www.example.com")


def main():
    if not shutil.which("dig"):
        print("no dig: skipped")
        return 77
    with PassOnMesh(sys.argv[1], clusters=["east"]) as mesh:
        upstream = Upstream(f"{mesh.prefix}.9.1")
        mesh.start()
        until(lambda: query(mesh.address("east"), OURS), 20, f"{OURS} resolves")
        both_kinds_of_names(mesh, upstream)
        who_may_not(mesh, upstream)
        dead_upstreams(mesh)
        loops_are_refused(mesh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
