"""Cuts the power of a server under load, or lets its disk fail, again and again, and reads everything back each time.

A life is one store through some cuts; then comes a fresh one. All choices of a life follow from the seed and its number; what the
threads, the server and the kernel make of them does not.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import random
import re
import select
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from cut_disk import PROFILES, CutDisk, built, mountable
from failing import FAILURES, arm, wait_for_end
from history.checker import check
from history.report import Report
from ledger import Ledger
from patience import Patience
from power_load import REBORN, Load, create_missing
from read_back import Unreadable, read_everything
from support.server import DATA, READY_WITHIN_S, SMALL, Server
from verdict import judge

FAST = pathlib.Path("/dev/shm") if os.path.isdir("/dev/shm") else pathlib.Path("/tmp")
PREFIX = "logstore-power-"
CUTS_A_LIFE = 10
HISTORY = "history.jsonl"
BACKENDS = ("io_uring", "threads")
KEPT_MIB_MAX = 400
CUTS = ("cut", "shutdown")
KINDS = (*CUTS, *FAILURES)
# Of the cuts during starts; of the others one in each life is a failure.
FAILURES_SHARE = 0.1
# RocksDB trusts that a sector is written whole or not at all.
QUIET = ("data/metadata",)


class Finding(AssertionError):
    """The server broke its word."""


@dataclasses.dataclass
class Wishes:
    """What a run is asked for; the rest follows from the seed."""

    cuts: int
    seed: int
    file_system: str | None = None
    backend: str | None = None
    kinds: tuple[str, ...] = KINDS
    first_life: int = 1
    lies: str | None = None  # false_promises.c: what of the server's calls is broken; backend threads only
    keeps: bool = False  # store and events, also when nothing was found
    keeps_findings: bool = True


class Totals:
    """Of a run."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()  # file systems, backends, moments, kinds and profiles of cuts
        self.starts_s: list[float] = []
        self.begun = time.monotonic()

    def text(self) -> str:
        counts, starts = self.counts, sorted(self.starts_s) or [0.0]
        ways = ", ".join(f"{name} {count}" for name, count in sorted(self.ways.items()))
        return (
            f"{counts['cuts']} cuts in {time.monotonic() - self.begun:.0f} s, {counts['lives']} stores, "
            f"{counts['cuts during recovery']} during a recovery\n"
            f"batches: {counts['sent']} sent, {counts['acknowledged']} acknowledged ({counts['acknowledged records']} records), "
            f"{counts['refused']} refused, {counts['vanished']} unacknowledged vanished, {counts['read']} read back in all\n"
            f"sectors: {counts['cached']} not flushed, {counts['kept']} kept, {counts['dropped']} dropped, "
            f"{counts['lost']} of them news, {counts['garbled']} garbled\n"
            f"starts: median {statistics.median(starts):.2f} s, longest {starts[-1]:.2f} s\n"
            f"ways: {ways}\n"
            f"histories: {counts['histories: pass']} pass, {counts['histories: unknown']} say nothing\n"
            f"failures: {counts['failures armed']} armed, {counts['failures met']} met by a request, "
            f"{counts['failures that ended it']} ended the server, {counts['failures of the file system']} the file system\n"
            f"findings: {counts['findings']}")


class PoweredServer(Server):
    """Logs beside the disk, not on it."""

    def __init__(self, folder: pathlib.Path, data: pathlib.Path, shards: int, settings: dict[str, str],
                 lies: str | None) -> None:
        super().__init__(folder / "server", shards, settings=settings)
        self.data = data
        self.lies = lies

    def arguments(self) -> list[str]:
        if self.lies is None:
            return super().arguments()
        library = built("tests/power/false_promises")
        return ["env", f"LD_PRELOAD={library}", f"LIES={self.lies}", *super().arguments()]

    def wait_ready(self) -> None:
        """As the other servers' tests do, with patience."""
        patience = Patience(READY_WITHIN_S)
        while not self.is_ready():
            if self.has_ended():
                raise AssertionError(f"it ended instead of being ready:\n{self.said()[-3000:]}")
            if patience.is_over():
                raise AssertionError(f"it was not ready within {READY_WITHIN_S} s:\n{self.said()[-3000:]}")
            time.sleep(0.005)

    def is_ready(self) -> bool:
        return re.search(r"^ready", self.said(), re.M) is not None

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class FolderWatch:
    """Waits for a name to come or go in some folders."""

    CREATED, MOVED = 0x100, 0x40 | 0x80

    def __init__(self, folders: list[pathlib.Path]) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._library.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        for folder in folders:
            self._library.inotify_add_watch(self._descriptor, str(folder).encode(), self.CREATED | self.MOVED)

    def wait(self, timeout_s: float) -> bool:
        return bool(select.select([self._descriptor], [], [], timeout_s)[0])

    def forget(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 1 << 16)

    def close(self) -> None:
        os.close(self._descriptor)


class Life:
    """One store, from its first start to its end."""

    def __init__(self, wishes: Wishes, number: int, totals: Totals) -> None:
        self.wishes, self.number, self.totals = wishes, number, totals
        self.dice = random.Random(f"{wishes.seed}/{number}")
        self.folder = FAST / f"{PREFIX}{os.getpid()}-{number}"
        self.folder.mkdir()
        dice = self.dice
        self.file_system = wishes.file_system or dice.choice(mountable())
        self.disk = CutDisk(self.folder / "disk", self.file_system, flush_takes_us=dice.choice((0, 300, 1000, 3000)))
        self.settings = SMALL | {
            "topics.auto_create": "false",
            "topics.retention_check_interval_ms": str(dice.choice((50, 200, 1000))),
            "storage.checkpoint_interval_ms": str(dice.choice((30, 100, 300, 1000, 5000))),
            "storage.settle_idle_ms": str(dice.choice((20, 100, 400, 2000))),
            "storage.pinned_bytes_max": dice.choice(("2MiB", "8MiB", "64MiB")),
            "storage.journal_files": str(dice.choice((3, 4))),
            "storage.tail_cache_bytes": dice.choice(("0", "1MiB", "64MiB")),
            "worker_threads": "2",
        }
        self.server = PoweredServer(self.folder, self.disk.mount_point / "data", dice.choice((1, 2, 2, 3)), self.settings,
                                    wishes.lies)
        self.ledger = Ledger(self.folder / HISTORY, deleted=(REBORN,))
        self.next_process = 2
        self.cut_number = 0
        self.failing_cut = dice.randint(1, CUTS_A_LIFE)
        self.said = ""  # of the cut under way

    def choose_way_of_running(self) -> None:
        """Shards and backend may change with every start."""
        if self.dice.random() < 0.25:
            self.server.shards = self.dice.choice((1, 2, 3))
        backend = self.wishes.backend or self.dice.choice(BACKENDS)
        self.server.settings["storage.disk_backend"] = backend

    def note_way(self, *words: str) -> None:
        self.totals.ways.update(words)
        self.said += " ".join(words) + " "

    def watched(self, moment: str) -> list[pathlib.Path]:
        data = self.server.data
        if moment == "checkpoint":
            return [data / "recovery"]
        if moment == "deletion":
            return [data / "logs"]
        return [path for path in (data / "logs").iterdir() if path.is_dir()]

    def wait_for(self, moment: str, load: Load) -> None:
        dice = self.dice
        pause = dice.choice((0.05, 0.3, 0.8)) * dice.random() + 0.02
        if moment in ("roll", "checkpoint", "deletion"):
            time.sleep(pause)
            with contextlib.closing(FolderWatch(self.watched(moment))) as watch:
                for _ in range(dice.randint(1, 3)):
                    watch.wait(0.8)
                    watch.forget()
            time.sleep(dice.choice((0, 0, 0.001, 0.004)) * dice.random())
        elif moment == "idle":
            time.sleep(pause)
            load.end()
            time.sleep(dice.choice((0.005, 0.1, 0.6)) * dice.random())
        elif moment == "stop":
            time.sleep(pause)
            self.assert_alive()
            self.server.terminate()
            time.sleep(dice.choice((0.005, 0.03, 0.3)) * dice.random())
        else:
            time.sleep(pause)

    def assert_alive(self) -> None:
        if self.server.has_ended():
            raise Finding(f"the server ended while nothing was wrong:\n{self.server.said()[-3000:]}")

    def choose_kind(self, is_failure: bool) -> str:
        """Of those that are wished for."""
        failures = [kind for kind in self.wishes.kinds if kind in FAILURES]
        cuts = [kind for kind in self.wishes.kinds if kind in CUTS]
        if failures and (is_failure or not cuts):
            return self.dice.choice(failures)
        return "shutdown" if "shutdown" in cuts and ("cut" not in cuts or self.dice.random() < 0.2) else "cut"

    def strike(self, kind: str) -> None:
        """And what ran is dead."""
        if kind in FAILURES:
            self.note_way(kind)
            self.said += arm(self.disk, kind, self.dice) + " "
            self.meet_failure()
        else:
            self.lose_power(kind)
        self.totals.counts["cuts"] += 1

    def lose_power(self, kind: str) -> None:
        """A while may pass in which the server meets a dead disk."""
        dice = self.dice
        lost = None  # the checker counts what was in flight
        if kind == "shutdown":
            self.note_way(kind)
            self.disk.shut_down()
            time.sleep(dice.choice((0, 0, 0.02)) * dice.random())
            self.server.kill()
            self.disk.remount()
        else:
            profile = dice.choice((*PROFILES, "noise"))
            self.note_way(kind, profile)
            lost = self.disk.cut(dice.randrange(1 << 31), profile, QUIET, dice.choice((0, 1, 1, 2, 3, 10, 40)))
            self.totals.counts.update(lost)
            self.said += f"({lost['cached']} sectors, {lost['dropped']} dropped) "
            time.sleep(dice.choice((0, 0, 0.02)) * dice.random())
            self.server.kill()
            self.disk.power_off()
            self.disk.power_on()
        self.ledger.history.fault("power-cut", None if lost is None else {"dropped_sectors": lost["dropped"]})

    def meet_failure(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """The disk was told to fail. The server ends by itself, or it was not hit; the disk goes on, now and then after a cut."""
        met, counts = wait_for_end(self.disk, self.server, is_over), self.totals.counts
        if met.complaints:
            raise Finding(f"a bad end after {met.failures} errors: {'; '.join(met.complaints)}\n{self.server.said()[-3000:]}")
        counts["failures armed"] += 1
        counts["failures met"] += met.failures > 0
        counts["failures that ended it"] += met.ended_it
        self.said += f"({met.failures} requests failed, {'it ended' if met.ended_it else 'it ran'}) "
        self.ledger.history.fault("disk-error", {"failures": met.failures})
        if self.dice.random() < 0.3:
            self.lose_power("cut")
            return
        self.server.kill()
        if not self.disk.is_healthy():
            counts["failures of the file system"] += 1
            self.said += "(mounted anew) "
            self.disk.remount()

    def start_or_die(self) -> None:
        """Some starts meet a cut of their own; what they did by then must not matter."""
        dice = self.dice
        while dice.random() < 0.25:
            self.choose_way_of_running()
            kind = self.choose_kind(dice.random() < FAILURES_SHARE)
            self.note_way("during-start")
            self.totals.counts["cuts during recovery"] += 1
            if kind in FAILURES:
                self.fail_during_start(kind)
                continue
            self.server.launch()
            time.sleep(dice.choice((0.02, 0.1, 0.25)) * dice.random())
            if self.server.has_ended():
                raise Finding(f"a start failed:\n{self.server.said()[-3000:]}")
            self.strike(kind)
        self.choose_way_of_running()
        try:
            self.totals.starts_s.append(self.server.start())
        except AssertionError as failure:
            raise Finding(f"the server does not start: {failure}") from None
        self.note_way(self.server.settings["storage.disk_backend"])
        self.ledger.history.booted()
        self.ledger.history.healed()

    def fail_during_start(self, kind: str) -> None:
        self.note_way(kind)
        self.said += arm(self.disk, kind, self.dice) + " "
        self.server.launch()
        self.meet_failure(self.server.is_ready)
        self.totals.counts["cuts"] += 1

    def read_and_judge(self, is_last: bool = False) -> None:
        try:
            found = read_everything(self.server.port)
        except Unreadable as failure:
            self.assert_alive()
            raise Finding(f"not everything can be read: {failure}") from None
        complaints, counts = judge(self.ledger, found)
        self.totals.counts["vanished"] += counts.vanished
        self.totals.counts["read"] += counts.batches
        if complaints:
            listed = "\n  ".join(complaints[:12])
            raise Finding(f"{len(complaints)} complaints:\n  {listed}")
        if is_last:
            for place, log in found.logs.items():
                self.ledger.final_read(0, place, log.start, log.end,
                                            [(one.base, self.ledger.by_content[one.content]) for one in log.batches])

    def prepare(self) -> None:
        """Before each load."""
        create_missing(self.server.port, self.ledger)

    def make_load(self) -> Any:
        return Load(self.server.port, self.ledger, self.next_process, self.dice)

    def cut_once(self) -> None:
        dice = self.dice
        self.cut_number += 1
        self.said = ""
        self.prepare()
        load = self.make_load()
        self.next_process += load.processes
        moment = dice.choice(("load", "load", "load", "roll", "checkpoint", "deletion", "idle", "stop"))
        kind = self.choose_kind(self.cut_number == self.failing_cut)
        self.note_way(self.file_system, moment)
        load.begin()
        try:
            self.wait_for(moment, load)
            if moment != "stop":
                self.assert_alive()
            load.power_is_going.set()
            self.strike(kind)
        finally:
            self.server.kill()
            load.end()
        self.start_or_die()
        self.read_and_judge()

    def live(self, cuts: int) -> None:
        self.totals.counts["lives"] += 1
        self.disk.power_on()
        self.start_or_die()
        self.read_and_judge()
        while cuts > self.cut_number:
            begun = time.monotonic()
            self.cut_once()
            print(f"  life {self.number}, cut {self.cut_number}: {self.said}{time.monotonic() - begun:.1f} s", flush=True)
        if self.dice.random() < 0.5:
            self.server.stop()
            self.choose_way_of_running()
            self.server.start()
        self.read_and_judge(is_last=True)
        self.judge_history()

    def judge_history(self) -> Report:
        """By the checker that judges other runs, too. A short life may leave it without an opinion."""
        self.ledger.history.flush()
        with (self.folder / HISTORY).open() as lines:
            # How soon something happens is the machine's business here: it may run other things, and waits for cuts.
            report = check([lines], [HISTORY], overrides={"oks_min": 20, "liveness_s": 600})
        self.totals.counts[f"histories: {report.verdict}"] += 1
        if report.verdict == "anomalies":
            raise Finding(f"the history is not in order:\n{report.text(5)}")
        return report

    def add_up(self) -> None:
        counts = self.totals.counts
        states = Counter(batch.state for batch in self.ledger.batches)
        counts["sent"] += len(self.ledger.batches)
        for state in ("acknowledged", "refused"):
            counts[state] += states[state]
        counts["acknowledged records"] += sum(batch.records for batch in self.ledger.batches if batch.state == "acknowledged")

    def keep(self, what: str) -> pathlib.Path:
        """For a look: the store as it is now, what the server said, the events."""
        target = DATA / f"power-{what}-{self.wishes.seed}-{self.number}-{self.cut_number}"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        self.ledger.history.flush()
        for path in (self.server.log, self.folder / HISTORY):
            shutil.copy(path, target)
        with contextlib.suppress(OSError, shutil.Error):
            if sum(path.stat().st_size for path in self.server.data.rglob("*") if path.is_file()) < KEPT_MIB_MAX << 20:
                shutil.copytree(self.server.data, target / "data")
        return target

    def end(self) -> None:
        self.server.kill()
        self.ledger.close()
        self.disk.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_abandoned() -> None:
    """Disks of runs that were killed."""
    for folder in FAST.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if not pathlib.Path(f"/proc/{pid}").exists():
            if (folder / "disk").exists():
                CutDisk(folder / "disk").remove()
            shutil.rmtree(folder, ignore_errors=True)


def run(wishes: Wishes, kind_of_life: type[Life] = Life) -> Totals:
    """Raises the first Finding, after its store was kept."""
    totals, number = Totals(), wishes.first_life
    remove_abandoned()
    while totals.counts["cuts"] < wishes.cuts:
        life = kind_of_life(wishes, number, totals)
        try:
            life.live(min(CUTS_A_LIFE, wishes.cuts - totals.counts["cuts"]))
            life.add_up()
            if wishes.keeps:
                print(f"  kept: {life.keep('kept')}")
        except Finding as finding:
            totals.counts["findings"] += 1
            kept = life.keep("finding") if wishes.keeps_findings else "nothing"
            life.add_up()
            raise Finding(f"seed {wishes.seed}, life {number}, cut {life.cut_number}: {life.said}\n{finding}\nkept: {kept}\n"
                          f"once more: tests/power/run --seed {wishes.seed} --first-life {number} --cuts {life.cut_number}\n"
                          f"{totals.text()}") from None
        finally:
            life.end()
        number += 1
    return totals
