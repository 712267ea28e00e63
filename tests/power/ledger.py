"""What a store was asked and what it answered, over all cuts of its life.

Also as a history (tests/history), but for topics that are deleted: what becomes of their records only the verdict knows.
"""

from __future__ import annotations

import pathlib
import threading

from history.outcomes import certainly_not_written
from history.writer import HistoryWriter
from kafka_wire import CONTENT_AT, Place

OPEN, ACKNOWLEDGED, REFUSED, UNKNOWN = "open", "acknowledged", "refused", "unknown"


class Batch:
    """One batch of records that was sent once."""

    __slots__ = ("name", "process", "number", "place", "content", "records", "acks", "state", "offset", "floor",
                 "values", "send", "first_generation", "last_generation", "is_gone")

    def __init__(self, process: int, number: int, place: Place, content: bytes, values: list[str], acks: int) -> None:
        self.name = f"{process}-{number}"
        self.process = process  # of one connection
        self.number = number  # grows in the order of sending
        self.place = place
        self.content = content
        self.records = len(values)
        self.values = values  # as texts of the history
        self.send = -1  # its number in the history
        self.acks = acks
        self.state = OPEN
        self.offset = -1
        self.floor = -1  # the highest offset acknowledged in its partition before it was sent
        self.first_generation = 0  # of the topics of its name, the oldest that it may have reached
        self.last_generation = 0
        self.is_gone = False  # it was not there when everything was read back

    def __repr__(self) -> str:
        told = f"at {self.offset}" if self.state == ACKNOWLEDGED else self.state
        return f"batch {self.name} of {self.records} to {self.place} (acks {self.acks}, {told})"


class Topic:
    """All topics that ever had one name, as generations counted from 1."""

    def __init__(self, name: str, partitions: int, config: dict[str, str]) -> None:
        self.name = name
        self.partitions = partitions
        self.config = config
        self.generation = 0
        # Of the newest generation; "asked" means that no answer came.
        self.creation = "none"  # none, asked, done
        self.deletion = "none"

    @property
    def is_there(self) -> bool:
        return self.creation == "done" and self.deletion == "none"

    @property
    def may_be_there(self) -> bool:
        return self.creation != "none" and self.deletion != "done"

    @property
    def oldest_generation(self) -> int:
        """That a batch sent now may reach."""
        return self.generation + (self.deletion == "done")

    @property
    def retention_bytes(self) -> int | None:
        kept = self.config.get("retention.bytes")
        return None if kept is None else int(kept)


class Ledger:
    """Threads of the load write into it; it is read while none of them runs."""

    def __init__(self, history: pathlib.Path, deleted: tuple[str, ...] = ()) -> None:
        """Topics that may be `deleted` are no part of the history."""
        self.lock = threading.Lock()
        self.by_content: dict[bytes, Batch] = {}
        self.batches: list[Batch] = []
        self.topics: dict[str, Topic] = {}
        # What was read once, by a consumer or after a cut, of (place, generation): base offset and batch.
        self.seen: dict[tuple[Place, int], dict[int, Batch]] = {}
        self.starts: dict[tuple[Place, int], int] = {}  # the newest log start that was told
        self.ends: dict[tuple[Place, int], int] = {}  # below it everything was acknowledged or readable once
        self._highest: dict[tuple[Place, int], int] = {}
        self._complaints: list[str] = []
        self._deleted = deleted
        self.history = HistoryWriter(history)
        self.history.run(log_start="observed", order="strict")

    def close(self) -> None:
        self.history.close()

    def _is_told(self, place: Place) -> bool:
        return place.topic not in self._deleted

    def final_read(self, process: int, place: Place, start: int, end: int, found: list[tuple[int, Batch]]) -> None:
        """Of everything, at the end of the store's life."""
        if not self._is_told(place):
            return
        self.history.final_read_begins(process, place.key)
        for base, batch in found:
            self.history.final_read(process, place.key, base, batch.values)
        self.history.final_read_ends(process, place.key, start, end)

    def take_complaints(self) -> list[str]:
        found, self._complaints = self._complaints, []
        return found

    def sending(self, process: int, number: int, place: Place, batch: bytes, values: list[str], acks: int) -> Batch:
        """Just before it is sent."""
        one = Batch(process, number, place, batch[CONTENT_AT:], values, acks)
        with self.lock:
            topic = self.topics[place.topic]
            one.first_generation = topic.oldest_generation
            # Not of topic.generation: between a deletion and the next creation the batch can only reach the topic to come.
            one.floor = self._highest.get((place, one.first_generation), -1)
            self.by_content[one.content] = one
            self.batches.append(one)
            if self._is_told(place):
                one.send = self.history.send(process, place.key, values)
        return one

    def answered(self, batch: Batch, code: int, offset: int) -> None:
        with self.lock:
            batch.last_generation = self.topics[batch.place.topic].generation
            if code != 0:
                self._refused(batch, code)
                return
            batch.state, batch.offset = ACKNOWLEDGED, offset
            if self._is_told(batch.place):
                self.history.acknowledged(batch.process, batch.send, offset)
            if batch.first_generation == batch.last_generation:
                where = batch.place, batch.last_generation
                if offset <= batch.floor:
                    self._complaints.append(f"{batch!r} was sent when {batch.floor} was acknowledged already")
                end = offset + batch.records
                self._highest[where] = max(self._highest.get(where, -1), end - 1)
                self.ends[where] = max(self.ends.get(where, 0), end)

    def _refused(self, batch: Batch, code: int) -> None:
        is_certain = certainly_not_written(code)
        batch.state = REFUSED if is_certain else UNKNOWN
        if self._is_told(batch.place):
            (self.history.failed if is_certain else self.history.in_doubt)(batch.process, batch.send, str(code))

    def not_answered(self, batch: Batch) -> None:
        with self.lock:
            batch.state = UNKNOWN
            batch.last_generation = self.topics[batch.place.topic].generation
            if self._is_told(batch.place):
                self.history.in_doubt(batch.process, batch.send, "no answer")

    def read(self, process: int, place: Place, start: int, end: int, found: list[tuple[int, Batch]]) -> None:
        """What a consumer was given while the load ran, of a topic that is never deleted; `end`: its high watermark."""
        with self.lock:
            where = place, self.topics[place.topic].generation
            self.starts[where] = max(self.starts.get(where, 0), start)
            self.ends[where] = max(self.ends.get(where, 0), end)
            seen = self.seen.setdefault(where, {})
            for base, batch in found:
                if seen.setdefault(base, batch) is not batch:
                    self._complaints.append(f"a consumer was given {batch!r} at {place}, {base}; before that {seen[base]!r}")
            for base, batch in found:
                self.history.polled(process, place.key, base, batch.values, end, start)

    def complain(self, what: str) -> None:
        with self.lock:
            self._complaints.append(what)

    def changing(self, topic: Topic, what: str) -> None:
        with self.lock:
            if what == "create":
                topic.generation += 1
                topic.creation, topic.deletion = "asked", "none"
            else:
                topic.deletion = "asked"

    def changed(self, topic: Topic, what: str) -> None:
        with self.lock:
            if what == "create":
                topic.creation = "done"
            else:
                topic.deletion = "done"
