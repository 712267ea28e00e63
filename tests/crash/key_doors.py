"""Doors to single record keys: what a client may ask through each of them, and what it is told."""

from __future__ import annotations

import random
import socket
from typing import Any, NamedTuple

from confluent_kafka import Producer

from history.outcomes import certainly_not_written

WITHIN_S = 10


class Refused(Exception):
    """It had no effect, for certain."""


class InDoubt(Exception):
    """Nobody knows."""


class Wish(NamedTuple):
    """What to ask for; a condition is of a set."""

    kind: str  # get, set or delete
    key: bytes
    value: bytes | None = None
    condition: str | None = None


class Told(NamedTuple):
    """What an answer says: the value that was got, or done, existed, before and offset of a write."""

    value: bytes | None = None
    facts: dict[str, Any] = {}


class RespDoor:
    """Redis' protocol, RESP2: the topic as a hash, and as plain keys, which are the same. Commands may be pipelined."""

    conditions = (None, None, "absent", "present")
    pipelined_max = 5

    def __init__(self, address: tuple[str, int], topic: str, dice: random.Random) -> None:
        self._topic, self._dice = topic.encode(), dice
        try:
            self._socket = socket.create_connection(address, WITHIN_S)
        except OSError as failure:
            raise Refused(str(failure)) from None
        self._file = self._socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def command(self, wish: Wish) -> list[bytes]:
        """One of those that do it."""
        key, value, topic = wish.key, wish.value or b"", self._topic
        if wish.kind == "get":
            ways = [[b"GET", key], [b"HGET", topic, key], [b"MGET", key], [b"HMGET", topic, key]]
        elif wish.kind == "delete":
            ways = [[b"DEL", key], [b"HDEL", topic, key], [b"GETDEL", key]]
        elif wish.condition == "absent":
            ways = [[b"SETNX", key, value], [b"HSETNX", topic, key, value], [b"SET", key, value, b"NX"]]
        elif wish.condition == "present":
            ways = [[b"SET", key, value, b"XX"]]
        else:
            ways = [[b"SET", key, value], [b"HSET", topic, key, value], [b"GETSET", key, value], [b"SET", key, value, b"GET"]]
        return self._dice.choice(ways)

    @staticmethod
    def told(command: list[bytes], answer: Any) -> Told:
        name, options = command[0], command[3:]
        if name in (b"GET", b"HGET"):
            return Told(answer)
        if name in (b"MGET", b"HMGET"):
            return Told(answer[0])
        if name in (b"DEL", b"HDEL"):
            return Told(facts={"existed": answer == 1})
        if name == b"GETDEL" or name == b"GETSET" or options == [b"GET"]:
            return Told(facts={"before": answer})
        if name in (b"SETNX", b"HSETNX"):
            return Told(facts={"done": answer == 1})
        if name == b"HSET":
            return Told(facts={"existed": answer == 0})
        return Told(facts={"done": answer is not None})

    def ask(self, wishes: list[Wish]) -> Any:
        """Yields, for each wish, what was told or the error: Refused or InDoubt."""
        commands = [self.command(wish) for wish in wishes]
        try:
            self._socket.sendall(b"".join(self._framed(command) for command in commands))
        except OSError as failure:
            for _ in commands:
                yield InDoubt(str(failure))
            return
        for command in commands:
            try:
                yield self.told(command, self._answer())
            except Refused as failure:
                yield failure
            except (OSError, EOFError, ValueError) as failure:
                yield InDoubt(repr(failure))

    @staticmethod
    def _framed(command: list[bytes]) -> bytes:
        return b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in command)

    def _answer(self) -> Any:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("closed")
        mark, rest = line[:1], line[1:-2]
        if mark == b"+":
            return rest
        if mark == b"-":
            raise Refused(rest.decode())
        if mark == b":":
            return int(rest)
        if mark == b"*":
            return [self._answer() for _ in range(int(rest))]
        if mark != b"$":
            raise ValueError(f"no answer: {line!r}")
        if rest == b"-1":
            return None
        whole = self._file.read(int(rest) + 2)
        if len(whole) != int(rest) + 2:
            raise EOFError("closed")
        return whole[:-2]


class KafkaDoor:
    """Produces records with keys where the Java clients put them; a delete is a record without a value. It cannot read."""

    conditions = (None,)
    pipelined_max = 1

    def __init__(self, address: str, topic: str) -> None:
        self._topic = topic
        self._client = Producer({"bootstrap.servers": address, "log_level": 0, "acks": "all", "enable.idempotence": False,
                                 "retries": 0, "message.timeout.ms": 4000, "linger.ms": 0, "reconnect.backoff.ms": 20,
                                 "reconnect.backoff.max.ms": 200, "partitioner": "murmur2"})

    def close(self) -> None:
        self._client.flush(WITHIN_S)

    def ask(self, wishes: list[Wish]) -> Any:
        for wish in wishes:
            outcome: list[Any] = []
            self._client.produce(self._topic, wish.value, wish.key, on_delivery=lambda *what: outcome.append(what))
            self._client.flush(WITHIN_S)
            if not outcome:
                yield InDoubt("no delivery report")
                continue
            error, message = outcome[0]
            if error is None:
                yield Told(facts={"offset": message.offset()})
            else:
                yield (Refused if certainly_not_written(error.code()) else InDoubt)(error.name())
