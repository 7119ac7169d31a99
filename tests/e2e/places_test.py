#!/usr/bin/env python3
"""places_test.py NEARMOST: where callers are, and places in names, from agent.yaml to the answer.

Two clusters; east's callers are told apart by dns.localities, by being an endpoint, and by the client subnet (ECS) that
a trusted forwarder sends. Addresses that ask: 127.N.20Z.x is zone Z of east ("a", "b" …), 127.N.8.53 the forwarder.
"""
import ipaddress
import os
import struct
import sys

from dns_message import CLIENT_SUBNET, EDE, TYPES, Ask, Edns, exchange, read
from mesh import ADMIN, DNS, Mesh, equal, stays, until

PLACED = "placed.default.mesh.internal"
BEHIND_THE_FORWARDER = "reviews.mesh.internal"
IN_EAST = {"a": 61, "b": 62, "c": 63}  # zone: last number of the endpoint's address
IN_WEST = {"c": 61, "d": 62}
V6 = "fd00::61"  # in east's zone a
SUBNETS = {"a": 201, "b": 202}  # zone: third number of its callers' addresses
ENCLOSED = 202, 192, 26  # zone c is this part of zone b's network
ELSEWHERE, FORWARDER, STRANGER = (209, 9), (8, 53), (8, 54)
NO_DATA = ("NOERROR", [])
WILDCARD = """---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: tenants}
spec:
  hosts: ["*.tenants.mesh.internal", own.tenants.mesh.internal]
  services: [{name: placed}]
  ports: [{number: 9080, protocol: TCP}]
"""


class PlacesMesh(Mesh):
    def __init__(self, binary):
        super().__init__(binary, clusters=["east", "west"])

    def services(self, cluster):
        endpoints = "".join(f"- {{address: {self.address(cluster, last)}, zone: {zone}}}\n"
                            for zone, last in (IN_EAST if cluster == "east" else IN_WEST).items())
        if cluster == "east":
            endpoints += f'- {{address: "{V6}", zone: a}}\n'
        return super().services(cluster) + f"""---
service: placed
ports: {{http: 9080}}
locality: {{region: us}}
endpoints:
{endpoints}""" + (WILDCARD if cluster == "west" else "")

    def write_cluster(self, cluster):
        super().write_cluster(cluster)
        if cluster == "east":
            with open(self.path(cluster, "agent.yaml"), encoding="utf-8") as file:
                self.rest = [line for line in file if not line.startswith("dns:")]
            self.localities(a="a", b="b")

    def caller(self, third, last):
        return f"{self.prefix}.{third}.{last}"

    def localities(self, **zones):
        """Says which zone a network's callers are in."""
        third, first, bits = ENCLOSED
        networks = [f"{self.caller(SUBNETS[network], 0)}/24: {{region: us, zone: {zone}}}"
                    for network, zone in zones.items()]
        networks.append(f"{self.caller(third, first)}/{bits}: {{region: us, zone: c}}")
        self.write_config([f"dns: {{listen: {self.address('east')}:{DNS},\n",
                           f"  trustedForwarders: [{self.caller(*FORWARDER)}/32],\n",
                           f"  localities: {{{', '.join(networks)}}}}}\n"])

    def write_config(self, lines):
        path = self.path("east", "agent.yaml")
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.writelines(self.rest + lines)
        os.rename(path + ".part", path)

    def reply(self, name, kind="A", caller=ELSEWHERE, options=b"", tcp=False):
        wire = Ask(name, TYPES[kind], edns=Edns(options=options)).wire()
        for _ in range(3):  # UDP may lose one
            reply = exchange(self.address("east"), DNS, wire, tcp, source=self.caller(*caller))
            if reply:
                return read(reply)
        raise AssertionError(f"no answer to {name} {kind}")

    def answer(self, name, kind="A", **how):
        """The rcode and the data of the answer."""
        reply = self.reply(name, kind, **how)
        return reply.rcode, sorted(data for *_, data in reply.sections[0])

    def endpoints(self, east="", west=""):
        """What is answered where the endpoints in these zones are."""
        return "NOERROR", sorted([self.address("east", IN_EAST[zone]) for zone in east] +
                                 [self.address("west", IN_WEST[zone]) for zone in west])

    def explanation(self, name, **how):
        return [bytes.fromhex(line)[1:].decode() for line in self.answer(name, "TXT", **how)[1]]


def says(lines, wanted, what):
    if not any(wanted in line for line in lines):
        raise AssertionError(f"{what}: {wanted!r} is not in {lines}")


def subnet(address, bits, scope=0, family=None):
    """The client subnet option of a query, or with a scope of an answer."""
    ip = ipaddress.ip_address(address)
    data = struct.pack("!HBB", family or {4: 1, 6: 2}[ip.version], bits, scope) + ip.packed[:(bits + 7) // 8]
    return struct.pack("!HH", CLIENT_SUBNET, len(data)) + data


def pinned_to_a_place_only_its_endpoints_are_answered(mesh):
    for place, expected in (("a.pin._zone", mesh.endpoints("a")), ("C.pin._zone", mesh.endpoints("c")),
                            ("west.pin._cluster", mesh.endpoints(west="cd")), ("mars.pin._zone", NO_DATA),
                            ("us.pin._region", mesh.endpoints("abc")), ("eu.pin._region", NO_DATA)):
        for tcp in (False, True):
            equal(mesh.answer(f"{place}.{PLACED}", tcp=tcp), expected, f"{place}, TCP {tcp}")
    equal(mesh.answer(f"a.pin._zone.{PLACED}", "AAAA"), ("NOERROR", [V6]), "IPv6 in zone a")
    equal(mesh.answer(f"b.pin._zone.{PLACED}", "AAAA"), NO_DATA, "zone b has no IPv6")
    # Zone c is in both clusters: its own comes first, for those of east.
    ports = [f"{tier} 1 9080 {mesh.address(cluster, 63 if cluster == 'east' else 61).replace('.', '-')}.{PLACED}"
             for tier, cluster in enumerate(("east", "west"))]
    equal(mesh.answer(f"_http._tcp.c.pin._zone.{PLACED}", "SRV"), ("NOERROR", ports), "the port in zone c")
    says([data.decode() for code, data in ((c, d[2:]) for c, d in mesh.reply(f"mars.pin._zone.{PLACED}").options
                                           if c == EDE)], "no endpoint: 6 left out", "nobody on Mars")
    says(mesh.explanation(f"_explain.b.pin._zone.{PLACED}"),
         f"left out: {mesh.address('west', 62)} west us/d: elsewhere", "the explanation")


def a_preferred_place_comes_first_while_it_serves(mesh):
    elsewhere = mesh.answer(PLACED)
    equal(mesh.answer(f"d.prefer._zone.{PLACED}"), mesh.endpoints(west="d"), "zone d is preferred")
    equal(mesh.answer(f"mars.prefer._zone.{PLACED}"), elsewhere, "who prefers Mars is answered anyway")
    mesh.kill_cluster("west")
    until(lambda: mesh.answer(f"d.pin._zone.{PLACED}") == NO_DATA, 10, "nobody serves in zone d, others do elsewhere")
    stays(lambda: mesh.answer(f"d.prefer._zone.{PLACED}"), elsewhere, 1, "the host's tiers serve who prefers zone d")
    equal(mesh.answer(f"c.pin._zone.{PLACED}"), mesh.endpoints("c"), "east's part of zone c serves")
    mesh.start_backends("west")
    mesh.start_agent("west")
    until(lambda: mesh.answer(f"d.prefer._zone.{PLACED}") == mesh.endpoints(west="d"), 30, "zone d is back")


def behind_the_forwarder_places_have_no_records(mesh):
    equal(mesh.answer(BEHIND_THE_FORWARDER), ("NOERROR", [mesh.address("east")]), "the host leads to the forwarder")
    equal(mesh.answer(f"west.pin._cluster.{BEHIND_THE_FORWARDER}"), NO_DATA, "a place there")


def a_wildcard_of_one_cluster_stands_for_names_in_all(mesh):
    caller = SUBNETS["b"], 9
    until(lambda: mesh.answer("foo.tenants.mesh.internal", caller=caller) == mesh.endpoints("b"), 10, "west's wildcard")
    for name, expected in (("any.name.tenants", mesh.endpoints("b")), ("own.tenants", mesh.endpoints("b")),
                           ("a.pin._zone.foo.tenants", mesh.endpoints("a")), ("tenants", NO_DATA),
                           ("foo.own.tenants", ("NXDOMAIN", [])), ("foo.tenants.other", ("NXDOMAIN", []))):
        equal(mesh.answer(name + ".mesh.internal", caller=caller), expected, name)
    target = f"{mesh.address('east', IN_EAST['a']).replace('.', '-')}.foo.tenants.mesh.internal"
    equal(mesh.answer("_tcp._tcp.a.pin._zone.foo.tenants.mesh.internal", "SRV"),
          ("NOERROR", [f"0 1 9080 {target}", "0 1 9080 fd00--61.foo.tenants.mesh.internal"]), "its ports")
    equal(mesh.answer(target), mesh.endpoints("a"), "what an SRV record leads to")
    equal(mesh.ask("east", "explain", "foo.tenants")["host"], "*.tenants.mesh.internal", "explain")


def callers_are_answered_by_where_they_are(mesh):
    third, first, _ = ENCLOSED
    for caller, zone in (((SUBNETS["a"], 9), "a"), ((SUBNETS["b"], 9), "b"), ((third, first - 1), "b"),
                         ((third, first), "c"), ((third, 250), "c")):
        for tcp in (False, True):
            equal(mesh.answer(PLACED, caller=caller, tcp=tcp), mesh.endpoints(zone), f"{caller} is in zone {zone}")
        says(mesh.explanation(f"_explain.{PLACED}", caller=caller), f"caller: cluster east, us/{zone}", f"{caller}")
    equal(mesh.answer(PLACED), mesh.endpoints("abc"), "who is nowhere is where the agent is: in none of the zones")
    says(mesh.explanation(f"_explain.{PLACED}"), "caller: cluster east, us/us-east", "who is nowhere")
    # An endpoint that calls is known, whatever network it is in.
    equal(mesh.answer(PLACED, caller=(1, IN_EAST["b"])), mesh.endpoints("b"), "the endpoint in zone b")
    # Where a caller is and the place that it asks for are two things.
    equal(mesh.answer(f"a.pin._zone.{PLACED}", caller=(SUBNETS["b"], 9)), mesh.endpoints("a"), "zone a from zone b")
    equal(mesh.answer(f"us.pin._region.{PLACED}", caller=(SUBNETS["b"], 9)), mesh.endpoints("b"), "nearest in a region")


def a_trusted_forwarder_is_answered_for_its_client(mesh):
    for zone, third in SUBNETS.items():
        for bits in (24, 25, 32):
            client = mesh.caller(third, 0 if bits < 32 else 9)
            how = {"caller": FORWARDER, "options": subnet(client, bits)}
            equal(mesh.answer(PLACED, **how), mesh.endpoints(zone), f"for a client in {client}/{bits}")
            equal(mesh.reply(PLACED, **how).options, ((CLIENT_SUBNET, subnet(client, bits, bits)[4:]),), "for whom")
            says(mesh.explanation(f"_explain.{PLACED}", **how), f"us/{zone}", "the explanation is the client's")
    endpoint = mesh.address("east", IN_EAST["c"])
    equal(mesh.answer(PLACED, caller=FORWARDER, options=subnet(endpoint, 32)), mesh.endpoints("c"), "a known endpoint")
    # Less than a network is nowhere; so is a client that says nothing, and one of another family.
    for client, bits in ((mesh.caller(SUBNETS["a"], 0), 16), (mesh.caller(0, 0), 0), ("fd00::", 16)):
        option = subnet(str(ipaddress.ip_network(f"{client}/{bits}", strict=False).network_address), bits)
        equal(mesh.answer(PLACED, caller=FORWARDER, options=option), mesh.endpoints("abc"), f"{client}/{bits}")
    client = mesh.caller(SUBNETS["a"], 0)
    for name in ("mesh.internal", "absent.mesh.internal", "_tcp." + PLACED):
        equal(mesh.reply(name, caller=FORWARDER, options=subnet(client, 24)).options[:1],
              ((CLIENT_SUBNET, subnet(client, 24, 0)[4:]),), f"{name} is the same for all")
    equal(mesh.answer(PLACED, caller=FORWARDER), mesh.endpoints("abc"), "without a subnet it is itself")


def nobody_else_is_believed(mesh):
    client = mesh.caller(SUBNETS["a"], 0)
    for caller, expected in ((STRANGER, "abc"), (ELSEWHERE, "abc"), ((SUBNETS["b"], 53), "b")):
        for tcp in (False, True):
            how = {"caller": caller, "options": subnet(client, 24), "tcp": tcp}
            equal(mesh.answer(PLACED, **how), mesh.endpoints(expected), f"{caller} for a client in zone a")
            equal(mesh.reply(PLACED, **how).options, (), f"{caller} gets its client subnet back")
    for what, malformed in (("a scope", subnet(client, 24, 24)), ("a bit behind", subnet(client, 31)[:-1] + b"\1"),
                            ("too long", subnet(client, 33)), ("a family", subnet(client, 24, family=3)),
                            ("cut", struct.pack("!HHHBB", CLIENT_SUBNET, 6, 1, 24, 0) + b"\x7f\1")):
        for caller in (FORWARDER, STRANGER):
            reply = mesh.reply(PLACED, caller=caller, options=malformed)
            equal((reply.rcode, reply.options), ("FORMERR", ()), f"{what} from {caller}")


def explain_tells_a_caller_what_dns_answers_it(mesh):
    def explained(name, *arguments):
        return mesh.ask("east", "explain", name, *arguments)

    def first(told):
        return "NOERROR", sorted(e["address"] for e in told["tiers"][0]["endpoints"]) if told["tiers"] else []
    third, last, _ = ENCLOSED
    for caller, how in (((SUBNETS["a"], 9), "/24 of dns.localities"), ((third, last), "/26 of dns.localities"),
                        ((1, IN_EAST["b"]), "an endpoint of this cluster"), (ELSEWHERE, "where the agent is")):
        for place in ("", "b.pin._zone.", "west.prefer._cluster.", "mars.pin._zone."):
            told = explained(place + PLACED, "--from", mesh.caller(*caller))
            v4 = first(told)[0], [address for address in first(told)[1] if ":" not in address]
            equal(v4, mesh.answer(place + PLACED, caller=caller), f"{place or 'no place'} from {caller}")
            says([told["caller"]["how"]], how, f"how {caller} is known")
    equal(explained("b.pin._zone.placed.default")["place"], {"topology": "zone", "name": "b", "how": "pin"}, "place")
    text = mesh.run("explain", f"b.prefer._zone.{PLACED}", "--from", mesh.caller(SUBNETS["a"], 9), "--admin",
                    f"{mesh.address('east')}:{ADMIN}").stdout.splitlines()
    says(text, f"caller: east us/a ({mesh.caller(SUBNETS['a'], 9)}, in ", "the caller")
    says(text, "place: zone b first", "the place in words")


def a_reload_moves_callers(mesh):
    mesh.localities(a="b", b="a")
    until(lambda: mesh.answer(PLACED, caller=(SUBNETS["a"], 9)) == mesh.endpoints("b"), 10, "zone a is now zone b")
    equal(mesh.answer(PLACED, caller=(SUBNETS["b"], 9)), mesh.endpoints("a"), "and the other way round")
    equal(mesh.answer(PLACED, caller=FORWARDER, options=subnet(mesh.caller(SUBNETS["b"], 0), 24)), mesh.endpoints("a"),
          "for the forwarder's clients, too")


def a_bad_network_is_named_and_moves_nobody(mesh):
    networks = [mesh.caller(third, 0) + "/24" for third in SUBNETS.values()]
    where = "{region: us, zone: c}"
    for bad, words in ((f"{networks[0][:-4]}1/24: {where}", ["is not a network", "no bit set behind the prefix"]),
                       (f"{networks[0]}: {where}, {networks[0]}: {where}", ["twice", "keep one"]),
                       (f"{networks[0]}: {{}}", ["nothing is said of where that is", "{region: REGION, zone: ZONE}"]),
                       (f"127.0.0.0/33: {where}", ["is not a network"])):
        line = len(mesh.rest) + 2
        mesh.write_config([f"dns: {{listen: {mesh.address('east')}:{DNS},\n", f"  localities: {{{bad}}}}}\n"])
        checked = mesh.run("check", "-c", mesh.path("east", "agent.yaml"), check=False)
        equal(checked.returncode, 2, f"check of {bad}")
        named = [text for text in checked.stdout.splitlines() + checked.stderr.splitlines()
                 if f"agent.yaml:{line}:" in text and "dns.localities" in text and all(word in text for word in words)]
        equal(len(named), 1, f"lines that name {bad} in\n{checked.stdout}{checked.stderr}")

        def told():
            status = mesh.run("status", "--admin", f"{mesh.address('east')}:{ADMIN}", "-o", "json", check=False)
            return all(word in status.stdout for word in (f"agent.yaml:{line}:", words[0]))
        until(told, 10, f"status names {bad}")
    stays(lambda: mesh.answer(PLACED, caller=(SUBNETS["a"], 9)), mesh.endpoints("b"), 1, "callers stay where they were")
    mesh.localities(a="a", b="b")
    until(lambda: mesh.answer(PLACED, caller=(SUBNETS["a"], 9)) == mesh.endpoints("a"), 10, "a mended file is taken")


def main():
    with PlacesMesh(os.path.abspath(sys.argv[1])) as mesh:
        mesh.start()
        until(lambda: mesh.answer(f"west.pin._cluster.{PLACED}") == mesh.endpoints(west="cd"), 10, "west is known")
        for story in (pinned_to_a_place_only_its_endpoints_are_answered, a_preferred_place_comes_first_while_it_serves,
                      behind_the_forwarder_places_have_no_records, a_wildcard_of_one_cluster_stands_for_names_in_all,
                      callers_are_answered_by_where_they_are,
                      a_trusted_forwarder_is_answered_for_its_client, nobody_else_is_believed,
                      explain_tells_a_caller_what_dns_answers_it, a_reload_moves_callers,
                      a_bad_network_is_named_and_moves_nobody):
            story(mesh)
            print(f"ok      {story.__name__}", flush=True)


main()
