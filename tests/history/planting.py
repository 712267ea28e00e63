"""Plants histories by hand, an event a line, for the tests of the checker."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

from history.values import value_text
from history.writer import HistoryWriter

KEY = "t-0"
RECORD_KEY = "t/a"
READER, OTHER_READER, FINAL_READER = 50, 51, 90
Name = tuple[int, int]  # of a value: process, sequence


def text(name: Name | str) -> str:
    return name if isinstance(name, str) else value_text(*name, 30, name[0] << 16 | name[1])


class Plant:
    """Writes a history by hand; each event comes a millisecond after the one before. Names of values stand for values."""

    def __init__(self, path: pathlib.Path, **settings: Any) -> None:
        self._now_ns = 0
        self.writer = HistoryWriter(path, clock_ns=self._tick)
        self.writer.run(**{"oks_min": 1} | settings)

    def _tick(self) -> int:
        self._now_ns += 1_000_000
        return self._now_ns

    def wait(self, seconds: float) -> None:
        self._now_ns += int(seconds * 1e9)

    def send(self, *names: Name, key: str = KEY) -> tuple[int, int]:
        """One batch; to be given to one of the next three."""
        process = names[0][0]
        return process, self.writer.send(process, key, [text(name) for name in names])

    def ok(self, send: tuple[int, int], offset: int | None) -> None:
        self.writer.acknowledged(*send, offset)

    def doubt(self, send: tuple[int, int]) -> None:
        self.writer.in_doubt(*send, "_TRANSPORT")

    def fail(self, send: tuple[int, int]) -> None:
        self.writer.failed(*send, "MSG_SIZE_TOO_LARGE")

    def sent(self, *names: Name, offset: int, key: str = KEY) -> None:
        """One after the other: begun and acknowledged."""
        for at, name in enumerate(names):
            self.ok(self.send(name, key=key), offset + at)

    def poll(self, offset: int, *names: Name | str, reader: int = READER, key: str = KEY, **bounds: int) -> None:
        self.writer.polled(reader, key, offset, [text(name) for name in names], **bounds)

    def fault(self) -> None:
        self.writer.fault("kill", {"in_flight": 1})
        self.writer.booted()
        self.writer.healed()

    def final(self, *names: Name | str, offset: int = 0, key: str = KEY, replica: str = "1", end: int | None = None) -> None:
        """A whole final read: what it found from `offset`, the log start, to the end."""
        self.writer.final_read_begins(FINAL_READER, key, replica)
        if names:
            self.writer.final_read(FINAL_READER, key, offset, [text(name) for name in names], replica)
        self.writer.final_read_ends(FINAL_READER, key, offset, offset + len(names) if end is None else end, replica)

    # By record key

    def ask(self, operation: str, name: Name | None = None, process: int = 1, record_key: str = RECORD_KEY,
            condition: str | int | None = None) -> tuple[int, int, str]:
        """To be given to one of the next four."""
        value = None if name is None else text(name)
        return process, self.writer.ask(process, operation, record_key, value, condition), operation

    def got(self, asked: tuple[int, int, str], name: Name | str | None, offset: int | None = None) -> None:
        self.writer.got(*asked[:2], None if name is None else text(name), offset)

    def wrote(self, asked: tuple[int, int, str], **told: Any) -> None:
        if isinstance(told.get("before"), tuple):
            told["before"] = text(told["before"])
        self.writer.wrote(*asked, **told)

    def not_known(self, asked: tuple[int, int, str]) -> None:
        self.writer.not_done(*asked, "closed")

    def refused(self, asked: tuple[int, int, str]) -> None:
        self.writer.not_done(*asked, "MISCONF", "fail")

    def set(self, name: Name, condition: str | int | None = None, record_key: str = RECORD_KEY, **told: Any) -> None:
        """One after the other: asked and answered."""
        self.wrote(self.ask("set", name, record_key=record_key, condition=condition), **told)

    def delete(self, condition: int | None = None, **told: Any) -> None:
        self.wrote(self.ask("delete", condition=condition), **told)

    def get(self, name: Name | str | None, offset: int | None = None, process: int = 3, record_key: str = RECORD_KEY) -> None:
        self.got(self.ask("get", process=process, record_key=record_key), name, offset)

    def log(self, *names: Name | str | None | tuple[str, Name], offset: int = 0, key: str = KEY, replica: str = "1") -> None:
        """A whole final read of a log with record keys: of RECORD_KEY, or of another that is named."""
        pairs = [one if isinstance(one, tuple) and isinstance(one[0], str) else (RECORD_KEY, one) for one in names]
        self.writer.final_read_begins(FINAL_READER, key, replica)
        if pairs:
            self.writer.final_records(FINAL_READER, key, offset, [one for one, _ in pairs],
                                      [None if name is None else text(name) for _, name in pairs], replica)
        self.writer.final_read_ends(FINAL_READER, key, offset, offset + len(pairs), replica)


class Planted(NamedTuple):
    name: str
    finds: str  # a rule, "pass" or "unknown"
    fill: Callable[[Plant], None]
    settings: dict[str, Any]


ALL: list[Planted] = []


def planted(finds: str, **settings: Any) -> Callable[[Callable[[Plant], None]], Callable[[Plant], None]]:
    def add(fill: Callable[[Plant], None]) -> Callable[[Plant], None]:
        ALL.append(Planted(fill.__name__, finds, fill, settings))
        return fill
    return add


# Values of producers 1 and 2
A0, A1, A2, A3, A4 = ((1, number) for number in range(5))
B0, B1, B2 = ((2, number) for number in range(3))
