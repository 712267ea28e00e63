"""Processes that load a server: one producer or one consumer each. They outlive its crashes and end when told to."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import pathlib
import random
import time

from confluent_kafka import Consumer, Producer, TopicPartition

from history.kafka_reads import key_of, runs
from history.outcomes import certainly_not_written
from history.values import make_value
from history.writer import HistoryWriter

Event = multiprocessing.synchronize.Event
# Processes of a history beside the producers.
CONSUMER, FINAL_READER = 1001, 1002


def produce(address: str, topic: str, partitions: int, producer: int, seed: int, history: pathlib.Path, stop: Event) -> None:
    """Without retries: a record is sent at most once, so that twice in the log is the server's fault."""
    dice, writer = random.Random(seed), HistoryWriter(history)
    client = Producer({"bootstrap.servers": address, "log_level": 0, "acks": "all", "enable.idempotence": False, "retries": 0,
                       "message.timeout.ms": 5000, "linger.ms": dice.choice((0, 1, 5)), "reconnect.backoff.ms": 20,
                       "reconnect.backoff.max.ms": 200, "max.in.flight.requests.per.connection": dice.choice((1, 5)),
                       "batch.num.messages": dice.choice((1, 20, 500)), "queue.buffering.max.messages": 5000})

    def delivered(send: int):
        def become(error, message) -> None:
            if error is None:
                writer.acknowledged(producer, send, message.offset())
            elif certainly_not_written(error.code()):
                writer.failed(producer, send, error.name())
            else:
                writer.in_doubt(producer, send, error.name())
        return become

    sequence = 0
    while not stop.is_set():
        for _ in range(dice.randrange(1, 60)):
            size = dice.choice((0, 10, 100, 100, 1000, 4096)) if dice.random() < 0.998 else dice.randrange(100_000, 700_000)
            partition = dice.randrange(partitions)
            value, text = make_value(producer, sequence, size)
            send = writer.send(producer, key_of(topic, partition), [text])
            try:
                client.produce(topic, value, partition=partition, on_delivery=delivered(send))
            except BufferError:  # the client's own queue is full
                writer.failed(producer, send, "queue")
                client.poll(0.05)
            sequence += 1
        client.poll(0)
        time.sleep(dice.random() * 0.04)
    writer.stopped(producer)
    client.flush(15)
    writer.close()


def consume(address: str, topic: str, partitions: int, process: int, history: pathlib.Path, stop: Event) -> None:
    writer = HistoryWriter(history)
    client = Consumer({"bootstrap.servers": address, "log_level": 0, "group.id": "none", "enable.auto.commit": False,
                       "auto.offset.reset": "error", "fetch.wait.max.ms": 100, "reconnect.backoff.ms": 20,
                       "reconnect.backoff.max.ms": 200})
    client.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    writer.session(process, "assigned", [key_of(topic, partition) for partition in range(partitions)])
    while not stop.is_set():
        for key, offset, values in runs(message for message in client.consume(1000, timeout=0.2) if message.error() is None):
            writer.polled(process, key, offset, values)
    writer.stopped(process)
    writer.close()
    client.close()


class Load:
    """Producers, numbered from 1, and one consumer of everything. The history of each is a file in `folder`."""

    def __init__(self, address: str, topic: str, partitions: int, producers: int, seed: int, folder: pathlib.Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self.histories = [folder / f"producer-{number}.jsonl" for number in range(1, producers + 1)]
        self._processes = [context.Process(target=produce, args=(address, topic, partitions, number, seed * 1000 + number, path,
                                                                 self._stop)) for number, path in enumerate(self.histories, 1)]
        self.histories.append(folder / "consumer.jsonl")
        self._processes.append(context.Process(target=consume, args=(address, topic, partitions, CONSUMER, self.histories[-1],
                                                                     self._stop)))
        for process in self._processes:
            process.start()

    def assert_running(self) -> None:
        assert all(process.is_alive() for process in self._processes), "a client ended"

    def stop(self) -> None:
        self._stop.set()
        for process in self._processes:
            process.join(30)
            assert process.exitcode == 0, f"a client ended with {process.exitcode}"

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()
