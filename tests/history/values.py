"""Values that say who they are: whether one is whole is seen from its bytes (and its record key) alone.

  magic "h1" | process u32 | sequence u64 | length of all u32 | CRC-32 of all else and of the record key u32 | filling

The filling repeats "process.sequence/", so that bytes of another record in the midst of a value tell where they belong. In a
history a value is the text "process.sequence.length.checksum"; one that is damaged is a text that begins with "?".
"""

from __future__ import annotations

import struct
import zlib

HEAD = struct.Struct(">2sIQI")
CHECKSUM = struct.Struct(">I")
MAGIC = b"h1"
SIZE_MIN = HEAD.size + CHECKSUM.size
DAMAGED = "?"


def _filling(process: int, sequence: int, size: int) -> bytes:
    pattern = b"%d.%d/" % (process, sequence)
    return (pattern * (size // len(pattern) + 1))[:size]


def _checksum(head: bytes, filling: bytes | memoryview, record_key: bytes | None) -> int:
    return zlib.crc32(record_key or b"", zlib.crc32(filling, zlib.crc32(head)))


def value_text(process: int, sequence: int, length: int, checksum: int) -> str:
    return f"{process}.{sequence}.{length}.{checksum:08x}"


def make_value(process: int, sequence: int, size: int = SIZE_MIN, record_key: bytes | None = None) -> tuple[bytes, str]:
    """The value, of `size` bytes but at least SIZE_MIN, and its text. Whoever reads it back needs the same record key."""
    length = max(size, SIZE_MIN)
    head, filling = HEAD.pack(MAGIC, process, sequence, length), _filling(process, sequence, length - SIZE_MIN)
    checksum = _checksum(head, filling, record_key)
    return head + CHECKSUM.pack(checksum) + filling, value_text(process, sequence, length, checksum)


def read_value(value: bytes | None, record_key: bytes | None = None) -> str:
    """The text of a value that came back: the one that make_value() gave, or what is wrong with it."""
    if value is None:
        return DAMAGED + "null"
    if len(value) < SIZE_MIN:
        return f"{DAMAGED}only {len(value)} bytes: {value.hex()}"
    head = value[:HEAD.size]
    magic, process, sequence, length = HEAD.unpack(head)
    checksum = CHECKSUM.unpack_from(value, HEAD.size)[0]
    if magic == MAGIC and length == len(value) and _checksum(head, memoryview(value)[SIZE_MIN:], record_key) == checksum:
        return value_text(process, sequence, length, checksum)
    return DAMAGED + _damage(value, record_key)


def _damage(value: bytes, record_key: bytes | None) -> str:
    """For a person: the first byte that is not what the head announces, if the head can be believed."""
    magic, process, sequence, length = HEAD.unpack_from(value)
    crc = f"{len(value)} bytes, their CRC-32 {zlib.crc32(value):08x}"
    if magic != MAGIC:
        return f"no head: {value[:SIZE_MIN].hex()}, {crc}"
    name = f"{process}.{sequence}"
    if length != len(value):
        return f"{name} should have {length} bytes, has {crc}"
    filling = _filling(process, sequence, length - SIZE_MIN)
    for at in range(SIZE_MIN, length):
        if value[at] != filling[at - SIZE_MIN]:
            return f"{name} differs from byte {at} on: {value[at:at + 24].hex()}, {crc}"
    return f"{name} has a damaged head or checksum, or another record key than {(record_key or b'').hex()!r}: {crc}"
