"""Real errors of a disk that goes on: a write, or some flushes, fail with EIO. The server that they hit ends and says why."""

from __future__ import annotations

import dataclasses
import random
import time

from cut_disk import CutDisk
from patience import Patience
from support.endings import complaints_of_end, error_lines
from support.server import Server

FAILURES = ("fail-write", "fail-flush")
ENDS_WITHIN_S = 3
# Whoever waits for a flush when one fails has lost its bytes, too: all of them have to be told.
FLUSHES_MIN = 20
NEVER_SUCCEED = 1 << 40


@dataclasses.dataclass
class Met:
    """What became of an error."""

    failures: int  # requests of the disk that failed
    code: int | None  # of the server's end; none: it runs
    complaints: list[str]

    @property
    def ended_it(self) -> bool:
        return self.failures > 0 and self.code not in (None, 0)


def arm(disk: CutDisk, kind: str, dice: random.Random) -> str:
    """Says what comes."""
    number = dice.choice((1, 1, 1, 2, 3, 5, 10, 30))
    count = dice.choice((1, 1, 3)) if kind == "fail-write" else dice.choice((FLUSHES_MIN, FLUSHES_MIN, NEVER_SUCCEED))
    disk.fail(kind.removeprefix("fail-"), number, count)
    return f"the {number}. of {count if count < NEVER_SUCCEED else 'all'}"


def wait_for_end(disk: CutDisk, server: Server, is_over=lambda: False) -> Met:
    """Until the server has ended, or nothing comes of it, or `is_over`. Then the disk is in order again."""
    patience = Patience(ENDS_WITHIN_S)
    while (code := server.exit_code()) is None and not patience.is_over() and not is_over():
        time.sleep(0.005)
    failures = disk.fail_no_more()
    complaints: list[str] = []
    said = server.said()
    if code is not None and (code != 0 or error_lines(said)):
        complaints += complaints_of_end(code, said, str(disk.mount_point))
        if failures == 0:
            complaints.append("it ended, and no request had failed")
    return Met(failures, code, complaints)
