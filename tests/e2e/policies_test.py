#!/usr/bin/env python3
"""policies_test.py NEARMOST: what policies make of requests, seen from outside, by one agent and one upstream."""
import http.server
import os
import sys
import threading
import time
import urllib.request

from mesh import ADMIN, PLACES, Mesh, equal, query, until
from named_server import Named, serve

HOST, PORT = "flaky.policies.example", 9090
DOCUMENTS = """service: flaky
namespace: policies
ports: {{http: {port}}}
endpoints: [{address}]
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {{name: flaky, namespace: policies, labels: {{team: policies}}}}
spec:
  hosts: [{host}]
  http:
  - matchers: [{{uri: {{prefix: /patient}}}}]
    labels: {{retried: "yes"}}
    forwardTo: {{destinations: [{{ref: {{name: flaky}}, port: {{number: {port}}}}}]}}
  - forwardTo: {{destinations: [{{ref: {{name: flaky}}, port: {{number: {port}}}}}]}}
---
apiVersion: resilience.policy.gloo.solo.io/v2
kind: RetryTimeoutPolicy
metadata: {{name: patient, namespace: policies}}
spec:
  applyToRoutes: [{{route: {{labels: {{retried: "yes"}}}}}}]
  config: {{requestTimeout: 1s, retries: {{attempts: 2, retryOn: "503"}}}}
---
apiVersion: trafficcontrol.policy.gloo.solo.io/v2
kind: HeaderManipulationPolicy
metadata: {{name: stamps, namespace: policies}}
spec:
  applyToRoutes: [{{route: {{labels: {{team: policies}}}}}}]
  config:
    removeRequestHeaders: [X-Debug]
    appendRequestHeaders: {{X-Mesh: west}}
    removeResponseHeaders: [Server]
    appendResponseHeaders: {{X-Served-By: nearmost}}
---
apiVersion: trafficcontrol.policy.gloo.solo.io/v2
kind: HeaderManipulationPolicy
metadata: {{name: unseen, namespace: policies}}
spec: {{applyToRoutes: [{{route: {{labels: {{team: policies}}}}}}], config: {{appendRequestHeaders: {{X-Mesh: no}}}}}}
"""


SPREAD_HOST, SPREAD_PORT = "spread.policies.example", 9091
SPREAD = """
---
service: spread
namespace: policies
ports: {{http: {port}}}
endpoints: {addresses}
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {{name: spread, namespace: policies, labels: {{app: spread}}}}
spec: {{hosts: [{host}], services: [{{name: spread, namespace: policies}}], ports: [{{number: {port}}}]}}
---
apiVersion: trafficcontrol.policy.gloo.solo.io/v2
kind: LoadBalancerPolicy
metadata: {{name: sticky, namespace: policies}}
spec:
  applyToDestinations: [{{kind: VIRTUAL_DESTINATION, selector: {{labels: {{app: spread}}}}}}]
  config: {balancing}
---
apiVersion: resilience.policy.gloo.solo.io/v2
kind: OutlierDetectionPolicy
metadata: {{name: strict, namespace: policies}}
spec:
  applyToDestinations: [{{kind: VIRTUAL_DESTINATION, selector: {{labels: {{app: spread}}}}}}]
  config: {{consecutiveErrors: 3, baseEjectionTime: 5s}}
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    """503 to the first two requests of each path; /slow in it: no answer for two seconds."""
    protocol_version = "HTTP/1.1"
    seen = []  # (path, headers)

    def do_GET(self):
        times = sum(path == self.path for path, _ in self.seen)
        self.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        if "/slow" in self.path:
            time.sleep(2)
        body = b"fine\n"
        self.send_response(503 if times < 2 and "/slow" not in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


def fields(answer):
    return {name.lower(): value for name, value in answer.headers.items()}


def statuses(mesh):
    return {s["object"]: s for s in mesh.ask("west", "status", check=False)["documents"]["routing"]}


def spread_by_policies(mesh):
    addresses = [mesh.address("west", n) for n in (91, 92, 93)]
    for address in addresses:
        serve(address, SPREAD_PORT)

    def write(balancing):
        mesh.write("west", "spread.yaml", SPREAD.format(
            host=SPREAD_HOST, port=SPREAD_PORT, addresses=addresses, balancing=balancing))

    def ask(user="nobody"):
        try:
            answer = mesh.request("west", SPREAD_HOST, SPREAD_PORT, "/", headers={"X-User": user})
        except OSError as error:
            return 0, str(error)
        return answer.status, answer.body

    def by(user):
        return {ask(user)[1] for _ in range(3)}

    write("{consistentHash: {httpHeaderName: x-user}}")
    until(lambda: ask()[0] == 200, 20, "the destination is there")
    users = {f"user-{n}": by(f"user-{n}") for n in range(40)}
    equal({len(seen) for seen in users.values()}, {1}, "endpoints that one user sees")
    equal(len(set().union(*users.values())), 3, "endpoints that all users see")

    broken = next(iter(users["user-0"]))
    Named.broken.add(broken)
    seen = [ask("user-0")[0] for _ in range(20)]
    equal(seen[:3] + [seen.count(500), seen[-1]], [500, 500, 500, 3, 200], "three errors, and it is ejected")
    for user, before in users.items():
        if before != {broken}:
            equal(by(user), before, f"{user} stays where it was")
    with urllib.request.urlopen(f"http://{mesh.address('west')}:{ADMIN}/metrics", timeout=5) as metrics:
        equal("nearmost_forwarder_ejections_total 1\n" in metrics.read().decode(), True, "it is counted, once")
    Named.broken.clear()
    until(lambda: by("user-0") == {broken}, 20, "it is back after its ejection")

    # Who has no cookie is given one that leads where this answer came from.
    write("{consistentHash: {httpCookie: {name: sid, ttl: 1h, path: /}}}")
    until(lambda: fields(mesh.request("west", SPREAD_HOST, SPREAD_PORT, "/")).get("set-cookie"), 20, "a cookie")
    led = set()
    for _ in range(30):
        first = mesh.request("west", SPREAD_HOST, SPREAD_PORT, "/")
        cookie, *rest = fields(first)["set-cookie"].split("; ")
        equal(rest, ["Max-Age=3600", "Path=/", "HttpOnly"], "what is said of the cookie")
        again = [mesh.request("west", SPREAD_HOST, SPREAD_PORT, "/", headers={"Cookie": cookie}) for _ in range(3)]
        equal({answer.body for answer in again}, {first.body}, "where the cookie leads")
        equal(["set-cookie" in fields(answer) for answer in again], [False] * 3, "no second one")
        led.add(first.body)
    equal(len(led), 3, "endpoints that clients without a cookie see")

    write("{simple: ROUND_ROBIN}")
    until(lambda: len({ask("user-0")[1] for _ in range(6)}) == 3, 20, "spread in turn")
    route = mesh.ask("west", "route", "GET", f"http://{SPREAD_HOST}:{SPREAD_PORT}/")
    equal(route["destinations"][0]["policies"],
          ["LoadBalancerPolicy policies/sticky", "OutlierDetectionPolicy policies/strict"], "what route says")
    equal(statuses(mesh)["LoadBalancerPolicy policies/sticky"]["notes"], ["it applies to 1 destination"], "status")


WARMING, WARMING_PORT = """
---
service: warm
namespace: policies
ports: {{http: {port}}}
endpoints: {addresses}
---
apiVersion: trafficcontrol.policy.gloo.solo.io/v2
kind: LoadBalancerPolicy
metadata: {{name: warm, namespace: policies}}
spec:
  applyToDestinations: [{{selector: {{name: warm, namespace: policies}}}}]
  config: {{simple: LEAST_REQUEST, warmupDurationSecs: 1h}}
""", 9092


def write_warming(mesh, addresses):
    mesh.write("west", "warming.yaml", WARMING.format(port=WARMING_PORT, addresses=addresses))


def warms_up_by_policy(mesh):
    """Beside the two that were there when the agent started a third gets a tenth of what each of them gets."""
    addresses = [mesh.address("west", n) for n in (91, 92, 93)]
    for address in addresses:
        serve(address, WARMING_PORT)

    def seen(times):
        asked = [mesh.request("west", "warm.policies.mesh.internal", WARMING_PORT, "/").body for _ in range(times)]
        return [asked.count(address) for address in addresses]
    first, second, third = seen(300)
    equal((min(first, second) > 100, third), (True, 0), f"{first} and {second} of 300 requests for who was there")
    write_warming(mesh, addresses)
    until(lambda: seen(30)[2] > 0, 30, "the third is there")
    route = mesh.ask("west", "route", "GET", f"http://warm.policies.mesh.internal:{WARMING_PORT}/")
    equal(sum("(warms up: 10 % of its weight)" in member for member in route["destinations"][0]["tiers"][0]["members"]),
          1, "who warms up by what route says")
    third = seen(300)[2]
    equal(third < 50, True, f"{third} of 300 requests for who warms up")


FAILOVER = """
---
service: far
namespace: policies
ports: {{http: {port}}}
endpoints: [{{address: {near}, zone: here}}, {{address: {there}, zone: there}}]
---
apiVersion: resilience.policy.gloo.solo.io/v2
kind: FailoverPolicy
metadata: {{name: away, namespace: policies}}
spec:
  applyToDestinations: [{{selector: {{name: far}}}}]
  config:
    localityMappings:
    - from: {{region: {region}}}
      to: [{{region: {region}, zone: there, weight: 100}}]
"""


def led_away_by_policy(mesh):
    near, there = mesh.address("west", 91), mesh.address("west", 92)  # of spread_by_policies
    host = "far.policies.mesh.internal"
    mesh.write("west", "far.yaml", FAILOVER.format(port=SPREAD_PORT, near=near, there=there, region=PLACES["west"][0]))
    until(lambda: query(mesh.address("west"), host) == [there], 20, "DNS leads there")
    explained = mesh.ask("west", "explain", "far.policies")
    equal(explained["failover"], "FailoverPolicy policies/away", "what explain says")


def main():
    with Mesh(os.path.abspath(sys.argv[1]), clusters=["west"]) as mesh:
        server = http.server.ThreadingHTTPServer((mesh.address("west", 90), PORT), Upstream)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mesh.write("west", "policies.yaml",
                   DOCUMENTS.format(host=HOST, port=PORT, address=mesh.address("west", 90)))
        write_warming(mesh, [mesh.address("west", n) for n in (91, 92)])
        mesh.start()

        def get(path):
            return mesh.request("west", HOST, PORT, path, headers={"X-Debug": "1"})
        until(lambda: get("/patient/slow").status == 504, 20, "the route is there")
        began = time.monotonic()
        late = get("/patient/slow")
        took = time.monotonic() - began
        headers = {k.lower(): v for k, v in late.headers.items()}
        equal((late.status, headers.get("x-nearmost-reason")), (504, "requestTimeout is over"), "a slow upstream")
        if not 0.9 < took < 1.9:
            raise AssertionError(f"requestTimeout of 1 s after {took:.2f} s")

        equal(get("/patient/a").status, 200, "two 503s are not seen with a policy")
        equal(sum(path == "/patient/a" for path, _ in Upstream.seen), 3, "requests that came")
        plain = get("/plain")
        equal(plain.status, 503, "without one they are")

        sent = next(fields for path, fields in Upstream.seen if path == "/plain")
        equal((sent.get("x-mesh"), "x-debug" in sent), ("west", False), "what goes up")
        came = {k.lower(): v for k, v in plain.headers.items()}
        equal((came.get("x-served-by"), "server" in came), ("nearmost", False), "what comes back")

        said = statuses(mesh)
        equal(said["RetryTimeoutPolicy policies/patient"]["notes"], ["it applies to 1 route"], "its status")
        unseen = said["HeaderManipulationPolicy policies/unseen"]
        equal((unseen["state"], unseen["notes"]),
              ("failed", ["all that it selects have another of its kind: HeaderManipulationPolicy policies/stamps"]),
              "who loses everywhere")
        told = [p["message"] for p in mesh.ask("west", "status", check=False)["documents"]["problems"]
                if p["object"] == "HeaderManipulationPolicy policies/unseen"]
        equal(["HeaderManipulationPolicy policies/stamps" in message for message in told], [True], "the winner's name")
        route = mesh.ask("west", "route", "GET", f"http://{HOST}:{PORT}/patient/a")
        equal(sorted(route["policies"]), ["HeaderManipulationPolicy policies/stamps",
                                          "RetryTimeoutPolicy policies/patient"], "what route says")
        warms_up_by_policy(mesh)
        spread_by_policies(mesh)
        led_away_by_policy(mesh)
        server.shutdown()
    print("ok")


main()
