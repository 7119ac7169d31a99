"""Proxies beside each other before one origin: ours, HAProxy and nginx, each with one worker, as alike as they can be.

Connections to the origin are kept and shared, nothing is health-checked, nothing is logged unless all write a line for
each request to a file (`log`), buffers are each one's own default,
an endpoint is the less loaded of two at random, and what we tell the origin of the client (X-Forwarded-For and -Proto,
Via) the others tell, too. Each has the same ports on an address of its own.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import accepts, request, until  # noqa: E402
from server import Server, on_core  # noqa: E402

NET = "127.88.2"
SMALL, LARGE = 100, 10 * 1024  # bytes of the origin's answers
# Ports of the proxies: small answers, small ones behind ROUTES routes, large ones; and of HAProxy alone small ones with
# its default for who may share connections to the origin.
ONE_ROUTE, MANY_ROUTES, TEN_KB, REUSE_SAFE = 8080, 8081, 8082, 8083
ROUTES = 1000


def host(port):
    return f"port{port}.mesh.internal"


def prefix(route):
    return f"/route-{route}/"


def targets(folder, port):
    """A file of what is asked for, in no order, as clients ask."""
    path = os.path.join(folder, f"targets-{port}")
    if not os.path.exists(path):
        lines = [prefix(route) + "items/42?sort=newest" for route in range(ROUTES)]
        random.Random(1).shuffle(lines)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return path


def answer_size(port):
    return LARGE if port == TEN_KB else SMALL


class Origin(Server):
    """On `endpoints` addresses, as if it were so many. Port 9080 answers with few bytes, 9081 with many."""

    name, core = "origin", 1
    ports = {SMALL: 9080, LARGE: 9081}

    def __init__(self, folder, binary, endpoints):
        self.addresses = [f"{NET}.{11 + number}" for number in range(endpoints)]
        places = [(address, size) for address in self.addresses for size in self.ports]
        super().__init__(folder, [binary, *(word for address, size in places
                                            for word in (f"{address}:{self.ports[size]}", str(size)))])

    def serves(self):
        return all(accepts(endpoint) for size in self.ports for endpoint in self.endpoints(size))

    def endpoints(self, size):
        return [f"{address}:{self.ports[size]}" for address in self.addresses]

    def at(self, port):
        """Where the load finds it without a proxy."""
        return self.endpoints(answer_size(port))[0]


class Proxy(Server):
    def at(self, port):
        return f"{self.address}:{port}"

    def serves(self):
        for port in (ONE_ROUTE, MANY_ROUTES, TEN_KB):
            try:
                answer = request((self.address, port), host(port), prefix(ROUTES - 1))
            except OSError:
                return False
            if answer.status != 200 or len(answer.body) != answer_size(port):
                return False
        return True


class Nearmost(Proxy):
    name, address = "nearmost", f"{NET}.1"

    def __init__(self, folder, binary, origin, log=False):
        self.folder = folder = os.path.join(folder, self.name)
        os.makedirs(os.path.join(folder, "resources"))
        for name, size in (("small", SMALL), ("large", LARGE)):
            self.write(f"resources/{name}.yaml", f"""service: {name}
labels: {{app: {name}}}
ports: {{http: {origin.ports[size]}}}
endpoints: [{", ".join(origin.addresses)}]
""")
        self.write("resources/routes.yaml", self.routes())
        config = self.write("agent.yaml", f"""cluster: bench
checks: false
gossip: {{listen: {self.address}:7700, insecure: true}}
dns: {{listen: {self.address}:7753}}
forwarder: {{listen: {self.address}, workers: 1{", accessLog: access.log" if log else ""}}}
admin: {{listen: {self.address}:7780}}
probes: {{listen: {self.address}:7781}}
resources: [resources]
""")
        super().__init__(folder, [os.path.abspath(binary), "agent", "-c", config])
        until(self.ready, 60, "nearmost is ready")

    def routes(self):
        return "---\n".join(
            [destination("small", ONE_ROUTE), route_table("small", ONE_ROUTE, ["/"]),
             destination("small", MANY_ROUTES),
             route_table("small", MANY_ROUTES, [prefix(route) for route in range(ROUTES)]),
             destination("large", TEN_KB), route_table("large", TEN_KB, ["/"])])

    def ready(self):
        with urllib.request.urlopen(f"http://{self.address}:7780/api/v1/status", timeout=5) as answer:
            return json.load(answer)["ready"]


def destination(service, port):
    return f"""apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {{name: port{port}, namespace: default}}
spec:
  hosts: [{host(port)}]
  services: [{{labels: {{app: {service}}}}}]
  ports: [{{number: {port}, protocol: HTTP, targetPort: {{name: http}}}}]
"""


def route_table(service, port, prefixes):
    routes = "".join(f"""
  - name: route-{number}
    matchers: [{{uri: {{prefix: {path}}}}}]
    forwardTo: {{}}""" for number, path in enumerate(prefixes))
    return f"""apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: port{port}, namespace: default}}
spec:
  hosts: [{host(port)}]
  defaultDestination:
    ref: {{name: port{port}, namespace: default}}
    kind: VIRTUAL_DESTINATION
    port: {{number: {port}}}
  http:{routes}
"""


class Silent(Nearmost):
    """The same without a log."""

    name, address = "nearmost, silent", f"{NET}.4"


# Its standard output goes to a file.
LOG_OF_HAPROXY = """    log stdout format raw local0
    option httplog
"""


class Haproxy(Proxy):
    name, address, binary, package = "haproxy", f"{NET}.2", "haproxy", "haproxy"

    def __init__(self, folder, origin, log=False):
        self.folder = folder
        routes = self.write("haproxy.map", "".join(f"{prefix(route)} small\n" for route in range(ROUTES)))
        fronts = [(ONE_ROUTE, "default_backend small"), (MANY_ROUTES, f"use_backend %[path,map_beg({routes})]"),
                  (TEN_KB, "default_backend large"), (REUSE_SAFE, "default_backend safe")]
        backs = [("small", SMALL, "always"), ("large", LARGE, "always"), ("safe", SMALL, "safe")]
        config = self.write("haproxy.cfg", f"""global
    nbthread 1
    maxconn 4096
defaults
    mode http
    option http-keep-alive
    option forwardfor
    balance random(2)
    timeout connect 1s
    timeout client 60s
    timeout server 60s
""" + (LOG_OF_HAPROXY if log else "") + "".join(f"""frontend port{port}
    bind {self.address}:{port}
    http-request set-header X-Forwarded-Proto http
    http-request add-header Via "1.1 haproxy"
    {where}
""" for port, where in fronts) + "".join(f"""backend {name}
    http-reuse {reuse}
""" + "".join(f"    server {at} {endpoint}\n" for at, endpoint in enumerate(origin.endpoints(size)))
            for name, size, reuse in backs))
        super().__init__(folder, [shutil.which(self.binary), "-db", "-f", config])


class Nginx(Proxy):
    name, address, binary, package = "nginx", f"{NET}.3", "nginx", "nginx-light"

    def __init__(self, folder, origin, log=False):
        self.folder = folder
        fronts = [(ONE_ROUTE, "small", ["/"]), (MANY_ROUTES, "small", [prefix(route) for route in range(ROUTES)]),
                  (TEN_KB, "large", ["/"])]
        temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write("nginx.conf", f"""worker_processes 1;
master_process off;
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/nginx.errors;
events {{ worker_connections 4096; }}
http {{
    access_log {f"{folder}/nginx.access" if log else "off"};
{temporary}    keepalive_timeout 60s;
    keepalive_requests 1000000;
    proxy_http_version 1.1;
    proxy_buffering on;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Via "1.1 nginx";
""" + "".join(f"""    upstream {name} {{
        random two least_conn;
        keepalive 512;
        keepalive_requests 1000000;
""" + "".join(f"        server {endpoint};\n" for endpoint in origin.endpoints(size)) + "    }\n"
            for name, size in (("small", SMALL), ("large", LARGE))) + "".join(f"""    server {{
        listen {self.address}:{port};
""" + "".join(f"        location {path} {{ proxy_pass http://{name}; }}\n" for path in paths) + "    }\n"
            for port, name, paths in fronts) + "}\n")
        super().__init__(folder, [shutil.which(self.binary), "-c", config, "-p", folder,
                                  "-e", os.path.join(folder, "nginx.errors")])


class Bare(Proxy):
    """Passes bytes on (bare_relay.cpp): what is left of a proxy that does nothing. Each client has an endpoint."""

    name, address = "bare relay", f"{NET}.5"

    def __init__(self, folder, binary, origin):
        words = [(self.at(port), origin.endpoints(answer_size(port))[0]) for port in (ONE_ROUTE, MANY_ROUTES, TEN_KB)]
        super().__init__(folder, [binary, *(word for pair in words for word in pair)])


class Load:
    """Asks from core 1, where the origin is, too; `before` stands before its command."""

    def __init__(self, binary, folder, before=()):
        self.binary, self.folder, self.before = binary, folder, before

    def command(self, server, port, seconds, **options):
        words = [word for name, value in options.items() for word in ("--" + name, str(value))]
        return [*self.before, *on_core(1), self.binary, "--server", server.at(port), "--host", host(port),
                "--targets", targets(self.folder, port), "--seconds", str(seconds),
                "--answer", str(answer_size(port)), *words]

    def run(self, server, port, seconds, **options):
        """`options` are http_load's; it ends with an error if one request was not answered as it should be."""
        done = subprocess.run(self.command(server, port, seconds, **options), check=True, capture_output=True,
                              timeout=60)
        result = json.loads(done.stdout)
        if result["failed"] or not result["answers"]:
            raise AssertionError(f"{server.name}, port {port}, {options}: {result}\n{server.process.tail()}")
        return result


def start(folder, nearmost, origin, peers=(Haproxy, Nginx), log=False):
    """Ours and those that are installed; where all have a log, one of ours has none."""
    proxies = [Nearmost(folder, nearmost, origin, log)]
    if log:
        proxies.append(Silent(folder, nearmost, origin))
    for peer in peers:
        if shutil.which(peer.binary):
            proxies.append(peer(folder, origin, log))
        else:
            print(f"{peer.name} is not installed and left out: apt-get install {peer.package}")
    return proxies
