"""Clients that contend for few keys through all doors, and note what they asked and what they were told (history rule H14)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from history.values import make_value, read_value
from history.writer import HistoryWriter
from key_doors import InDoubt, KafkaDoor, Refused, RespDoor, Told, Wish
from support.server import Server

TOPIC, PARTITIONS = "keys", 3
KEYS = 8
# The plain keys of the Redis door are those of the topic.
SETTINGS = {"resp.key_topic": TOPIC, "topics.auto_create": "false"}
KINDS = ("get", "get", "get", "set", "set", "set", "delete")
PAUSE_S = 0.02


def name_of(key: bytes) -> str:
    """Of a register in the history."""
    return f"{TOPIC}/{key.decode()}"


def keys() -> list[bytes]:
    return [b"key-%d" % number for number in range(KEYS)]


class Client(threading.Thread):
    """Asks one thing after another, or a few at once, until it is told to stop; connects again when it has to."""

    def __init__(self, process: int, open_door: Callable[[random.Random], Any], writer: HistoryWriter,
                 dice: random.Random) -> None:
        super().__init__(daemon=True)
        self.process, self.open_door, self.writer, self.dice = process, open_door, writer, dice
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.sequence = 0

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                try:
                    door = self.open_door(self.dice)
                except Refused:
                    self.stopping.wait(PAUSE_S)
                    continue
                self.use(door)
                door.close()
        except BaseException as failure:  # of the load itself: it must not look like a pass
            self.failure = failure
        self.writer.stopped(self.process)

    def use(self, door: Any) -> None:
        is_good = True
        while is_good and not self.stopping.is_set():
            count = self.dice.choice((1, 1, self.dice.randint(1, door.pipelined_max)))
            is_good = ask(door, self.writer, self.process, [self.wish(door) for _ in range(count)])
            if self.dice.random() < 0.1:
                time.sleep(self.dice.random() * PAUSE_S)

    def wish(self, door: Any) -> Wish:
        kind = self.dice.choice(KINDS if isinstance(door, RespDoor) else KINDS[3:])
        key = self.dice.choice(keys())
        if kind != "set":
            return Wish(kind, key)
        size = self.dice.choice((0, 30, 100, 1000)) if self.dice.random() < 0.995 else 200_000
        value, _ = make_value(self.process, self.sequence, size, key)
        self.sequence += 1
        return Wish(kind, key, value, self.dice.choice(door.conditions))


def ask(door: Any, writer: HistoryWriter, process: int, wishes: list[Wish]) -> bool:
    """And notes it. False: the connection is not to be used any more."""
    asked = [writer.ask(process, one.kind, name_of(one.key), None if one.value is None else read_value(one.value, one.key),
                        one.condition) for one in wishes]
    is_good = True
    for wish, number, told in zip(wishes, asked, door.ask(wishes), strict=True):
        if isinstance(told, Told):
            note(writer, process, wish, number, told)
            continue
        is_good = is_good and isinstance(told, Refused)
        writer.not_done(process, number, wish.kind, str(told), "unknown" if isinstance(told, InDoubt) else "fail")
    return is_good


def note(writer: HistoryWriter, process: int, wish: Wish, number: int, told: Told) -> None:
    if wish.kind == "get":
        writer.got(process, number, None if told.value is None else read_value(told.value, wish.key))
        return
    facts = dict(told.facts)
    if facts.get("before") is not None:
        facts["before"] = read_value(facts["before"], wish.key)
    writer.wrote(process, number, wish.kind, **facts)


class KeyLoad:
    """Threads: some at the Redis door, some at Kafka's."""

    def __init__(self, server: Server, writer: HistoryWriter, first_process: int, dice: random.Random, by_resp: int = 6,
                 by_kafka: int = 2) -> None:
        host, port = server.resp_address.rsplit(":", 1)
        doors: list[Callable[[random.Random], Any]] = [lambda dice: RespDoor((host, int(port)), TOPIC, dice)] * by_resp
        doors += [lambda dice: KafkaDoor(server.address, TOPIC)] * by_kafka
        self.clients = [Client(first_process + at, door, writer, random.Random(dice.random())) for at, door in enumerate(doors)]
        self.processes = len(self.clients)  # numbers taken
        self.power_is_going = threading.Event()

    def begin(self) -> None:
        for client in self.clients:
            client.start()

    def end(self) -> None:
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            client.join(30)
            assert not client.is_alive(), f"client {client.process} does not end"
            if client.failure is not None:
                raise client.failure


def read_each(server: Server, writer: HistoryWriter, process: int) -> None:
    """Every key once, where something else may be asked as well."""
    host, port = server.resp_address.rsplit(":", 1)
    door = RespDoor((host, int(port)), TOPIC, random.Random(process))
    for key in keys():
        ask(door, writer, process, [Wish("get", key)])
    door.close()
