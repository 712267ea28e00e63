"""A place for processes that get the processor time which nobody else wants: what they do costs others none of theirs."""

from __future__ import annotations

import os
import pathlib
import sys
import time

ROOT = pathlib.Path("/sys/fs/cgroup")


class IdleGroup:
    """A control group with `cpu.idle`, where one can be made (as root); otherwise each process gets a session of its own, with
    the least weight. Processes are started by `wrapper`. `how` says which it is. remove() when they have ended."""

    def __init__(self) -> None:
        self._path: pathlib.Path | None = None
        self.how = "sessions of the least weight"
        mount = ROOT / "cpu" if (ROOT / "cpu" / "cgroup.procs").exists() else ROOT
        path = mount / f"logstore-test-{os.getpid()}-{time.monotonic_ns()}"
        try:
            path.mkdir()
        except OSError:
            return
        self._path = path
        try:
            (path / "cpu.idle").write_text("1\n")
            self.how = "a control group with cpu.idle"
        except OSError:
            self.remove()

    @property
    def wrapper(self) -> list[str]:
        return [sys.executable, __file__, str(self._path or "")]

    def remove(self) -> None:
        for _ in range(50):
            if self._path is None:
                return
            try:
                self._path.rmdir()
                self._path = None
            except OSError:  # its last process is still going
                time.sleep(0.1)


def step_back(group: str) -> None:
    if group:
        pathlib.Path(group, "cgroup.procs").write_text(f"{os.getpid()}\n")
        return
    os.setsid()
    try:
        pathlib.Path("/proc/self/autogroup").write_text("19\n")
    except OSError:  # a kernel that has none: then it is the policy that counts
        pass
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    step_back(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
