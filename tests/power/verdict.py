"""Compares what a ledger holds with what was read back. Knows nothing of servers and disks.

A general checker of histories can take the place of complaints(): the ledger writes its events as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kafka_wire import Place, StoredBatch
from ledger import ACKNOWLEDGED, OPEN, REFUSED, Batch, Ledger, Topic


class Log(NamedTuple):
    """One partition, read from its start to its end."""

    start: int
    end: int
    batches: list[StoredBatch]


class ReadBack(NamedTuple):
    topics: dict[str, int]  # partitions
    logs: dict[Place, Log]


class Counts(NamedTuple):
    """Of one reading back."""

    batches: int
    vanished: int  # sent, not acknowledged, not there; and their partition forgets nothing


def settle_topics(ledger: Ledger, found: ReadBack) -> Iterator[str]:
    """Topics are there when they have to be; what was asked and not answered is decided now."""
    for name in found.topics.keys() - ledger.topics.keys():
        yield f"topic {name} is there and was never asked for"
    for name, topic in ledger.topics.items():
        is_there = name in found.topics
        if is_there and not topic.may_be_there:
            yield f"topic {name} is there after its deletion {topic.generation} was confirmed"
        if not is_there and topic.is_there:
            yield f"topic {name} is gone; its creation {topic.generation} was confirmed"
        if is_there and found.topics[name] != topic.partitions:
            yield f"topic {name} has {found.topics[name]} partitions instead of {topic.partitions}"
        if is_there:
            topic.creation, topic.deletion = "done", "none"
        elif topic.creation != "none":
            topic.creation, topic.deletion = "done", "done"


def check_row(place: Place, log: Log) -> Iterator[str]:
    """From the log's start to its end every offset is there once."""
    expected = log.start
    if log.batches and log.batches[0].base <= log.start <= log.batches[0].last:
        expected = log.batches[0].base
    for batch in log.batches:
        if batch.base != expected:
            yield f"{place}: offset {expected} was expected and {batch.base} came"
        expected = batch.last + 1
    if expected != log.end:
        yield f"{place}: the log ends at {log.end}, its batches at {expected}"


def difference(expected: bytes, found: bytes) -> str:
    if len(expected) != len(found):
        return f"{len(found)} bytes instead of {len(expected)}"
    places = [at for at in range(len(found)) if expected[at] != found[at]]
    return f"{len(places)} of {len(found)} bytes differ, from {places[0]} to {places[-1]} (counted from the magic byte on)"


class Verdict:
    """Of one reading back. Its steps are in order: the later ones need what the earlier ones found."""

    def __init__(self, ledger: Ledger, found: ReadBack) -> None:
        self.ledger = ledger
        self.found = found
        self.complaints = list(settle_topics(ledger, found))
        self.places: dict[Batch, tuple[Place, int]] = {}
        self.vanished = 0
        for place, log in found.logs.items():
            if place.topic in ledger.topics:
                self._look_at(place, log)
        for batch in ledger.batches:
            self._look_for(batch)
        self._look_at_order()

    def counts(self) -> Counts:
        return Counts(len(self.places), self.vanished)

    def _look_at(self, place: Place, log: Log) -> None:
        topic = self.ledger.topics[place.topic]
        where = place, topic.generation
        self.complaints += check_row(place, log)
        told = self.ledger.starts.get(where, 0)
        if log.start < told:
            self.complaints.append(f"{place}: the log starts at {log.start}; it was told to start at {told}")
        if log.end < self.ledger.ends.get(where, 0):
            self.complaints.append(f"{place}: the log ends at {log.end}; offsets below {self.ledger.ends[where]} "
                                   "were acknowledged or read")
        self.complaints += self._check_start(place, topic, log)
        self.ledger.starts[where] = max(told, log.start)
        self.ledger.ends[where] = max(log.end, self.ledger.ends.get(where, 0))
        self._check_contents(place, log, self.ledger.seen.setdefault(where, {}))

    def _check_start(self, place: Place, topic: Topic, log: Log) -> Iterator[str]:
        if topic.retention_bytes is None:
            if log.start != 0:
                yield f"{place}: the log starts at {log.start}, and nothing was to be deleted"
        elif log.start > 0:
            kept = sum(len(batch.content) + 16 for batch in log.batches)
            if kept < topic.retention_bytes:
                yield f"{place}: {kept} bytes are left; retention keeps {topic.retention_bytes}"

    def _check_contents(self, place: Place, log: Log, seen: dict[int, Batch]) -> None:
        there: dict[int, Batch] = {}
        for stored in log.batches:
            batch = self.ledger.by_content.get(stored.content)
            if batch is None:
                self.complaints.append(self._stranger(place, stored, seen))
                continue
            there[stored.base] = batch
            if batch in self.places:
                other, base = self.places[batch]
                self.complaints.append(f"{batch!r} is at {other}, {base} and at {place}, {stored.base}")
            self.places[batch] = place, stored.base
        for base, batch in seen.items():
            if base >= log.start and there.get(base) is not batch:
                self.complaints.append(f"{batch!r} was read at {place}, {base}; now there is {there.get(base)}")
        seen.update(there)

    def _stranger(self, place: Place, stored: StoredBatch, seen: dict[int, Batch]) -> str:
        expected = seen.get(stored.base) or next(
            (batch for batch in self.ledger.batches if batch.place == place and batch.offset == stored.base), None)
        told = "nothing is known of this offset" if expected is None else \
            f"{expected!r} was expected: {difference(expected.content, stored.content)}"
        return f"{place}: what lies at {stored.base} to {stored.last} was sent by nobody; {told}"

    def _look_for(self, batch: Batch) -> None:
        topic = self.ledger.topics[batch.place.topic]
        where = self.places.get(batch)
        if where is None:
            self._is_missing(batch, topic)
            return
        place, base = where
        if place != batch.place:
            self.complaints.append(f"{batch!r} is in {place}")
        if not batch.first_generation <= topic.generation <= batch.last_generation:
            self.complaints.append(f"{batch!r} belongs to topics {batch.first_generation} to {batch.last_generation} of its name "
                                   f"and is in topic {topic.generation}")
        if batch.state == REFUSED:
            self.complaints.append(f"{batch!r} was refused and is at {base}")
        if batch.state == ACKNOWLEDGED and base != batch.offset:
            self.complaints.append(f"{batch!r} is at {base}")
        if batch.is_gone:
            self.complaints.append(f"{batch!r} was not there after an earlier cut, and now it is")

    def _is_missing(self, batch: Batch, topic: Topic) -> None:
        log = self.found.logs.get(batch.place)
        if log is None:
            if topic.is_there:
                self.complaints.append(f"{batch.place} was not read")
            return
        was_for_this = batch.first_generation == batch.last_generation == topic.generation
        if batch.state == ACKNOWLEDGED:
            if was_for_this and batch.offset >= log.start:
                self.complaints.append(f"{batch!r} is lost; the log goes from {log.start} to {log.end}")
        elif not batch.is_gone:
            batch.is_gone = True
            self.vanished += batch.state != REFUSED and was_for_this and topic.retention_bytes is None

    def _look_at_order(self) -> None:
        """Batches of one connection lie in a partition in the order in which they were sent."""
        last: dict[tuple[Place, int], Batch] = {}
        for batch, (place, _) in sorted(self.places.items(), key=lambda one: one[1]):
            before = last.get((place, batch.process))
            if before is not None and before.number > batch.number:
                self.complaints.append(f"{batch!r} lies behind {before!r}, which was sent later")
            last[place, batch.process] = batch


def judge(ledger: Ledger, found: ReadBack) -> tuple[list[str], Counts]:
    """What is wrong; and the ledger is brought up to what was found."""
    still_open = [batch for batch in ledger.batches if batch.state == OPEN]
    verdict = Verdict(ledger, found)
    complaints = ledger.take_complaints() + verdict.complaints
    if still_open:
        complaints.append(f"the load left {len(still_open)} batches open")
    return complaints, verdict.counts()
