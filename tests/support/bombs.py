"""Record batches of some hundred kilobytes that decompress to much more, made by hand for each codec."""

from __future__ import annotations

import struct
import zlib

from support.batches import CODECS, crc32c

_MASK = 0xFFFFFFFF
TIMESTAMP = 1_700_000_000_000


def _varint(value: int) -> bytes:
    out = bytearray()
    while value & ~0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _gzip(compressed_max: int) -> bytes:
    """Members of 64 MiB of zeros each, one after another."""
    work = zlib.compressobj(9, zlib.DEFLATED, 31)
    part = bytes(1 << 20)
    member = b"".join(work.compress(part) for _ in range(64)) + work.flush()
    return member * max(1, compressed_max // len(member))


def _snappy(compressed_max: int) -> bytes:
    """One block: copies of 64 bytes, 3 bytes each. The format knows nothing denser."""
    copies = compressed_max // 3 - 4
    return _varint(1 + 64 * copies) + b"\0\0" + (b"\xfe" + struct.pack("<H", 1)) * copies


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK


def _short_xxh32(content: bytes) -> int:
    """Of less than four bytes, which is what a frame's header has here."""
    value = (0x165667B1 + len(content)) & _MASK
    for byte in content:
        value = _rotated((value + byte * 0x165667B1) & _MASK, 11) * 0x9E3779B1 & _MASK
    value = (value ^ value >> 15) * 0x85EBCA77 & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE3D & _MASK
    return value ^ value >> 16


def _lz4(compressed_max: int) -> bytes:
    """Blocks of 4 MiB: one literal, and then a match as long as the block allows."""
    descriptor = b"\x60\x70"  # version 1, independent blocks, at most 4 MiB each
    frame = b"\x04\x22\x4d\x18" + descriptor + bytes([_short_xxh32(descriptor) >> 8 & 0xFF])
    extra = ((4 << 20) - 64) // 255
    block = b"\x1f\0\x01\0" + b"\xff" * extra + b"\0" + b"\x50" + bytes(5)
    return frame + (struct.pack("<I", len(block)) + block) * max(1, compressed_max // (len(block) + 4)) + bytes(4)


def _zstd(compressed_max: int) -> bytes:
    """Blocks of one repeated byte: 4 bytes for 128 KiB."""
    head = b"\x28\xb5\x2f\xfd" + b"\0" + b"\x68"  # a window of 8 MiB, no size, no checksum
    repeat = 1 << 1 | (128 << 10) << 3
    middle = struct.pack("<I", repeat)[:3] + b"\0"
    return head + middle * (compressed_max // 4 - 4) + struct.pack("<I", repeat | 1)[:3] + b"\0"


_MAKERS = {"gzip": _gzip, "snappy": _snappy, "lz4": _lz4, "zstd": _zstd}


def bomb(codec: str, compressed_max: int = 900_000) -> bytes:
    """A batch that claims many records, with times that a lookup must look for in its contents."""
    content = _MAKERS[codec](compressed_max)
    count = 1000
    tail = struct.pack(">hiqqqhii", CODECS[codec], count - 1, TIMESTAMP, TIMESTAMP + 1_000_000, -1, -1, -1, count) + content
    return struct.pack(">qiibI", 0, 9 + len(tail), -1, 2, crc32c(tail)) + tail
