"""What clients asked of single record keys, and the log as the final reads show it: rule H14 looks at both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, NamedTuple

from history.columns import NONE
from history.findings import Findings
from history.keys import Key
from history.linearize import Entry, Operation, Unordered, order
from history.values import DAMAGED

GET, SET, DELETE = "get", "set", "delete"
KINDS = (GET, SET, DELETE)
CONDITIONS = ("absent", "present")


class Place(NamedTuple):
    """Of a record in the log."""

    key: str
    offset: int


class Shown(NamedTuple):
    """What a final read shows there: no value is a tombstone."""

    record_key: str
    value: str | None
    place: int


@dataclasses.dataclass(slots=True)
class Asked:
    """An operation and the faults that had happened when it began."""

    operation: Operation
    record_key: str
    faults: int


def _text_or_nothing(value: Any) -> str | None:
    if value is not None and type(value) is not str:
        raise TypeError(f"the value {value!r} is no text")
    return value


class Registers:
    """Takes operations by record key and the records of final reads; then judges once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._by_key: dict[str, list[Operation]] = {}
        self._open: dict[int, dict[int, Asked]] = {}
        self._sets: dict[str, tuple[str, Operation]] = {}  # by value: the record key that it was meant for
        self._failed: dict[str, Operation] = {}  # by value, likewise
        self._log: dict[Place, Shown] = {}
        self.logs_read: set[str] = set()  # partitions of which a final read showed record keys
        self.asked = self.acknowledged = 0

    def __bool__(self) -> bool:
        return self.asked > 0

    def names(self) -> list[str]:
        return list(self._by_key)

    # Operations

    def begin(self, time: int, place: int, event: dict[str, Any], faults: int) -> None:
        process, number, kind = event["process"], event["id"], event["operation"]
        mine = self._open.setdefault(process, {})
        if number in mine:
            raise ValueError(f"process {process} has an operation {number} in flight")
        name, condition = event["record_key"], event.get("if")
        if type(name) is not str:
            raise TypeError(f"the record key {name!r} is no text")
        if condition is not None and condition not in CONDITIONS and type(condition) is not int:
            raise ValueError(f"there is no condition {condition!r}")
        operation = Operation(self.asked, process, kind, time, place, condition)
        if kind == SET:
            operation.value = event["value"]
            if type(operation.value) is not str or operation.value in self._sets:
                raise ValueError(f"the value {operation.value!r} was set before, or is no text")
            self._sets[operation.value] = name, operation
        mine[number] = Asked(operation, name, faults)
        self.asked += 1

    def end(self, time: int, place: int, event: dict[str, Any]) -> None:
        """Answered."""
        asked = self._open[event["process"]].pop(event["id"])
        operation = asked.operation
        operation.returned, operation.ended_at = time, place
        operation.offset = event.get("offset", NONE)
        if type(operation.offset) is not int:
            raise ValueError(f"{operation.offset!r} is no offset")
        if operation.kind == GET:
            operation.value = _text_or_nothing(event["value"])
            operation.done = False
        else:
            operation.done = event.get("done", True if operation.condition is None else None)
            operation.existed = event.get("existed")
            if "before" in event:
                operation.before, operation.knows_before = _text_or_nothing(event["before"]), True
            if operation.done is None:
                raise ValueError("whether it was done is not said")
        self.acknowledged += operation.kind != GET
        self._by_key.setdefault(asked.record_key, []).append(operation)

    def fail(self, event: dict[str, Any], place: int) -> None:
        """Certainly without effect."""
        operation = self._open[event["process"]].pop(event["id"]).operation
        operation.ended_at = place
        if operation.kind == SET:
            self._failed[operation.value] = operation

    def doubt(self, event: dict[str, Any], place: int) -> int:
        """The faults that had happened when it began."""
        asked = self._open[event["process"]].pop(event["id"])
        asked.operation.ended_at = place
        return self._doubt(asked)

    def _doubt(self, asked: Asked) -> int:
        if asked.operation.kind != GET:  # nobody knows what was read
            self._by_key.setdefault(asked.record_key, []).append(asked.operation)
        return asked.faults

    def abandon(self, process: int) -> list[int]:
        """What it has in flight will not be answered any more: the faults of each, as of doubt()."""
        return [self._doubt(asked) for asked in self._open.pop(process, {}).values()]

    def processes(self) -> list[int]:
        """That wait for answers."""
        return [process for process, mine in self._open.items() if mine]

    # The log

    def note_log(self, key: str, offsets: Iterable[int], record_keys: list[str], values: list[str | None], place: int) -> None:
        self.logs_read.add(key)
        for offset, name, value in zip(offsets, record_keys, values, strict=True):
            at, now = Place(key, offset), Shown(name, _text_or_nothing(value), place)
            before = self._log.setdefault(at, now)
            if before[:2] != now[:2]:
                self._findings.add("H9", f"offset {offset} was {before.value} of {before.record_key}, "
                                   f"then {now.value} of {name}", key, [offset],
                                   [one for one in (before.value, now.value) if one], [before.place, place])

    # The verdict

    def judge(self, keys: dict[str, Key], log_is_whole: bool) -> Iterable[str]:
        """`log_is_whole`: every final read was complete. Reasons for which nothing can be said of some keys."""
        trimmed = {name for name in self.logs_read if keys[name].start_seen.offset > 0 or keys[name].start_asked > 0}
        entries: dict[str, list[tuple[Place, Shown]]] = {}
        for at, shown in sorted(self._log.items()):
            entries.setdefault(shown.record_key, []).append((at, shown))
            self._judge_entry(at, shown)
        self._judge_twice()
        for name in sorted({*self._by_key, *entries}):
            found, operations = entries.get(name, []), self._by_key.get(name, [])
            where = {at.key for at, _ in found}
            knows_order = log_is_whole and not trimmed and len(where) < 2
            if len(where) > 1:
                yield f"{name} lies in {', '.join(sorted(where))}: the order of its records is not known"
            if self._judge_key(name, operations, found, knows_order):
                if not self._has_order(name, operations, found if knows_order else None):
                    yield f"the orders that are possible for {name} are too many to look at"

    def _judge_entry(self, at: Place, shown: Shown) -> None:
        """H4, H5, H15 of a record in the log."""
        name, text, place = shown.record_key, shown.value, shown.place
        if text is None:
            return
        if text.startswith(DAMAGED):
            self._findings.add("H15", f"the value of {name} at offset {at.offset} is damaged: {text[1:]}", at.key, [at.offset],
                               [text], [place])
        elif text not in self._sets:
            self._findings.add("H5", f"the value {text} of {name} at offset {at.offset} was never set", at.key, [at.offset],
                               [text], [place])
        elif self._sets[text][0] != name:
            other, operation = self._sets[text]
            self._findings.add("H5", f"the value {text} of {name} at offset {at.offset} was set to {other}", at.key, [at.offset],
                               [text], [operation.begun_at, place])
        elif text in self._failed:
            self._findings.add("H4", f"{text} of {name} is at offset {at.offset}; setting it had failed for certain", at.key,
                               [at.offset], [text], [*self._failed[text].places(), place])

    def _judge_twice(self) -> None:
        """H2."""
        seen: dict[str, tuple[Place, Shown]] = {}
        for at, shown in sorted(self._log.items()):
            if shown.value is None or shown.value.startswith(DAMAGED):
                continue
            first, there = seen.setdefault(shown.value, (at, shown))
            if first != at:
                self._findings.add("H2", f"{shown.value} of {shown.record_key} is at {first.key} {first.offset} and at {at.key} "
                                   f"{at.offset}", at.key, [first.offset, at.offset], [shown.value], [there.place, shown.place])

    def _judge_key(self, name: str, operations: list[Operation], found: list[tuple[Place, Shown]], knows_log: bool) -> bool:
        """H1, H3, H4, H5, H9, H15 of what was answered. False: the log or an answer is so wrong that its order says nothing."""
        add = self._findings.add
        there = {shown.value: (at, shown) for at, shown in found if shown.value is not None}
        tombstones = {at.offset: shown for at, shown in found if shown.value is None}
        is_sane = all(text in self._sets and self._sets[text][0] == name and text not in self._failed for text in there)
        is_sane = is_sane and len(there) + len(tombstones) == len(found)
        for operation in operations:
            if operation.kind == GET:
                is_sane = self._judge_value(name, operation, operation.value, there, knows_log) and is_sane
                continue
            if operation.knows_before:
                is_sane = self._judge_value(name, operation, operation.before, there, knows_log) and is_sane
            if operation.kind == SET and operation.done is False and operation.value in there:
                is_sane = False
                add("H4", f"{operation.value} of {name} is in the log; its condition had failed", name, (), [operation.value],
                    [*operation.places(), there[operation.value][1].place])
            if not operation.done or operation.returned is None or not knows_log:
                continue
            if operation.kind == SET and operation.value not in there:
                is_sane = False
                add("H3", f"{operation.value} of {name} was acknowledged and is in no final read", name, (), [operation.value],
                    operation.places())
            elif operation.kind == SET and operation.offset not in (NONE, there[operation.value][0].offset):
                is_sane = False
                at, shown = there[operation.value]
                add("H1", f"{operation.value} of {name} was acknowledged at {operation.offset} and is at {at.offset}", name,
                    [operation.offset, at.offset], [operation.value], [*operation.places(), shown.place])
            elif operation.kind == DELETE and operation.offset != NONE and operation.offset not in tombstones:
                is_sane = False
                add("H3", f"the deletion of {name} was acknowledged at offset {operation.offset} and is in no final read", name,
                    [operation.offset], (), operation.places())
        return is_sane

    def _judge_value(self, name: str, operation: Operation, text: str | None, there: dict[str, tuple[Place, Shown]],
                     knows_log: bool) -> bool:
        """Of what somebody was shown."""
        if text is None:
            return True
        add, places = self._findings.add, operation.places()
        if text.startswith(DAMAGED):
            add("H15", f"the value of {name} was shown damaged: {text[1:]}", name, (), [text], places)
        elif text not in self._sets or self._sets[text][0] != name:
            add("H5", f"the value {text} of {name} was shown and never set", name, (), [text], places)
        elif text in self._failed:
            add("H4", f"{text} of {name} was shown; setting it had failed for certain", name, (), [text],
                [*self._failed[text].places(), *places])
        elif knows_log and text not in there:
            add("H9", f"{text} of {name} was shown and is in no final read", name, (), [text],
                [*self._sets[text][1].places(), *places])
        elif knows_log and operation.kind == GET and operation.offset not in (NONE, there[text][0].offset):
            add("H1", f"{text} of {name} was shown at offset {operation.offset} and is at {there[text][0].offset}", name,
                [operation.offset, there[text][0].offset], [text], [*places, there[text][1].place])
        else:
            return True
        return False

    def _has_order(self, name: str, operations: list[Operation], found: list[tuple[Place, Shown]] | None) -> bool:
        """H14. False: it cannot be said."""
        entries = None if found is None else [Entry(shown.value, at.offset, shown.place) for at, shown in found]
        try:
            return order(operations, entries)
        except Unordered as why:
            self._findings.add("H14", str(why), name, why.offsets, why.values, why.places)
            return True
