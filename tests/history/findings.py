"""What a check found, so that a person can go and look."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

RULES = {
    "H1": "inconsistent offsets",
    "H2": "duplicate",
    "H3": "lost write",
    "H4": "failed write seen",
    "H5": "unknown value",
    "H6": "real-time order",
    "H7": "producer's order",
    "H8": "skipped or backward read",
    "H9": "changed or vanished after it was read",
    "H10": "high watermark or log start went back",
    "H11": "unseen in a final read",
    "H14": "no order by key",
    "H15": "damaged value",
    "H16": "no progress after healing",
}
# Of each rule; the rest is only counted.
KEPT_MAX = 1000


class Places:
    """Where an event stands, as one number: line * files + file."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = list(files)

    def number(self, file: int, line: int) -> int:
        return line * len(self._files) + file

    def name(self, place: int) -> str:
        line, file = divmod(place, len(self._files))
        return f"{self._files[file]}:{line}"


@dataclasses.dataclass(frozen=True, slots=True)
class Anomaly:
    rule: str
    what: str
    key: str | None
    offsets: tuple[int, ...]
    values: tuple[str, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        where = "" if self.key is None else f"{self.key}: "
        return f"{self.rule} {where}{self.what} [{', '.join(self.lines)}]"


class Findings:
    """Each anomaly once. Rules that are switched off are neither kept nor counted."""

    def __init__(self, places: Places, without: Iterable[str] = ()) -> None:
        self._places = places
        self._without = frozenset(without)
        self.counts: Counter[str] = Counter()
        self.anomalies: list[Anomaly] = []
        self._seen: set[tuple[object, ...]] = set()

    def add(self, rule: str, what: str, key: str | None, offsets: Iterable[int] = (), values: Iterable[str] = (),
            places: Iterable[int] = ()) -> None:
        if rule in self._without:
            return
        offsets, values = tuple(offsets), tuple(values)
        identity = (rule, key, what)
        if identity in self._seen:
            return
        self.counts[rule] += 1
        if self.counts[rule] <= KEPT_MAX:
            self._seen.add(identity)
            lines = tuple(self._places.name(place) for place in places)
            self.anomalies.append(Anomaly(rule, what, key, offsets, values, lines))

    def in_order(self) -> list[Anomaly]:
        return sorted(self.anomalies, key=lambda found: int(found.rule[1:]))
