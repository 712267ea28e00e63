"""What a store was asked and what it answered, over all cuts of its life. Also as events, one line of JSON each.

An event: {"process", "time" (ns), "type": invoke|ok|fail|unknown, "f": append|read|create|delete, "key": "topic/partition",
"value": a batch's name, or of a read a list of [offset, value], "offset": of its first record, "records": how many}.
"""

from __future__ import annotations

import json
import pathlib
import threading
import time
from typing import Any

from kafka_wire import CONTENT_AT, Place

OPEN, ACKNOWLEDGED, REFUSED, UNKNOWN = "open", "acknowledged", "refused", "unknown"


class Batch:
    """One batch of records that was sent once."""

    __slots__ = ("name", "process", "number", "place", "content", "records", "acks", "state", "offset", "floor",
                 "first_generation", "last_generation", "is_gone")

    def __init__(self, name: str, process: int, number: int, place: Place, content: bytes, records: int, acks: int) -> None:
        self.name = name
        self.process = process  # of one connection
        self.number = number  # grows in the order of sending
        self.place = place
        self.content = content
        self.records = records
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

    def __init__(self, events: pathlib.Path) -> None:
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
        self._events = events.open("a", buffering=1 << 16)

    def close(self) -> None:
        self._events.close()

    def _note(self, type_: str, process: int, f: str, place: Place, **more: Any) -> None:
        self._events.write(json.dumps({"process": process, "time": time.monotonic_ns(), "type": type_, "f": f,
                                       "key": str(place), **more}) + "\n")

    def flush(self) -> None:
        self._events.flush()

    def take_complaints(self) -> list[str]:
        found, self._complaints = self._complaints, []
        return found

    def sending(self, process: int, number: int, place: Place, batch: bytes, records: int, acks: int) -> Batch:
        """Just before it is sent."""
        one = Batch(f"{process}-{number}", process, number, place, batch[CONTENT_AT:], records, acks)
        with self.lock:
            topic = self.topics[place.topic]
            one.first_generation = topic.oldest_generation
            one.floor = self._highest.get((place, topic.generation), -1)
            self.by_content[one.content] = one
            self.batches.append(one)
            self._note("invoke", process, "append", place, value=one.name, records=records, acks=acks)
        return one

    def answered(self, batch: Batch, code: int, offset: int) -> None:
        with self.lock:
            batch.last_generation = self.topics[batch.place.topic].generation
            if code != 0:
                batch.state = REFUSED
                self._note("fail", batch.process, "append", batch.place, value=batch.name, error=code)
                return
            batch.state, batch.offset = ACKNOWLEDGED, offset
            self._note("ok", batch.process, "append", batch.place, value=batch.name, offset=offset, records=batch.records)
            if batch.first_generation == batch.last_generation:
                where = batch.place, batch.last_generation
                if offset <= batch.floor:
                    self._complaints.append(f"{batch!r} was sent when {batch.floor} was acknowledged already")
                end = offset + batch.records
                self._highest[where] = max(self._highest.get(where, -1), end - 1)
                self.ends[where] = max(self.ends.get(where, 0), end)

    def not_answered(self, batch: Batch) -> None:
        with self.lock:
            batch.state = UNKNOWN
            batch.last_generation = self.topics[batch.place.topic].generation
            self._note("unknown", batch.process, "append", batch.place, value=batch.name)

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
            if found:
                self._note("ok", process, "read", place, value=[[base, batch.name] for base, batch in found])

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
            self._note("invoke", 0, what, Place(topic.name, -1), value=topic.generation)

    def changed(self, topic: Topic, what: str) -> None:
        with self.lock:
            if what == "create":
                topic.creation = "done"
            else:
                topic.deletion = "done"
            self._note("ok", 0, what, Place(topic.name, -1), value=topic.generation)
