"""A server that meets errors under the load of the power cuts; what it acknowledged is read back and judged as there."""

from __future__ import annotations

import contextlib
import pathlib
import random
import shutil
import time
from collections.abc import Callable, Iterator

from history.checker import check
from ledger import Ledger
from power_load import REBORN, Load, create_missing
from read_back import Unreadable, read_everything
from support.endings import complaints_of_end, error_lines
from support.server import SMALL, Server, fresh_directory
from verdict import judge

ENDS_WITHIN_S = 4
HISTORY = "history.jsonl"
# Everything that happens now and then happens all the time.
SETTINGS = SMALL | {"storage.disk_backend": "threads", "topics.auto_create": "false", "topics.retention_check_interval_ms": "50",
                    "storage.checkpoint_interval_ms": "100", "storage.settle_idle_ms": "50", "storage.journal_files": "3",
                    "storage.pinned_bytes_max": "8MiB", "storage.tail_cache_bytes": "0", "worker_threads": "2"}


class Trial:
    """One store through many errors. Whoever makes one calls end()."""

    def __init__(self, name: str, seed: int, data: pathlib.Path | None = None, shards: int = 2,
                 settings: dict[str, str] | None = None) -> None:
        self.dice = random.Random(seed)
        self.folder = fresh_directory(name)
        self.folder.mkdir(parents=True)
        self.server = Server(self.folder / "data", shards, settings=SETTINGS | (settings or {}))
        if data is not None:
            self.server.data = data
        self.ledger = Ledger(self.folder / HISTORY, deleted=(REBORN,))
        self.next_process = 2

    def end(self, keep: bool = False) -> None:
        self.server.kill()
        self.ledger.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def load(self) -> Iterator[Load]:
        """Refusals are no complaints from here on. At the end the server's process is killed, if it still runs."""
        create_missing(self.server.port, self.ledger)
        load = Load(self.server.port, self.ledger, self.next_process, self.dice)
        self.next_process += load.processes
        load.begin()
        try:
            time.sleep(0.1)
            self.server.assert_alive()
            load.power_is_going.set()
            yield load
        finally:
            self.server.kill()
            load.end()

    def acknowledged(self) -> int:
        return sum(batch.state == "acknowledged" for batch in self.ledger.batches)

    def wait_for_end(self, within_s: float = ENDS_WITHIN_S, is_over: Callable[[], bool] = lambda: False) -> int | None:
        """The exit code; none when it runs on."""
        end = time.monotonic() + within_s
        while (code := self.server.exit_code()) is None and time.monotonic() < end and not is_over():
            time.sleep(0.01)
        return code

    def complaints(self, code: int | None) -> list[str]:
        """About how it ended, if it did."""
        said = self.server.said()
        if code is None:
            last_words = [line for line in error_lines(said) if line.startswith("storage: the disk failed")]
            return [f"it runs on and says: {line}" for line in last_words]
        return list(complaints_of_end(code, said, str(self.server.data)))

    def read_and_judge(self) -> list[str]:
        """Complaints about what the running server holds."""
        self.ledger.history.booted()
        try:
            found = read_everything(self.server.port)
        except Unreadable as failure:
            return [f"not everything can be read: {failure}"]
        complaints, _ = judge(self.ledger, found)
        return complaints

    def judge_history(self) -> str | None:
        self.ledger.history.flush()
        with (self.folder / HISTORY).open() as lines:
            report = check([lines], [HISTORY], overrides={"oks_min": 20})
        return report.text(5) if report.verdict == "anomalies" else None
