"""Messages of DNS as bytes: questions made field by field, replies read into what can be compared.

Knows nothing of this project's code. `read` is strict: what is not one whole message is a ValueError.
"""
import ipaddress
import socket
import struct
from dataclasses import dataclass, field

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "AAAA": 28,
         "SRV": 33, "NAPTR": 35, "OPT": 41, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65,
         "TYPE128": 128, "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "MAILB": 253, "MAILA": 254, "ANY": 255,
         "CAA": 257, "TYPE666": 666, "TYPE65280": 65280}
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH",
          16: "BADVERS", 23: "BADCOOKIE"}
METAS = {41} | set(range(128, 255)) - {251, 252}  # ask for something else than data
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x40, 0x20, 0x10
DO = 0x8000
IN, CH, HS, NONE, ANY_CLASS = 1, 3, 4, 254, 255
CLIENT_SUBNET, COOKIE, EDE = 8, 10, 15


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


@dataclass
class Edns:
    size: int = 1232
    version: int = 0
    flags: int = 0
    options: bytes = b""

    def wire(self):
        return struct.pack("!BHHBBHH", 0, 41, self.size, 0, self.version, self.flags, len(self.options)) + self.options


@dataclass
class Ask:
    """A question; `counts` and `body` say something else than one well-formed question where they are given."""
    name: str
    type: int = 1
    class_: int = IN
    flags: int = RD
    edns: Edns = None
    what: str = ""  # is unusual about it
    counts: tuple = None
    body: bytes = None
    ID = 0x4e4d

    def question(self):
        return wire_name(self.name) + struct.pack("!HH", self.type, self.class_)

    def wire(self):
        body = self.body
        if body is None:
            body = self.question() + (self.edns.wire() if self.edns else b"")
        counts = self.counts or (1, 0, 0, 1 if self.edns else 0)
        return struct.pack("!6H", self.ID, self.flags, *counts) + body

    def __str__(self):
        edns = f" {self.edns}" if self.edns else ""
        what = f" ({self.what})" if self.what else ""
        body = "" if self.body is None else f" {self.wire().hex()}"
        kind = NAMES.get(self.type, f"TYPE{self.type}")
        return f"{self.name}. class {self.class_} {kind} flags {self.flags:04x}{edns}{what}{body}"


@dataclass
class Reply:
    rcode: str
    flags: frozenset
    question: bytes
    sections: list = field(default_factory=list)  # (owner, type, class, TTL, data) of answer, authority, additional
    edns: tuple = None  # version, flags, codes of the options
    options: tuple = ()  # (code, data) of each
    size: int = 0


def read_name(message, at):
    """The name in lower case and where it ends."""
    labels, end, seen = [], None, set()
    while True:
        length = message[at]
        if length >= 0xC0:
            end = end or at + 2
            if at in seen:
                raise ValueError("a loop of pointers")
            seen.add(at)
            at = (length & 0x3F) << 8 | message[at + 1]
        elif length > 63:
            raise ValueError("a label of another kind")
        elif length == 0:
            return ".".join(labels), end or at + 1
        else:
            labels.append(message[at + 1:at + 1 + length].decode("latin-1").lower())
            at += 1 + length


def read_data(message, at, size, kind):
    if kind == TYPES["A"]:
        return socket.inet_ntoa(message[at:at + size])
    if kind == TYPES["AAAA"]:
        return str(ipaddress.IPv6Address(message[at:at + size]))
    if kind in (TYPES["NS"], TYPES["PTR"], TYPES["CNAME"]):
        return read_name(message, at)[0]
    if kind == TYPES["SOA"]:
        server, middle = read_name(message, at)
        mailbox, end = read_name(message, middle)
        return f"{server} {mailbox} {' '.join(map(str, struct.unpack('!5I', message[end:end + 20])))}"
    if kind == TYPES["SRV"]:
        numbers = struct.unpack("!3H", message[at:at + 6])
        return f"{' '.join(map(str, numbers))} {read_name(message, at + 6)[0]}"
    return message[at:at + size].hex()


def read(message):
    try:
        return read_whole(message)
    except (IndexError, struct.error, OSError) as error:
        raise ValueError(f"cut short: {error}") from error


def read_whole(message):
    _, flags, questions, *counts = struct.unpack("!6H", message[:12])
    at = 12
    for _ in range(questions):
        at = read_name(message, at)[1] + 4
    reply = Reply("", frozenset(), message[12:at], size=len(message))
    rcode = flags & 0xF
    for section, count in enumerate(counts):
        reply.sections.append([])
        for _ in range(count):
            owner, at = read_name(message, at)
            kind, class_, ttl, size = struct.unpack("!HHIH", message[at:at + 10])
            if at + 10 + size > len(message):
                raise ValueError("a record runs past the end")
            if kind == TYPES["OPT"]:
                if section != 2 or reply.edns or owner:
                    raise ValueError("OPT out of place")
                rcode |= ttl >> 24 << 4
                reply.options = read_options(message[at + 10:at + 10 + size])
                reply.edns = ttl >> 16 & 0xFF, ttl & 0xFFFF, tuple(code for code, _ in reply.options)
            else:
                reply.sections[-1].append((owner, kind, class_, ttl, read_data(message, at + 10, size, kind)))
            at += 10 + size
    if at != len(message):
        raise ValueError("bytes behind the last record")
    reply.rcode = RCODES.get(rcode, str(rcode))
    names = {"qr": QR, "aa": AA, "tc": TC, "rd": RD, "ra": RA, "z": Z, "ad": AD, "cd": CD}
    reply.flags = frozenset(name for name, bit in names.items() if flags & bit)
    reply.opcode = flags >> 11 & 0xF
    return reply


def read_options(data):
    options = []
    while data:
        code, size = struct.unpack("!HH", data[:4])
        options.append((code, data[4:4 + size]))
        data = data[4 + size:]
    return tuple(options)


def exchange(server, port, wire, tcp=False, timeout=1.0, source=None):
    """What comes back; nothing where nothing does. `source`: the address that asks, else whichever."""
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(timeout)
        if source:
            client.bind((source, 0))
        try:
            client.connect((server, port))
            if not tcp:
                client.send(wire)
                return client.recv(65535)
            client.sendall(struct.pack("!H", len(wire)) + wire)
            with client.makefile("rb") as stream:
                size = struct.unpack("!H", stream.read(2))[0]
                return stream.read(size)
        except (OSError, struct.error):
            return None
