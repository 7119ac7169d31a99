#!/usr/bin/env python3
"""soak.py NEARMOST --minutes M [--seed N] [--rate R] [--memory]: load, while clusters are killed and revived.

West lives all the time and is measured: its memory must have no slope (--memory, for builds without sanitizers). East
and eu are killed in turn: the whole cluster, the agent alone, the services alone. It fails when
  - a GET to a living forwarder fails although its response had not begun, or a POST arrives twice,
  - a living agent does not answer a query, or answers with a cluster whose services are dead for more than 5 s,
  - an agent ends by itself or writes a sanitizer's report.
"""
import argparse
import http.client
import random
import re
import threading
import time

from mesh import Mesh, query, until

PAGE = "productpage.bookinfo.example"
PATHS = [(PAGE, 8080, "/productpage"), (PAGE, 8080, "/api/v1/details/1"), (PAGE, 8080, "/api/v1/ratings/1"),
         ("reviews.mesh.internal", 9080, "/reviews/1"), ("ratings.mesh.internal", 9080, "/ratings/7")]
NAMES = ["details.mesh.internal", "ratings.bookinfo.mesh.internal", "reviews.bookinfo.mesh.internal"]
GONE_AFTER_SECONDS = 5.0
CLIENTS = 4
IDLE_SECONDS = 1.0  # a connection kept longer than this may be closed under a request; a client tries again by itself
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|check failed", re.I)


class Clusters:
    """What is alive, and since when: shared by the one who kills and those who judge."""

    def __init__(self, names):
        self.lock = threading.Lock()
        self.agent_since = {name: time.monotonic() for name in names}
        self.services_down = {}

    def agent(self, name, up):
        with self.lock:
            self.agent_since[name] = time.monotonic() if up else None

    def services(self, name, up):
        with self.lock:
            if up:
                self.services_down.pop(name, None)
            else:
                self.services_down[name] = time.monotonic()

    def agents_alive(self):
        with self.lock:
            return [name for name, since in self.agent_since.items() if since]

    def lived_through(self, name, begun):
        """The agent was up from before `begun` until now."""
        with self.lock:
            since = self.agent_since[name]
            return since is not None and since < begun

    def gone(self, names):
        with self.lock:
            now = time.monotonic()
            return [n for n in names if now - self.services_down.get(n, now) > GONE_AFTER_SECONDS]


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts, self.failures = {}, []

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def fail(self, what):
        with self.lock:
            self.counts["failures"] = self.counts.get("failures", 0) + 1
            if len(self.failures) < 50:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {what}")
                print("FAILED  " + self.failures[-1], flush=True)


class Pace:
    """So many turns a second, without a burst after a pause."""

    def __init__(self, rate):
        self.gap, self.next = 1 / rate, time.monotonic()

    def wait(self):
        now = time.monotonic()
        if self.next > now:
            time.sleep(self.next - now)
        self.next = max(self.next + self.gap, now)


def new_link(mesh, cluster, port):
    return http.client.HTTPConnection(mesh.address(cluster), port, timeout=20)


def send_requests(mesh, clusters, tally, stop, rate, number):
    chance, pace, links, posts = random.Random(number), Pace(rate), {}, 0
    while not stop.is_set():
        pace.wait()
        cluster = chance.choice(clusters.agents_alive())
        host, port, path = chance.choice(PATHS)
        post = chance.random() < 0.1 and path != "/reviews/1"
        headers = {"Host": f"{host}:{port}"}
        if post:
            posts += 1
            headers["X-Id"] = f"{number}-{posts}"
        begun, key, answered = time.monotonic(), (cluster, port), False
        used = begun
        try:
            link, used = links.pop(key, None) or (new_link(mesh, cluster, port), begun)
            link.request("POST" if post else "GET", path, headers=headers)
            reply = link.getresponse()
            answered = True
            reply.read()
            tally.count(f"{'POST' if post else 'GET'} {reply.status}")
            if reply.status != 200 and not post and clusters.lived_through(cluster, begun):
                tally.fail(f"GET {host}{path} in {cluster}: {reply.status}")
            links[key] = link, time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            idle = begun - used > IDLE_SECONDS
            if not (idle or post or answered) and clusters.lived_through(cluster, used):
                tally.fail(f"GET {host}{path} in {cluster}: {error!r}")
            tally.count("broken after the response had begun" if answered else "broken: killed forwarder, idle or POST")


def send_queries(mesh, clusters, tally, stop, rate):
    chance, pace = random.Random(7), Pace(rate)
    while not stop.is_set():
        pace.wait()
        cluster, name = chance.choice(clusters.agents_alive()), chance.choice(NAMES)
        begun = time.monotonic()
        answer = query(mesh.address(cluster), name, timeout=1.0)
        if not clusters.lived_through(cluster, begun - 15):
            continue  # just started: SERVFAIL before the first sync is right
        if not answer:
            tally.fail(f"query for {name} in {cluster}: {answer} after {time.monotonic() - begun:.2f} s")
            continue
        tally.count("queries")
        gone = clusters.gone({mesh.cluster_of(address) for address in answer})
        if gone and name == NAMES[0]:
            tally.fail(f"query for {name} in {cluster} still answers with {gone}")


def kill_and_revive(mesh, clusters, tally, stop, seed):
    chance = random.Random(seed)
    while not stop.is_set():
        try:
            kill_and_revive_one(mesh, clusters, tally, stop, chance)
        except (AssertionError, OSError) as error:
            tally.fail(f"reviving: {error}")
            return


def kill_and_revive_one(mesh, clusters, tally, stop, chance):
    victim, kind = chance.choice(["east", "eu"]), chance.choice(["cluster", "agent", "services"])
    print(f"{time.strftime('%H:%M:%S')} kill {kind} of {victim}", flush=True)
    if kind != "services":
        clusters.agent(victim, up=False)
        mesh.kill_agent(victim)
    if kind == "cluster":  # nobody probes services whose agent lives: only then must DNS leave them
        clusters.services(victim, up=False)
    if kind != "agent":
        mesh.backends[victim].kill()
    tally.count(f"killed: {kind}")
    stop.wait(chance.uniform(4, 25))
    if kind != "agent":
        mesh.start_backends(victim)
        clusters.services(victim, up=True)
    if kind != "services":
        mesh.start_agent(victim)
        until(lambda: mesh.ready(victim), 60, f"{victim} is ready again")
        clusters.agent(victim, up=True)
    stop.wait(chance.uniform(6, 15))


def memory_kb(process):
    with open(f"/proc/{process.popen.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def slope(samples):
    """(KB a minute by least squares, mean KB) of the later two thirds: the start warms up."""
    later = samples[len(samples) // 3:] or [(0.0, 0)]
    times, sizes = [t / 60 for t, _ in later], [kb for _, kb in later]
    middle_t, middle_kb = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((t - middle_t) ** 2 for t in times)
    rise = sum((t - middle_t) * (kb - middle_kb) for t, kb in zip(times, sizes)) / spread if spread else 0.0
    return rise, middle_kb


def sanitizer_reports(mesh):
    for cluster in mesh.clusters:
        with open(mesh.path(cluster, "agent.log"), encoding="utf-8", errors="replace") as file:
            for line in file:
                if REPORT.search(line):
                    yield f"{cluster}: {line.strip()}"


def repeated_posts(mesh):
    seen, again = set(), set()
    for cluster in mesh.clusters:
        with open(mesh.path(cluster, "received"), encoding="utf-8") as file:
            for line in file:
                (again if line in seen else seen).add(line)
    return again


def watch(mesh, tally, stop, seconds, samples):
    """Samples memory until the time is over or west is gone, and stops the others."""
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < seconds:
            time.sleep(2)
            if not mesh.agents["west"].alive():
                tally.fail("west's agent ended by itself:\n" + mesh.agents["west"].tail())
                break
            samples.append((time.monotonic() - begun, memory_kb(mesh.agents["west"])))
            if len(samples) % 30 == 0:
                print(f"{samples[-1][0] / 60:.0f} min: west {samples[-1][1]} KB", flush=True)
    finally:
        stop.set()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=200, help="requests a second, and as many queries")
    parser.add_argument("--memory", action="store_true", help="a slope in west's memory is a failure")
    return parser.parse_args()


def main():
    asked = arguments()
    with Mesh(asked.binary) as mesh:
        mesh.start()
        clusters, tally, stop, samples = Clusters(mesh.clusters), Tally(), threading.Event(), []
        threads = [threading.Thread(target=send_requests, args=(mesh, clusters, tally, stop, asked.rate / CLIENTS, n))
                   for n in range(CLIENTS)]
        threads.append(threading.Thread(target=send_queries, args=(mesh, clusters, tally, stop, asked.rate)))
        threads.append(threading.Thread(target=watch, args=(mesh, tally, stop, asked.minutes * 60, samples)))
        for thread in threads:
            thread.start()
        # On the main thread: what a thread has started ends with it (dies_with_parent), and clients are still asking.
        kill_and_revive(mesh, clusters, tally, stop, asked.seed)
        for thread in threads:
            thread.join()
        for report in sanitizer_reports(mesh):
            tally.fail("sanitizer: " + report)
        for line in repeated_posts(mesh):
            tally.fail("POST arrived twice: " + line.strip())
        rise, mean = slope(samples)
        if asked.memory and rise * asked.minutes > max(4096, mean * 0.05):
            tally.fail(f"west's memory rises by {rise:.0f} KB a minute")
        for what, number in sorted(tally.counts.items()):
            print(f"{number:9} {what}")
        print(f"west's memory: {mean / 1024:.1f} MB, slope {rise:.1f} KB a minute")
        print(f"{asked.minutes} minutes, seed {asked.seed}: {tally.counts.get('failures', 0)} failures")
        if tally.failures:
            raise SystemExit(1)


main()
