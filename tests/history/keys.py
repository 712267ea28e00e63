"""What is known of one key, a partition of a topic: which value has which offset by acknowledgements and by reads."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

from history.columns import NONE, PAGE, PAGE_BITS, Column, Ranges, pieces
from history.findings import Findings
from history.sends import Floor, Sends
from history.values import DAMAGED

# What was read at an offset, when it is the value of no send to this key.
DAMAGED_THERE, STRANGE_THERE = -2, -3
# Values that no send began so far: kept until the end, when it is clear what they are.
STRANGERS_MAX = 10_000


class Stranger(NamedTuple):
    text: str
    offset: int
    place: int


class FinalRead:
    """The reading of everything from one replica, at the end."""

    def __init__(self, place: int, owed_end: int) -> None:
        self.place = place
        self.owed_end = owed_end  # below it every offset was taken when this began
        self.covered = Ranges()
        self.end: int | None = None  # once it is complete

    def reach(self) -> int:
        """Offsets below were read, if they were there."""
        return self.covered.end() if self.end is None else self.end


class Key:
    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.told = Column()  # by offset: the value of the acknowledgement
        self.read = Column()  # by offset: the value that was read first, or one of the two above
        self._read_at = Column()  # by offset: twice the place of that read, and 1 if it was a final one
        self.finals: dict[str, FinalRead] = {}
        self.strangers: list[Stranger] = []
        self.start_asked = 0
        self.start_seen = Floor(0, NONE)
        self._top = self._top_before = Floor(-1, NONE)
        self._top_time = -1

    # Offsets that are known to be taken

    def take(self, offset: int, time: int, place: int) -> None:
        if offset > self._top.offset:
            if time > self._top_time:
                self._top_before, self._top_time = self._top, time
            self._top = Floor(offset, place)

    def floor(self, time: int) -> Floor:
        """Of what happened strictly before."""
        return self._top if self._top_time < time else self._top_before

    def end_known(self) -> int:
        return self._top.offset + 1

    def saw_start(self, offset: int, place: int) -> None:
        if offset > self.start_seen.offset:
            self.start_seen = Floor(offset, place)

    # Reads

    def read_at(self, offset: int) -> list[int]:
        """The place where the offset was read first, if it was."""
        found = self._read_at[offset]
        return [] if found == NONE else [found >> 1]

    def was_polled(self, offset: int) -> bool:
        found = self._read_at[offset]
        return found != NONE and found & 1 == 0

    def note_read(self, offset: int, values: list[str], final: bool, place: int, sends: Sends, findings: Findings) -> None:
        numbers = array("q", map(sends.numbers.get, values, repeat(STRANGE_THERE)))
        for page, low, high, at in pieces(offset, len(numbers)):
            before, now = self.read.page(page)[low:high], numbers[at:at + high - low]
            if before != now or STRANGE_THERE in now:
                for i, value in enumerate(now):
                    if before[i] != value or value < 0:
                        self._note_one(offset + at + i, values[at + i], value, final, place, sends, findings)

    def _note_one(self, offset: int, text: str, value: int, final: bool, place: int, sends: Sends, findings: Findings) -> None:
        if value < 0 or sends.key[value] != self.number:
            self._note_stranger(offset, text, final, place)
            return
        before = self.read[offset]
        if before >= 0:
            findings.add("H9", f"offset {offset} was {sends.became(before)}, then {sends.became(value)}", self.name, [offset],
                         [sends.texts[before], text], [*self.read_at(offset), place])
        else:
            self.read[offset] = value
            self._read_at[offset] = place << 1 | final
        elsewhere = sends.found[value]
        if elsewhere == NONE:
            sends.found[value] = offset
        elif elsewhere != offset:
            findings.add("H2", f"{sends.became(value)} is at offsets {elsewhere} and {offset}", self.name,
                         sorted((elsewhere, offset)), [text], [*self.read_at(elsewhere), place, *sends.places(value)])
            sends.found[value] = min(elsewhere, offset)

    def _note_stranger(self, offset: int, text: str, final: bool, place: int) -> None:
        if not isinstance(text, str):
            raise TypeError(f"the value {text!r} is no text")
        if len(self.strangers) < STRANGERS_MAX:
            self.strangers.append(Stranger(text, offset, place))
        if self.read[offset] == NONE:
            self.read[offset] = DAMAGED_THERE if text.startswith(DAMAGED) else STRANGE_THERE
            self._read_at[offset] = place << 1 | final

    def taken(self, low: int = 0, high: int = 1 << 63) -> Iterator[tuple[int, int]]:
        """Offsets in [low, high) that have a record, with its value as it was read or else as it was acknowledged."""
        for number in sorted({*self.read.pages(), *self.told.pages()}):
            base = number << PAGE_BITS
            if base < high and base + PAGE > low:
                read, told = self.read.page(number), self.told.page(number)
                for at in range(max(low - base, 0), min(high - base, PAGE)):
                    value = read[at]
                    if value == NONE:
                        value = told[at]
                    if value != NONE:
                        yield base + at, value

    def reach(self) -> int:
        """Offsets below were read by some final read, if they were there."""
        return max((final.reach() for final in self.finals.values()), default=0)
