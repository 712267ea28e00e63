#!/usr/bin/python3
"""System calls that fail, each of those on the way to the disk. README.md says how to run it alone.

LOGSTORE_ERRORS=all tries many more places; LOGSTORE_ERRORS_SEED (random, printed).
"""

from __future__ import annotations

import os
import random
import time
import unittest
from typing import NamedTuple

from injection import Injection, require_strace
from support.cases import wait_until
from support.endings import error_lines
from trial import Trial

IS_WHOLE = os.environ.get("LOGSTORE_ERRORS") == "all"


class Call(NamedTuple):
    name: str
    ends: bool  # whether a server whose call failed has to end; others may go on
    places: tuple[int, ...]  # which of each thread's calls fails
    more_places: tuple[int, ...] = ()  # in the whole matrix

    def all_places(self) -> tuple[int, ...]:
        return self.places + (self.more_places if IS_WHOLE else ())


# What a server on the thread backend asks the disk for, and the metadata's database beside it.
UNDER_LOAD = (
    Call("pwritev2", True, (1, 8), (2, 3, 20, 60, 150)),
    Call("fdatasync", True, (1, 4), (2, 3, 10, 30)),
    Call("fsync", True, (1, 3), (2, 5, 10)),
    Call("fallocate", False, (1,), (2, 3, 5)),
    Call("openat", False, (1, 6), (2, 3, 10, 20)),
    Call("rename", True, (1,), (2, 3, 5)),
    Call("ftruncate", False, (1,), (2, 3, 5)),
    Call("mkdir", False, (1,), (2, 3)),
    Call("unlink", False, (1,), (2, 3, 5)),
    Call("pread64", False, (1,), (2, 5, 20)),
)
DURING_START = (
    Call("fdatasync", True, (1, 2), (3, 4, 5, 6, 8)),
    Call("fsync", True, (1, 3), (2, 4, 5, 6)),
    Call("pwritev2", True, (1,), (2, 3, 5, 9)),
    Call("fallocate", False, (1,), (2, 3)),
    Call("ftruncate", False, (1,), (2, 3)),
    Call("rename", False, (2,), (1, 3)),
    Call("mkdir", False, (1,), (2,)),
)


class Injected(unittest.TestCase):
    def setUp(self) -> None:
        require_strace(self)
        seed = int(os.environ.get("LOGSTORE_ERRORS_SEED", random.SystemRandom().randrange(1 << 31)))
        print(f"seed {seed}", flush=True)
        self.trial = Trial(self.id().rsplit(".", 1)[1], seed)
        self.addCleanup(lambda: self.trial.end(keep=not self._outcome.result.wasSuccessful()))
        self.trial.server.start()
        self.cells = self.met = self.ended = 0

    def injection(self, calls: str, error: str, when: str) -> Injection:
        return Injection(self.trial.folder / "strace", calls, error, when)

    def expect(self, complaints: list[str], what: str) -> None:
        listed = "\n  ".join(complaints[:12])
        self.assertFalse(complaints, f"{what}:\n  {listed}\n{self.trial.server.said()[-3000:]}\nkept: {self.trial.folder}")

    def note(self, call: Call, place: int, count: int, code: int | None) -> None:
        self.cells += 1
        self.met += count > 0
        self.ended += code is not None
        said = error_lines(self.trial.server.said())
        print(f"  {call.name} {place}: {count} failed, {'it ran on' if code is None else f'it ended with {code}'}"
              f"{': ' + said[-1] if said else ''}", flush=True)

    def restart_and_judge(self, what: str) -> None:
        self.trial.server.wrapper = []
        self.trial.server.kill()
        self.trial.server.start()
        self.expect(self.trial.read_and_judge(), what)

    def fail_under_load(self, call: Call, place: int) -> None:
        trial, injection = self.trial, self.injection(call.name, "EIO", str(place))
        what = f"{call.name} {place} under load"
        with trial.load():
            injection.attach(trial.server.pid)
            met_at: list[float] = []

            def is_over() -> bool:
                if not met_at and injection.count() > 0:
                    met_at.append(time.monotonic())
                return bool(met_at) and time.monotonic() - met_at[0] > 0.7

            try:
                code = trial.wait_for_end(3, is_over)
            finally:
                injection.detach()
            count = injection.count()
            if code is None:  # a call may have failed at the last moment
                code = trial.wait_for_end(0.3)
            self.expect(trial.complaints(code), what)
            if code is None:
                if count > 0 and call.ends:
                    self.fail(f"{what}: {count} calls failed, and it runs on\n{trial.server.said()[-3000:]}")
                before = trial.acknowledged()
                wait_until(lambda: trial.acknowledged() > before, f"{what}: appends go on")
            elif count == 0:
                self.fail(f"{what}: it ended with {code}, and no call had failed\n{trial.server.said()[-3000:]}")
            self.note(call, place, count, code)
        trial.ledger.history.fault("failed call", {"calls": count})
        self.restart_and_judge(what)

    def fail_during_start(self, call: Call, place: int) -> None:
        trial, injection = self.trial, self.injection(call.name, "EIO", str(place))
        what = f"{call.name} {place} during a start"
        with trial.load():
            time.sleep(0.2)
        trial.ledger.history.fault("kill")
        trial.server.wrapper = injection.wrapper()
        trial.server.launch()
        code = trial.wait_for_end(20, lambda: "\nready" in "\n" + trial.server.said())
        count = injection.count()
        self.expect(trial.complaints(code), what)
        if code is None and count > 0 and call.ends:
            self.fail(f"{what}: {count} calls failed, and it is ready\n{trial.server.said()[-3000:]}")
        if code is not None and count == 0:
            self.fail(f"{what}: it ended with {code}, and no call had failed\n{trial.server.said()[-3000:]}")
        self.note(call, place, count, code)
        trial.server.kill()
        self.restart_and_judge(what)

    def run_matrix(self, matrix: tuple[Call, ...], one) -> None:
        for call in matrix:
            for place in call.all_places():
                one(call, place)
        self.assertIsNone(self.trial.judge_history())
        print(f"{self.cells} cells, {self.met} met, {self.ended} ended the server; {self.trial.acknowledged()} batches "
              "acknowledged", flush=True)
        self.assertGreaterEqual(self.met, 0.6 * self.cells, "too few of the failures were met")

    def test_a_failed_call_under_load(self) -> None:
        self.run_matrix(UNDER_LOAD, self.fail_under_load)

    def test_a_failed_call_during_a_start(self) -> None:
        self.run_matrix(DURING_START, self.fail_during_start)

    def refuse_room(self, calls: str, error: str, threads: str) -> None:
        """For a while; then it is there again."""
        trial, injection = self.trial, self.injection(calls, error, "1+")
        what = f"{calls} {error}"
        with trial.load() as load:
            injection.attach(trial.server.pid, threads)
            try:
                self.assertTrue(injection.wait_for_some(5), f"{what}: no call was made")
                wait_until(lambda: any(batch.state == "refused" for batch in trial.ledger.batches[-200:]), f"{what}: refusals")
                time.sleep(1.5)
                self.assertIsNone(trial.server.exit_code(), trial.server.said()[-3000:])
            finally:
                injection.detach()
            before = trial.acknowledged()
            wait_until(lambda: trial.acknowledged() > before + 20, f"{what}: appends go on by themselves")
            begun = trial.server.said().count("no room on disk")
            wait_until(lambda: trial.server.said().count("room on disk again") == begun, f"{what}: it says so, each shard once")
            said = trial.server.said()
            self.assertIn(said.count("no room on disk"), (1, trial.server.shards), said[-3000:])
            self.expect(trial.complaints(trial.server.exit_code()), what)
            load.stopping.set()
        trial.ledger.history.fault("no space", {"calls": injection.count()})
        self.restart_and_judge(what)

    def test_lack_of_room_is_refused_and_goes_by(self) -> None:
        for error in ("ENOSPC", "EDQUOT", "EFBIG"):
            self.refuse_room("fallocate", error, "disk-read")

    def test_lack_of_room_for_what_is_written_behind_goes_by(self) -> None:
        self.refuse_room("pwritev2", "ENOSPC", "disk-write")


if __name__ == "__main__":
    unittest.main()
