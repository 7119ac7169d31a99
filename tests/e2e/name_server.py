"""A DNS server for tests: a few names, whose addresses may change, be denied or not be answered."""
import socket
import struct
import threading

SERVER_PORT = 5353


class NameServer:
    """A records with a TTL of a second for the names it has, NXDOMAIN for others; None for all: silence."""

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
            addresses = names.get(".".join(labels).lower())
            records = [] if kind != 1 or addresses is None else addresses
            head = asked[:2] + struct.pack("!5H", 0x8180 if addresses is not None else 0x8183, 1, len(records), 0, 0)
            answer = b"".join(bytes.fromhex("c00c00010001000000010004") + socket.inet_aton(a) for a in records)
            reply = head + asked[12:at + 5] + answer
            threading.Timer(self.takes, self.socket.sendto, (reply, peer)).start()
