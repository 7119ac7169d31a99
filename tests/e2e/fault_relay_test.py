#!/usr/bin/env python3
"""fault_relay_test.py: the relay does what it is told. Times are the least that a fault takes, never the most."""
import socket
import time

from fault_relay import RETRANSMISSION_SECONDS, FaultRelay
from mesh import claim_net

TALLY = b"".join(b"%d;" % i for i in range(10_000))


def expect(true, what):
    if not true:
        raise AssertionError(what)


class Pair:
    """A connection from "a" to "b" through the relay, and both its ends."""

    def __init__(self, relay):
        self.relay, (self.net, self.claim) = relay, claim_net()
        self.server = socket.create_server((f"127.{self.net}.2.1", 0))
        self.server.settimeout(20)
        self.door = (f"127.{self.net}.1.2", self.server.getsockname()[1])
        relay.listen("a", "b", self.door, self.server.getsockname())
        relay.listen("b", "a", (f"127.{self.net}.2.2", self.door[1]), (f"127.{self.net}.1.1", 1))
        self.a, self.b = self.connect()

    def connect(self):
        a = socket.create_connection(self.door, timeout=20)
        b, _ = self.server.accept()
        b.settimeout(20)
        return a, b

    def nobody_comes(self):
        self.server.settimeout(0.5)
        try:
            self.server.accept()
            expect(False, "a connection came up")
        except TimeoutError:
            self.server.settimeout(20)

    def close(self):
        for one in (self.a, self.b, self.server):
            one.close()


def crosses(source, target, data=b"word"):
    """Seconds until it came."""
    begun = time.monotonic()
    source.sendall(data)
    got, more = b"", True
    while more and len(got) < len(data):
        more = target.recv(65536)
        got += more
    expect(got == data, f"{got[:100]!r} came instead of {data[:100]!r}")
    return time.monotonic() - begun


def nothing_comes(target):
    target.settimeout(0.5)
    try:
        expect(False, f"{target.recv(100)!r} came")
    except TimeoutError:
        target.settimeout(20)


def words_cross_both_ways(pair):
    crosses(pair.a, pair.b)
    crosses(pair.b, pair.a, b"x" * 60_000)


def delay_is_of_each_way(pair):
    pair.relay.slow(0.3)
    expect(crosses(pair.a, pair.b) >= 0.3, "there")
    expect(crosses(pair.b, pair.a) >= 0.3, "and back")
    begun = time.monotonic()
    for one in pair.connect():
        one.close()
    expect(time.monotonic() - begun >= 0.6, "a handshake goes there and back")


def a_narrow_way_carries_its_rate_on_all_connections_together(pair):
    pair.relay.narrow(100_000)
    other, other_end = pair.connect()
    other.sendall(TALLY)
    expect(crosses(pair.a, pair.b, TALLY) >= len(TALLY) / 100_000, "there, at most at its rate")
    crosses(other_end, other)
    expect(crosses(pair.a, pair.b) < 5, "what has left no longer counts")
    for one in (other, other_end):
        one.close()


def loss_holds_up_the_stream_and_keeps_its_order(pair):
    pair.relay.lose(0.2)
    before, taken = pair.relay.lost(), 0.0
    for _ in range(30):
        taken = max(taken, crosses(pair.a, pair.b))
        if pair.relay.lost() > before:
            break
    expect(pair.relay.lost() > before and taken >= RETRANSMISSION_SECONDS, f"{taken} s at most")
    crosses(pair.a, pair.b, TALLY)


def a_held_way_holds_no_other(pair):
    pair.relay.hold("a", "b")
    pair.a.sendall(b"held")
    nothing_comes(pair.b)
    crosses(pair.b, pair.a)
    late = socket.create_connection(pair.door, timeout=20)
    pair.nobody_comes()
    pair.relay.heal()
    expect(pair.b.recv(100) == b"held", "what was held has come")
    pair.server.accept()[0].close()
    late.close()


def who_gave_up_before_the_heal_does_not_come_after_it(pair):
    pair.relay.cut("a", "b")
    socket.create_connection(pair.door, timeout=20).close()
    time.sleep(0.5)
    pair.relay.heal()
    pair.nobody_comes()


def ends_and_resets_are_passed_on(pair):
    pair.a.shutdown(socket.SHUT_WR)
    expect(pair.b.recv(100) == b"", "the end of one way")
    crosses(pair.b, pair.a)
    pair.b.close()
    expect(pair.a.recv(100) == b"", "the end of the other")
    pair.a, pair.b = pair.connect()
    crosses(pair.a, pair.b)
    pair.relay.reset("a", "b")
    for one in (pair.a, pair.b):
        try:
            one.recv(100)
            expect(False, "no reset")
        except ConnectionResetError:
            pass
    pair.a, pair.b = pair.connect()
    crosses(pair.a, pair.b)


def main():
    for test in (words_cross_both_ways, delay_is_of_each_way,
                 a_narrow_way_carries_its_rate_on_all_connections_together,
                 loss_holds_up_the_stream_and_keeps_its_order, a_held_way_holds_no_other,
                 who_gave_up_before_the_heal_does_not_come_after_it, ends_and_resets_are_passed_on):
        with FaultRelay(seed=1) as relay:
            pair = Pair(relay)
            test(pair)
            pair.close()
        print(f"ok      {test.__name__}", flush=True)


main()
