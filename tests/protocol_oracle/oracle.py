#!/usr/bin/env python3
"""Compares the broker's codec with an interpreter of Kafka's own message descriptions.

Makes random values for every API, version and direction that the codec serves, writes them as the descriptions say, has the
codec (kafka_protocol_echo) decode and encode them again, and compares byte for byte. Also: unknown tagged fields are skipped,
tagged fields with default values are legal, nulls are refused where the descriptions forbid them, fields that a version lacks
have their defaults, headers are right, and no cut message passes for a whole one.

  oracle.py --echo build/debug/src/kafka/protocol/kafka_protocol_echo [--schemas DIR] [--seed N] [--rounds N] [--api NAME]

The descriptions are not part of this repository: LOGSTORE_KAFKA_SCHEMAS names their folder (default: ../shared/kafka-schemas
beside the checkout). Without them the test is skipped, except where CI=true.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import os
import pathlib
import random
import struct
import subprocess
import sys
from typing import Iterator

import values
from schema import Message, Schemas, Versions
from values import Values
from wire import Writer

EXIT_SKIPPED = 77
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

REQUEST_BODY, RESPONSE_BODY, REQUEST_FRAME, RESPONSE_FRAME = range(4)
DECODED, REFUSED, NOT_ENCODED = range(3)

# Where our default is not Kafka's 0 or "": no broker, no port, no message.
OWN_DEFAULTS = {"FindCoordinatorResponse": {"NodeId": -1, "Port": -1, "ErrorMessage": None}}


@dataclasses.dataclass
class Api:
    """A line of the codec's own table."""

    key: int
    name: str
    first_flexible: int
    served: Versions


@dataclasses.dataclass
class Case:
    what: str
    kind: int
    api: Api
    version: int
    encode_version: int
    sent: bytes
    expected: bytes | None
    """None: must be refused."""

    def input(self) -> bytes:
        content = struct.pack(">bhhh", self.kind, self.api.key, self.version, self.encode_version) + self.sent
        return struct.pack(">I", len(content)) + content

    def complaint(self, status: int, answer: bytes) -> str | None:
        if self.expected is None:
            return None if status == REFUSED else "was taken, but must be refused"
        if status != DECODED:
            return "failed: " + answer.decode("utf-8", "replace")
        return None if answer == self.expected else f"came back as {answer.hex()}"


class Oracle:
    def __init__(self, schemas: Schemas, seed: int) -> None:
        self.schemas = schemas
        self.random = random.Random(seed)
        self.values = Values(self.random)

    def cases(self, api: Api, version: int, direction: str, rounds: int) -> Iterator[Case]:
        message = self.schemas.messages[api.key, direction]
        kind = REQUEST_BODY if direction == "request" else RESPONSE_BODY
        flexible = version in message.flexible
        for number in range(rounds):
            value = self.values.message(message, version)
            sent = Writer(version, flexible).message(message, value)
            yield Case("a random message", kind, api, version, version, sent, sent)
            if flexible:
                tagged = Writer(version, True, extra_tags=self.unknown_tags).message(message, value)
                yield Case("unknown tagged fields", kind, api, version, version, tagged, sent)
                verbose = Writer(version, True, with_defaults=True).message(message, value)
                yield Case("tagged fields with defaults", kind, api, version, version, verbose, sent)
            yield from self.nulled(message, kind, api, version, value)
            yield from self.other_version(message, kind, api, version, value, sent)
            yield self.frame(message, api, version, value)
            if number < 3:
                for length in range(min(len(sent), 200)):
                    yield Case("a cut message", kind, api, version, version, sent[:length], None)
                yield Case("a message with a byte after it", kind, api, version, version, sent + b"\0", None)

    def unknown_tags(self, used: set[int]) -> dict[int, bytes]:
        numbers = [self.random.choice((self.random.randrange(40), 2**32 - 1)) for _ in range(self.random.randrange(3))]
        return {number: self.random.randbytes(self.random.randrange(6)) for number in numbers if number not in used}

    def nulled(self, message: Message, kind: int, api: Api, version: int, value: dict) -> Iterator[Case]:
        fields = list(values.never_null(message.fields, value, version))
        if not fields:
            return
        field = self.random.choice(fields)
        sent = Writer(version, version in message.flexible, nulled=field).message(message, value)
        yield Case(f"null for {field.name}", kind, api, version, version, sent, None)

    def other_version(
        self, message: Message, kind: int, api: Api, version: int, value: dict, sent: bytes
    ) -> Iterator[Case]:
        other = self.random.randint(api.served.first, api.served.last)
        seen = values.seen_by(message.fields, value, version)
        for name, default in OWN_DEFAULTS.get(message.name, {}).items():
            field = next(one for one in message.fields if one.name == name)
            if version not in field.versions:
                seen[name] = default
        if values.has_forbidden_null(message.fields, seen, other):
            return
        expected = Writer(other, other in message.flexible).message(message, seen)
        yield Case(f"re-encoded in version {other}", kind, api, version, other, sent, expected)

    def frame(self, message: Message, api: Api, version: int, value: dict) -> Case:
        flexible = version in message.flexible
        body = Writer(version, flexible).message(message, value)
        if message.kind == "request":
            header = self.schemas.request_header
            header_version = 2 if flexible else 1
            header_value = self.values.message(header, header_version)
            header_value.update(RequestApiKey=api.key, RequestApiVersion=version)
            kind = REQUEST_FRAME
        else:
            header = self.schemas.response_header
            header_version = 1 if flexible and api.name != "ApiVersions" else 0
            header_value = self.values.message(header, header_version)
            kind = RESPONSE_FRAME
        sent = Writer(header_version, header_version in header.flexible).message(header, header_value) + body
        return Case("a whole frame", kind, api, version, version, sent, sent)


def read_table(echo: str) -> list[Api]:
    lines = subprocess.run([echo, "--table"], check=True, capture_output=True, text=True).stdout.splitlines()
    apis = []
    for line in lines:
        key, name, first_flexible, first, last = line.split()
        apis.append(Api(int(key), name, int(first_flexible), Versions(int(first), int(last))))
    return apis


def check_table(api: Api, schemas: Schemas) -> list[str]:
    """What the codec's table says of an API against the descriptions. Versions that Kafka removed cannot be compared."""
    message = schemas.messages.get((api.key, "request"))
    if message is None:
        return [f"{api.name}: no description of key {api.key}"]
    complaints = []
    if message.name != api.name + "Request":
        complaints.append(f"key {api.key} is {message.name}, not {api.name}")
    # "none" in the descriptions of removed APIs says nothing.
    if message.valid.last >= 0 and (message.flexible.first if message.flexible.last >= 0 else 0x7FFF) != api.first_flexible:
        complaints.append(f"{api.name} is flexible from {message.flexible.first} on, not {api.first_flexible}")
    return complaints


def answers(echo: str, cases: list[Case]) -> Iterator[tuple[int, bytes]]:
    output = subprocess.run([echo], input=b"".join(case.input() for case in cases), check=True, capture_output=True).stdout
    at = 0
    for _ in cases:
        (length,) = struct.unpack_from(">I", output, at)
        yield output[at + 4], output[at + 5 : at + 4 + length]
        at += 4 + length


def compare(oracle: Oracle, api: Api, rounds: int, echo: str, counts: collections.Counter) -> list[str]:
    complaints = []
    valid = oracle.schemas.messages[api.key, "request"].valid
    for version in range(api.served.first, api.served.last + 1):
        if version not in valid:
            print(f"{api.name} {version}: not in the descriptions, not compared")
            continue
        for direction in ("request", "response"):
            cases = list(oracle.cases(api, version, direction, rounds))
            for case, (status, answer) in zip(cases, answers(echo, cases)):
                counts[case.what.split(" for ")[0].split(" in version ")[0]] += 1
                complaint = case.complaint(status, answer)
                if complaint:
                    complaints.append(f"{api.name} {direction} {version}: {case.what}: {case.sent.hex()} {complaint}")
    return complaints


def find_schemas(given: str | None) -> pathlib.Path | None:
    folder = pathlib.Path(given or os.environ.get("LOGSTORE_KAFKA_SCHEMAS") or REPOSITORY.parent / "shared" / "kafka-schemas")
    return folder if (folder / "RequestHeader.json").exists() else None


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--echo", required=True, help="the kafka_protocol_echo program")
    parser.add_argument("--schemas", help="folder of Kafka's *.json descriptions")
    parser.add_argument("--seed", type=int, default=os.environ.get("LOGSTORE_ORACLE_SEED"), help="of an earlier run")
    parser.add_argument("--rounds", type=int, default=50, help="random messages for each API, version and direction")
    parser.add_argument("--api", help="only this one, as Metadata")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    folder = find_schemas(arguments.schemas)
    if folder is None:
        print("Kafka's message descriptions are not there; set LOGSTORE_KAFKA_SCHEMAS to their folder.")
        return 1 if os.environ.get("CI") == "true" else EXIT_SKIPPED
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", flush=True)

    oracle = Oracle(Schemas(folder), seed)
    table = read_table(arguments.echo)
    complaints = [complaint for api in table for complaint in check_table(api, oracle.schemas)]
    counts: collections.Counter = collections.Counter()
    served = [api for api in table if api.served.last >= 0 and arguments.api in (None, api.name)]
    for api in served:
        complaints += compare(oracle, api, arguments.rounds, arguments.echo, counts)
    for complaint in complaints[:20]:
        print(complaint[:2000])
    if not served or len(counts) < 8:
        complaints.append("not every kind of case was made")
        print(complaints[-1])
    print(f"{len(served)} APIs, {sum(counts.values())} cases, {len(complaints)} complaints (seed {seed})")
    for what, count in sorted(counts.items()):
        print(f"  {count:7} {what}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
