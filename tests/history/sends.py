"""All values that were sent and what became of them, a few bytes each: histories have millions."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from history.columns import NONE

IN_DOUBT, ACKNOWLEDGED, FAILED = 0, 1, 2
STATES = ("in doubt", "acknowledged", "failed")


class Floor(NamedTuple):
    """The highest offset that was known to be taken, and the place of the event that showed it."""

    offset: int
    place: int


class Send(NamedTuple):
    """One batch: its values are numbered from `first` on."""

    first: int
    count: int
    key: int
    floor: Floor  # when it began
    faults: int  # that had happened when it began


class Sends:
    """
    Values are numbered as their sends began; so numbers of one process are in the order of its sends. Columns are by number.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: list[str] = []
        self.state = bytearray()
        self.key = array("l")
        self.process = array("q")
        self.begun_at = array("q")  # place
        self.ended_at = array("q")  # place, or NONE
        self.told = array("q")  # the offset that the acknowledgement gave, or NONE
        self.found = array("q")  # the offset where it was read first, or NONE
        self.open: dict[int, dict[int, Send]] = {}  # by process and by the number of the send
        self.doubtful: list[Send] = []
        self.batches: list[tuple[int, int]] = []  # of more than one value: first, count

    def begin(self, process: int, number: int, key: int, values: list[str], place: int, floor: Floor, faults: int) -> None:
        """ValueError when the number or a value was used before."""
        open_sends = self.open.setdefault(process, {})
        if number in open_sends:
            raise ValueError(f"process {process} has a send {number} in flight")
        first = len(self.texts)
        if not values:
            raise ValueError("a send without values")
        for value in values:
            if self.numbers.setdefault(value, len(self.texts)) != len(self.texts) or not isinstance(value, str):
                raise ValueError(f"the value {value!r} was sent before, or is no text")
            self.texts.append(value)
            self.state.append(IN_DOUBT)
            self.key.append(key)
            self.process.append(process)
            self.begun_at.append(place)
            self.ended_at.append(NONE)
            self.told.append(NONE)
            self.found.append(NONE)
        if len(values) > 1:
            self.batches.append((first, len(values)))
        open_sends[number] = Send(first, len(values), key, floor, faults)

    def end(self, process: int, number: int, state: int, place: int) -> Send:
        """KeyError when it was not begun."""
        send = self.open[process].pop(number)
        for value in range(send.first, send.first + send.count):
            self.state[value] = state
            self.ended_at[value] = place
        if state == IN_DOUBT:
            self.doubtful.append(send)
        return send

    def abandon(self, process: int) -> list[Send]:
        """What the process has in flight will not be answered any more."""
        left = list(self.open.pop(process, {}).values())
        self.doubtful += left
        return left

    def places(self, value: int) -> list[int]:
        ended = self.ended_at[value]
        return [self.begun_at[value]] + ([] if ended == NONE else [ended])

    def became(self, value: int) -> str:
        return f"{self.texts[value]} ({STATES[self.state[value]]})"
