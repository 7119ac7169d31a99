#!/usr/bin/env python3
"""differential_test.py NEARMOST [SEED]: ours answers a generated mesh as other name servers answer the same zones.

Each of them that is installed is asked the same questions over UDP and, in part, TCP. Compared are rcode, flags, the
question, the sets of the answer and of the authority section, and OPT; what is additional is held to the zone. A
difference has a reason in differential_reasons.py, or the test fails. `dns_references.py` says who they are.
"""
import os
import random
import sys
from collections import Counter

from differential_reasons import REASONS
from differential_world import CLUSTER, World
from dns_message import NAMES, TYPES, Ask, exchange, read
from dns_references import installed
from mesh import DNS, Mesh, until

SEED, QUESTIONS = 20261126, 1500
PATIENCE = 0.3  # seconds for a reply, where some give none
OVER_TCP = 8  # every so many questions
FLAGS = ["aa", "tc", "rd", "ra", "ad", "cd", "z"]
COMPARED = ["rcode", "opcode", *FLAGS, "question", "answer", "authority", "edns"]


class OneCluster(Mesh):
    """An agent with the world's documents."""

    def __init__(self, binary, seed):
        self.seed = seed
        super().__init__(binary, clusters=[CLUSTER])

    def write_cluster(self, cluster):
        super().write_cluster(cluster)
        self.world = World(random.Random(self.seed), self.address(cluster))
        resources = self.path(cluster, "resources")
        for name in os.listdir(resources):
            os.remove(os.path.join(resources, name))
        self.write(cluster, "world.yaml", "---\n".join(self.world.documents))
        path = self.path(cluster, "agent.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("dns:")]
        lines.append(f"dns: {{listen: {self.address(cluster)}:{DNS}, maxAnswers: 64, "
                     f"zones: [{', '.join(self.world.configured)}]}}\n")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)

    def start(self):
        self.start_agent(CLUSTER)
        until(lambda: self.ready(CLUSTER), 30, "ready")
        world, server = self.world, self.address(CLUSTER)
        for host in world.hosts:  # what ours says of a host is nobody else's data
            reply = read(until(lambda: exchange(server, DNS, Ask(f"_explain.{host}", TYPES["TXT"]).wire(), tcp=True),
                               10, f"_explain.{host}"))
            for _, _, _, _, data in reply.sections[0]:
                text = "".join(f"\\{byte:03}" for byte in bytes.fromhex(data)[1:])
                world.put(f"_explain.{host}", "TXT", f'"{text}"')


def seen(message):
    """What is compared of a reply, by field."""
    if message is None:
        return {"reply": "none"}
    try:
        reply = read(message)
    except ValueError as error:
        return {"reply": f"malformed: {error}"}
    without_serial = [{(owner, NAMES.get(kind, kind), class_, ttl, serial_less(kind, data))
                       for owner, kind, class_, ttl, data in section} for section in reply.sections]
    return {"reply": "one", "rcode": reply.rcode, "opcode": reply.opcode, "size": len(message),
            **{flag: flag in reply.flags for flag in FLAGS},
            "question": reply.question, "answer": without_serial[0], "authority": without_serial[1],
            "additional": without_serial[2], "records": [len(s) for s in reply.sections],
            "edns": reply.edns and reply.edns[:2], "options": set(reply.edns[2]) if reply.edns else set()}


def serial_less(kind, data):
    if kind != TYPES["SOA"]:
        return data
    words = data.split()
    return " ".join(words[:2] + words[3:])


def differences(ours, theirs):
    if ours["reply"] != theirs["reply"]:
        return {"reply"}
    return {name for name in COMPARED if ours.get(name) != theirs.get(name)}


def whole(ask, ours, world, udp):
    """What every answer of ours must be, whatever others say: None, or what is wrong."""
    if ours["reply"] != "one":
        return None if ours["reply"] == "none" else ours["reply"]
    for name in "answer", "authority", "additional":
        place = ["answer", "authority", "additional"].index(name)
        if len(ours[name]) != ours["records"][place]:
            return f"a record twice in {name}"
    for owner, kind, _, _, data in ours["additional"]:
        if data not in world.records.get((owner, kind), ()) and ask.what != "derived below a wildcard":
            return f"{owner} {kind} {data} is not in the zone"
    if ask.body is None and ask.edns is None and ours["edns"]:
        return "OPT though none was asked"
    if udp and ours["size"] > (max(512, min(1232, ask.edns.size)) if ask.edns else 512):
        return f"{ours['size']} bytes are more than the client takes"
    return None


class Tally:
    def __init__(self):
        self.told, self.explained, self.unexplained = 0, Counter(), {}

    def judge(self, who, ask, ours, theirs):
        self.told += 1
        left = differences(ours, theirs)
        for reason in REASONS:
            if left & reason.fields and who in reason.who and reason.holds(ask, ours, theirs):
                self.explained[who, reason.why] += 1
                left -= reason.fields
        if left:
            lines = [f"    {field}: ours {ours.get(field)}, {who} {theirs.get(field)}" for field in sorted(left)]
            alike = who, tuple(sorted(left)), ours.get("rcode"), theirs.get("rcode")
            self.unexplained.setdefault(alike, []).append("\n".join([f"{who}: {ask}", *lines]))

    def print(self):
        for (who, why), count in sorted(self.explained.items()):
            print(f"{who}: {count} {why}")
        for examples in self.unexplained.values():
            print(f"{len(examples)} without a reason, like {examples[0]}")


def answer_of(server, ask, tcp):
    """As seen; one that may have been lost is asked for again."""
    reply = seen(exchange(*server, ask.wire(), tcp, PATIENCE))
    if reply["reply"] == "none" and ask.body is None:
        return seen(exchange(*server, ask.wire(), tcp, 3 * PATIENCE))
    return reply


def compare(mesh, references, questions):
    tally = Tally()
    for number, ask in enumerate(questions):
        for tcp in (False, True) if number % OVER_TCP == 0 else (False,):
            ours = answer_of((mesh.address(CLUSTER), DNS), ask, tcp)
            if wrong := whole(ask, ours, mesh.world, not tcp):
                tally.unexplained.setdefault(wrong, []).append(f"{ask}\n    {ours}")
            for reference in references:
                theirs = answer_of((reference.address, reference.port), ask, tcp)
                tally.judge(reference.name, ask, ours, theirs)
    return tally


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    kinds = list(installed())
    if not kinds:
        print("no other name server is installed: skipped")
        return 77
    with OneCluster(sys.argv[1], seed) as mesh:
        mesh.start()
        references = []
        try:
            for number, kind in enumerate(kinds):
                references.append(kind(mesh.path(kind.name), f"{mesh.prefix}.9.{number + 1}", DNS,
                                       mesh.world.zone_files()))
            questions = list(mesh.world.questions(QUESTIONS))
            tally = compare(mesh, references, questions)
        finally:
            for reference in references:
                if reference.process.alive():
                    reference.process.kill()
        tally.print()
        print(f"seed {seed}: {len(questions)} questions, {tally.told} answers of "
              f"{', '.join(r.name for r in references)} compared, "
              f"{sum(tally.explained.values())} differences explained, "
              f"{sum(map(len, tally.unexplained.values()))} not")
        assert not tally.unexplained, "differences without a reason"
    return 0


if __name__ == "__main__":
    sys.exit(main())
