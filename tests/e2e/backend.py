#!/usr/bin/env python3
"""backend.py CLUSTER RECEIVED ADDRESS:PORT…: an HTTP server on each address that says who answered.

What it gets with an X-Id goes to the file RECEIVED, a line each, before it is answered: so a test can count how often
a request arrived.
"""
import json
import os
import selectors
import socket
import sys

MAX_HEAD = 64 * 1024


class Connection:
    def __init__(self, link, where):
        self.link, self.where, self.data = link, where, b""


def answer(connection, head, cluster, received):
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    if "x-id" in fields:
        os.write(received, (fields["x-id"] + "\n").encode())
    body = json.dumps({"cluster": cluster, "address": connection.where, "method": method, "path": target,
                       "host": fields.get("host", "")}).encode() + b"\n"
    connection.link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                            % len(body) + body)
    return int(fields.get("content-length", "0"))


def serve(connection, cluster, received):
    """False when the connection is over. Bodies are taken whole: the tests send small ones."""
    try:
        data = connection.link.recv(65536)
    except OSError:
        return False
    if not data:
        return False
    connection.data += data
    while b"\r\n\r\n" in connection.data:
        head, _, rest = connection.data.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if len(rest) < length:
            return True
        try:
            answer(connection, head, cluster, received)
        except OSError:
            return False
        connection.data = rest[length:]
    return len(connection.data) < MAX_HEAD


def main():
    cluster, file, addresses = sys.argv[1], sys.argv[2], sys.argv[3:]
    received = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    ready = selectors.DefaultSelector()
    for address in addresses:
        ip, _, port = address.rpartition(":")
        listener = socket.create_server((ip, int(port)), backlog=512)
        ready.register(listener, selectors.EVENT_READ, address)
    while True:
        for key, _ in ready.select():
            if isinstance(key.data, str):
                link, _ = key.fileobj.accept()
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(link, selectors.EVENT_READ, Connection(link, key.data))
            elif not serve(key.data, cluster, received):
                ready.unregister(key.fileobj)
                key.fileobj.close()


main()
