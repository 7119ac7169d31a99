"""A DNS server for tests: a few names, whose addresses or SRV records may change, be denied or not be answered."""
import socket
import struct
import threading

SERVER_PORT = 5353


def record_of(one):
    if isinstance(one, str):
        return socket.inet_aton(one)
    *numbers, target = one
    labels = [label.encode() for label in target.split(".") if label]
    return struct.pack("!3H", *numbers) + b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class NameServer:
    """A or SRV records with a TTL of a second for the names it has, NXDOMAIN for others; None for all: silence. An
    address is text, an SRV record (priority, weight, port, target).
    """

    def __init__(self, ip):
        self.names = {}
        self.takes = 0.0  # seconds for each answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, SERVER_PORT))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            asked, peer = self.socket.recvfrom(4096)
            names = self.names
            if names is None:
                continue
            labels, at = [], 12
            while asked[at]:
                labels.append(asked[at + 1:at + 1 + asked[at]].decode())
                at += 1 + asked[at]
            kind = struct.unpack("!H", asked[at + 1:at + 3])[0]
            known = names.get(".".join(labels).lower())
            records = [record_of(one) for one in known or [] if kind == (1 if isinstance(one, str) else 33)]
            head = asked[:2] + struct.pack("!5H", 0x8180 if known is not None else 0x8183, 1, len(records), 0, 0)
            answer = b"".join(struct.pack("!3HIH", 0xc00c, kind, 1, 1, len(data)) + data for data in records)
            reply = head + asked[12:at + 5] + answer
            threading.Timer(self.takes, self.socket.sendto, (reply, peer)).start()
