#!/usr/bin/env python3
"""Writes the seed corpora of the protocol's fuzzers from Kafka's message descriptions.

  corpus.py --echo build/debug/src/kafka/protocol/kafka_protocol_echo [--schemas DIR] [--seed N] [--to fuzz/corpus]

For each API the lowest, the first flexible and the highest version, in both directions. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import struct
import sys

from oracle import REPOSITORY, Api, find_schemas, read_table
from schema import Schemas
from values import Values
from wire import Writer, unsigned_varint

SMALL_BYTES = 160


def small_message(schemas: Schemas, source: Values, key: int, version: int, direction: str) -> bytes:
    """Of a few tries the longest that is small: it has most of the fields."""
    message = schemas.messages[key, direction]
    writer = Writer(version, version in message.flexible)
    tries = [writer.message(message, source.message(message, version)) for _ in range(20)]
    return max((one for one in tries if len(one) <= SMALL_BYTES), key=len, default=min(tries, key=len))


def chosen_versions(api: Api) -> list[int]:
    return [v for v in sorted({api.served.first, api.first_flexible, api.served.last}) if v in api.served]


def request_frame(schemas: Schemas, source: Values, key: int, version: int) -> bytes:
    flexible = version in schemas.messages[key, "request"].flexible
    tags = b"\x00" if flexible else b""
    header = struct.pack(">hhi", key, version, 1) + b"\x00\x02me" + tags
    frame = header + small_message(schemas, source, key, version, "request")
    return struct.pack(">i", len(frame)) + frame


def signed_varint(value: int) -> bytes:
    return unsigned_varint((value << 1) ^ (value >> 63))


def nullable(content: bytes | None) -> bytes:
    return signed_varint(-1) if content is None else signed_varint(len(content)) + content


def record_batch(records: list[tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]]) -> bytes:
    """With a CRC of zero: what is read behind the header does not depend on it."""
    content = b""
    for delta, (key, value, headers) in enumerate(records):
        one = b"\0" + signed_varint(delta * 10) + signed_varint(delta) + nullable(key) + nullable(value)
        one += signed_varint(len(headers)) + b"".join(nullable(name) + nullable(inner) for name, inner in headers)
        content += signed_varint(len(one)) + one
    count = len(records)
    tail = struct.pack(">hiqqqhii", 0, count - 1, 1000, 1000 + count * 10, -1, -1, -1, count) + content
    return struct.pack(">qiibI", 0, 9 + len(tail), -1, 2, 0) + tail


def write(folder: pathlib.Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--echo", required=True, help="the kafka_protocol_echo program")
    parser.add_argument("--schemas", help="folder of Kafka's *.json descriptions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=pathlib.Path, default=REPOSITORY / "fuzz" / "corpus")
    arguments = parser.parse_args()
    folder = find_schemas(arguments.schemas)
    if folder is None:
        print("Kafka's message descriptions are not there; set LOGSTORE_KAFKA_SCHEMAS to their folder.")
        return 1
    schemas = Schemas(folder)

    for api in read_table(arguments.echo):
        for version in chosen_versions(api):
            source = Values(random.Random(f"{arguments.seed} {api.name} {version}"))
            for number, direction in enumerate(("request", "response")):
                body = small_message(schemas, source, api.key, version, direction)
                name = f"{api.name}-{version}-{direction}"
                write(arguments.to / "request", name, struct.pack(">bhh", number, api.key, version) + body)
            if version == api.served.last:
                write(arguments.to / "frame", f"{api.name}-{version}", request_frame(schemas, source, api.key, version))
    write(arguments.to / "frame", "ApiVersions-99", struct.pack(">ihhi", 8, 18, 99, 1))

    batches = arguments.to / "record_batch"
    write(batches, "one", record_batch([(b"key", b"value", [])]))
    write(batches, "nulls", record_batch([(None, None, []), (b"", b"", [])]))
    write(batches, "headers", record_batch([(b"k", b"v", [(b"a", b"1"), (b"b", None)]), (None, b"v" * 70, [(b"", b"")])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
