"""H8 and H10: what each reader was given follows on what it was given before, and its view of the log does not go back."""

from __future__ import annotations

from typing import NamedTuple

from history.columns import NONE
from history.findings import Findings
from history.keys import Key

SKIPS_MAX = 100_000


class Skip(NamedTuple):
    """A reader went on at `high` where it was at `low`: to be judged when the log start and all records are known."""

    key: Key
    low: int
    high: int
    process: int
    places: tuple[int, int]


class Position:
    """Of one reader in one key, in one session."""

    __slots__ = ("next", "high", "start", "truncated", "next_at", "high_at", "start_at")

    def __init__(self) -> None:
        self.next = self.high = self.start = NONE
        self.truncated = False  # since `high` was seen
        self.next_at = self.high_at = self.start_at = NONE


class Readers:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._positions: dict[int, dict[int, Position]] = {}  # by process and by key
        self.skips: list[Skip] = []

    def position(self, process: int, key: Key) -> Position:
        return self._positions.setdefault(process, {}).setdefault(key.number, Position())

    def new_session(self, process: int) -> None:
        self._positions.pop(process, None)

    def positions(self) -> list[tuple[int, int, int]]:
        """Process, number of the key, next offset."""
        return [(process, key, one.next) for process, keys in self._positions.items() for key, one in keys.items()]

    def polled(self, process: int, key: Key, offset: int, count: int, place: int) -> None:
        """Records from `offset` on were given to a reader."""
        now = self.position(process, key)
        if now.next != NONE and offset < now.next:
            self._findings.add("H8", f"reader {process} was at {now.next} and was given offset {offset}", key.name,
                               [now.next, offset], (), [now.next_at, place])
        elif now.next != NONE and offset > now.next and len(self.skips) < SKIPS_MAX:
            self.skips.append(Skip(key, now.next, offset, process, (now.next_at, place)))
        now.next, now.next_at = offset + count, place

    def saw_high(self, process: int, key: Key, high: int, last: int, place: int) -> None:
        """`last` is the highest offset that came with it, or NONE."""
        now = self.position(process, key)
        if last >= high:
            self._findings.add("H10", f"reader {process} was given offset {last} with the high watermark at {high}", key.name,
                               [last, high], (), [place])
        if high < now.high and not now.truncated:
            self._findings.add("H10", f"reader {process} saw the high watermark at {now.high}, then at {high}", key.name,
                               [now.high, high], (), [now.high_at, place])
        if high != now.high:
            now.high, now.high_at = high, place
        now.truncated = False

    def saw_start(self, process: int, key: Key, start: int, place: int) -> None:
        now = self.position(process, key)
        if start < now.start:
            self._findings.add("H10", f"reader {process} saw the log start at {now.start}, then at {start}", key.name,
                               [now.start, start], (), [now.start_at, place])
        if start != now.start:
            now.start, now.start_at = start, place

    def epoch_ends(self, process: int, key: Key, offset: int) -> None:
        """The leader says that the log was cut there: the reader may go back to it."""
        now = self.position(process, key)
        if offset < now.high:
            now.truncated = True
        if now.next != NONE:
            now.next = min(now.next, offset)
