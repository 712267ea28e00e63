#!/usr/bin/python3
"""One process of hostile clients: tests/hostile/clients.py ATTACK PORT SECONDS [--source 127.0.0.2] [--seed N].

It attacks until its time is over, or until it is killed, and says at the end what it did. None of it is a client that stands
where it does by mistake: the bytes are made so that a server which believes them runs out of memory or time.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import resource
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import bombs, wire  # noqa: E402
from support.batches import make_batch  # noqa: E402
from support.wire import framed, header, text  # noqa: E402

CREATE_TOPICS = 19
INT_MAX = (1 << 31) - 1
FRAME_MAX = 32 << 20   # what the server takes of Produce
OTHER_MAX = 4 << 20    # and of all else
PARTITIONS_MAX = 50_000  # that a fetch may name
MOST = struct.pack(">i", INT_MAX)
VARINT_MOST = b"\xff\xff\xff\xff\x0f"
BULK = "bulk"        # large batches lie there
WITNESS = "witness"  # somebody else's, who appends all the time
FOREVER_MS = 300_000
PAUSE_S = 0.002      # an attack is not a race for the processors, which the clients would win
PIECE_BYTES = 64 << 10  # of one system call, which nothing interrupts


class Site:
    """Where the attack goes to, and what came of it."""

    def __init__(self, port: int, seconds: float, source: str, seed: int) -> None:
        self.port = port
        self.source = source
        self.end = time.monotonic() + seconds
        self.dice = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.open: list[socket.socket] = []

    def goes_on(self) -> bool:
        time.sleep(PAUSE_S)
        return time.monotonic() < self.end

    def stay(self) -> None:
        """Holds what is open until the time is over."""
        time.sleep(max(0.0, self.end - time.monotonic()))

    def connect(self, timeout_s: float = 5, receive_buffer: int | None = None) -> socket.socket | None:
        one = socket.socket()
        one.settimeout(timeout_s)
        if receive_buffer is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            one.bind((self.source, 0))
            one.connect(("127.0.0.1", self.port))
        except OSError:
            self.counts["connections refused"] += 1
            one.close()
            return None
        self.counts["connections"] += 1
        self.open.append(one)
        return one

    def drop(self, one: socket.socket) -> None:
        self.open.remove(one)
        one.close()

    def send(self, one: socket.socket, content: bytes) -> bool:
        """As much as the server takes without waiting long; whether that was all."""
        try:
            whole = memoryview(content)
            for start in range(0, len(whole), PIECE_BYTES):
                one.sendall(whole[start:start + PIECE_BYTES])
        except OSError as why:
            self.counts["held back" if isinstance(why, TimeoutError) else "closed by the server"] += 1
            return False
        self.counts["sent"] += 1
        return True

    def receive(self, one: socket.socket) -> bool:
        """Something, before the connection is closed."""
        try:
            found = one.recv(1 << 16)
        except OSError:
            found = b""
        self.counts["answers" if found else "closed by the server"] += 1
        return bool(found)

    def throw(self, content: bytes) -> None:
        """On a connection of its own."""
        one = self.connect()
        if one is None:
            return
        if self.send(one, content):
            self.receive(one)
        self.drop(one)


def announced_lengths(site: Site) -> None:
    """Lengths of frames that are absurd, or as large as may be and never come, or come a byte at a time."""
    lengths = (-1, -(1 << 31), INT_MAX, FRAME_MAX + 1, FRAME_MAX, FRAME_MAX - 1)
    starts = [header(wire.PRODUCE, 3) + bytes(4000), header(wire.METADATA, 1), b"", header(wire.FETCH, 4) + bytes(20_000)]
    while site.goes_on():
        if len(site.open) < 400 and (one := site.connect(1)) is not None:
            site.send(one, struct.pack(">i", site.dice.choice(lengths)) + site.dice.choice(starts))
        for slow in site.dice.sample(site.open, min(5, len(site.open))):
            if not site.send(slow, b"x"):
                site.drop(slow)


def _counts() -> Iterator[bytes]:
    """2^31 - 1 wherever a list has a count."""
    one = struct.pack(">i", 1)
    produce = struct.pack(">hhi", -1, -1, 1000)
    yield framed(header(wire.PRODUCE, 3) + produce + MOST)
    yield framed(header(wire.PRODUCE, 3) + produce + one + text(WITNESS) + MOST)
    yield framed(header(wire.PRODUCE, 3) + produce + one + text(WITNESS) + one + bytes(4) + MOST + bytes(100))
    yield framed(header(wire.PRODUCE, 9) + b"\0" + produce[2:] + VARINT_MOST)
    fetch = struct.pack(">iiiib", -1, 10, 1, 1000, 0)
    yield framed(header(wire.FETCH, 4) + fetch + MOST)
    yield framed(header(wire.FETCH, 4) + fetch + one + text(WITNESS) + MOST)
    yield framed(header(wire.FETCH, 7) + fetch + bytes(8) + bytes(4) + MOST)
    yield framed(header(wire.FETCH, 7) + fetch + bytes(8) + bytes(4) + one + text(WITNESS) + MOST)
    yield framed(header(wire.METADATA, 1) + MOST)
    yield framed(header(wire.METADATA, 9) + b"\0" + VARINT_MOST)
    yield framed(header(wire.LIST_OFFSETS, 1) + struct.pack(">i", -1) + MOST)
    yield framed(header(wire.LIST_OFFSETS, 1) + struct.pack(">i", -1) + one + text(WITNESS) + MOST)
    topic = text("t") + struct.pack(">ih", -1, -1)
    yield framed(header(CREATE_TOPICS, 2) + MOST)
    yield framed(header(CREATE_TOPICS, 2) + one + topic + MOST)
    yield framed(header(CREATE_TOPICS, 2) + one + topic + one + bytes(4) + MOST)
    yield framed(header(CREATE_TOPICS, 2) + one + topic + bytes(4) + MOST)
    # As many as the bytes that are there could be, the smallest ones.
    yield framed(header(wire.METADATA, 1) + struct.pack(">i", 1 << 20) + bytes(2 << 20))
    yield framed(header(wire.FETCH, 4) + fetch + one + text(WITNESS) + struct.pack(">i", 1 << 17) + bytes(2 << 20))
    yield framed(header(wire.METADATA, 1) + struct.pack(">i", 4 << 20) + bytes(8 << 20))
    yield framed(header(wire.PRODUCE, 3) + produce + struct.pack(">i", 1 << 20) + bytes(6 << 20))


def absurd_counts(site: Site) -> None:
    frames = list(_counts())
    while site.goes_on():
        site.throw(site.dice.choice(frames))


def varint(value: int) -> bytes:
    """In four bytes."""
    return bytes(value >> shift & 0x7F | 0x80 for shift in (0, 7, 14)) + bytes([value >> 21])


def tag_floods(site: Site) -> None:
    """20 million tagged fields announced, as many as a frame holds sent; and one tag that fills the frame."""
    start = header(wire.METADATA, 9)
    produce = header(wire.PRODUCE, 9)
    many = b"\x80\xda\xc4\x09"  # 20,000,000
    pairs = b"\x64\0"
    fitting = (FRAME_MAX - 100) // 2
    huge = FRAME_MAX - 100
    frames = [
        framed(start + many + pairs * fitting),
        framed(start + b"\0" + b"\1" + b"\0\0\0" + many + pairs * (fitting - 10)),  # after the body
        framed(start + b"\1\x64" + varint(huge) + bytes(huge)),
        framed(start + many + pairs * 1000),
        framed(start + many + pairs * (OTHER_MAX // 2 - 50)),
        framed(start + b"\1\x64" + varint(OTHER_MAX - 100) + bytes(OTHER_MAX - 100)),
        framed(produce + many + pairs * fitting),
        framed(produce + b"\0" + struct.pack(">bhi", 0, -1, 1000) + b"\1" + many + pairs * (fitting - 10)),
        framed(produce + b"\1\x64" + varint(huge) + bytes(huge)),
    ]
    while site.goes_on():
        site.throw(site.dice.choice(frames))


def long_texts(site: Site) -> None:
    """The longest strings that a frame takes, one and many, and lists in lists."""
    longest = text("x" * 32_767)
    frames = [
        framed(header(wire.METADATA, 1, client="c" * 32_767) + bytes(4)),
        framed(header(wire.METADATA, 1) + struct.pack(">i", 200) + longest * 200),
        framed(header(wire.METADATA, 9) + b"\0\2" + VARINT_MOST + b"x" * 1000),
        framed(header(wire.PRODUCE, 3) + struct.pack(">h", 32_767) + b"t" * 32_767 + bytes(6) + bytes(4)),
        framed(header(CREATE_TOPICS, 2) + struct.pack(">i", 1) + text("long-config")
               + struct.pack(">ihii", 1, 1, 0, 100) + (longest + longest) * 100 + bytes(5)),
    ] + [
        framed(header(CREATE_TOPICS, 2) + struct.pack(">i", count)
               + (text("x") + struct.pack(">ihi", -1, -1, 2) + struct.pack(">ii", 0, 0) * 2 + bytes(4)) * count + bytes(5))
        for count in (20_000, 2_000)
    ]
    while site.goes_on():
        site.throw(site.dice.choice(frames))


def zip_bombs(site: Site) -> None:
    """Batches that decompress to much more; and the one question for which the server looks into them: by time."""
    batches = {codec: bombs.bomb(codec) for codec in ("gzip", "snappy", "lz4", "zstd")}
    for codec, batch in batches.items():
        topic = f"bomb-{codec}"
        site.throw(framed(header(wire.METADATA, 1) + wire.metadata_body(topic)))
        site.throw(framed(header(wire.PRODUCE, 7) + wire.produce_body(topic, batch)))
    while site.goes_on():
        while len(site.open) < 24 and site.connect() is not None:
            pass
        for one in list(site.open):
            topic = f"bomb-{site.dice.choice(list(batches))}"
            ask = (struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">i", 1)
                   + struct.pack(">iq", 0, bombs.TIMESTAMP + site.dice.randrange(1, 1_000_000)))
            if not site.send(one, framed(header(wire.LIST_OFFSETS, 1) + ask)):
                site.drop(one)
        for one in list(site.open):
            if not site.receive(one):
                site.drop(one)


def wrong_checksums(site: Site) -> None:
    """Batches in order but for a wrong CRC, as large as they may be and as many as a request holds."""
    batch = bytearray(make_batch([bytes(1_000_000)]))
    batch[-1] ^= 1

    def request(count: int) -> bytes:
        part = struct.pack(">ii", 0, len(batch)) + batch
        return framed(header(wire.PRODUCE, 7) + struct.pack(">hhi", -1, 1, 1000) + struct.pack(">i", 1) + text(WITNESS)
                      + struct.pack(">i", count) + part * count)

    frames = [request(1), request(31)]
    while site.goes_on():
        site.throw(site.dice.choice(frames))


def silent_connections(site: Site) -> None:
    """Thousands that say nothing, or half a request."""
    begun = [b"", b"\0", struct.pack(">i", 100), struct.pack(">i", 16_000) + header(wire.METADATA, 1) + bytes(12_000)]
    while len(site.open) < 6000 and time.monotonic() < site.end:
        one = site.connect(1)
        if one is None:
            break
        if not site.send(one, site.dice.choice(begun)):
            site.drop(one)
    site.stay()


def _unread(site: Site, requests: Callable[[], bytes], connections: int) -> None:
    """Asks and asks, and never reads what is answered. Who is closed comes again."""
    while site.goes_on():
        if len(site.open) < connections:
            one = site.connect(0.01, receive_buffer=4096)
            if one is None:
                continue
            if not site.send(one, requests()):
                site.drop(one)
        elif not site.send(one := site.dice.choice(site.open), requests()):
            try:
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
                    site.drop(one)
            except OSError:
                site.drop(one)


def unread_fetches(site: Site) -> None:
    def ask() -> bytes:
        return framed(header(wire.FETCH, 4) + wire.fetch_body(BULK, site.dice.randrange(0, 60), max_bytes=50 << 20)) * 3

    _unread(site, ask, 600)


def unread_metadata(site: Site) -> None:
    _unread(site, lambda: framed(header(wire.METADATA, 1) + struct.pack(">i", -1)) * 5, 600)


def unread_errors(site: Site) -> None:
    """Small requests whose answers are larger, as many as are taken."""
    ask = framed(header(wire.PRODUCE, 3) + struct.pack(">hhi", -1, 1, 1000) + struct.pack(">i", 1) + text("no-such-topic")
                 + struct.pack(">i", 20) + struct.pack(">ii", 0, 0) * 20)
    _unread(site, lambda: ask * 500, 600)


def unknown_topics(site: Site) -> None:
    """Metadata of 100,000 topics that are not there, and may be created."""
    names = [f"unwanted-{site.dice.randrange(1 << 40)}" for _ in range(100_000)]
    while site.goes_on():
        count = site.dice.choice((100, 5000, PARTITIONS_MAX, 100_000))
        chosen = names[:count]
        site.dice.shuffle(names)
        one = site.connect()
        if one is None:
            continue
        site.send(one, framed(header(wire.METADATA, 1) + struct.pack(">i", count) + b"".join(map(text, chosen))))
        if len(site.open) > 20:
            site.drop(site.open[0])


def huge_creations(site: Site) -> None:
    """Topics of absurdly many partitions, and of many."""
    while site.goes_on():
        number = site.dice.randrange(1 << 40)
        count = site.dice.choice((INT_MAX, INT_MAX, 100_001, 10_001, 2000, -5))
        topics = site.dice.choice((1, 3, 2000))
        body = struct.pack(">i", topics) + b"".join(
            text(f"huge-{number}-{n}") + struct.pack(">ihii", count, 1, 0, 0) for n in range(topics))
        site.throw(framed(header(CREATE_TOPICS, 2) + body + struct.pack(">ib", 60_000, 0)))


def waiting_fetches(site: Site) -> None:
    """Complete fetches of very many partitions that wait for data which does not come in time, or comes all the time."""
    wait = struct.pack(">iiiib", -1, FOREVER_MS, INT_MAX, INT_MAX, 0)

    def frame(topic: str, count: int, offset: int, part_max: int) -> bytes:
        part = struct.pack(">iqi", 0, offset, part_max)
        return framed(header(wire.FETCH, 4) + wait + struct.pack(">i", 1) + text(topic) + struct.pack(">i", count) + part * count)

    frames = [frame(WITNESS, PARTITIONS_MAX, 0, 1), frame("still", PARTITIONS_MAX, 0, 1000), frame("still", 10_000, 0, 1000),
              frame("still", 100_000, 0, 1000), frame("still", 500, 0, 1000)]
    site.throw(framed(header(wire.METADATA, 1) + wire.metadata_body("still")))
    while site.goes_on():
        if len(site.open) < 300 and (one := site.connect(0.2)) is not None:
            site.send(one, site.dice.choice(frames))


def queued_requests(site: Site) -> None:
    """A fetch that waits, and behind it as much as the server reads."""
    wait = framed(header(wire.FETCH, 4) + wire.fetch_body("still", 0, wait_ms=FOREVER_MS))
    rest = framed(header(wire.API_VERSIONS, 0)) * 12_000
    site.throw(framed(header(wire.METADATA, 1) + wire.metadata_body("still")))
    while site.goes_on():
        if len(site.open) < 1000 and (one := site.connect(0.02)) is not None:
            site.send(one, wait + rest)


ATTACKS: dict[str, Callable[[Site], None]] = {
    attack.__name__: attack for attack in (
        announced_lengths, absurd_counts, tag_floods, long_texts, wrong_checksums, zip_bombs, silent_connections, unread_fetches,
        unread_metadata, unread_errors, unknown_topics, huge_creations, waiting_fetches, queued_requests)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=tuple(ATTACKS))
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--source", default="127.0.0.2", help="the address that connections come from")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    site = Site(asked.port, asked.seconds, asked.source, asked.seed)
    ATTACKS[asked.attack](site)
    print(asked.attack, ", ".join(f"{count} {what}" for what, count in sorted(site.counts.items())) or "nothing")


if __name__ == "__main__":
    main()
