"""Writes a history, a JSON line for each event. README.md describes the events."""

from __future__ import annotations

import itertools
import json
import pathlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class HistoryWriter:
    """
    Appends events to one file. Any thread may call any method; an event's time is taken while the file is locked, so that times
    never go back in it. Several processes write a file each, with times of the same clock (CLOCK_MONOTONIC by default).

    Lines are buffered. A process that may be killed sets `flush_invokes`: else a send could reach the log whose invocation is
    lost with the buffer. Values are texts as of history.values; a name may be anything, and numbers of sends are this writer's.
    """

    def __init__(self, path: pathlib.Path | str, clock_ns: Callable[[], int] = time.monotonic_ns,
                 flush_invokes: bool = False) -> None:
        self._file = open(path, "a", buffering=1 << 18, encoding="utf-8")
        self._clock_ns = clock_ns
        self._flush_invokes = flush_invokes
        self._lock = threading.Lock()
        self._ids = itertools.count()
        self._quoted: dict[Any, str] = {}

    def _put(self, rest: str, flush: bool = False) -> None:
        with self._lock:
            self._file.write(f'{{"time_ns":{self._clock_ns()},{rest}}}\n')
            if flush:
                self._file.flush()

    def _quote(self, name: str) -> str:
        found = self._quoted.get(name)
        if found is None:
            found = self._quoted[name] = json.dumps(name)
        return found

    def put(self, type: str, **fields: Any) -> None:
        """Any event. Fields that are None are left out."""
        given = {"type": type} | {name: value for name, value in fields.items() if value is not None}
        self._put(json.dumps(given, separators=(",", ":"))[1:-1])

    def run(self, **settings: Any) -> None:
        """What the run promises and asks for; see README.md for the settings."""
        self.put("run", **settings)

    # Sends

    def send(self, process: int, key: str, values: Sequence[str]) -> int:
        """To be called before the request leaves; the values are one record batch. Its number, for one of the next three."""
        number = next(self._ids)
        quoted = '","'.join(values)  # texts of values need no escapes
        self._put(f'"process":{process},"type":"invoke","operation":"send","id":{number},"key":{self._quote(key)},'
                  f'"values":["{quoted}"]', self._flush_invokes)
        return number

    def acknowledged(self, process: int, number: int, offset: int | None) -> None:
        """`offset` is that of the first record; None when the answer did not say."""
        place = "" if offset is None else f',"offset":{offset}'
        self._put(f'"process":{process},"type":"ok","operation":"send","id":{number}{place}')

    def failed(self, process: int, number: int, error: str) -> None:
        """Certainly not written. Whoever is not certain says in_doubt()."""
        self.put("fail", process=process, operation="send", id=number, error=error)

    def in_doubt(self, process: int, number: int, error: str) -> None:
        self.put("unknown", process=process, operation="send", id=number, error=error)

    # Operations by record key

    def ask(self, process: int, operation: str, record_key: str, value: str | None = None,
            condition: str | int | None = None) -> int:
        """To be called before the request leaves: "get", "set" or "delete". Its number, for one of the next three."""
        number = next(self._ids)
        self.put("invoke", process=process, operation=operation, id=number, record_key=record_key, value=value,
                 **{"if": condition})
        if self._flush_invokes:
            self.flush()
        return number

    def got(self, process: int, number: int, value: str | None, offset: int | None = None) -> None:
        """The answer to a get; None: there is nothing."""
        place = "" if offset is None else f',"offset":{offset}'
        self._put(f'"process":{process},"type":"ok","operation":"get","id":{number},"value":{json.dumps(value)}{place}')

    def wrote(self, process: int, number: int, operation: str, **told: Any) -> None:
        """The answer to a set or a delete: done, existed, before and offset, those that were told."""
        self._put(json.dumps({"process": process, "type": "ok", "operation": operation, "id": number} | told,
                             separators=(",", ":"))[1:-1])

    def not_done(self, process: int, number: int, operation: str, error: str, type: str = "unknown") -> None:
        """`type` "fail": certainly without effect."""
        self.put(type, process=process, operation=operation, id=number, error=error)

    # Reads

    def polled(self, process: int, key: str, offset: int, values: Sequence[str], high: int | None = None,
               log_start: int | None = None) -> None:
        """Records with successive offsets that a reader got where it stood."""
        self._read(process, "poll", key, offset, values, self._bounds(high, log_start))

    def read(self, process: int, key: str, offset: int, values: Sequence[str]) -> None:
        """Records that somebody read anywhere: a reader that has no position."""
        self._read(process, "read", key, offset, values, "")

    def final_read_begins(self, process: int, key: str, replica: str = "1") -> None:
        self.put("invoke", process=process, operation="final-read", key=key, replica=replica)

    def final_read(self, process: int, key: str, offset: int, values: Sequence[str], replica: str = "1") -> None:
        self._read(process, "final-read", key, offset, values, f',"replica":{self._quote(replica)}')

    def final_records(self, process: int, key: str, offset: int, record_keys: Sequence[str], values: Sequence[str | None],
                      replica: str = "1") -> None:
        """Instead of final_read(), where records were written by key. No value: a tombstone."""
        self._read(process, "final-read", key, offset, values,
                   f',"record_keys":{json.dumps(record_keys)},"replica":{self._quote(replica)}')

    def final_read_ends(self, process: int, key: str, log_start: int, end: int, replica: str = "1") -> None:
        """To be called only when everything from `log_start` to `end` was read, `end` being the high watermark."""
        self.put("ok", process=process, operation="final-read", key=key, replica=replica, log_start=log_start, end=end,
                 complete=True)

    def _read(self, process: int, operation: str, key: str, offset: int, values: Sequence[str | None],
              more: str) -> None:
        quoted = json.dumps(values, separators=(",", ":"))
        self._put(f'"process":{process},"type":"ok","operation":"{operation}","key":{self._quote(key)},"offset":{offset},'
                  f'"values":{quoted}{more}')

    @staticmethod
    def _bounds(high: int | None, log_start: int | None) -> str:
        return ("" if high is None else f',"high":{high}') + ("" if log_start is None else f',"log_start":{log_start}')

    def epoch_ends(self, process: int, key: str, epoch: int, offset: int) -> None:
        """An answer of OffsetsForLeaderEpoch: where the epoch asked for ends."""
        self.put("ok", process=process, operation="epoch", key=key, epoch=epoch, offset=offset)

    def log_start(self, process: int, key: str, offset: int) -> None:
        """Where somebody saw the log start."""
        self.put("ok", process=process, operation="log-start", key=key, offset=offset)

    def move_log_start(self, process: int, key: str, offset: int) -> int:
        """Before DeleteRecords is asked for. Its number, for log_start_moved()."""
        number = next(self._ids)
        self.put("invoke", process=process, operation="log-start", id=number, key=key, offset=offset)
        return number

    def log_start_moved(self, process: int, number: int, type: str = "ok") -> None:
        self.put(type, process=process, operation="log-start", id=number)

    # What happens around them

    def session(self, process: int, reason: str, keys: Iterable[str] | None = None) -> None:
        """A reader starts anew: assigned, rebalanced, moved. `keys` are what it reads from now on, if that is known."""
        self.put("mark", process=process, operation="session", reason=reason, keys=None if keys is None else list(keys))

    def restarted(self, process: int) -> None:
        """A client process is another incarnation: what it had sent and not noted is in doubt."""
        self.put("mark", process=process, operation="restart")

    def stopped(self, process: int) -> None:
        """A client was told to end; nothing is expected of it any more."""
        self.put("mark", process=process, operation="stop")

    def booted(self, node: str = "1") -> None:
        self.put("mark", operation="boot", node=node)

    def fault(self, fault: str, effects: dict[str, int] | None = None, node: str | None = None) -> None:
        """`effects` counts what it did; without, the checker counts the sends that it put in doubt."""
        self.put("fault", fault=fault, effects=effects, node=node)

    def healed(self) -> None:
        """All is well again, and ready to answer."""
        self.put("heal")

    def flush(self) -> None:
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()
