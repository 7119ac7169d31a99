"""A mesh drawn from a seed: the documents that ours reads, the zone files that say the same, and questions about both.

One cluster, every endpoint healthy and in one zone: all of a destination's endpoints are one tier, so that an answer is
the whole RRset, as it is elsewhere.
"""
import ipaddress
import struct

from dns_message import AA, AD, ANY_CLASS, CD, CH, DO, HS, IN, NONE, RD, TC, TYPES, Z, Ask, Edns, wire_name

ZONE, INNER = "mesh.internal", "deep.inner.mesh.internal"
REVERSE = ["10.in-addr.arpa", "d.f.ip6.arpa"]
TTL = 5
CLUSTER = "east"
SOA = "3600 600 86400 5"
COMMON = ["A", "AAAA", "SRV", "TXT", "HTTPS", "SVCB", "CNAME", "MX", "NS", "SOA", "PTR", "ANY", "TYPE666", "CAA",
          "NAPTR", "HINFO", "NULL", "DNSKEY", "NSEC", "RRSIG"]
META = ["OPT", "TYPE128", "TKEY", "TSIG", "IXFR", "AXFR", "MAILB", "MAILA"]


def dashed(ip):
    text = ip.replace(".", "-").replace(":", "-")
    return "0" + text if text.startswith("-") else text


class Endpoint:
    def __init__(self, rng, hostname=None):
        v6 = rng.random() < 0.3
        self.ip = str(ipaddress.IPv6Address((0xfd00 << 112) + rng.randrange(1 << rng.choice([16, 64, 100]))) if v6 else
                      ipaddress.IPv4Address((10 << 24) + rng.randrange(1 << 24)))
        self.kind = "AAAA" if v6 else "A"
        self.weight = rng.choice([1, 1, 1, 2, 5])
        self.hostname = hostname


class World:
    def __init__(self, rng, server):
        self.rng, self.server = rng, server
        self.records = {}  # (owner, type): set of data, as in a zone file
        self.zones = [ZONE, INNER, *REVERSE]
        self.configured = list(self.zones)
        self.hosts, self.documents = [], []
        for namespace in "shop", "bank", "x" * 63:
            for number in range(6):
                self.service(f"s{number}", namespace, rng.randrange(1, 9), number == 5)
        self.service("many", "shop", 60, False)
        self.service("only-v4", "shop", 1, False, "A")
        self.service("only-v6", "shop", 1, False, "AAAA")
        for host in ("api", "a.b.c", "below.it.s0.shop", "c.s1.bank", "l" * 63 + ".v", ".".join(["h" * 50] * 3)):
            self.destination(f"{host}.{ZONE}")
        for host in "*.wild", "exact.wild", "deep.ent.wild", "*.s0.shop":
            self.destination(f"{host}.{ZONE}")
        self.destination(f"*.{INNER}")
        for host in f"pay.{INNER}", "pay.example", "www.pay.example", "a.very.long.name.example":
            self.destination(host)
        for zone in self.zones:
            self.put(zone, "SOA", f"ns.{zone}. hostmaster.{zone}. 1 {SOA}")
            self.put(zone, "NS", f"ns.{zone}.")
            self.put(f"ns.{zone}", "A", server)

    def put(self, owner, kind, data):
        self.records.setdefault((owner, kind), set()).add(data)

    def service(self, name, namespace, size, headless, kind=None):
        rng = self.rng
        ports = rng.choice([{"http": 9080}, {"http": 9080, "grpc": 9090}, {"db": 9080}])
        endpoints = [Endpoint(rng, f"pod-{n}" if headless and n % 2 == 0 else None) for n in range(size)]
        endpoints = [e for e in endpoints if not kind or e.kind == kind]
        while not endpoints:
            endpoints = [e for e in [Endpoint(rng)] if e.kind == kind]
        lines = [f"service: {name}", f"namespace: {namespace}", f"labels: {{app: {name}-{namespace[:4]}}}",
                 f"ports: {{{', '.join(f'{k}: {v}' for k, v in ports.items())}}}"]
        lines += ["headless: true"] * headless + ["endpoints:"]
        for e in endpoints:
            hostname = f", hostname: {e.hostname}" if e.hostname else ""
            lines.append(f'- {{address: "{e.ip}", weight: {e.weight}{hostname}}}')
        self.documents.append("\n".join(lines) + "\n")
        for zone in ZONE, INNER:
            self.host(f"{name}.{namespace}.{zone}", endpoints, {number: label for label, number in ports.items()})
        if not headless:
            self.services = getattr(self, "services", []) + [(f"{name}-{namespace[:4]}", endpoints)]

    def destination(self, host):
        app, endpoints = self.rng.choice([s for s in self.services if len(s[1]) < 20])
        self.documents.append(f"""apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {{name: d{len(self.documents)}, namespace: shop}}
spec:
  hosts: ["{host}"]
  services: [{{labels: {{app: {app}}}}}]
  ports: [{{number: 9080, protocol: TCP}}]
""")
        if not any(host.endswith("." + zone) for zone in (ZONE, INNER)):
            self.zones.append(host)
        self.host(host, endpoints, {9080: "tcp"})

    def host(self, host, endpoints, ports):
        self.hosts.append(host)
        for e in endpoints:
            target = f"{e.hostname}.{CLUSTER}.{host}" if e.hostname else f"{dashed(e.ip)}.{host}"
            self.put(host, e.kind, e.ip)
            self.put(target, e.kind, e.ip)
            if not host.startswith("*"):
                self.put(ipaddress.ip_address(e.ip).reverse_pointer, "PTR", target + ".")
            for number, label in ports.items():
                for service in label, str(number):
                    self.put(f"_{service}._tcp.{host}", "SRV", f"0 {e.weight} {number} {target}.")

    def zone_of(self, name):
        return max((z for z in self.zones if name == z or name.endswith("." + z)), key=len)

    def zone_files(self):
        files = {zone: [f"$TTL {TTL}"] for zone in self.zones}
        for (owner, kind), all_data in sorted(self.records.items()):
            for data in sorted(all_data):
                files[self.zone_of(owner)].append(f"{owner}. {TTL} IN {kind} {data}")
        for zone in self.zones:  # a zone below another one is delegated there
            above = zone.partition(".")[2]
            if outer := [z for z in self.zones if above == z or above.endswith("." + z)]:
                files[max(outer, key=len)].append(f"{zone}. {TTL} IN NS ns.{zone}.")
        return {zone: "\n".join(lines) + "\n" for zone, lines in files.items()}

    def names(self):
        """Names that exist, that only lead to others, and that do not exist, of every zone; each with its kind."""
        existing = sorted({owner for owner, _ in self.records})
        between = set()
        for name in existing:
            while (name := name.partition(".")[2]) and any(name.endswith("." + z) for z in self.zones):
                between.add(name)
        absent = []
        for name in existing:
            first, _, rest = name.partition(".")
            absent += [f"nope.{name}", f"*.{name}", f"{first}x.{rest}", f"x{first}.{rest}", f"a.b.c.{name}"]
        absent += [f"_udp.{self.hosts[0]}", f"_http._udp.{self.hosts[0]}", f"_none._tcp.{self.hosts[0]}",
                   f"dns-version.{ZONE}"]
        absent = [n for n in absent if any(n.endswith("." + zone) for zone in self.zones)
                  and len(wire_name(n)) <= 255 and len(n.partition(".")[0]) <= 63]
        wild = [host[2:] for host in self.hosts if host.startswith("*")]
        below = [f"{labels}.{name}" for name in wild for labels in ("foo", "a.b", "a.b.c.d.e.f.g", "x" * 63)]
        outside = ["internal", "", "example", "org", "xmesh.internal", "mesh.internal.org", "1.0.168.192.in-addr.arpa",
                   "localhost", "www.example.org"]
        return [("existing", existing), ("between", sorted(between - set(existing))),
                ("absent", sorted(set(absent) - set(existing) - between)), ("outside", outside),
                ("below a wildcard", below)]

    def questions(self, count):
        rng, pools = self.rng, self.names()
        for _ in range(count):
            kind, names = rng.choices(pools, [50, 15, 30, 5, 10])[0]
            ask = Ask(self.cased(rng.choice(names)), TYPES[rng.choice(COMMON + ["A", "AAAA", "SRV"] * 6)], what=kind)
            if rng.random() < 0.5:
                ask.edns = self.edns()
            if rng.random() < 0.2:
                ask.flags = rng.choice([0, AD, CD, RD | AD | CD, Z, TC | RD, AA | RD])
            yield ask
        for name in self.zones + self.hosts[:4] + [f"nope.{ZONE}", f"_tcp.{self.hosts[0]}"]:
            yield from (Ask(name, TYPES[kind], edns=edns, what="every type")
                        for kind in COMMON + META for edns in (None, Edns()))
        for name in ZONE, self.hosts[0], f"nope.{ZONE}":
            yield from (Ask(name, TYPES[kind], class_, what="class") for kind in ("A", "TXT", "ANY")
                        for class_ in (CH, HS, NONE, ANY_CLASS, 0, 65280))
        for labels, kind in (("_tcp", "A"), ("_9080._tcp", "SRV"), ("_tcp", "TXT"), ("pin._zone", "AAAA")):
            yield Ask(f"{labels}.foo.wild.{ZONE}", TYPES[kind], what="derived below a wildcard")
        yield from self.odd(self.hosts[0])

    def cased(self, name):
        if self.rng.random() < 0.7:
            return name
        return "".join(self.rng.choice([c.upper(), c.lower()]) for c in name)

    def edns(self):
        rng = self.rng
        options = rng.choice([b""] * 4 + [struct.pack("!HHH", 100, 2, 7), struct.pack("!HH", 3, 0),
                                          struct.pack("!HH8s", 10, 8, b"nearmost")])
        version = 1 if rng.random() < 0.05 else 0
        return Edns(rng.choice([0, 512, 1232, 1400, 4096]), version, rng.choice([0, 0, DO, 0x4000, 0x0001]), options)

    def odd(self, name):
        """Messages that are no query, or not quite."""
        opt, question = Edns().wire(), wire_name(name) + b"\0\1\0\1"
        for opcode in 1, 2, 3, 4, 5, 6, 15:
            for edns in None, Edns():
                yield Ask(name, TYPES["SOA"], flags=opcode << 11 | RD, edns=edns, what="opcode")
        yield Ask(name, flags=0x8000 | RD, what="a response")

        def odd(what, body, *counts):
            return Ask(name, what=what, counts=counts, body=body)
        yield odd("header only", b"", 0, 0, 0, 0)
        yield odd("no question but OPT", opt, 0, 0, 0, 1)
        yield odd("two questions", question * 2, 2, 0, 0, 0)
        yield odd("a question announced", b"", 1, 0, 0, 0)
        yield odd("cut in the name", question[:5], 1, 0, 0, 0)
        yield odd("cut in the class", question[:-1], 1, 0, 0, 0)
        yield odd("a pointer as name", b"\xc0\x0c\0\1\0\1", 1, 0, 0, 0)
        yield odd("a label type of 01", b"\x41a\0\0\1\0\1", 1, 0, 0, 0)
        yield odd("a name of 256 bytes", wire_name(".".join(["a" * 63] * 3 + ["a" * 62])) + b"\0\1\0\1", 1, 0, 0, 0)
        yield odd("bytes behind", question + b"\0", 1, 0, 0, 0)
        yield odd("two OPT", question + opt * 2, 1, 0, 0, 2)
        yield odd("OPT with an owner", question + b"\1a" + opt, 1, 0, 0, 1)
        yield odd("OPT announced", question, 1, 0, 0, 1)
        yield odd("an option past its OPT", question + opt[:-2] + b"\0\4\0\x64\0\x09", 1, 0, 0, 1)
        yield odd("a record in the answer", question + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1", 1, 1, 0, 0)
        yield odd("a record before OPT", question + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" + opt, 1, 0, 0, 2)


assert IN == 1
