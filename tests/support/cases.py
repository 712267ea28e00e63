"""What the black-box tests have in common: a server for each class, real clients, tools that may be missing."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import time
import unittest
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from support.server import Server, free_port, fresh_directory

WITHIN_S = 30


def require(condition: bool, sentence: str) -> None:
    """In CI everything has to be there; elsewhere a test that cannot run says so."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        raise AssertionError(sentence)
    raise unittest.SkipTest(sentence)


def wait_until(holds: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(0.05)


def dotted(settings: dict[str, Any]) -> dict[str, Any]:
    """Kafka's names of settings given as keyword arguments; callbacks keep their names."""
    return {name if name.endswith("_cb") else name.replace("_", "."): value for name, value in settings.items()}


class Delivery:
    """Collects what became of produced records."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.errors: list[KafkaError] = []

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.messages.append(message)
        else:
            self.errors.append(error)


class ServerCase(unittest.TestCase):
    """One server for the tests of a class; `settings` and `shards` may be overridden. A test may restart it."""

    settings: dict[str, str] = {}
    shards = 2
    open_files_max: int | None = None
    speaks_http = False
    speaks_resp = False

    @classmethod
    def data_directory(cls) -> pathlib.Path:
        return fresh_directory(cls.__name__)

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(cls.data_directory(), cls.shards, cls.open_files_max, cls.settings)
        if cls.speaks_http:
            cls.server.http_address = f"127.0.0.1:{free_port()}"
        if cls.speaks_resp:
            cls.server.resp_address = f"127.0.0.1:{free_port()}"
        cls.addClassCleanup(cls._clean)
        cls.server.start()

    @classmethod
    def _clean(cls) -> None:
        cls.server.kill()
        shutil.rmtree(cls.server.data, ignore_errors=True)

    def setUp(self) -> None:
        self.server.assert_alive()

    def producer(self, **settings: object) -> Producer:
        return Producer({"bootstrap.servers": self.server.address, "log_level": 1, "acks": "all", "enable.idempotence": False,
                         "message.timeout.ms": 20_000, "linger.ms": 1, **dotted(settings)})

    def consumer(self, *assigned: TopicPartition, **settings: object) -> Consumer:
        """Closed when the test ends."""
        made = Consumer({"bootstrap.servers": self.server.address, "log_level": 1, "group.id": "none",
                         "enable.auto.commit": False, "auto.offset.reset": "error", "fetch.wait.max.ms": 100,
                         **dotted(settings)})
        made.assign(list(assigned))
        self.addCleanup(made.unassign)
        return made

    def admin(self) -> AdminClient:
        """To be held until its results are there."""
        return AdminClient({"bootstrap.servers": self.server.address, "log_level": 1})

    def create(self, topic: str, partitions: int = 1, **config: str) -> None:
        admin = self.admin()
        admin.create_topics([NewTopic(topic, partitions, 1, config=dotted(config))])[topic].result(WITHIN_S)

    def delete(self, topic: str) -> None:
        admin = self.admin()
        admin.delete_topics([topic])[topic].result(WITHIN_S)

    def produce(self, topic: str, values: Iterable[bytes], partition: int = 0, **settings: object) -> list[int]:
        """Their offsets; every record has to be acknowledged."""
        producer, delivery = self.producer(**settings), Delivery()
        for value in values:
            producer.produce(topic, value, partition=partition, on_delivery=delivery)
            producer.poll(0)
        self.assertEqual(producer.flush(WITHIN_S), 0, "not answered in time")
        self.assertEqual(delivery.errors, [])
        return [message.offset() for message in delivery.messages]

    def read(self, topic: str, count: int, partition: int = 0, offset: int = OFFSET_BEGINNING, within_s: float = WITHIN_S,
             **settings: object) -> list[Message]:
        consumer = self.consumer(TopicPartition(topic, partition, offset), **settings)
        found = self.read_on(consumer, count, within_s)
        consumer.unassign()
        return found

    def read_on(self, consumer: Consumer, count: int, within_s: float = WITHIN_S) -> list[Message]:
        """Exactly `count` records, in time."""
        found: list[Message] = []
        end = time.monotonic() + within_s
        while len(found) < count and time.monotonic() < end:
            for message in consumer.consume(min(1000, count - len(found)), timeout=0.2):
                self.assertIsNone(message.error())
                found.append(message)
        self.assertEqual(len(found), count, f"records within {within_s} s")
        return found

    def watermarks(self, topic: str, partition: int = 0) -> tuple[int, int]:
        consumer = self.consumer()
        return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=WITHIN_S)

    def kcat(self, *arguments: str, given: bytes = b"") -> bytes:
        require(shutil.which("kcat") is not None, "kcat is not there; tools/install-packages test")
        done = subprocess.run(["kcat", "-b", self.server.address, *arguments], input=given, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout
