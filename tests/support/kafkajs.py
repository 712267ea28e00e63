"""kafkajs under test: runs tests/clients/kafkajs on Node.js. Its main.js says what it can be asked."""

from __future__ import annotations

import base64
import functools
import json
import os
import subprocess
from typing import Any, NamedTuple

from support.cases import require
from support.server import REPOSITORY

WITHIN_S = 60


class Record(NamedTuple):
    """As it was sent or read. The offset is known of what was read, the partition is chosen by the key where it is not given."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = []
    timestamp: int = 1_700_000_000_000
    partition: int | None = None


@functools.cache
def modules() -> str:
    """The folder that has kafkajs, in its pinned version."""
    found = subprocess.run([REPOSITORY / "tools" / "kafkajs"], capture_output=True, text=True, timeout=120)
    require(found.returncode == 0, found.stderr.strip())
    return found.stdout.strip()


def text_of(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def bytes_of(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


class KafkaJs:
    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, do: str, **what: Any) -> Any:
        """The answer; a refusal is one too: {"error": {"name", "type", "message"}}."""
        command = ["node", str(REPOSITORY / "tests" / "clients" / "kafkajs" / "main.js"), self.address]
        done = subprocess.run(command, input=json.dumps({"do": do, **what}), capture_output=True, text=True, timeout=WITHIN_S,
                              env={**os.environ, "NODE_PATH": modules()})
        if done.returncode != 0 or not done.stdout:
            raise AssertionError(f"kafkajs ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def get(self, do: str, **what: Any) -> Any:
        answer = self.ask(do, **what)
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{do}: {answer['error']}")
        return answer

    def refusal(self, do: str, **what: Any) -> tuple[str, str | None]:
        """Name and type of the error, which has to come."""
        answer = self.ask(do, **what)
        if not isinstance(answer, dict) or "error" not in answer:
            raise AssertionError(f"{do} was not refused: {answer}")
        return answer["error"]["name"], answer["error"]["type"]

    def read(self, topic: str, count: int, partition: int = 0, offset: int = 0) -> list[Record]:
        """Exactly `count` records, whose offsets follow one another."""
        answer = self.get("read", topic=topic, partition=partition, offset=offset, count=count)
        assert [one["offset"] for one in answer] == list(range(offset, offset + count)), [one["offset"] for one in answer]
        return [Record(bytes_of(one["key"]), bytes_of(one["value"]),
                       [(name, bytes_of(value)) for name, value in one["headers"]], int(one["timestamp"]), partition)
                for one in answer]


def sent(records: list[Record]) -> list[dict[str, Any]]:
    """As `produce` takes them."""
    return [{"key": text_of(one.key), "value": text_of(one.value), "timestamp": str(one.timestamp), "partition": one.partition,
             "headers": [[name, text_of(value)] for name, value in one.headers]} for one in records]
