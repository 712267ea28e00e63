"""Record batches of format 2, as they travel and as they lie in segment files."""

from __future__ import annotations

import ctypes
import ctypes.util
import pathlib
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

HEADER = struct.Struct(">qiibIhiqqqhii")  # 61 bytes
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def _slow_crc32c(content: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _fastest_crc32c() -> Callable[[bytes], int]:
    """ISA-L's, a library that the server needs as well; else slow."""
    name = ctypes.util.find_library("isal")
    if name is None:
        return _slow_crc32c
    function = ctypes.CDLL(name).crc32_iscsi
    function.argtypes, function.restype = (ctypes.c_char_p, ctypes.c_int, ctypes.c_uint), ctypes.c_uint
    if function(b"123456789", 9, 0xFFFFFFFF) ^ 0xFFFFFFFF != 0xE3069283:
        return _slow_crc32c
    return lambda content: function(content, len(content), 0xFFFFFFFF) ^ 0xFFFFFFFF


crc32c = _fastest_crc32c()


class Batch(NamedTuple):
    base_offset: int
    magic: int
    crc_holds: bool
    codec: int
    last_offset: int
    record_count: int


def batches_of(path: pathlib.Path) -> Iterator[Batch]:
    """Of a whole segment file; anything that is no batch is an AssertionError."""
    content = path.read_bytes()
    at = 0
    while at < len(content):
        assert len(content) - at >= HEADER.size, f"{path}: {len(content) - at} bytes at {at} are no batch"
        base, length, _, magic, crc, attributes, last_delta, _, _, _, _, _, count = HEADER.unpack_from(content, at)
        assert 49 <= length <= len(content) - at - 12, f"{path}: a batch of {length} bytes at {at}"
        holds = crc32c(content[at + 21:at + 12 + length]) == crc
        yield Batch(base, magic, holds, attributes & 7, base + last_delta, count)
        at += 12 + length


def _varint(value: int) -> bytes:
    value = value << 1 ^ value >> 63
    out = bytearray()
    while value & ~0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def make_batch(values: list[bytes], timestamp: int = 1_700_000_000_000, magic: int = 2, crc_delta: int = 0) -> bytes:
    """Uncompressed, without keys and headers; by a CRC that is off by `crc_delta`."""
    content = b""
    for delta, value in enumerate(values):
        one = b"\0" + _varint(0) + _varint(delta) + _varint(-1) + _varint(len(value)) + value + _varint(0)
        content += _varint(len(one)) + one
    tail = struct.pack(">hiqqqhii", 0, len(values) - 1, timestamp, timestamp, -1, -1, -1, len(values)) + content
    return struct.pack(">qiibI", 0, 9 + len(tail), -1, magic, crc32c(tail) ^ crc_delta) + tail
