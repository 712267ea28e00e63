"""Judges a history by the rules H1 to H11 and H14 to H16. README.md says what each means and how it is decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from history.columns import NONE
from history.events import Event, Malformed, merged
from history.findings import RULES, Findings, Places
from history.judge import Judge
from history.keys import FinalRead, Key
from history.liveness import Liveness
from history.readers import Readers
from history.registers import KINDS, Registers
from history.report import Report
from history.sends import ACKNOWLEDGED, FAILED, IN_DOUBT, Send, Sends

OFFSET_MAX = 1 << 62


@dataclasses.dataclass(slots=True)
class Settings:
    """What the run says of itself; README.md has their meaning. The command line may say otherwise."""

    oks_min: int = 100
    liveness_s: float = 30
    faults: list[str] | None = None
    replicas: list[str] | None = None
    keys: list[str] = dataclasses.field(default_factory=list)
    gaps: bool = False
    log_start: str = "asked"
    order: str = "acknowledged"

    def update(self, given: dict[str, Any]) -> None:
        for name, value in given.items():
            if name in self.__dataclass_fields__:
                setattr(self, name, value)
        if self.log_start not in ("asked", "observed") or self.order not in ("acknowledged", "strict"):
            raise ValueError(f"log_start is asked or observed, order is acknowledged or strict; not {given}")


@dataclasses.dataclass(slots=True)
class Fault:
    kind: str
    effects: int
    counted: bool  # by who made it; else by the sends that it put in doubt
    place: int


class Checker:
    """Takes events in the order of their times, then judges once."""

    def __init__(self, places: Places, without: Iterable[str] = (), overrides: dict[str, Any] | None = None) -> None:
        self._overrides = overrides or {}
        self._findings = Findings(places, without)
        self._places = places
        self._settings = Settings()
        self._settings.update(self._overrides)
        self._sends = Sends()
        self._keys: list[Key] = []
        self._key_by_name: dict[str, Key] = {}
        self._readers = Readers(self._findings)
        self._registers = Registers(self._findings)
        self._liveness = Liveness(self._findings)
        self._liveness.within_ns = int(self._settings.liveness_s * 1e9)
        self._stopped: set[int] = set()
        self._faults: list[Fault] = []
        self._moves: dict[tuple[int, int], tuple[Key, int]] = {}  # of log starts, that are in flight
        self._counts = dict.fromkeys(("events", "sends", "acknowledged", "failed", "in_doubt", "polled", "read_finally", "boots",
                                      "heals", "asked_by_key", "answered_by_key"), 0)
        self.notes: list[str] = []
        self._handlers = {
            "run": self._run, "mark": self._mark, "fault": self._fault, "heal": self._heal,
            "invoke": {"send": self._send, "poll": self._ignore, "read": self._ignore, "final-read": self._final_begins,
                       "log-start": self._move_start, "epoch": self._ignore},
            "ok": {"send": self._acknowledged, "poll": self._polled, "read": self._read, "final-read": self._final_read,
                   "log-start": self._saw_start, "epoch": self._epoch},
            "fail": {"send": self._failed, "poll": self._read_badly, "read": self._read_badly, "final-read": self._read_badly,
                     "log-start": self._start_unmoved, "epoch": self._ignore},
            "unknown": {"send": self._doubted, "poll": self._read_badly, "read": self._read_badly,
                        "final-read": self._read_badly, "log-start": self._saw_start, "epoch": self._ignore},
        }
        by_key = {"invoke": self._asks, "ok": self._answered, "fail": self._refused, "unknown": self._not_answered}
        for type, handler in by_key.items():
            self._handlers[type] |= dict.fromkeys(KINDS, handler)

    def feed(self, time: int, place: int, event: Event) -> None:
        """Malformed when the event is none."""
        self._counts["events"] += 1
        if time > self._liveness.due_ns:
            self._liveness.passed(time, place)
        try:
            handler = self._handlers[event["type"]]
            if type(handler) is dict:
                handler = handler[event["operation"]]
            handler(time, place, event)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            what = f"lacks or does not know {error}" if isinstance(error, KeyError) else str(error)
            raise Malformed(f"{self._places.name(place)}: no event of a history: {what}") from error

    # Sends

    def _key(self, name: str) -> Key:
        found = self._key_by_name.get(name)
        if found is None:
            if type(name) is not str:
                raise TypeError(f"the key {name!r} is no text")
            found = self._key_by_name[name] = Key(name, len(self._keys))
            self._keys.append(found)
        return found

    def _send(self, time: int, place: int, event: Event) -> None:
        process, key = event["process"], self._key(event["key"])
        self._sends.begin(process, event["id"], key.number, event["values"], place, key.floor(time), len(self._faults))
        self._liveness.send_begins(process, time)
        self._counts["sends"] += 1

    def _acknowledged(self, time: int, place: int, event: Event) -> None:
        send = self._sends.end(event["process"], event["id"], ACKNOWLEDGED, place)
        self._liveness.acknowledged(event["process"])
        self._counts["acknowledged"] += 1
        offset = event.get("offset", NONE)
        if offset == NONE:
            return
        key = self._keys[send.key]
        _check_offset(offset)
        if offset < send.floor.offset:  # the same offset twice is H1's
            self._too_low(send, key, offset, place)
        for value in range(send.first, send.first + send.count):
            self._sends.told[value] = offset
            if (other := key.told[offset]) != NONE:
                texts = self._sends.texts
                self._findings.add("H1", f"{texts[other]} and {texts[value]} were both acknowledged at offset {offset}", key.name,
                                   [offset], [texts[other], texts[value]],
                                   [*self._sends.places(other), *self._sends.places(value)])
            else:
                key.told[offset] = value
            offset += 1
        key.take(offset - 1, time, place)

    def _too_low(self, send: Send, key: Key, offset: int, place: int) -> None:
        floor = send.floor
        text = self._sends.texts[send.first]
        self._findings.add("H6", f"{text} was acknowledged at offset {offset}; when its send began, {floor.offset} was taken",
                           key.name, [offset, floor.offset], [text], [self._sends.begun_at[send.first], place, floor.place])

    def _failed(self, time: int, place: int, event: Event) -> None:
        self._sends.end(event["process"], event["id"], FAILED, place)
        self._counts["failed"] += 1

    def _doubted(self, time: int, place: int, event: Event) -> None:
        self._doubt(self._sends.end(event["process"], event["id"], IN_DOUBT, place))

    def _doubt(self, send: Send) -> None:
        self._counts["in_doubt"] += 1
        self._blame(send.faults)

    def _blame(self, faults: int) -> None:
        """The first fault behind those that had happened when what is in doubt began."""
        if faults < len(self._faults) and not self._faults[faults].counted:
            self._faults[faults].effects += 1

    # Operations by record key

    def _asks(self, time: int, place: int, event: Event) -> None:
        self._registers.begin(time, place, event, len(self._faults))
        self._liveness.send_begins(event["process"], time)
        self._counts["asked_by_key"] += 1

    def _answered(self, time: int, place: int, event: Event) -> None:
        self._registers.end(time, place, event)
        self._liveness.acknowledged(event["process"])
        self._counts["answered_by_key"] += 1

    def _refused(self, time: int, place: int, event: Event) -> None:
        self._registers.fail(event, place)
        self._counts["failed"] += 1

    def _not_answered(self, time: int, place: int, event: Event) -> None:
        self._counts["in_doubt"] += 1
        self._blame(self._registers.doubt(event, place))

    def _abandoned(self, process: int) -> None:
        """What it had in flight is in doubt."""
        for send in self._sends.abandon(process):
            self._doubt(send)
        for faults in self._registers.abandon(process):
            self._counts["in_doubt"] += 1
            self._blame(faults)

    # Reads

    def _note(self, time: int, place: int, event: Event, final: bool) -> tuple[Key, int, int]:
        """The key, the first offset and the count of what was read, if anything was."""
        key, values = self._key(event["key"]), event.get("values", ())
        if "offsets" in event:
            for offset, value in zip(event["offsets"], values, strict=True):
                self._note_run(time, place, key, offset, [value], final)
            return key, event["offsets"][0] if values else NONE, len(values)
        if values:
            self._note_run(time, place, key, event["offset"], values, final)
        return key, event.get("offset", NONE), len(values)

    def _note_run(self, time: int, place: int, key: Key, offset: int, values: list[str], final: bool) -> None:
        _check_offset(offset)
        key.note_read(offset, values, final, place, self._sends, self._findings)
        key.take(offset + len(values) - 1, time, place)

    def _read(self, time: int, place: int, event: Event) -> None:
        self._note(time, place, event, final=False)

    def _read_badly(self, time: int, place: int, event: Event) -> None:
        """What is in an answer that counts as failed was still seen."""
        if event.get("values"):
            self._note(time, place, event, final=False)

    def _polled(self, time: int, place: int, event: Event) -> None:
        key, offset, count = self._note(time, place, event, final=False)
        process = event["process"]
        self._counts["polled"] += count
        if "offsets" in event:
            for one in event["offsets"]:
                self._readers.polled(process, key, one, 1, place)
            last = max(event["offsets"], default=NONE)
        else:
            last = offset + count - 1 if count else NONE
            if count:
                self._readers.polled(process, key, offset, count, place)
        if count:
            self._liveness.read_up_to(process, key, last + 1)
        if (high := event.get("high")) is not None:
            self._readers.saw_high(process, key, high, last, place)
        if (start := event.get("log_start")) is not None:
            self._saw_start_at(process, key, start, place)

    def _saw_start_at(self, process: int, key: Key, start: int, place: int) -> None:
        _check_offset(start)
        self._readers.saw_start(process, key, start, place)
        key.saw_start(start, place)

    def _saw_start(self, time: int, place: int, event: Event) -> None:
        """Either somebody saw it, or it was asked to move, which was noted when that began."""
        if "id" not in event:
            self._saw_start_at(event["process"], self._key(event["key"]), event["offset"], place)
            return
        key, asked = self._moves.pop((event["process"], event["id"]))
        key.start_asked = max(key.start_asked, asked)

    def _move_start(self, time: int, place: int, event: Event) -> None:
        if (event["process"], event["id"]) in self._moves:
            raise ValueError(f"process {event['process']} has a request {event['id']} in flight")
        self._moves[event["process"], event["id"]] = self._key(event["key"]), event["offset"]

    def _start_unmoved(self, time: int, place: int, event: Event) -> None:
        del self._moves[event["process"], event["id"]]

    def _epoch(self, time: int, place: int, event: Event) -> None:
        self._readers.epoch_ends(event["process"], self._key(event["key"]), event["offset"])

    # The final reads

    def _final_begins(self, time: int, place: int, event: Event) -> None:
        key = self._key(event["key"])
        key.finals[event["replica"]] = FinalRead(place, key.end_known())

    def _final_read(self, time: int, place: int, event: Event) -> None:
        key = self._key(event["key"])
        final = key.finals[event["replica"]]
        if "record_keys" in event:
            offset, count = self._note_records(key, event, place), len(event["values"])
        else:
            key, offset, count = self._note(time, place, event, final=True)
        for one in event.get("offsets", ()):
            final.covered.add(one, one + 1)
        if "offsets" not in event:
            final.covered.add(offset, offset + count)
        self._counts["read_finally"] += count
        if event.get("complete"):
            _check_offset(event["end"])
            final.end = event["end"]
            key.saw_start(event["log_start"], place)

    def _note_records(self, key: Key, event: Event, place: int) -> int:
        """What is there by key: no values of sends. The first offset."""
        values = event["values"]
        offsets = event.get("offsets") or range(event["offset"], event["offset"] + len(values))
        for offset in offsets:
            _check_offset(offset)
        self._registers.note_log(key.name, offsets, event["record_keys"], values, place)
        return offsets[0] if values else NONE

    # What happens around them

    def _ignore(self, time: int, place: int, event: Event) -> None:
        pass

    def _run(self, time: int, place: int, event: Event) -> None:
        self._settings.update(event | self._overrides)
        self._liveness.within_ns = int(self._settings.liveness_s * 1e9)

    def _mark(self, time: int, place: int, event: Event) -> None:
        operation = event["operation"]
        if operation == "boot":
            self._counts["boots"] += 1
            return
        process = event["process"]
        if operation == "session":
            self._readers.new_session(process)
            for name in event.get("keys", ()):
                self._readers.position(process, self._key(name))
        elif operation in ("restart", "stop"):
            self._readers.new_session(process)
            self._liveness.stopped(process)
            self._stopped.add(process)
            if operation == "restart":
                self._stopped.discard(process)
                self._abandoned(process)
        else:
            raise ValueError(f"there is no mark {operation!r}")

    def _fault(self, time: int, place: int, event: Event) -> None:
        effects = event.get("effects")
        self._faults.append(Fault(event["fault"], sum((effects or {}).values()), effects is not None, place))
        self._liveness.fault()

    def _heal(self, time: int, place: int, event: Event) -> None:
        self._counts["heals"] += 1
        waiting = {process for process, sends in self._sends.open.items() if sends}.union(self._registers.processes())
        behind = []
        for process, number, position in self._readers.positions():
            key = self._keys[number]
            if position < key.end_known():
                behind.append((process, key, key.end_known()))
        self._liveness.healed(time, place, sorted(waiting - self._stopped), behind)

    # The verdict

    def judge(self) -> Report:
        """Once, after the last event."""
        for process in {*self._sends.open, *self._registers.processes()}:
            self._abandoned(process)
        for key, asked in self._moves.values():
            key.start_asked = max(key.start_asked, asked)
        self._liveness.ended()
        settings = self._settings
        Judge(self._sends, self._keys, self._findings, gaps=settings.gaps, start_is_trusted=settings.log_start == "observed",
              strict_order=settings.order == "strict").all(self._readers.skips)
        unfinished = list(self._unfinished())
        unordered = self._registers.judge(self._key_by_name, not unfinished)
        unknown = [*unordered, *unfinished, *self._too_few(), *self._without_effect()]
        verdict = "anomalies" if self._findings.counts else "unknown" if unknown else "pass"
        self._counts |= {"faults": len(self._faults), "faults_with_effect": sum(one.effects > 0 for one in self._faults),
                         "records": len(self._sends.texts), "keys": len(self._keys), "progress_kept": self._liveness.kept,
                         "progress_missed": self._liveness.missed, "progress_not_due": self._liveness.forgiven}
        by_rule = {rule: self._findings.counts[rule] for rule in RULES if self._findings.counts[rule]}
        return Report(verdict, unknown, self._findings.in_order(), by_rule, self._counts, self.notes)

    def _unfinished(self) -> Iterable[str]:
        """The final reads of every key that was sent to, or that the run names, from every replica that the run names."""
        expected = {self._keys[number].name for number in set(self._sends.key)} | set(self._settings.keys)
        expected |= self._registers.logs_read
        lacking = []
        for name in sorted(expected):
            key = self._key(name)
            for replica in self._settings.replicas or sorted(key.finals) or ["any"]:
                if replica not in key.finals or key.finals[replica].end is None:
                    lacking.append(f"of {name} from replica {replica}")
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            yield f"the final read did not finish: {', '.join(lacking[:5])}{more}"
        elif self._registers and not expected:
            yield "the final read did not finish: no partition was read, and record keys were written"

    def _too_few(self) -> Iterable[str]:
        if (count := self._counts["acknowledged"] + self._registers.acknowledged) < self._settings.oks_min:
            yield f"{count} sends were acknowledged; it takes {self._settings.oks_min} to say anything"

    def _without_effect(self) -> Iterable[str]:
        effective = {fault.kind for fault in self._faults if fault.effects > 0}
        if self._settings.faults is None:
            if not effective:
                yield f"no fault took effect, of {len(self._faults)}"
        elif lacking := sorted(set(self._settings.faults) - effective):
            yield f"no fault of these kinds took effect: {', '.join(lacking)}"


def _check_offset(offset: int) -> None:
    if type(offset) is not int or not 0 <= offset <= OFFSET_MAX:
        raise ValueError(f"{offset!r} is no offset")


def check(files: Sequence[Iterable[str]], names: Sequence[str], without: Iterable[str] = (),
          overrides: dict[str, Any] | None = None) -> Report:
    """`files` as lines. Malformed when one is no history."""
    places = Places(names)
    checker = Checker(places, without, overrides)
    for time, place, event in merged(files, places, checker.notes.append):
        checker.feed(time, place, event)
    return checker.judge()
