"""What loads a server between two cuts: threads, each with a connection of its own, that end with it or when told to."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from typing import NamedTuple

from history.values import make_value
from kafka_wire import (NO_ERROR, OUT_OF_RANGE, UNKNOWN_TOPIC, Closed, Connection, Damaged, Place, batches_in,
                        produce_answer, produce_request)
from ledger import Batch, Ledger, Topic
from support.batches import make_batch

TOPICS = {  # name: partitions, configuration
    "steady": (3, {"segment.bytes": "1048576"}),
    "rolling": (2, {"segment.bytes": "65536"}),
    "trimmed": (2, {"segment.bytes": "65536", "retention.bytes": "262144"}),
    "idle": (6, {}),
    "reborn": (2, {"segment.bytes": "65536"}),
}
REBORN = "reborn"
LASTING = ("steady", "rolling", "trimmed", "idle")


def places_of(*topics: str) -> list[Place]:
    return [Place(topic, partition) for topic in topics for partition in range(TOPICS[topic][0])]


class Habits(NamedTuple):
    """Of one producer."""

    places: list[Place]
    acks: int
    window: int  # requests in flight
    pause_s: float  # between requests, at the most
    records: tuple[int, ...]  # in a batch
    sizes: tuple[int, ...]  # of a record
    parts: int  # batches in a request, at the most


def busy(dice: random.Random) -> Habits:
    window, pause_s = dice.choice((1, 4, 16, 40)), dice.choice((0, 0.001, 0.005))
    return Habits(places_of("steady", "rolling", "trimmed", REBORN), -1, window, pause_s, (1, 1, 3, 20),
                  dice.choice(((0, 10, 100), (100, 1000), (500, 4096), (3000, 20_000))), dice.choice((1, 3, 8)))


def one_place(dice: random.Random) -> Habits:
    """Everything into one partition: it rolls."""
    return Habits([dice.choice(places_of("steady", "rolling", "trimmed"))], -1, dice.choice((2, 8, 32)), 0.002, (1, 5),
                  (2000, 10_000, 40_000), 1)


def rare(dice: random.Random) -> Habits:
    return Habits(places_of("idle"), -1, 2, dice.choice((0.05, 0.2)), (1, 2), (5, 50, 500), 2)


def careless(dice: random.Random) -> Habits:
    topics = ("steady", "rolling", "idle", REBORN) if dice.random() < 0.2 else ("steady", "rolling", "idle")
    return Habits(places_of(*topics), 0, 1, dice.choice((0.001, 0.004, 0.02)), (1, 4), (10, 300, 2000), 3)


class Worker(threading.Thread):
    """Ends when its connection does after `stop`, or is cut off by the server's end."""

    def __init__(self, load: Load, process: int, dice: random.Random) -> None:
        super().__init__(daemon=True)
        self.load, self.process, self.dice = load, process, dice

    def run(self) -> None:
        try:
            self.work()
        except Closed:
            pass
        except Exception as failure:  # a fault of the load itself must not look like a pass
            self.load.ledger.complain(f"{type(self).__name__} {self.process}: {failure!r}")

    def work(self) -> None:
        raise NotImplementedError


class Producer(Worker):
    """Sends each batch once. Requests are pipelined up to the window; without acks nothing is waited for."""

    def __init__(self, load: Load, process: int, dice: random.Random, habits: Habits) -> None:
        super().__init__(load, process, dice)
        self.habits = habits
        self.number = self.sequence = 0  # of batches and records
        self.in_flight: deque[tuple[int, dict[Place, Batch]]] = deque()

    def values(self) -> list[tuple[bytes, str]]:
        """Of one batch, with their texts."""
        dice, found = self.dice, []
        is_large = dice.random() < 0.003
        for _ in range(1 if is_large else dice.choice(self.habits.records)):
            size = dice.randrange(100_000, 700_000) if is_large else dice.choice(self.habits.sizes)
            found.append(make_value(self.process, self.sequence, size))
            self.sequence += 1
        return found

    def request(self) -> tuple[int, bytes]:
        parts, batches = {}, {}
        wanted = min(len(self.habits.places), self.dice.randint(1, self.habits.parts))
        for place in self.dice.sample(self.habits.places, wanted):
            values = self.values()
            parts[place] = make_batch([value for value, _ in values], time.time_ns() // 1_000_000)
            batches[place] = self.load.ledger.sending(self.process, self.number, place, parts[place],
                                                      [text for _, text in values], self.habits.acks)
            self.number += 1
        correlation = self.number
        self.in_flight.append((correlation, batches))
        return correlation, produce_request(correlation, parts, self.habits.acks)

    def take(self, answer: tuple[int, bytes]) -> None:
        correlation, batches = self.in_flight.popleft()
        if answer[0] != correlation:
            raise AssertionError(f"the answer to {answer[0]} came, {correlation} was next")
        outcomes = produce_answer(answer[1])
        for place, batch in batches.items():
            self.load.ledger.answered(batch, *outcomes[place])

    def work(self) -> None:
        try:
            with Connection(self.load.port) as connection:
                self.produce(connection)
        finally:
            for _, batches in self.in_flight:
                for batch in batches.values():
                    self.load.ledger.not_answered(batch)

    def produce(self, connection: Connection) -> None:
        try:
            while not self.load.stopping.is_set():
                connection.send(self.request()[1])
                if self.habits.pause_s:
                    time.sleep(self.dice.random() * self.habits.pause_s)
                if self.habits.acks == 0:
                    continue
                while self.in_flight and (answer := connection.answer(len(self.in_flight) >= self.habits.window)) is not None:
                    self.take(answer)
        finally:  # what was answered before the end counts
            while self.in_flight and self.habits.acks != 0:
                self.take(connection.answer())


class Consumer(Worker):
    """Follows the topics that last: what it is given may never change again."""

    def work(self) -> None:
        ledger, positions = self.load.ledger, {}
        with Connection(self.load.port) as connection:
            for place, (code, offset) in connection.offsets(places_of(*LASTING), self.dice.choice((-1, -1, -2))).items():
                if code == NO_ERROR:
                    positions[place] = offset
            while not self.load.stopping.is_set():
                for place, part in connection.fetch(positions, 50, 1 << 20).items():
                    if part.code == OUT_OF_RANGE and part.start > positions[place]:
                        positions[place] = part.start
                    elif part.code != NO_ERROR:
                        self.load.refused(f"a fetch of {place} from {positions[place]}: error {part.code}")
                        return
                    else:
                        positions[place] = self.given(place, positions[place], part)

    def given(self, place: Place, position: int, part) -> int:
        found = []
        try:
            for stored in batches_in(part.records):
                batch = self.load.ledger.by_content.get(stored.content)
                if batch is None:
                    self.load.ledger.complain(f"a consumer was given what nobody sent: {place}, {stored.base}")
                else:
                    found.append((stored.base, batch))
                position = stored.last + 1
        except Damaged as what:
            self.load.ledger.complain(f"a consumer of {place}: {what}")
        self.load.ledger.read(self.process, place, part.start, part.high_watermark, found)
        return position


class Administrator(Worker):
    """Deletes a topic and makes another of its name, again and again, under load."""

    def work(self) -> None:
        ledger, topic = self.load.ledger, self.load.ledger.topics[REBORN]
        with Connection(self.load.port) as connection:
            while not self.load.stopping.wait(self.dice.random() * 0.6):
                if topic.is_there:
                    ledger.changing(topic, "delete")
                    code = connection.delete(topic.name)
                    if code not in (NO_ERROR, UNKNOWN_TOPIC):
                        self.load.refused(f"deleting {topic.name}: error {code}")
                        return
                    ledger.changed(topic, "delete")
                    if self.dice.random() < 0.5:
                        continue
                if code := create(connection, ledger, topic):
                    self.load.refused(f"creating {topic.name}: error {code}")
                    return


def create(connection: Connection, ledger: Ledger, topic: Topic) -> int:
    """Zero, or an error that leaves open what happened."""
    ledger.changing(topic, "create")
    code = connection.create(topic.name, topic.partitions, topic.config)
    if code == NO_ERROR:
        ledger.changed(topic, "create")
    return code


def create_missing(port: int, ledger: Ledger) -> None:
    """At the beginning of a life, and where a cut came between."""
    with Connection(port) as connection:
        for name, (partitions, config) in TOPICS.items():
            topic = ledger.topics.setdefault(name, Topic(name, partitions, dict(config)))
            if name != REBORN and not topic.may_be_there and (code := create(connection, ledger, topic)):
                ledger.complain(f"creating {name}: error {code}")


class Load:
    """Of one span between two cuts."""

    def __init__(self, port: int, ledger: Ledger, first_process: int, dice: random.Random) -> None:
        self.port, self.ledger = port, ledger
        self.stopping = threading.Event()
        self.power_is_going = threading.Event()
        ledger.topics.setdefault(REBORN, Topic(REBORN, TOPICS[REBORN][0], dict(TOPICS[REBORN][1])))
        habits = [busy(dice), busy(dice), rare(dice), careless(dice)] + ([one_place(dice)] if dice.random() < 0.6 else [])
        self.workers: list[Worker] = [Producer(self, first_process + number, random.Random(dice.random()), one)
                                      for number, one in enumerate(habits)]
        self.workers.append(Consumer(self, first_process + len(habits), random.Random(dice.random())))
        self.workers.append(Administrator(self, 0, random.Random(dice.random())))
        self.processes = len(habits) + 1  # numbers taken

    def begin(self) -> None:
        for worker in self.workers:
            worker.start()

    def refused(self, what: str) -> None:
        """A refusal that only a dead disk excuses."""
        if not self.power_is_going.is_set():
            self.ledger.complain(what)

    def end(self) -> None:
        """After the server's end, or under a living one: then what is in flight is answered first."""
        self.stopping.set()
        for worker in self.workers:
            worker.join(60)
            if worker.is_alive():
                self.ledger.complain(f"{type(worker).__name__} {worker.process} does not end")
