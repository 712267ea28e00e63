"""Requests of administrators, in versions that the packaged clients do not send."""

from __future__ import annotations

import dataclasses
import struct
from typing import Callable, TypeVar

from support.wire import Connection, framed, header, text

DELETE_RECORDS, OFFSET_FOR_LEADER_EPOCH, DESCRIBE_LOG_DIRS = 21, 23, 35
CREATE_PARTITIONS, DESCRIBE_CLUSTER = 37, 60
ALL_BELOW_THE_HIGH_WATERMARK = -1

T = TypeVar("T")


class Reader:
    """Takes an answer apart; `flexible` is the notation of newer versions."""

    def __init__(self, content: bytes, flexible: bool) -> None:
        self._content = content
        self._at = 0
        self._flexible = flexible

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from(">" + code, self._content, self._at)
        self._at += struct.calcsize(">" + code)
        return value

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._content[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self) -> str | None:
        length = self._varint() - 1 if self._flexible else self.number("h")
        if length < 0:
            return None
        self._at += length
        return self._content[self._at - length:self._at].decode()

    def list(self, element: Callable[[], T]) -> list[T]:
        count = self._varint() - 1 if self._flexible else self.number("i")
        return [element() for _ in range(count)]

    def tags(self) -> None:
        if self._flexible:
            assert self._varint() == 0, "a tagged field that nobody expects"

    def finish(self) -> None:
        self.tags()
        assert self._at == len(self._content), "bytes behind the answer"


def compact(value: str) -> bytes:
    """Of fewer than 127 bytes."""
    return bytes([len(value.encode()) + 1]) + value.encode()


def ask_flexibly(connection: Connection, api: int, version: int, body: bytes) -> Reader:
    connection.send(framed(header(api, version) + b"\0" + body))
    content = connection.answer()
    assert content is not None, "the connection was closed"
    reader = Reader(content, True)
    reader.tags()
    return reader


def delete_records(connection: Connection, topic: str, offsets: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Version 0: low watermark and error code of each partition."""
    parts = b"".join(struct.pack(">iq", partition, offset) for partition, offset in offsets.items())
    body = struct.pack(">i", 1) + text(topic) + struct.pack(">i", len(offsets)) + parts + struct.pack(">i", 10_000)
    content = connection.ask(DELETE_RECORDS, 0, body)
    assert content is not None, "the connection was closed"
    reader = Reader(content, False)
    assert reader.number("i") == 0

    def of_topic() -> list[tuple[int, int, int]]:
        assert reader.text() == topic
        return reader.list(lambda: (reader.number("i"), reader.number("q"), reader.number("h")))

    (answered,) = reader.list(of_topic)
    reader.finish()
    return {partition: (low, code) for partition, low, code in answered}


def end_of_epoch(connection: Connection, topic: str, epoch: int, current: int = -1, partition: int = 0) -> tuple[int, int, int]:
    """Version 3: error code, epoch and end offset."""
    body = (struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">i", 1) + struct.pack(">iii", partition, current, epoch))
    content = connection.ask(OFFSET_FOR_LEADER_EPOCH, 3, body)
    assert content is not None, "the connection was closed"
    reader = Reader(content, False)
    assert reader.number("i") == 0

    def of_topic() -> list[tuple[int, int, int, int]]:
        assert reader.text() == topic
        return reader.list(lambda: (reader.number("h"), reader.number("i"), reader.number("i"), reader.number("q")))

    ((answered,),) = reader.list(of_topic)
    reader.finish()
    code, told, found, end = answered
    assert told == partition
    return code, found, end


@dataclasses.dataclass
class LogDirs:
    code: int
    path: str
    sizes: dict[tuple[str, int], int]
    total_bytes: int
    usable_bytes: int


def log_dirs(connection: Connection) -> LogDirs:
    """Version 4: everything."""
    reader = ask_flexibly(connection, DESCRIBE_LOG_DIRS, 4, b"\0\0")
    assert (reader.number("i"), reader.number("h")) == (0, 0)
    sizes: dict[tuple[str, int], int] = {}

    def of_topic() -> None:
        name = reader.text() or ""

        def of_partition() -> None:
            partition, size, lag, is_future = (reader.number(code) for code in "iqqb")
            assert (lag, is_future) == (0, 0)
            sizes[name, partition] = size
            reader.tags()

        reader.list(of_partition)
        reader.tags()

    def of_folder() -> LogDirs:
        code, path = reader.number("h"), reader.text() or ""
        reader.list(of_topic)
        found = LogDirs(code, path, sizes, reader.number("q"), reader.number("q"))
        reader.tags()
        return found

    (folder,) = reader.list(of_folder)
    reader.finish()
    return folder


@dataclasses.dataclass
class Cluster:
    code: int
    cluster_id: str
    controller: int
    brokers: list[tuple[int, str, int]]
    operations: int


def describe_cluster(connection: Connection, with_operations: bool = False, endpoint: int = 1) -> Cluster:
    """Version 1."""
    reader = ask_flexibly(connection, DESCRIBE_CLUSTER, 1, struct.pack(">bb", with_operations, endpoint) + b"\0")
    assert reader.number("i") == 0
    code, _, told_endpoint = reader.number("h"), reader.text(), reader.number("b")
    assert told_endpoint == 1
    cluster_id, controller = reader.text() or "", reader.number("i")

    def of_broker() -> tuple[int, str, int]:
        found = reader.number("i"), reader.text() or "", reader.number("i")
        assert reader.text() is None
        reader.tags()
        return found

    brokers = reader.list(of_broker)
    operations = reader.number("i")
    reader.finish()
    return Cluster(code, cluster_id, controller, brokers, operations)


def create_partitions(connection: Connection, topic: str, count: int, assignments: list[list[int]] | None = None,
                      validate_only: bool = False) -> int:
    """Version 3: the error code."""
    assigned = b"\0" if assignments is None else bytes([len(assignments) + 1]) + b"".join(
        bytes([len(brokers) + 1]) + b"".join(struct.pack(">i", broker) for broker in brokers) + b"\0"
        for brokers in assignments)
    body = b"\2" + compact(topic) + struct.pack(">i", count) + assigned + b"\0"
    body += struct.pack(">ib", 10_000, validate_only) + b"\0"
    reader = ask_flexibly(connection, CREATE_PARTITIONS, 3, body)
    assert reader.number("i") == 0

    def of_topic() -> int:
        assert reader.text() == topic
        code, message = reader.number("h"), reader.text()
        assert (code == 0) == (message is None), message
        reader.tags()
        return code

    (code,) = reader.list(of_topic)
    reader.finish()
    return code
