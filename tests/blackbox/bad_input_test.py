"""Bytes that no client would send: the right error or a closed connection, and nobody else notices."""

from __future__ import annotations

import random
import socket
import struct
import time

from support import wire
from support.batches import make_batch
from support.cases import ServerCase
from support.wire import Connection, framed, header

CORRUPT_MESSAGE, UNKNOWN_TOPIC, TOO_LARGE, INVALID_TOPIC = 2, 3, 10, 17
INVALID_ACKS, UNSUPPORTED_VERSION, UNSUPPORTED_FORMAT, INVALID_RECORD = 21, 35, 43, 87
MEMORY_GROWTH_MAX = 96 << 20


class BadInput(ServerCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.memory_at_first = cls.server.memory_bytes()
        cls.witness = Connection(cls.server.port)
        cls.addClassCleanup(cls.witness.__exit__)

    def setUp(self) -> None:
        super().setUp()
        self.produce("witness", [b"before"])

    def tearDown(self) -> None:
        """The server lives, an old connection and a new one work, memory is bounded."""
        self.server.assert_alive()
        with Connection(self.server.port) as fresh:
            for connection in (self.witness, fresh):
                code, _ = connection.produce("witness", make_batch([b"after"]))
                self.assertEqual(code, 0)
        self.assertLess(self.server.memory_bytes() - self.memory_at_first, MEMORY_GROWTH_MAX)

    def answer_to(self, content: bytes) -> bytes | None:
        with Connection(self.server.port) as connection:
            connection.send(content)
            return connection.answer()

    def assert_closed(self, content: bytes) -> None:
        self.assertIsNone(self.answer_to(content))

    def test_impossible_lengths_close_the_connection(self) -> None:
        for length in (-1, -(1 << 31), (1 << 31) - 1, 33 << 20):
            with self.subTest(length):
                self.assert_closed(struct.pack(">i", length) + b"x" * 100)

    def test_frames_too_short_for_a_header_close_the_connection(self) -> None:
        for content in (b"", b"\0", b"\0\x12\0\0", b"\0\x12\0\0\0\0\0", header(wire.METADATA, 1)[:-2]):
            with self.subTest(content):
                self.assert_closed(framed(content))

    def test_absurd_counts_close_the_connection(self) -> None:
        most = struct.pack(">i", (1 << 31) - 1)
        start = struct.pack(">hhi", -1, -1, 1000)
        bodies = {
            "metadata": (wire.METADATA, 1, most), "metadata, negative": (wire.METADATA, 1, struct.pack(">i", -5)),
            "produce, topics": (wire.PRODUCE, 3, start + most),
            "produce, partitions": (wire.PRODUCE, 3, start + struct.pack(">i", 1) + wire.text("witness") + most),
            "produce, bytes": (wire.PRODUCE, 3,
                               start + struct.pack(">i", 1) + wire.text("witness") + struct.pack(">ii", 1, 0) + most),
            "fetch": (wire.FETCH, 4, struct.pack(">iiiib", -1, 10, 1, 1000, 0) + most),
            "list offsets": (wire.LIST_OFFSETS, 1, struct.pack(">i", -1) + most),
            "flexible": (wire.METADATA, 9, b"\0" + b"\xff" * 4 + b"\x0f"),
        }
        for name, (api, version, body) in bodies.items():
            with self.subTest(name):
                self.assert_closed(framed(header(api, version) + body))

    def test_unknown_requests_and_versions(self) -> None:
        for api, version in ((999, 0), (-1, 0), (wire.PRODUCE, 0), (wire.PRODUCE, 99), (wire.FETCH, -1), (4, 0)):
            with self.subTest(api=api, version=version):
                content = self.answer_to(framed(header(api, version) + bytes(20)))
                if content is not None:
                    self.assertEqual(struct.unpack_from(">h", content)[0], UNSUPPORTED_VERSION)
        content = self.answer_to(framed(header(wire.API_VERSIONS, 99)))
        code, count = struct.unpack_from(">hi", content)
        self.assertEqual(code, UNSUPPORTED_VERSION)
        ranges = [struct.unpack_from(">hhh", content, 6 + at * 6) for at in range(count)]
        self.assertIn(wire.API_VERSIONS, [key for key, _, _ in ranges])

    def test_random_bytes_never_stop_the_server(self) -> None:
        dice = random.Random(7)
        for _ in range(300):
            api = dice.choice((0, 1, 2, 3, 10, 18, 19, 20))
            content = header(api, dice.randrange(0, 13)) + dice.randbytes(dice.randrange(0, 300))
            with Connection(self.server.port) as connection:
                connection.send(framed(content))
        for size in (1, 100, 70_000):
            with Connection(self.server.port) as connection:
                try:
                    connection.send(dice.randbytes(size))
                except ConnectionError:
                    pass

    def test_bad_batches_are_refused_and_nothing_of_them_is_stored(self) -> None:
        self.create("strict")
        good = make_batch([b"good"])
        cut = good[:-3]
        longer = bytearray(good)
        longer[11] += 5
        bad = {
            "crc": (make_batch([b"bad"], crc_delta=1), {CORRUPT_MESSAGE}),
            "magic 1": (make_batch([b"bad"], magic=1), {CORRUPT_MESSAGE, UNSUPPORTED_FORMAT, INVALID_RECORD}),
            "magic 77": (make_batch([b"bad"], magic=77), {CORRUPT_MESSAGE, UNSUPPORTED_FORMAT, INVALID_RECORD}),
            "too large": (make_batch([b"b" * 2_000_000]), {TOO_LARGE}),
            "cut": (cut, {CORRUPT_MESSAGE, INVALID_RECORD}),
            "length": (bytes(longer), {CORRUPT_MESSAGE, INVALID_RECORD}),
            "empty": (b"", {CORRUPT_MESSAGE, INVALID_RECORD}),
            "two": (good + good, {CORRUPT_MESSAGE, INVALID_RECORD}),
            "no header": (b"\0" * 30, {CORRUPT_MESSAGE, INVALID_RECORD}),
        }
        for name, (batch, codes) in bad.items():
            with self.subTest(name), Connection(self.server.port) as connection:
                code, _ = connection.produce("strict", batch)
                self.assertIn(code, codes)
                # The connection goes on.
                self.assertEqual(connection.fetch("strict", 0)[:2], (0, 0))
        with Connection(self.server.port) as connection:
            self.assertEqual(connection.produce("strict", good), (0, 0))
            self.assertEqual(connection.produce("strict", good, partition=1)[0], UNKNOWN_TOPIC)
            self.assertEqual(connection.produce("strict", good, partition=-1)[0], UNKNOWN_TOPIC)
            self.assertEqual(connection.produce("strict", good, acks=2)[0], INVALID_ACKS)
        self.assertEqual(self.watermarks("strict"), (0, 1))

    def test_illegal_topic_names(self) -> None:
        for name in ("../../etc/passwd", "a/b", "", ".", "..", "a\0b", "x" * 300):
            with self.subTest(name), Connection(self.server.port) as connection:
                content = connection.ask(wire.METADATA, 1, wire.metadata_body(name))
                self.assertIsNotNone(content)
                self.assertIn(struct.pack(">h", INVALID_TOPIC) + wire.text(name), content)
                self.assertIn(connection.produce(name, make_batch([b"x"]))[0], (INVALID_TOPIC, UNKNOWN_TOPIC))
        names = {path.name for path in self.server.data.glob("**/*")}
        self.assertNotIn("passwd", names)

    def test_announced_frames_that_never_come_cost_no_memory_and_hold_nobody_up(self) -> None:
        announced = struct.pack(">i", 30 << 20) + header(wire.PRODUCE, 3)
        for at in range(200):
            connection = Connection(self.server.port)
            self.addCleanup(connection.__exit__)
            connection.send(announced + bytes(at % 3 * 5000))
        self.assertLess(self.server.memory_bytes() - self.memory_at_first, MEMORY_GROWTH_MAX)
        begun = time.monotonic()
        self.assertEqual(self.produce("while-held", [b"x"] * 10), list(range(10)))
        with Connection(self.server.port) as connection:
            for _ in range(20):  # arrives in pieces
                self.assertEqual(connection.produce("while-held", make_batch([b"y" * 900_000]))[0], 0)
        self.assertLess(time.monotonic() - begun, 8)  # before a frame that does not come ends its connection

    def test_a_client_that_never_reads_its_answers_is_held_back(self) -> None:
        self.produce("flood", [b"f" * 100_000] * 20)
        ask = framed(header(wire.FETCH, 4) + wire.fetch_body("flood", 0, max_bytes=1 << 20))
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=2) as flood:
            flood.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                for _ in range(20_000):
                    flood.sendall(ask)
            except (TimeoutError, ConnectionError):
                pass
            self.assertLess(self.server.memory_bytes() - self.memory_at_first, MEMORY_GROWTH_MAX)
            self.assertEqual(len(self.read("flood", 20)), 20)
