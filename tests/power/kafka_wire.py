"""As much of the Kafka protocol as the load and the reading back need: pipelined, exact, cheap."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patience import LOOK_S, Patience
from support.batches import HEADER, crc32c
from support.wire import FETCH, LIST_OFFSETS, METADATA, PRODUCE, framed, header, text

CREATE_TOPICS, DELETE_TOPICS = 19, 20
EARLIEST, LATEST = -2, -1
NO_ERROR, OUT_OF_RANGE, UNKNOWN_TOPIC = 0, 1, 3
# What a broker may change of a batch lies before this: base offset, length, leader epoch.
CONTENT_AT = 16


class Closed(Exception):
    """The connection ended, or did not answer in time."""


class StoredBatch(NamedTuple):
    base: int
    last: int
    content: bytes  # from CONTENT_AT on


class Damaged(Exception):
    """What was fetched is no row of batches."""


def batches_in(records: bytes) -> Iterator[StoredBatch]:
    """Whole ones; what is cut off at the end is left out, as a consumer leaves it out."""
    at = 0
    while len(records) - at >= HEADER.size:
        base, length, _, magic, _, _, last_delta, *_ = HEADER.unpack_from(records, at)
        if length < 49 or magic != 2 or last_delta < 0:
            raise Damaged(f"no batch at byte {at}: {records[at:at + 61].hex()}")
        if at + 12 + length > len(records):
            return
        yield StoredBatch(base, base + last_delta, records[at + CONTENT_AT:at + 12 + length])
        at += 12 + length


class Reader:
    """Over the bytes of one answer."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, form: struct.Struct) -> tuple:
        found = form.unpack_from(self._content, self._at)
        self._at += form.size
        return found

    def int16(self) -> int:
        return self.take(INT16)[0]

    def int32(self) -> int:
        return self.take(INT32)[0]

    def bytes(self, count: int) -> bytes:
        found = self._content[self._at:self._at + max(count, 0)]
        self._at += max(count, 0)
        return found

    def text(self) -> str:
        return self.bytes(self.int16()).decode()


ANSWER_WITHIN_S = 20
INT16, INT32 = struct.Struct(">h"), struct.Struct(">i")
PRODUCED, LISTED = struct.Struct(">ihqq"), struct.Struct(">ihqq")
FETCHED = struct.Struct(">ihqqqi")


class Place(NamedTuple):
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"

    @property
    def key(self) -> str:
        """In a history."""
        return f"{self.topic}-{self.partition}"


def by_topic(places: Iterable[Place]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place in places:
        found.setdefault(place.topic, []).append(place.partition)
    return found


def produce_request(correlation: int, parts: dict[Place, bytes], acks: int) -> bytes:
    topics = by_topic(parts)
    out = bytearray(header(PRODUCE, 3, correlation) + struct.pack(">hhii", -1, acks, 30_000, len(topics)))
    for topic, partitions in topics.items():
        out += text(topic) + INT32.pack(len(partitions))
        for partition in partitions:
            batch = parts[Place(topic, partition)]
            out += struct.pack(">ii", partition, len(batch)) + batch
    return framed(bytes(out))


def produce_answer(content: bytes) -> dict[Place, tuple[int, int]]:
    """Error code and base offset."""
    reader, found = Reader(content), {}
    for _ in range(reader.int32()):
        topic = reader.text()
        for _ in range(reader.int32()):
            partition, code, offset, _ = reader.take(PRODUCED)
            found[Place(topic, partition)] = code, offset
    return found


class Fetched(NamedTuple):
    code: int
    high_watermark: int
    start: int
    records: bytes


class Connection:
    """Every wait has an end. One user at a time."""

    def __init__(self, port: int) -> None:
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S)
        except OSError as failure:
            raise Closed(str(failure)) from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._correlation = 0

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, content: bytes) -> None:
        try:
            self.socket.sendall(content)
        except OSError as failure:
            raise Closed(str(failure)) from None

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self._received) < 4:
            return None
        size = INT32.unpack_from(self._received)[0]
        if len(self._received) < 4 + size:
            return None
        content = bytes(self._received[4:4 + size])
        del self._received[:4 + size]
        return INT32.unpack_from(content)[0], content[4:]

    def answer(self, waits: bool = True) -> tuple[int, bytes] | None:
        """Correlation and content of the next answer; nothing when there is none yet and it shall not wait."""
        patience = Patience(ANSWER_WITHIN_S)
        while (frame := self._frame()) is None:
            if not select.select([self.socket], [], [], LOOK_S if waits else 0)[0]:
                if not waits:
                    return None
                if patience.is_over():
                    raise Closed(f"no answer within {ANSWER_WITHIN_S} s")
                continue
            try:
                part = self.socket.recv(1 << 20)
            except OSError as failure:
                raise Closed(str(failure)) from None
            if not part:
                raise Closed("closed by the server")
            self._received += part
        return frame

    def ask(self, api: int, version: int, body: bytes) -> Reader:
        self._correlation += 1
        self.send(framed(header(api, version, self._correlation) + body))
        correlation, content = self.answer()
        if correlation != self._correlation:
            raise Closed(f"the answer to {correlation} instead of {self._correlation}")
        return Reader(content)

    def topics(self) -> dict[str, int]:
        """Of all of them, how many partitions."""
        reader = self.ask(METADATA, 4, struct.pack(">ib", -1, 0))
        reader.int32()  # throttled
        for _ in range(reader.int32()):
            reader.int32()
            reader.text()
            reader.int32()
            reader.text()
        reader.text()
        reader.int32()
        found = {}
        for _ in range(reader.int32()):
            code, name = reader.int16(), reader.text()
            reader.bytes(1)
            partitions = reader.int32()
            for _ in range(partitions):
                reader.bytes(2 + 4 + 4)
                reader.bytes(4 * reader.int32())
                reader.bytes(4 * reader.int32())
            if code == NO_ERROR:
                found[name] = partitions
        return found

    def create(self, topic: str, partitions: int, config: dict[str, str]) -> int:
        body = INT32.pack(1) + text(topic) + struct.pack(">ihii", partitions, 1, 0, len(config))
        body += b"".join(text(name) + text(value) for name, value in config.items())
        return self._changed(CREATE_TOPICS, 2, body + struct.pack(">ib", 20_000, 0))

    def delete(self, topic: str) -> int:
        return self._changed(DELETE_TOPICS, 1, INT32.pack(1) + text(topic) + INT32.pack(20_000))

    def _changed(self, api: int, version: int, body: bytes) -> int:
        reader = self.ask(api, version, body)
        reader.int32()
        reader.int32()
        reader.text()
        return reader.int16()

    def offsets(self, places: list[Place], which: int) -> dict[Place, tuple[int, int]]:
        """Error code and offset."""
        topics = by_topic(places)
        body = struct.pack(">ii", -1, len(topics))
        for topic, partitions in topics.items():
            body += text(topic) + INT32.pack(len(partitions)) + b"".join(struct.pack(">iq", one, which) for one in partitions)
        reader, found = self.ask(LIST_OFFSETS, 1, body), {}
        for _ in range(reader.int32()):
            topic = reader.text()
            for _ in range(reader.int32()):
                partition, code, _, offset = reader.take(LISTED)
                found[Place(topic, partition)] = code, offset
        return found

    def fetch(self, positions: dict[Place, int], wait_ms: int = 0, bytes_max: int = 8 << 20) -> dict[Place, Fetched]:
        topics = by_topic(positions)
        body = bytearray(struct.pack(">iiiibi", -1, wait_ms, 1, bytes_max, 0, len(topics)))
        for topic, partitions in topics.items():
            body += text(topic) + INT32.pack(len(partitions))
            for partition in partitions:
                body += struct.pack(">iqqi", partition, positions[Place(topic, partition)], -1, 2 << 20)
        reader, found = self.ask(FETCH, 5, bytes(body)), {}
        reader.int32()
        for _ in range(reader.int32()):
            topic = reader.text()
            for _ in range(reader.int32()):
                partition, code, high, _, start, aborted = reader.take(FETCHED)
                reader.bytes(16 * max(aborted, 0))
                found[Place(topic, partition)] = Fetched(code, high, start, reader.bytes(reader.int32()))
        return found
