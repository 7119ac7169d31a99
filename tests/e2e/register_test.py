#!/usr/bin/env python3
"""register_test.py NEARMOST: services register themselves, and are known everywhere for as long as they say so."""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from mesh import ADMIN, GOSSIP, PROBES, Mesh, equal, query, stays, until
from named_server import serve

PORT, HOST = 9090, "web.shop.mesh.internal"
DOCUMENT = "service: web\nnamespace: shop\nport: {port}\nendpoints: [{address}]\n"


class CheckedMesh(Mesh):
    checks = "true"


def post(mesh, cluster, path, body):
    url = f"http://{mesh.address(cluster)}:{ADMIN}/api/v1/{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), method="POST"), timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def seen(mesh, cluster):
    return sorted(query(mesh.address(cluster), HOST) or [])


def everywhere(mesh, addresses, seconds, what):
    for cluster in mesh.clusters:
        until(lambda: seen(mesh, cluster) == addresses, seconds, f"{what}, in {cluster}")


def registered(mesh):
    return [entry["endpoints"] for entry in mesh.ask("west", "status", check=False)["registrations"]]


def one_call(mesh, one, two):
    document = DOCUMENT.format(port=PORT, address=one)
    equal(post(mesh, "west", "register?lease=3s", document), (200, {"registered": True, "leaseMs": 3000}), "one call")
    everywhere(mesh, [one], 20, "one call and it is known")
    begun = time.monotonic()
    everywhere(mesh, [], 20, "its lease ends")
    if time.monotonic() - begun < 1:
        raise AssertionError("a lease of 3 s ended at once")

    for body, part in [("service: web\n", "registration:1"), (document + "cluster: east\n", "unknown field"),
                       (DOCUMENT.format(port=PORT, address="db.example.com"), "is a name"), ("", "short form")]:
        status, answer = post(mesh, "west", "register", body)
        equal((status, part in answer["error"]), (400, True), f"a registration of {body!r}: {answer}")
    equal(post(mesh, "west", "register?lease=1s", document)[0], 400, "too short a lease")
    equal(post(mesh, "west", "deregister", document)[0], 404, "what is not registered")

    # A file may name others of the same service.
    mesh.write("west", "web.yaml", DOCUMENT.format(port=PORT, address=two))
    everywhere(mesh, [two], 20, "the file's")
    equal(post(mesh, "west", "register?lease=60s", document)[0], 200, "beside a file's")
    everywhere(mesh, [one, two], 20, "both")
    sources = {e["address"]: e.get("source", "a document") for t in mesh.ask("east", "explain", HOST)["tiers"]
               for e in t["endpoints"]}
    equal(sources, {one: "registration", two: "a document"}, "where explain says they come from")


def dead_and_restarted(mesh, server, one, two):
    server.shutdown()
    server.server_close()
    everywhere(mesh, [two], 20, "a registered endpoint that is dead leaves the answers")
    server = serve(one, PORT)
    everywhere(mesh, [one, two], 20, "and comes back")
    mesh.agents["west"].terminate()
    mesh.start_agent("west")
    until(lambda: seen(mesh, "west"), 20, "west's new agent answers")
    stays(lambda: seen(mesh, "west"), [one, two], 2, "what a restart knows")
    until(lambda: mesh.ready("west") and mesh.sees_all("west"), 20, "west ready")
    equal(registered(mesh), [one], "what is registered after a restart")
    equal(post(mesh, "west", "deregister", DOCUMENT.format(port=PORT, address=one))[0], 200, "taken back")
    everywhere(mesh, [two], 20, "taken back")
    return server


def by_command(mesh, one, two):
    with open(mesh.path("me.yaml"), "w", encoding="utf-8") as file:
        file.write(DOCUMENT.format(port=PORT, address=one))
    command = [mesh.binary, "register", mesh.path("me.yaml"), "--lease", "3s",
               "--admin", f"{mesh.address('west')}:{ADMIN}"]

    def start():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        everywhere(mesh, [one, two], 20, "while the command runs")
        return process
    process = start()
    stays(lambda: seen(mesh, "east"), [one, two], 4, "longer than a lease")
    process.send_signal(signal.SIGTERM)
    equal(process.wait(timeout=10), 0, "SIGTERM to the command")
    everywhere(mesh, [two], 2, "it takes itself back")
    process = start()
    process.kill()
    process.wait()
    everywhere(mesh, [two], 8, "who dies is forgotten")


def metric(mesh, cluster, name):
    with urllib.request.urlopen(f"http://{mesh.address(cluster)}:{PROBES}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " ")), 0.0)


def from_another_host(mesh, one, two):
    """By the gossip port, with the cluster's certificate and no other."""
    mesh.run("tls", "issue", "--cluster", "west", "--leaf", "--dir", mesh.path("authority"))
    mesh.run("tls", "init", "--dir", mesh.path("another"))
    mesh.run("tls", "issue", "--cluster", "west", "--dir", mesh.path("another"))
    agent = ["--agent", f"{mesh.address('west')}:{GOSSIP}"]

    def order(command, folder, *more, check=False):
        return mesh.run(command, mesh.path("me.yaml"), *agent, "--tls", folder, *more, check=check)
    own = mesh.path("authority", "west")
    order("register", own, "--once", "--lease", "60s", check=True)
    everywhere(mesh, [one, two], 20, "registered from another host")
    order("deregister", own, check=True)
    everywhere(mesh, [two], 20, "and taken back")
    equal("no such service" in order("deregister", own).stderr, True, "twice")

    for folder, words in [(mesh.path("authority", "east"), "a certificate for cluster east registers nothing in west"),
                          (mesh.path("authority", "west", "leaf"), "a leaf's certificate cannot speak"),
                          (mesh.path("another", "west"), ""), (mesh.path("nowhere"), "nowhere")]:
        done = order("register", folder, "--once")
        equal((done.returncode, words in done.stderr), (2, True), f"with {folder}: {done.stderr}")
    done = mesh.run("register", mesh.path("me.yaml"), *agent, "--insecure", "--once", check=False)
    equal(done.returncode, 2, f"in plain text: {done.stderr}")
    stays(lambda: seen(mesh, "east"), [two], 1, "none of them is known")
    equal(metric(mesh, "west", 'nearmost_remote_registrations_total{result="denied"}'), 2.0, "denied")
    equal(any("registers nothing in west" in line for line in mesh.ask("west", "status", check=False)["degraded"]),
          True, "status says who tried")
    with open(mesh.path("west", "agent.log"), encoding="utf-8") as log:
        equal("registers nothing in west" in log.read(), True, "and so does the log")

    process = subprocess.Popen([mesh.binary, "register", mesh.path("me.yaml"), "--lease", "3s", *agent, "--tls", own])
    everywhere(mesh, [one, two], 20, "while the command runs")
    mesh.agents["west"].terminate()
    mesh.start_agent("west")
    until(lambda: mesh.ready("west"), 20, "west's new agent is ready")
    everywhere(mesh, [one, two], 20, "after a restart")
    process.send_signal(signal.SIGTERM)
    equal(process.wait(timeout=20), 0, "SIGTERM to the command")
    everywhere(mesh, [two], 20, "it takes itself back")


def main():
    with CheckedMesh(os.path.abspath(sys.argv[1]), clusters=["west", "east"]) as mesh:
        one, two = [mesh.address("west", n) for n in (91, 92)]
        first = serve(one, PORT)
        serve(two, PORT)
        mesh.start()
        one_call(mesh, one, two)
        dead_and_restarted(mesh, first, one, two)
        by_command(mesh, one, two)
        from_another_host(mesh, one, two)


if __name__ == "__main__":
    main()
