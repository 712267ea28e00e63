"""H16: after healing every producer gets an acknowledgement, and every consumer reaches what was the end, within a time."""

from __future__ import annotations

from history.findings import Findings
from history.keys import Key

NEVER = 1 << 63


class Liveness:
    """What is owed since the last healing. A fault forgives what is not due yet; so does the end of the history."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._healed = False
        self._healed_ns = self._healed_at = 0
        self._served: set[int] = set()
        self._producers: dict[int, int] = {}  # that wait: since when; in order of time
        self._consumers: dict[tuple[int, int], tuple[Key, int]] = {}  # by process and key: up to where it has to read
        self.within_ns = 30_000_000_000
        self.due_ns = NEVER  # when what is owed first is owed too long
        self.kept = self.missed = self.forgiven = 0

    def _plan(self) -> None:
        since = [next(iter(self._producers.values()))] if self._producers else []
        if self._consumers:
            since.append(self._healed_ns)
        self.due_ns = min(since) + self.within_ns if since else NEVER

    def healed(self, time: int, place: int, waiting: list[int], behind: list[tuple[int, Key, int]]) -> None:
        """`waiting`: producers with sends in flight; `behind`: consumers, and up to where each has to come."""
        self.fault()
        self._healed, self._healed_ns, self._healed_at = True, time, place
        self._producers = dict.fromkeys(waiting, time)
        self._consumers = {(process, key.number): (key, end) for process, key, end in behind}
        self._plan()

    def fault(self) -> None:
        self.forgiven += len(self._producers) + len(self._consumers)
        self._healed, self.due_ns = False, NEVER
        self._served.clear()
        self._producers.clear()
        self._consumers.clear()

    def send_begins(self, process: int, time: int) -> None:
        if self._healed and process not in self._served and process not in self._producers:
            self._producers[process] = time
            self._plan()

    def acknowledged(self, process: int) -> None:
        if self._healed and process not in self._served:
            self._served.add(process)
            self._producers.pop(process, None)
            self.kept += 1
            self._plan()

    def read_up_to(self, process: int, key: Key, end: int) -> None:
        if self._consumers and (owed := self._consumers.get((process, key.number))) is not None and end >= owed[1]:
            del self._consumers[process, key.number]
            self.kept += 1
            self._plan()

    def stopped(self, process: int) -> None:
        """Nothing is owed to it any more."""
        self._producers.pop(process, None)
        for consumer in [one for one in self._consumers if one[0] == process]:
            del self._consumers[consumer]
        self._plan()

    def passed(self, time: int, place: int) -> None:
        """To be called when `time` is beyond due_ns."""
        seconds = self.within_ns / 1e9
        for process, since in list(self._producers.items()):
            if time > since + self.within_ns:
                del self._producers[process]
                self._served.add(process)
                self.missed += 1
                self._findings.add("H16", f"producer {process} got no acknowledgement within {seconds:g} s of healing "
                                   f"(waited from {since} ns on)", None, (), (), [self._healed_at, place])
        if time > self._healed_ns + self.within_ns:
            for (process, _), (key, end) in self._consumers.items():
                self.missed += 1
                self._findings.add("H16", f"consumer {process} did not reach offset {end - 1} within {seconds:g} s of healing",
                                   key.name, [end - 1], (), [self._healed_at, place])
            self._consumers.clear()
        self._plan()

    def ended(self) -> None:
        self.fault()
