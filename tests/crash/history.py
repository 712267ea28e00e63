"""What one producer sent and what became of it, on disk a line at a time; and the records, which carry who they are."""

from __future__ import annotations

import pathlib
import struct
import zlib
from typing import NamedTuple

IDENTITY = struct.Struct(">IIQ")  # checksum of the rest, producer, number


class Identity(NamedTuple):
    producer: int
    number: int


def make_value(identity: Identity, filling: bytes) -> bytes:
    rest = struct.pack(">IQ", *identity) + filling
    return struct.pack(">I", zlib.crc32(rest)) + rest


def identity_of(value: bytes | None) -> Identity | None:
    """Nothing when the value is not what was sent."""
    if value is None or len(value) < IDENTITY.size:
        return None
    checksum, producer, number = IDENTITY.unpack_from(value)
    return Identity(producer, number) if zlib.crc32(value[4:]) == checksum else None


class Producing(NamedTuple):
    """Of one producer."""

    sent: dict[int, int]  # number: partition
    acknowledged: dict[int, int]  # number: offset
    failed: int


class HistoryWriter:
    def __init__(self, path: pathlib.Path) -> None:
        self._file = path.open("w", buffering=1 << 16)

    def sent(self, number: int, partition: int) -> None:
        self._file.write(f"s {number} {partition}\n")

    def acknowledged(self, number: int, offset: int) -> None:
        self._file.write(f"a {number} {offset}\n")

    def failed(self, number: int, why: str) -> None:
        self._file.write(f"f {number} {why}\n")

    def close(self) -> None:
        self._file.close()


def read_history(path: pathlib.Path) -> Producing:
    found = Producing({}, {}, 0)
    failed = 0
    for line in path.read_text().splitlines():
        kind, number, what = line.split(" ", 2)
        if kind == "s":
            found.sent[int(number)] = int(what)
        elif kind == "a":
            found.acknowledged[int(number)] = int(what)
        else:
            failed += 1
    return found._replace(failed=failed)
