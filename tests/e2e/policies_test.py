#!/usr/bin/env python3
"""policies_test.py NEARMOST: what policies make of requests, seen from outside, by one agent and one upstream."""
import http.server
import os
import sys
import threading
import time

from mesh import Mesh, until

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


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def statuses(mesh):
    return {s["object"]: s for s in mesh.ask("west", "status", check=False)["documents"]["routing"]}


def main():
    with Mesh(os.path.abspath(sys.argv[1]), clusters=["west"]) as mesh:
        server = http.server.ThreadingHTTPServer((mesh.address("west", 90), PORT), Upstream)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mesh.write("west", "policies.yaml",
                   DOCUMENTS.format(host=HOST, port=PORT, address=mesh.address("west", 90)))
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
        equal(said["HeaderManipulationPolicy policies/unseen"]["state"], "unused", "who loses everywhere")
        told = [p["message"] for p in mesh.ask("west", "status", check=False)["documents"]["problems"]
                if p["object"] == "HeaderManipulationPolicy policies/unseen"]
        equal(["HeaderManipulationPolicy policies/stamps" in message for message in told], [True], "the winner's name")
        route = mesh.ask("west", "route", "GET", f"http://{HOST}:{PORT}/patient/a")
        equal(sorted(route["policies"]), ["HeaderManipulationPolicy policies/stamps",
                                          "RetryTimeoutPolicy policies/patient"], "what route says")
        server.shutdown()
    print("ok")


main()
