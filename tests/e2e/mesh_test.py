#!/usr/bin/env python3
"""mesh_test.py NEAREMOST [STORY…]: what three agents do together, told as stories; each starts where the last ended."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

from mesh import DNS, Mesh, equal, query, stays, until

PAGE, REVIEWS, RATINGS, DETAILS = "productpage.bookinfo.example", "reviews.mesh.internal", "ratings.mesh.internal", \
    "details.mesh.internal"


def names_resolve_to_the_nearest_cluster(mesh):
    for cluster in mesh.clusters:
        expected = ["east"] if cluster == "west" else [cluster]  # west runs no details; east is in its region
        until(lambda: mesh.resolve(cluster, DETAILS) == expected, 15, f"{DETAILS} from {cluster} is {expected}")
    # A RouteTable names these hosts, so DNS leads to the cluster's own forwarder.
    for host in (REVIEWS, RATINGS):
        until(lambda: query(mesh.address("eu"), host) == [mesh.address("eu")], 15, f"{host} leads to the forwarder")
    # An exported service resolves without a virtual destination.
    until(lambda: mesh.resolve("eu", "ratings.bookinfo.mesh.internal") == ["eu"], 5, "the service by its own name")


def dig(mesh, *arguments):
    command = ["dig", "@" + mesh.address("west"), "-p", str(DNS), "+noall", "+comments", "+question", "+answer",
               "+authority", "+tries=1", "+time=3", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout


def dig_gets_what_the_rules_of_dns_say(mesh):
    for arguments, wanted in [
        ((DETAILS,), ["status: NOERROR", "flags: qr aa", "IN\tA\t" + mesh.address("east", 21)]),
        ((DETAILS, "+tcp"), ["status: NOERROR", "IN\tA\t" + mesh.address("east", 21)]),
        (("DeTaIlS.mEsH.iNtErNaL",), ["DeTaIlS.mEsH.iNtErNaL", "IN\tA\t" + mesh.address("east", 21)]),
        ((DETAILS, "AAAA"), ["status: NOERROR", "ANSWER: 0", "AUTHORITY: 1", "SOA"]),
        ((DETAILS, "TYPE65400"), ["status: NOERROR", "ANSWER: 0", "SOA"]),
        ((DETAILS, "ANY"), ["status: NOERROR", "RFC8482"]),
        ((DETAILS, "SRV"), ["status: NOERROR", "SOA"]),
        (("_http._tcp." + DETAILS, "SRV"), ["status: NOERROR", "9080"]),
        (("_tcp." + DETAILS, "A"), ["status: NOERROR", "ANSWER: 0"]),
        ((DETAILS, "+edns=1", "+noednsneg"), ["status: BADVERS"]),
        (("absent.mesh.internal",), ["status: NXDOMAIN", "SOA"]),
        (("mesh.internal", "SOA"), ["status: NOERROR", "ANSWER: 1", "SOA"]),
        (("mesh.internal", "NS"), ["status: NOERROR", "NS"]),
        (("www.example.org",), ["status: REFUSED"]),
        (("_explain." + DETAILS, "TXT"), ["status: NOERROR", "TXT"]),
    ]:
        reply = dig(mesh, *arguments)
        for words in wanted:
            if words not in reply:
                raise AssertionError(f"dig {' '.join(arguments)}: no {words!r} in\n{reply}")


def requests_go_by_the_route_tables(mesh):
    def get(path, host=PAGE, port=8080, **more):
        return mesh.request("west", host, port, path, **more)

    until(lambda: get("/productpage").status == 200, 15, "the page answers")
    page = get("/productpage?a=b").json()
    equal((page["cluster"], page["path"]), ("west", "/productpage?a=b"), "the page is west's own")
    alive = get("/alive")
    equal((alive.status, alive.body), (200, "alive\n"), "an answer given by the table")
    moved = get("/catalogue/1")
    equal((moved.status, moved.headers.get("Location", moved.headers.get("location", "")).endswith("/productpage")),
          (302, True), "a redirect")
    rating = get("/api/v1/ratings/7").json()
    equal((rating["path"], rating["cluster"]), ("/ratings/7", "west"), "delegated, its path rewritten")
    details = get("/api/v1/details/7").json()
    equal((details["path"], details["cluster"]), ("/details/7", "east"), "west has no details: the same region's")
    for _ in range(10):
        jason = get("/reviews/1", REVIEWS, 9080, headers={"end-user": "jason"}).json()
        equal(jason["address"], mesh.address("west", 42) + ":9080", "Jason gets v2")
    versions = {get("/reviews/1", REVIEWS, 9080).json()["address"].split(":")[0].split(".")[-1] for _ in range(80)}
    equal(versions, {"41", "43"}, "everybody else gets v1 and v3 by weight")
    equal(get("/ratings/x", RATINGS, 9080).body, "ratings have numbers\n", "what no route takes")
    equal(get("/", "unknown.example", 9080).status, 404, "an unknown host")


def each_request_leaves_a_line_that_says_what_became_of_it(mesh):
    log = mesh.path("west", "access.log")

    def line_of(path):
        with open(log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        return next((line for line in lines if line["target"] == path), None)
    for host, port in ((PAGE, 8080), (RATINGS, 9080), ("unknown.example", 9080)):
        mesh.request("west", host, port, f"/api/v1/ratings/{port}?of={host}")
    delegated = until(lambda: line_of(f"/api/v1/ratings/8080?of={PAGE}"), 5, "a line")
    equal((delegated["method"], delegated["status"], delegated["attempts"]), ("GET", 200, 1), "what was asked")
    equal(delegated["route"].split("[")[0], "bookinfo/api", "the route that took it")
    equal(mesh.cluster_of(delegated["upstream"].split(":")[0]), "west", "where it went")
    lost = until(lambda: line_of("/api/v1/ratings/9080?of=unknown.example"), 5, "a line")
    equal((lost["status"], lost["flags"], lost["reason"]), (404, "NR", "no route"), "what was lost, and why")
    os.rename(log, log + ".1")
    mesh.agents["west"].popen.send_signal(signal.SIGHUP)
    until(lambda: os.path.exists(log), 5, "a new file after SIGHUP")
    mesh.request("west", PAGE, 8080, "/alive?again")
    equal(until(lambda: line_of("/alive?again"), 5, "a line in it")["status"], 200, "goes on in it")


def commands_explain_what_is_served(mesh):
    explained = mesh.ask("west", "explain", DETAILS)
    equal(explained["door"]["kind"], "endpoints", "no table names the host")
    equal([e["address"] for e in explained["tiers"][0]["endpoints"]], [mesh.address("east", 21)], "the first tier")
    equal(mesh.ask("west", "explain", REVIEWS)["door"]["kind"], "forwarder", "a table names the host")
    from_eu = mesh.ask("west", "explain", DETAILS, "--from", "eu")
    equal([e["address"] for e in from_eu["tiers"][0]["endpoints"]], [mesh.address("eu", 21)], "as eu would get it")
    status = mesh.ask("west", "status")
    equal((status["ready"], status["degraded"], len(status["members"])), (True, [], 3), "status of a whole mesh")
    equal([p["message"] for p in status["documents"]["problems"] if "productpage.bookinfo.example" not in p["message"]],
          [], "no complaint about the demo's documents, but that a stub must point here")
    route = mesh.ask("west", "route", "GET", f"http://{REVIEWS}:9080/reviews/1", "-H", "end-user: jason")
    if "jason" not in route["route"]:
        raise AssertionError(f"route: {route}")
    resolved = mesh.run("resolve", DETAILS, "--dns", f"{mesh.address('west')}:{DNS}", "-o", "json").stdout
    if mesh.address("east", 21) not in resolved:
        raise AssertionError(f"resolve: {resolved}")
    unknown = mesh.run("explain", "detials", "--admin", f"{mesh.address('west')}:7780", check=False)
    equal(unknown.returncode, 1, "explain of an unknown name")


class Load:
    """Requests one after the other, until stopped: GETs that must not fail, POSTs that must not arrive twice."""

    def __init__(self, mesh, cluster, path):
        self.mesh, self.cluster, self.path = mesh, cluster, path
        self.failures, self.done, self.posted, self.stopping = [], 0, 0, False
        self.name = str(time.monotonic_ns())  # of its POSTs, among those of other loads
        self.threads = [threading.Thread(target=self.get), threading.Thread(target=self.post)]
        for thread in self.threads:
            thread.start()

    def get(self):
        while not self.stopping:
            try:
                answer = self.mesh.request(self.cluster, PAGE, 8080, self.path)
                if answer.status != 200:
                    self.failures.append(f"{time.monotonic():.2f}: {answer.status} {answer.body}")
            except OSError as error:
                self.failures.append(f"{time.monotonic():.2f}: {error}")
            self.done += 1

    def post(self):
        while not self.stopping:
            self.posted += 1
            try:
                self.mesh.request(self.cluster, PAGE, 8080, self.path, "POST", {"X-Id": f"{self.name}-{self.posted}"})
            except OSError:
                pass

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        equal(self.failures, [], f"no GET of {self.done} failed")
        arrived = []
        for cluster in self.mesh.clusters:
            with open(self.mesh.path(cluster, "received"), encoding="utf-8") as file:
                arrived += [line for line in file.read().split() if line.startswith(self.name + "-")]
        equal(len(arrived), len(set(arrived)), f"no POST of {self.posted} arrived twice")


def the_loss_of_a_cluster_moves_traffic_and_loses_none(mesh):
    load = Load(mesh, "west", "/api/v1/details/1")
    try:
        until(lambda: load.done > 50, 20, "requests flow")
        mesh.kill_cluster("east")
        killed = time.monotonic()
        until(lambda: mesh.resolve("west", DETAILS) == ["eu"], 5, "DNS has left the dead cluster")
        print(f"  DNS moved after {time.monotonic() - killed:.1f} s")
        before = load.done
        until(lambda: load.done > before + 50, 20, "requests flow on")
        stays(lambda: mesh.resolve("west", DETAILS), ["eu"], 1, "no answer goes back to the dead cluster")
    finally:
        load.stop()
    if not mesh.ask("west", "status", check=False)["degraded"]:
        raise AssertionError("status does not say that east is gone")


def a_cluster_is_forgotten_when_told(mesh):
    equal("east" in mesh.members("eu"), True, "eu remembers the dead cluster")
    equal(mesh.ask("eu", "forget", "east"), {"forget": "east"}, "what is forgotten")
    until(lambda: "east" not in mesh.members("eu"), 5, "eu has forgotten it")
    own = mesh.run("forget", "eu", "--admin", f"{mesh.address('eu')}:7780", check=False)
    equal((own.returncode, "cannot forget its own cluster" in own.stderr), (2, True), "its own cluster stays")


def a_revived_cluster_takes_its_traffic_back(mesh):
    mesh.start_backends("east")
    mesh.start_agent("east")
    until(lambda: mesh.ready("east"), 20, "east is ready again")
    until(lambda: mesh.resolve("west", DETAILS) == ["east"], 20, "west's answers are east's again")
    until(lambda: mesh.sees_all("west"), 20, "east is fresh again")


def the_loss_of_an_agent_alone_moves_nothing(mesh):
    mesh.kill_agent("east")
    load = Load(mesh, "west", "/api/v1/details/1")
    try:
        stays(lambda: mesh.resolve("west", DETAILS), ["east"], 8, "east's endpoints answer, so they stay")
        until(lambda: mesh.members("west").get("east") in ("suspect", "stale"), 10, "east is marked")
    finally:
        load.stop()
    mesh.start_agent("east")
    until(lambda: mesh.sees_all("west"), 20, "east is fresh again")
    equal(mesh.resolve("west", DETAILS), ["east"], "nothing moved")


def state_file(mesh, cluster, origin):
    return mesh.path(cluster, "state", f"{origin}.0.rows")


def kill_agents_once_saved(mesh, cluster):
    """All of them; what a next life of that cluster's knows of the others it has from its disk."""
    for other in mesh.clusters:
        until(lambda: other == cluster or os.path.exists(state_file(mesh, cluster, other)), 10, f"{other} is on disk")
    for name in mesh.clusters:
        mesh.kill_agent(name)


def a_restarted_agent_answers_from_its_disk_while_the_others_are_gone(mesh):
    kill_agents_once_saved(mesh, "west")
    mesh.start_agent("west")
    begun = time.monotonic()
    # Without its disk it would wait 10 s for a peer, and then know nothing of details, which west does not run.
    until(lambda: mesh.resolve("west", DETAILS, timeout=0.05) == ["east"], 5, "west answers from its disk")
    print(f"  answered after {time.monotonic() - begun:.2f} s")
    until(lambda: mesh.ready("west"), 5, "west is ready")
    print(f"  ready after {time.monotonic() - begun:.2f} s")
    until(lambda: mesh.members("west").get("east") == "stale", 5, "east's endpoints answer, its agent does not")
    equal(mesh.ask("west", "explain", DETAILS)["clusters"]["east"]["freshness"], "stale", "it is marked")
    stays(lambda: mesh.resolve("west", DETAILS), ["east"], 1, "the answer stays")
    for other in ("east", "eu"):
        mesh.start_agent(other)
    for cluster in mesh.clusters:
        until(lambda: mesh.sees_all(cluster), 20, f"{cluster} sees everybody again")
    equal(mesh.ask("west", "status")["degraded"], [], "nothing is wrong any more")


def a_corrupt_file_of_the_state_is_set_aside_and_the_rest_serves(mesh):
    kill_agents_once_saved(mesh, "west")
    path = state_file(mesh, "west", "east")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x10]))
    mesh.start_agent("west")
    until(lambda: mesh.resolve("west", DETAILS) == ["eu"], 5, "west answers with what is left")
    trouble = "east.0.rows does not match its checksum: set aside as east.0.rows.bad"
    if trouble not in mesh.agents["west"].tail():
        raise AssertionError(f"no word of it in the log:\n{mesh.agents['west'].tail()}")
    until(lambda: trouble in str(mesh.ask("west", "status", check=False)["degraded"]), 5, "status names it")
    equal((os.path.exists(path + ".bad"), os.path.exists(path)), (True, False), "the file is set aside")
    for other in ("east", "eu"):
        mesh.start_agent(other)
    for cluster in mesh.clusters:
        until(lambda: mesh.sees_all(cluster), 20, f"{cluster} sees everybody again")
    until(lambda: mesh.resolve("west", DETAILS) == ["east"], 10, "east is back")
    until(lambda: mesh.ask("west", "status", check=False)["degraded"] == [], 10, "its file is good again")


def a_bad_document_changes_nothing_and_is_named(mesh):
    good = mesh.document("west.yaml")
    before = mesh.ask("west", "explain", REVIEWS)["tiers"]
    mesh.write("west", "west.yaml", good.replace("endpoints:", "endpionts:\n- oops: [", 1))

    def held_back():
        documents = mesh.ask("west", "status", check=False)["documents"]
        return documents if documents["heldBack"] else None
    documents = until(held_back, 10, "the file is held back")
    if not any(p["severity"] == "error" and p["line"] > 0 and "west.yaml" in p["file"] for p in documents["problems"]):
        raise AssertionError(f"the mistake is not named: {documents}")
    equal(mesh.ask("west", "explain", REVIEWS)["tiers"], before, "what served before serves on")
    equal(mesh.request("west", PAGE, 8080, "/productpage").status, 200, "requests flow on")
    changed = good.replace(f"- {{address: {mesh.address('west', 32)}, labels: {{version: v1}}}}\n", "")
    mesh.write("west", "west.yaml", changed)
    until(lambda: held_back() is None, 10, "a mended file is taken")
    until(lambda: query(mesh.address("eu"), "ratings.bookinfo.mesh.internal") is not None, 5, "names go on")
    gone = mesh.address("west", 32)
    until(lambda: gone not in str(mesh.ask("eu", "explain", RATINGS, "--from", "west")["tiers"]), 10,
          "eu hears of the change")
    mesh.write("west", "west.yaml", good)


def a_reload_says_what_it_cannot_change(mesh):
    path = mesh.path("west", "agent.yaml")
    with open(path, encoding="utf-8") as file:
        good = file.read()

    def write(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def refused():
        return [r for r in mesh.ask("west", "status", check=False)["degraded"] if r.startswith("config: ")]
    write(good + "replica: 1\n")
    told = until(refused, 10, "the refused field is in status")
    equal(told, ["config: changed, but takes effect only at a restart: replica"], "what is refused")
    write(good)
    until(lambda: not refused(), 10, "nothing is refused any more")


def garbage_is_refused_and_changes_nothing(mesh):
    import socket
    address = mesh.address("west")
    before = mesh.ask("west", "explain", DETAILS)["tiers"]
    junk = os.urandom(3000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for size in (0, 1, 11, 12, 13, 40, 500, 1400):
            client.sendto(junk[:size], (address, DNS))
    for port in (DNS, 7700, 7780, 7781, 8080, 9080):
        for piece in (junk, b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 900, b"\0" * 3000):
            with socket.create_connection((address, port), timeout=5) as client:
                client.settimeout(0.2)
                try:
                    client.sendall(piece)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass
    equal(mesh.ask("west", "explain", DETAILS)["tiers"], before, "garbage changed nothing")
    equal(mesh.request("west", PAGE, 8080, "/alive").status, 200, "requests flow on")
    equal(mesh.resolve("west", DETAILS), ["east"], "names resolve on")


def agents_stop_when_told(mesh):
    for cluster in mesh.clusters:
        equal(mesh.agents[cluster].terminate(), 0, f"{cluster}'s exit code")


STORIES = [names_resolve_to_the_nearest_cluster, dig_gets_what_the_rules_of_dns_say, requests_go_by_the_route_tables,
           each_request_leaves_a_line_that_says_what_became_of_it, commands_explain_what_is_served,
           the_loss_of_a_cluster_moves_traffic_and_loses_none, a_cluster_is_forgotten_when_told,
           a_revived_cluster_takes_its_traffic_back, the_loss_of_an_agent_alone_moves_nothing,
           a_restarted_agent_answers_from_its_disk_while_the_others_are_gone,
           a_corrupt_file_of_the_state_is_set_aside_and_the_rest_serves, a_bad_document_changes_nothing_and_is_named,
           a_reload_says_what_it_cannot_change, garbage_is_refused_and_changes_nothing, agents_stop_when_told]


def main():
    binary, chosen = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with Mesh(binary) as mesh:
        mesh.start()
        for story in STORIES:
            if chosen and story.__name__ not in chosen:
                continue
            begun = time.monotonic()
            try:
                story(mesh)
                print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
            except (AssertionError, OSError, KeyError, ValueError) as error:
                print(f"FAILED  {story.__name__}: {type(error).__name__}: {error}", flush=True)
                raise SystemExit(1) from error


main()
