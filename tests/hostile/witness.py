"""A client that behaves well while others do not: it appends and reads back at a modest rate, and notes how long it took."""

from __future__ import annotations

import contextlib
import os
import threading
import time

from support import wire
from support.batches import make_batch
from support.wire import Connection

TOPIC = "witness"
PAUSE_S = 0.004


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


class Witness:
    """Runs from start() to stop() in a thread. Anything that is not right is in `complaints`."""

    def __init__(self, port: int, timeout_s: float = 20) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.begun = 0.0  # when the one under way began
        self.times: list[tuple[float, float]] = []  # begun, seconds for an append and reading it back
        self.complaints: list[str] = []

    def start(self) -> None:
        with Connection(self._port, self._timeout_s) as connection:
            connection.ask(wire.METADATA, 1, wire.metadata_body(TOPIC))
            while connection.fetch(TOPIC, 0, wait_ms=0)[0] != 0:
                time.sleep(0.01)
            self._next = connection.fetch(TOPIC, 0, wait_ms=0)[1]
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(2 * self._timeout_s + 5)
        if self._thread.is_alive():
            self.complaints.append("it never came to an end")

    def seconds_between(self, begin: float, end: float) -> list[float]:
        return [seconds for begun, seconds in self.times if begin <= begun < end]

    def _run(self) -> None:
        # Its own work should not wait for a processor: a client elsewhere has one of its own.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        try:
            with Connection(self._port, self._timeout_s) as connection:
                while not self._stopping.is_set() and not self.complaints:
                    self._once(connection)
                    time.sleep(PAUSE_S)
        except (OSError, AssertionError) as why:
            self.complaints.append(f"after {len(self.times)} rounds: {why!r}")

    def _once(self, connection: Connection) -> None:
        value = b"record %d " % self._next + b"w" * 80
        batch = make_batch([value])
        self.begun = begun = time.monotonic()
        produced = connection.produce(TOPIC, batch)
        code, high, found = connection.fetch(TOPIC, self._next)
        self.times.append((begun, time.monotonic() - begun))
        if produced != (0, self._next):
            self.complaints.append(f"appended {self._next}, and was told {produced}")
        elif code != 0 or high != self._next + 1:
            self.complaints.append(f"read {self._next}: code {code}, high watermark {high}")
        elif found[21:] != batch[21:]:  # before it: offset and leader epoch, which are the server's, and the CRC's place
            self.complaints.append(f"read {self._next}: other bytes than were appended")
        self._next += 1
