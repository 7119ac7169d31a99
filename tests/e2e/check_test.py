#!/usr/bin/env python3
"""check_test.py NEARMOST: every kind of bad input is named with its line, by `check` and by an agent that starts; both
end with exit code 2, and what is only odd is a warning.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

from mesh import Mesh

SERVICE = "service: ratings\nport: 9080\nendpoints: [127.0.0.9]\n"
TABLE = """apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: NAME, labels: {part: NAME}}
spec:
"""
DESTINATION = """apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: NAME}
spec:
  hosts: [ratings.mesh.internal]
  services: [{labels: {app: ratings}}]
  ports: [{number: 9080, protocol: HTTP}]
"""


def table(name, spec):
    return TABLE.replace("NAME", name) + "".join("  " + line + "\n" for line in spec.split("\n"))


def forward(*destinations):
    rows = "".join(f"\n    - ref: {{name: ratings}}\n      port: {{number: 9080}}\n      {d}" for d in destinations)
    return f"http:\n- forwardTo:\n    destinations:{rows}"


# (what, agent.yaml, documents, exit code, words that one line of the output must hold together)
CASES = [
    ("nothing wrong", "cluster: east\nresources: [a.yaml]\n", SERVICE, 0, ["0 errors"]),
    ("broken YAML in agent.yaml", "cluster: [east\n", "", 2, ["agent.yaml:", "error"]),
    ("an unknown key in agent.yaml", "cluster: east\ngosip: {}\n", "", 2,
     ["agent.yaml:2:", "gosip", 'did you mean "gossip"?']),
    ("a listener without certificates", "cluster: east\ngossip:\n  listen: 0.0.0.0:7700\n", "", 2,
     ["agent.yaml:3:", "gossip.listen", "certificates"]),
    ("broken YAML in a document", "cluster: east\nresources: [a.yaml]\n", SERVICE + "---\nservice: [x\n", 2,
     ["a.yaml:", "error"]),
    ("a file that is not there", "cluster: east\nresources: [absent.yaml]\n", "", 2,
     ["agent.yaml:2:", "absent.yaml"]),
    ("a file that cannot be read", "cluster: east\nresources: [dangling]\n", "", 2, ["dangling"]),
    ("an unknown key in a document", "cluster: east\nresources: [a.yaml]\n", SERVICE + "lables: {a: b}\n", 0,
     ["a.yaml:4:", "warning", 'did you mean "labels"?']),
    ("the same host twice", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "one") + "---\n" + DESTINATION.replace("NAME", "two"), 2,
     ["a.yaml:", "ratings.mesh.internal"]),
    ("a port that only the forwarder could map, and it cannot", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "db").replace("HTTP", "TCP, targetPort: {number: 9081}"), 2,
     ["a.yaml:", "error", "spec.ports", "port 9080 (TCP)", "HTTP/1.1 only"]),
    ("a port that needs mapping without a forwarder", "cluster: east\nforwarder: false\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "web").replace("HTTP", "HTTP, targetPort: {number: 9081}"), 2,
     ["a.yaml:", "error", "spec.ports", "port 9080 (HTTP)", "switched off"]),
    ("a port that a route table puts behind the forwarder", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "db").replace("HTTP", "HTTP}, {number: 5432, protocol: TCP") + "---\n" +
     table("r", "hosts: [ratings.mesh.internal]\nhttp:\n- directResponse: {status: 200}"), 0,
     ["a.yaml:", "warning", "spec.ports", "port 5432 (TCP)", "RouteTable"]),
    ("a host that a route table names and the forwarder does not speak", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "rpc").replace("HTTP", "GRPC") + "---\n" +
     table("r", "hosts: [ratings.mesh.internal]\nhttp:\n- directResponse: {status: 200}"), 0,
     ["a.yaml:", "warning", "RouteTable default/r", "spec.hosts", "not captured", "HTTP/1.1"]),
    ("a quote that is never closed", "cluster: east\nresources: [a.yaml]\n",
     SERVICE.replace("ratings", '"ratings'), 2, ["a.yaml:", "error", "quote that is never closed"]),
    ("two listeners in each other's way",
     "cluster: east\ngossip:\n  listen: 0.0.0.0:17801\n  insecure: true\nprobes: {listen: '127.0.0.1:17801'}\n", "",
     None, ["agent.yaml:5:", "probes.listen"]),
    ("weights that do not add up", "cluster: east\nresources: [a.yaml]\n",
     SERVICE + "---\n" + table("r", "hosts: [x.mesh.internal]\n" + forward("weight: 80", "weight: 30")), 2,
     ["a.yaml:", "110"]),
    ("a route to nothing", "cluster: east\nresources: [a.yaml]\n",
     table("r", "hosts: [x.mesh.internal]\nhttp:\n- forwardTo: {destinations: [{ref: {name: nobody}}]}"), 2,
     ["a.yaml:", "error", "nobody", "ref.cluster"]),
    ("a delegation cycle", "cluster: east\nresources: [a.yaml]\n",
     table("a", "hosts: [x.mesh.internal]\nhttp:\n- delegate: {routeTables: [{labels: {part: b}}]}") + "---\n" +
     table("b", "http:\n- delegate: {routeTables: [{labels: {part: c}}]}") + "---\n" +
     table("c", "http:\n- delegate: {routeTables: [{labels: {part: b}}]}"), 2, ["a.yaml:", "cycle"]),
    ("a regular expression that is none", "cluster: east\nresources: [a.yaml]\n",
     SERVICE + "---\n" + table("r", "hosts: [x.mesh.internal]\nhttp:\n- matchers: [{uri: {regex: '/(('}}]\n"
                               "  directResponse: {status: 200}"), 2, ["a.yaml:", "error", "regex"]),
    ("a wildcard that nobody would answer", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "pay").replace("ratings.mesh.internal", '"*.pay.example"'), 0,
     ["a.yaml:5:", "warning", "spec.hosts[0]", "no wildcard is answered there", "add its zone to dns.zones"]),
    ("a wildcard that is none", "cluster: east\nresources: [a.yaml]\n",
     DESTINATION.replace("NAME", "pay").replace("ratings.mesh.internal", '"*-x.mesh.internal"'), 2,
     ["a.yaml:5:", "error", "spec.hosts[0]", "whole first label", "write *.NAME"]),
    ("a port of nobody's", "cluster: east\nresources: [a.yaml]\n", SERVICE.replace("9080", "99999"), 2,
     ["a.yaml:2:", "port"]),
]


def run(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def check(binary, folder, case):
    what, config, documents, code, words = case
    for name, text in (("agent.yaml", config), ("a.yaml", documents)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    path = os.path.join(folder, "agent.yaml")
    returned, output = run(binary, "check", "-c", path)
    if code is not None and returned != code:
        return f"{what}: exit code {returned}, expected {code}\n{output}"
    if not any(all(word in line for word in words) for line in output.split("\n")):
        return f"{what}: no line with {words} in\n{output}"
    if code == 2:
        returned, output = run(binary, "agent", "-c", path)
        if returned != 2 or not any(all(word in line for word in words) for line in output.split("\n")):
            return f"{what}: the agent ends with {returned}, expected 2\n{output}"
    return None


def line_of(path, word):
    with open(path, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if line.startswith(word))


def a_port_in_use_is_named(binary):
    """Of every listener of agent.yaml in turn: `check` warns (it asks about now), a start fails."""
    with Mesh(binary, ["east"]) as mesh:
        path = mesh.path("east", "agent.yaml")
        for field, port in (("gossip", 7700), ("dns", 7753), ("admin", 7780), ("probes", 7781)):
            words = [f"{path}:{line_of(path, field)}:", f"{field}.listen", f"{mesh.address('east')}:{port}"]
            with socket.create_server((mesh.address("east"), port)):
                for command, expected in (("check", 0), ("agent", 2)):
                    returned, output = run(binary, command, "-c", path)
                    if returned != expected or not any(all(w in line for w in words) for line in output.split("\n")):
                        return f"{command} with {field}'s port in use: {returned}, no line with {words} in\n{output}"
        words = [f"{path}:{line_of(path, 'forwarder')}:", "forwarder.listen", f"{mesh.address('east')}:8080"]
        with socket.create_server((mesh.address("east"), 8080)):  # asked for by documents: tried again each second
            returned, output = run(binary, "check", "-c", path)
            if returned != 0 or not any(all(w in line for w in words) for line in output.split("\n")):
                return f"check with a destination's port in use: {returned}, no line with {words} in\n{output}"
    return None


def a_certificate_for_another_name_is_named(binary):
    with Mesh(binary, ["east", "west"]) as mesh:
        shutil.rmtree(mesh.path("east", "tls"))
        shutil.copytree(mesh.path("west", "tls"), mesh.path("east", "tls"))
        path = mesh.path("east", "agent.yaml")
        for command in ("check", "agent"):
            returned, output = run(binary, command, "-c", path)
            words = [path, "gossip.tls", "west", "east"]
            if returned != 2 or not any(all(word in line for word in words) for line in output.split("\n")):
                return f"{command} with a certificate for another name: {returned}, no line with {words} in\n{output}"
    return None


def a_certificate_is_not_held_against_no_name(binary):
    with Mesh(binary, ["east"]) as mesh:
        path = mesh.path("east", "agent.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("cluster: east", "cluster: East"))
        returned, output = run(binary, "check", "-c", path)
        if returned != 2 or "cert.pem" in output or 'write "east"' not in output:
            return f"check of a cluster without a good name: {returned}\n{output}"
    return None


def an_address_that_is_none_is_not_passed_over(binary):
    """status asks where agent.yaml says, or says why it cannot; never the default address instead."""
    folder = tempfile.mkdtemp(prefix="nearmost-check-")
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("cluster: east\nadmin: 127.0.0.1:17780\n")
    returned, output = run(binary, "status", "-c", path)
    shutil.rmtree(folder)
    if returned != 2 or "agent.yaml:2:8: error: admin: expected a map" not in output:
        return f"status with an admin that is no map: {returned}\n{output}"
    return None


def every_command_speaks_json(binary):
    """tls and agent here, dns-snippet below; those that ask an agent, in mesh_test.py."""
    folder = tempfile.mkdtemp(prefix="nearmost-check-")
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("clutser: east\n")
    try:
        made = json.loads(run(binary, "tls", "init", "--dir", folder, "-o", "json")[1])
        issued = json.loads(run(binary, "tls", "issue", "--dir", folder, "--cluster", "east", "-o", "json")[1])
        refused, output = run(binary, "agent", "-c", path, "-o", "json")
        problems = json.loads(output)["problems"]
    except ValueError as error:
        return f"no JSON: {error}"
    finally:
        shutil.rmtree(folder)
    if len(made["wrote"]) != 2 or len(issued["wrote"]) != 3 or not issued["next"]:
        return f"tls -o json: {made} {issued}"
    if refused != 2 or not any(problem["field"] == "clutser" for problem in problems):
        return f"agent -o json: {refused} {problems}"
    return None


def every_mistake_is_told_at_once(binary):
    """Of agent.yaml, of a document that cannot be read, of one that can, and of what the compiler finds in either."""
    folder = tempfile.mkdtemp(prefix="nearmost-check-")
    documents = SERVICE.replace("9080", "0") + "---\n" + table(
        "r", "hosts: [x.mesh.internal]\n" + forward("weight: 80", "weight: 30") +
        "\n- matchers: [{uri: {regex: '/(('}}]\n  directResponse: {status: 200}") + "---\n" + table(
        "s", "hosts: [y.mesh.internal]\nhttp:\n- matchers: [{uri: {regex: '/(('}}]\n  directResponse: {status: 200}")
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("clutser: east\nresources: [a.yaml]\n")
    with open(os.path.join(folder, "a.yaml"), "w", encoding="utf-8") as file:
        file.write(documents)
    try:
        for command in ("check", "agent"):
            returned, output = run(binary, command, "-c", path)
            for words in (["agent.yaml:1:", "clutser"], ["a.yaml:2:", "port"], ["RouteTable default/r", "110"],
                          ["RouteTable default/r", "regex"], ["RouteTable default/s", "regex"]):
                if sum(all(word in line for word in words) for line in output.split("\n")) != 1:
                    return f"{command}: not one line with {words} in\n{output}"
            if returned != 2:
                return f"{command} ends with {returned}"
    finally:
        shutil.rmtree(folder)
    return None


def a_snippet_needs_what_it_prints(binary):
    """dns-snippet: a mistake elsewhere in agent.yaml keeps nobody from it, one in what it prints does."""
    folder = tempfile.mkdtemp(prefix="nearmost-check-")
    path = os.path.join(folder, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write('cluster: east\nadmin: {listen: nowhere}\ndns: {listen: "${NO_SUCH}:7753", zones: [mesh.example]}\n')
    cases = [(["unbound"], 2, "the environment has no NO_SUCH"),
             (["unbound", "--to", "10.0.0.53"], 0, "forward-addr: 10.0.0.53\n"),
             (["powerdns", "--to", "10.0.0.53"], 2, "coredns-custom"),
             (["unbound", "--to", "nowhere"], 2, "nowhere"),
             (["unbound", "--to", "10.0.0.53", "-o", "json"], 0, '"mesh.example"')]
    ran = [(arguments, code, words, *run(binary, "dns-snippet", *arguments, "-c", path))
           for arguments, code, words in cases]
    shutil.rmtree(folder)
    for arguments, code, words, returned, output in ran:
        if returned != code or words not in output:
            return f"dns-snippet {' '.join(arguments)}: {returned}, expected {code} and {words!r} in\n{output}"
    if json.loads(ran[-1][-1])["names"] != ["mesh.example"]:
        return f"dns-snippet -o json: {ran[-1][-1]}"
    return None


def main():
    binary = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="nearmost-check-")
    os.symlink(os.path.join(folder, "nowhere"), os.path.join(folder, "dangling"))
    failures = [failure for case in CASES if (failure := check(binary, folder, case))]
    tests = (a_port_in_use_is_named, a_certificate_for_another_name_is_named, every_mistake_is_told_at_once,
             a_certificate_is_not_held_against_no_name, an_address_that_is_none_is_not_passed_over,
             every_command_speaks_json, a_snippet_needs_what_it_prints)
    failures += [failure for test in tests if (failure := test(binary))]
    shutil.rmtree(folder)
    for failure in failures:
        print("FAILED  " + failure)
    print(f"{len(CASES) + len(tests)} cases, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
