"""Reads histories: files of JSON lines, merged by their time."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from history.findings import Places

Event = dict[str, Any]
Timed = tuple[int, int, Event]  # time, place, event


class Malformed(Exception):
    """The input is no history: a sentence with the place."""


def _events(lines: Iterable[str], file: int, places: Places, note: Callable[[str], None]) -> Iterator[Timed]:
    before = -1
    for number, line in enumerate(lines, 1):
        place = places.number(file, number)
        try:
            event = json.loads(line)
            time = event["time_ns"]
            if type(time) is not int:
                raise TypeError("time_ns is no integer")
        except (ValueError, KeyError, TypeError) as error:
            if not line.endswith("\n"):  # its writer was killed
                note(f"{places.name(place)}: the last line is cut off; it was left out")
                return
            if not line.strip():
                continue
            raise Malformed(f"{places.name(place)}: no event: {type(error).__name__}: {error}") from None
        if time < before:
            raise Malformed(f"{places.name(place)}: time goes back, from {before} to {time}")
        before = time
        yield time, place, event


def merged(files: Sequence[Iterable[str]], places: Places, note: Callable[[str], None]) -> Iterator[Timed]:
    """`files` as lines; an event whose time is that of another file's event comes behind it if its file does."""
    sources = [_events(lines, file, places, note) for file, lines in enumerate(files)]
    return sources[0] if len(sources) == 1 else heapq.merge(*sources, key=itemgetter(0))
