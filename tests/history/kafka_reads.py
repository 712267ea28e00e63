"""What Kafka consumers got, as reads of a history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from history.values import read_value
from history.writer import HistoryWriter


def key_of(topic: str, partition: int) -> str:
    return f"{topic}-{partition}"


def shown_value(message: Message) -> str:
    return read_value(message.value(), message.key())


def shown_by_key(message: Message) -> tuple[str, str | None]:
    """The name of the record key, and its value unless this is a tombstone."""
    key, value = message.key() or b"", message.value()
    return f"{message.topic()}/{key.decode()}", None if value is None else read_value(value, key)


def runs(messages: Iterable[Message], shown: Callable[[Message], Any] = shown_value) -> Iterator[tuple[str, int, list[Any]]]:
    """Key, first offset and values: messages of a partition that follow on one another, in the order in which they came."""
    open_runs: dict[str, tuple[int, list[Any]]] = {}
    for message in messages:
        key, offset = key_of(message.topic(), message.partition()), message.offset()
        text = shown(message)
        first, values = open_runs.get(key, (offset, []))
        if offset == first + len(values):
            values.append(text)
            open_runs[key] = first, values
        else:
            yield key, first, values
            open_runs[key] = offset, [text]
    for key, (first, values) in open_runs.items():
        yield key, first, values


def read_finally(address: str, topic: str, partitions: int, writer: HistoryWriter, process: int, replica: str = "1",
                 within_s: float = 60, by_key: bool = False) -> int:
    """
    Notes everything from each partition's log start to its high watermark, with record keys if it was asked `by_key`; the number
    of records. What cannot be read within the time is left out: then the checker's verdict is unknown, unless what was read is
    wrong.
    """
    client = Consumer({"bootstrap.servers": address, "group.id": "none", "enable.auto.commit": False,
                       "auto.offset.reset": "error", "check.crcs": True})
    starts, ends = {}, {}
    for partition in range(partitions):
        key = key_of(topic, partition)
        writer.final_read_begins(process, key, replica)
        starts[key], ends[key] = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=within_s)
    client.assign([TopicPartition(topic, partition, starts[key_of(topic, partition)]) for partition in range(partitions)])
    unread, count, due = dict(starts), 0, time.monotonic() + within_s
    while True:
        for key in [key for key, position in unread.items() if position >= ends[key]]:
            writer.final_read_ends(process, key, starts[key], ends[key], replica)
            del unread[key]
        if not unread or time.monotonic() > due:
            client.close()
            return count
        messages = (one for one in client.consume(5000, timeout=0.5) if one.error() is None)
        for key, offset, values in runs(messages, shown_by_key if by_key else shown_value):
            if by_key:
                writer.final_records(process, key, offset, [name for name, _ in values], [value for _, value in values], replica)
            else:
                writer.final_read(process, key, offset, values, replica)
            count += len(values)
            if key in unread:
                unread[key] = offset + len(values)
