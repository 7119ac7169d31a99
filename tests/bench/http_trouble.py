#!/usr/bin/env python3
"""http_trouble.py NEARMOST HTTP_ORIGIN HTTP_LOAD [--json FILE] [--requests 1000000] [--seconds 60] [--outages 10]
[--part NAME]: what clients of the forwarder notice of trouble behind it, and what it costs to hold many of them.

stale    endpoints close their connections at random times, without a word: GETs and POSTs that failed
changes  ten changes of documents a second under load: requests that failed, streams that were cut
outage   one endpoint of four is killed and comes back, over and over: requests that failed, time until it serves again
memory   of connections that wait, and of routes

Beside each figure stands what it is held to; the bench fails where one is not.
"""
import argparse
import contextlib
import http.client
import json
import os
import resource
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

import http_servers
from http_servers import MANY_ROUTES, ONE_ROUTE, SMALL, Nearmost, destination, host, prefix, route_table
from server import Server
from mesh import accepts, until

NO_RETRIES = 8084  # a port whose routes are not tried again
LIVE = 8085  # a port whose one route changes
STREAMS = 32
LIVE_PATH = "/live/"


class Endpoint(Server):
    """One of an origin's, as a process of its own."""

    core = 1

    def __init__(self, folder, binary, address, port, fickle=False):
        self.name, self.binary, self.place = f"origin-{address}", binary, f"{address}:{port}"
        super().__init__(folder, [binary, *(["--fickle"] if fickle else []), self.place, str(SMALL)])

    def serves(self):
        return accepts(self.place)


class Endpoints:
    """Looks to a proxy like http_servers.Origin."""

    ports = http_servers.Origin.ports

    def __init__(self, folder, binary, count, fickle=False):
        self.folder, self.binary, self.fickle = folder, binary, fickle
        self.addresses = [f"{http_servers.NET}.{21 + number}" for number in range(count)]
        self.running = [self.start(address) for address in self.addresses]

    def start(self, address):
        return Endpoint(self.folder, self.binary, address, self.ports[SMALL], self.fickle)

    def endpoints(self, _size):
        return [endpoint.place for endpoint in self.running]

    def kill(self):
        for endpoint in self.running:
            endpoint.process.kill()


class Peers:
    """Those that are installed, made for other answers than here come from the port of large ones."""

    class Haproxy(http_servers.Haproxy):
        def serves(self):
            return accepts(self.at(ONE_ROUTE))

    class Nginx(http_servers.Nginx):
        def serves(self):
            return accepts(self.at(ONE_ROUTE))

    @classmethod
    def start(cls, folder, endpoints):
        return [peer(folder, endpoints) for peer in (cls.Haproxy, cls.Nginx) if shutil.which(peer.binary)]


class Agent(Nearmost):
    """With a port without retries, and one for a route that changes."""

    def serves(self):
        return accepts(f"{self.address}:{ONE_ROUTE}")

    def routes(self):
        return "---\n".join([super().routes(), destination("small", NO_RETRIES),
                             route_table("small", NO_RETRIES, ["/"]).replace(
                                 "  - name: route-0", "  - name: route-0\n    labels: {retries: none}"),
                             """apiVersion: resilience.policy.gloo.solo.io/v2
kind: RetryTimeoutPolicy
metadata: {name: none, namespace: default}
spec:
  applyToRoutes: [{route: {labels: {retries: none}}}]
  config: {retries: {attempts: 0}}
""", destination("small", LIVE)])

    def replace(self, name, text):
        """As an editor does that writes beside and renames."""
        part = self.write("resources/." + name, text)
        os.rename(part, os.path.join(self.folder, "resources", name))


class Load:
    """Asks in the background; result() waits, and tells what failed."""

    def __init__(self, arguments, folder, agent, port, seconds, **options):
        command = http_servers.Load(arguments.load, folder).command(agent, port, seconds, **options)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self):
        out, _ = self.process.communicate(timeout=900)
        return json.loads(out)


class Row:
    """A figure, and the most that it may be; None: it is only told."""

    def __init__(self, what, value, most=None, unit=""):
        self.what, self.value, self.most, self.unit = what, value, most, unit

    def met(self):
        return self.most is None or self.value <= self.most

    def show(self):
        said = "" if self.most is None else f"at most {self.most:g}  {'met' if self.met() else 'NOT MET'}"
        print(f"{self.what:75} {self.value:10.6g} {self.unit:5} {said}", flush=True)


def ask_live(agent):
    """What the route that changes says now; None where there is none yet."""
    connection = http.client.HTTPConnection(agent.address, LIVE, timeout=5)
    connection.request("GET", LIVE_PATH, headers={"Host": host(LIVE)})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return body if answer.status == 200 else None


def live_table(number):
    return f"""apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: live, namespace: default}}
spec:
  hosts: [{host(LIVE)}]
  http:
  - name: live
    matchers: [{{uri: {{prefix: {LIVE_PATH}}}}}]
    directResponse: {{status: 200, body: "{number}"}}
"""


class Dripping(socketserver.ThreadingTCPServer):
    """Answers each request with a chunk every 100 ms until it is told to end."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 2 * STREAMS

    def __init__(self, address):
        super().__init__(address, Drip)
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Drip(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.server.over.wait(0.1):
            self.wfile.write(b"5\r\ndrop\n\r\n")
        self.wfile.write(b"0\r\n\r\n")


class Stream(threading.Thread):
    """Reads one long answer to its end; `cut` says why it has none."""

    def __init__(self, agent, port):
        super().__init__(daemon=True)
        self.agent, self.port, self.cut, self.bytes = agent, port, None, 0
        self.start()

    def run(self):
        try:
            connection = http.client.HTTPConnection(self.agent.address, self.port, timeout=60)
            connection.request("GET", "/", headers={"Host": host(self.port)})
            answer = connection.getresponse()
            if answer.status != 200:
                raise http.client.HTTPException(f"status {answer.status}")
            while piece := answer.read(5):
                self.bytes += len(piece)
        except (OSError, http.client.HTTPException) as why:
            self.cut = repr(why)


def stale(arguments, folder):
    """GETs may be sent again. A POST that came while its endpoint was closing already may not: nobody knows whether it
    was read. The others' share of the requests is a tenth."""
    endpoints = Endpoints(folder, arguments.origin, 4, fickle=True)
    agent = Agent(folder, arguments.nearmost, endpoints)
    proxies = [agent, *Peers.start(folder, endpoints)]
    try:
        rows = []
        for what, share, options in (("GETs", 1.0, {}), ("POSTs of 1 KB", 0.2, {"body": 1024})):
            for proxy in proxies:
                answers, failed = 0, 0
                while answers + failed < arguments.requests * share / (1 if proxy is agent else 10):
                    result = Load(arguments, folder, proxy, ONE_ROUTE, 5, connections=16, **options).result()
                    answers, failed = answers + result["answers"], failed + result["failed"]
                rows.append(Row(f"{proxy.name}: {answers:,} {what}, endpoints close at random: failed", failed,
                                0 if proxy is agent and what == "GETs" else None))
                rows[-1].show()
            counted = metrics(agent)
            print(f"  so far {counted['reused']:,.0f} of ours on pooled connections, {counted['replayed']:,.0f} sent "
                  f"again, {counted['connects']:,.0f} connects", flush=True)
        return rows
    finally:
        for proxy in proxies:
            proxy.process.kill()
        endpoints.kill()


def metrics(agent):
    connection = http.client.HTTPConnection(agent.address, 7781, timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    start, end = "nearmost_forwarder_", "_total"
    lines = (line.split() for line in text.splitlines() if line.startswith(start))
    return {name[len(start):].removesuffix(end): float(value) for name, value in lines}


def changes(arguments, folder):
    endpoints = Endpoints(folder, arguments.origin, 4)
    agent = Agent(folder, arguments.nearmost, endpoints)
    dripping = Dripping((f"{http_servers.NET}.31", 9082))
    try:
        agent.replace("drip.yaml", f"""service: drip
labels: {{app: drip}}
ports: {{http: 9082}}
endpoints: [{http_servers.NET}.31]
---
{destination("drip", 8086)}---
{route_table("drip", 8086, ["/"])}""")
        agent.replace("live.yaml", live_table(0))
        until(lambda: accepts(agent.at(8086)) and accepts(agent.at(LIVE)) and ask_live(agent) == "0", 30, "routes live")
        streams = [Stream(agent, 8086) for _ in range(STREAMS)]
        loads = [Load(arguments, folder, agent, port, arguments.seconds, connections=16, **options)
                 for port, options in ((ONE_ROUTE, {}), (MANY_ROUTES, {}), (ONE_ROUTE, {"fresh": 1}))]
        begun, seen, late = time.monotonic(), 0, 0.0
        for number in range(1, arguments.seconds * 10):
            time.sleep(max(0.0, begun + number / 10 - time.monotonic()))
            change(agent, number)
            written = time.monotonic()
            until(lambda want=str(number): ask_live(agent) == want, 10, f"change {number}")
            seen, late = seen + 1, max(late, time.monotonic() - written)
        results = [load.result() for load in loads]
        dripping.over.set()
        for stream in streams:
            stream.join(30)
        cut = [stream.cut or "no end" for stream in streams if stream.cut or stream.is_alive() or not stream.bytes]
        print(f"  {seen} changes, each seen by a client at most {late * 1000:.0f} ms later; "
              f"{sum(result['answers'] for result in results):,} answers; cut: {cut}")
        return [Row(f"{seen} changes in {arguments.seconds} s: requests that failed",
                    sum(result["failed"] for result in results), 0),
                Row(f"the same: streams cut, of {STREAMS}", len(cut), 0)]
    finally:
        agent.process.kill()
        endpoints.kill()
        dripping.shutdown()


def change(agent, number):
    """A route of its own each time, and by turns what else may change under load."""
    agent.replace("live.yaml", live_table(number))
    if number % 3 == 0:  # a route of the table under load gets another name
        routes = [prefix(route) for route in range(http_servers.ROUTES)]
        agent.replace("routes.yaml", agent.routes().replace(f"route-{len(routes) - 1}\n",
                                                            f"route-{len(routes) - 1}-{number}\n"))
    if number % 7 == 0:  # a port comes and goes
        name = "comes.yaml"
        if number % 2:
            agent.replace(name, destination("small", 8087) + "---\n" + route_table("small", 8087, ["/"]))
        else:
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(agent.folder, "resources", name))


class Prober(threading.Thread):
    """Asks one after the other, and notes who answered last and when."""

    def __init__(self, agent):
        super().__init__(daemon=True)
        self.agent, self.answered_at, self.over = agent, {}, threading.Event()
        self.start()

    def run(self):
        connection = http.client.HTTPConnection(self.agent.address, ONE_ROUTE, timeout=5)
        while not self.over.wait(0.003):
            try:
                connection.request("GET", "/", headers={"Host": host(ONE_ROUTE)})
                answer = connection.getresponse()
                answer.read()
                self.answered_at[answer.headers["Server"]] = time.monotonic()
            except (OSError, http.client.HTTPException):
                connection.close()  # cut with the answer; the next request opens it anew


def outage(arguments, folder):
    endpoints = Endpoints(folder, arguments.origin, 4)
    agent = Agent(folder, arguments.nearmost, endpoints)
    try:
        prober = Prober(agent)
        seconds = arguments.outages * 4 + 4
        loads = {port: Load(arguments, folder, agent, port, seconds, connections=16, rate=1000)
                 for port in (ONE_ROUTE, NO_RETRIES)}
        time.sleep(2)
        slowest = 0.0
        for number in range(arguments.outages):
            slot = number % len(endpoints.running)
            endpoints.running[slot].process.kill()
            time.sleep(2)
            endpoints.running[slot] = endpoints.start(endpoints.addresses[slot])
            back = time.monotonic()
            until(lambda: prober.answered_at.get(endpoints.addresses[slot], 0) > back, 10, "it serves again")
            slowest = max(slowest, prober.answered_at[endpoints.addresses[slot]] - back)
            time.sleep(0.5)
        failed = {port: load.result()["failed"] for port, load in loads.items()}
        prober.over.set()
        return [Row(f"{arguments.outages} outages of one of four at 1,000 GETs a second: failed", failed[ONE_ROUTE], 0),
                Row("the same with attempts: 0: failed per outage", failed[NO_RETRIES] / arguments.outages, 3),
                Row("from its listening to its first answer, the slowest", slowest, 1.5, "s")]
    finally:
        agent.process.kill()
        endpoints.kill()


def memory(arguments, folder):
    endpoints = Endpoints(folder, arguments.origin, 1)
    agent = Agent(folder, arguments.nearmost, endpoints)
    try:
        # As many as may be open here; of the agent's descriptors the forwarder gives clients a quarter.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        count = min(8000, most // 5)
        settle(agent, agent.at(ONE_ROUTE), 200)  # whatever the first connections bring with them
        before = agent.memory()
        waiting = settle(agent, agent.at(ONE_ROUTE), count)
        each = (agent.memory() - before) * 1024 / count
        for client in waiting:
            client.close()
        rows = [Row(f"a connection that waits, of {count:,}", each, 0.7, "KB")]
        before = agent.memory()
        agent.replace("more.yaml", destination("small", LIVE + 3) + "---\n" + route_table(
            "small", LIVE + 3, [f"/of/5000/routes/{number}/" for number in range(5000)]))
        until(lambda: accepts(agent.at(LIVE + 3)), 30, "5,000 routes")
        time.sleep(3)
        rows.append(Row("5,000 routes more than 1,000", agent.memory() - before, 25, "MB"))
        print(f"  the agent in all: {agent.memory():.1f} MB")
        return rows
    finally:
        agent.process.kill()
        endpoints.kill()


def settle(agent, place, count):
    """Connections that had an answer and wait."""
    ip, _, port = place.rpartition(":")
    clients = [socket.create_connection((ip, int(port)), timeout=5) for _ in range(count)]
    for client in clients:
        client.sendall(f"GET / HTTP/1.1\r\nHost: {host(ONE_ROUTE)}\r\n\r\n".encode())
        answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert agent.process.alive()
    return clients


PARTS = {part.__name__: part for part in (stale, changes, outage, memory)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nearmost")
    parser.add_argument("origin")
    parser.add_argument("load")
    parser.add_argument("--json")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--outages", type=int, default=10)
    parser.add_argument("--part", action="append", choices=PARTS)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.part or PARTS:
        folder = tempfile.mkdtemp(prefix="nearmost-bench-")
        try:
            mine = PARTS[name](arguments, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for row in mine if name != stale.__name__ else []:
            row.show()
        rows += mine
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"bench": "http-trouble", "date": time.strftime("%F"), "rows": [vars(row) for row in rows]}, file,
                      indent=1)
    sys.exit(0 if all(row.met() for row in rows) else 1)


if __name__ == "__main__":
    main()
