"""A memory control group of its own for a server under test, of version 1 or 2, whichever the machine offers."""

from __future__ import annotations

import os
import pathlib
import re
import time
import unittest

ROOT = pathlib.Path("/sys/fs/cgroup")


def _own_group(pattern: str) -> str:
    found = re.search(pattern, pathlib.Path("/proc/self/cgroup").read_text(), re.M)
    return found[1] if found else "/"


class MemoryGroup:
    """Processes started by `wrapper` belong to it. remove() when they have ended."""

    def __init__(self, limit_bytes: int) -> None:
        """Skips the test, with a sentence, where no such group can be made."""
        if os.geteuid() != 0:
            raise unittest.SkipTest("a control group can be made by root alone")
        self._is_first = (ROOT / "memory" / "memory.limit_in_bytes").exists()
        mount = ROOT / "memory" if self._is_first else ROOT
        own = _own_group(r"^\d+:[^:\n]*\bmemory\b[^:\n]*:(/.*)$" if self._is_first else r"^0::(/.*)$").lstrip("/")
        parent = mount / own if (mount / own).is_dir() else mount
        self.path = parent / f"logstore-test-{os.getpid()}-{time.monotonic_ns()}"
        try:
            self.path.mkdir()
            if self._is_first:
                self._put("memory.limit_in_bytes", limit_bytes)
            else:
                self._put("memory.max", limit_bytes)
                (self.path / "memory.swap.max").exists() and self._put("memory.swap.max", 0)
        except OSError as why:
            self.remove()
            raise unittest.SkipTest(f"no memory control group can be made here: {why}") from None

    @property
    def wrapper(self) -> list[str]:
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.path / "cgroup.procs")]

    def _put(self, name: str, value: int) -> None:
        (self.path / name).write_text(f"{value}\n")

    def peak_bytes(self) -> int:
        """Of everything in the group, the kernel's caches for it too; 0 where the kernel does not say."""
        file = self.path / ("memory.max_usage_in_bytes" if self._is_first else "memory.peak")
        return int(file.read_text()) if file.exists() else 0

    def kills(self) -> int:
        """Processes that the kernel has killed here because memory ran out."""
        file = self.path / ("memory.oom_control" if self._is_first else "memory.events")
        found = re.search(r"^oom_kill (\d+)$", file.read_text(), re.M)
        return int(found[1]) if found else 0

    def remove(self) -> None:
        for _ in range(50):
            try:
                return self.path.rmdir()
            except FileNotFoundError:
                return
            except OSError:  # its last process is still going
                time.sleep(0.1)
