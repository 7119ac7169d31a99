"""A TCP relay on loopback that does to the streams between agents what a bad network does, without root.

A *way* leads from one cluster to another; its faults hold for what is said that way on every connection of the two,
whoever dialled. TCP hides a lost packet and shows that the stream waits: each loss delays the packet and all behind it
by a retransmission timeout, which doubles when the same packet is lost again. What is held comes when the way is open
again. A connection begins only when both ways let its handshake pass.

A thread of its own relays; the controls may be called from any other, and have taken effect when they return.
"""
import asyncio
import random
import socket
import struct
import threading

PACKET_BYTES = 1400
WINDOW_PACKETS = 1000  # on their way in one direction of one connection; beyond that its sender waits
QUEUE_SECONDS = 0.1  # that a way with a rate holds before it; beyond that the sender waits as well
SEGMENT_BYTES, RECEIVE_BYTES = 1400, 128 * 1024  # of the relay's sockets: a sender's own buffer grows with both
RETRANSMISSION_SECONDS = 0.2  # at least, beside a round trip; then twice as long each time
HANDSHAKE_AGAIN_SECONDS = 1.0
MOST_RETRANSMISSIONS = 8
END, RESET = b"", None  # what a direction may bring beside bytes


class Way:
    def __init__(self):
        self.delay, self.loss, self.rate = 0.0, 0.0, None  # seconds; share of packets; bytes a second, None = any
        self.free_at = 0.0  # when all that was taken has left
        self.open = asyncio.Event()
        self.open.set()
        self.lost = 0

    def passing(self, chance, timeout):
        """How long one packet takes, in seconds."""
        taken, lost = self.delay, 0
        while lost < MOST_RETRANSMISSIONS and chance.random() < self.loss:
            taken += timeout * 2 ** lost
            lost += 1
        self.lost += lost
        return taken

    def leaving(self, now, size):
        """When a packet has left that came now; all connections of the way share its rate."""
        if self.rate:
            self.free_at = max(self.free_at, now) + size / self.rate
        return max(self.free_at, now)


class Direction:
    """One direction of one connection: packets in order, each when it is due and the way is open."""

    def __init__(self, way, chance):
        self.way, self.chance = way, chance
        self.packets = asyncio.Queue(WINDOW_PACKETS)
        self.ended = False

    async def take(self, reader):
        clock, due = asyncio.get_running_loop().time, 0.0
        while not self.ended:
            try:
                packet = await reader.read(PACKET_BYTES)
            except OSError:
                packet = RESET
            timeout = RETRANSMISSION_SECONDS + 2 * self.way.delay
            left = self.way.leaving(clock(), len(packet or END))
            due = max(due, left + self.way.passing(self.chance, timeout))
            self.ended = packet in (END, RESET)
            await self.packets.put((due, packet))
            await asyncio.sleep(left - clock() - QUEUE_SECONDS)  # its queue is full: the sender must wait

    async def give(self, writer):
        clock = asyncio.get_running_loop().time
        while True:
            due, packet = await self.packets.get()
            await asyncio.sleep(due - clock())
            await self.way.open.wait()
            if packet is RESET:
                reset(writer)
            if packet in (END, RESET):
                break
            if not writer.is_closing():  # else its other direction tells the sender
                writer.write(packet)
                await quietly(writer.drain())
        if not writer.is_closing():
            await quietly(end(writer))


async def end(writer):
    writer.write_eof()


async def quietly(attempt):
    try:
        return await attempt
    except OSError:
        return None


def reset(writer):
    link = writer.get_extra_info("socket")
    if link is not None and link.fileno() >= 0:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Listener:
    """Where one cluster dials another: takes its connections and makes one of each to `to`."""

    def __init__(self, out, back, to, chance):
        self.out, self.back, self.to, self.chance = out, back, to, chance
        self.writers, self.connections, self.server = set(), set(), None

    async def open(self, at):
        listening = socket.create_server(at, backlog=100)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.server = await asyncio.start_server(self.take, sock=listening)

    def take(self, reader, writer):
        connection = asyncio.create_task(self.serve(reader, writer))
        self.connections.add(connection)
        connection.add_done_callback(self.connections.discard)

    async def serve(self, reader, writer):
        out, back = Direction(self.out, self.chance), Direction(self.back, self.chance)
        writers, tasks = [writer], [asyncio.create_task(out.take(reader))]
        self.writers.add(writer)
        try:
            if await self.shakes_hands(out):
                reader, onward = await asyncio.open_connection(*self.to)
                writers.append(onward)
                self.writers.add(onward)
                tasks += map(asyncio.create_task, (out.give(onward), back.take(reader), back.give(writer)))
                await asyncio.gather(*tasks)
                for one in writers:
                    one.close()
        except OSError:
            pass  # nobody listens there: the reset tells the dialler
        finally:
            for task in tasks:
                task.cancel()
            for one in writers:
                if not one.is_closing():
                    reset(one)
            self.writers.difference_update(writers)

    async def shakes_hands(self, out):
        """False when the dialler has given up before."""
        for way in (self.out, self.back):
            await asyncio.sleep(way.passing(self.chance, HANDSHAKE_AGAIN_SECONDS))
        while not (self.out.open.is_set() and self.back.open.is_set()):
            await self.out.open.wait()
            await self.back.open.wait()
        return not out.ended

    async def close(self):
        self.server.close()
        for connection in self.connections:
            connection.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)


class FaultRelay:
    """Use as a context. Clusters are names; a fault is named by the way that it is on, from and to."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.ways, self.listeners = {}, {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.do(self.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    async def stop(self):
        for listener in self.listeners.values():
            await listener.close()

    def listen(self, dialler, dialled, at, to):
        """At the address `at` the dialler reaches the dialled, which listens at `to`; each (host, port)."""
        async def work():
            listener = Listener(self.way(dialler, dialled), self.way(dialled, dialler), to, self.chance)
            await listener.open(at)
            self.listeners[dialler, dialled] = listener
        self.do(work())

    def way(self, source, target):
        return self.ways.setdefault((source, target), Way())

    def slow(self, seconds):
        """Every way takes so long."""
        self.on_all(lambda way: setattr(way, "delay", seconds))

    def narrow(self, rate):
        """Every way carries so many bytes a second, as long as there is no other word; None for any number."""
        self.on_all(lambda way: setattr(way, "rate", rate))

    def lose(self, share):
        """Every way loses this share of its packets."""
        self.on_all(lambda way: setattr(way, "loss", share))

    def on_all(self, change):
        async def work():
            for way in self.ways.values():
                change(way)
        self.do(work())

    def hold(self, source, target):
        """Nothing said that way arrives, and no new connection of the two comes up."""
        async def work():
            self.way(source, target).open.clear()
        self.do(work())

    def cut(self, one, other):
        """A partition of the two: both ways are held."""
        self.hold(one, other)
        self.hold(other, one)

    def join(self, one, other):
        """The end of their partition."""
        async def work():
            for pair in ((one, other), (other, one)):
                self.way(*pair).open.set()
        self.do(work())

    def heal(self):
        """Every way is open, wide, quick and without loss; what was held arrives."""
        def mend(way):
            way.delay, way.loss, way.rate = 0.0, 0.0, None
            way.open.set()
        self.on_all(mend)

    def reset(self, one, other):
        """Ends the connections of the two as a firewall does that has forgotten them; new ones are welcome."""
        async def work():
            for pair in ((one, other), (other, one)):
                for writer in self.listeners[pair].writers:
                    reset(writer)
        self.do(work())

    def lost(self):
        """How many packets were lost until now."""
        return sum(way.lost for way in self.ways.values())
