"""Processes that end with this one, whatever ends it, and the little that servers need of the machine."""

from __future__ import annotations

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 60
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Missing(Exception):
    """A sentence: what is not on this machine, and how to get it."""


class Failed(Exception):
    """A sentence: what went wrong with one server or one load."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def program(name: str, hint: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not there; {hint}")
    return found


class Process:
    """A server. Ctrl-C does not reach it; it is stopped by who started it, and killed by the kernel should that one die."""

    def __init__(self, command: list[str], log: pathlib.Path, directory: pathlib.Path) -> None:
        parent = os.getpid()

        def tie() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=directory,
                                             start_new_session=True, preexec_fn=tie)

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-1500:].strip()

    def wait_ready(self, is_ready: Callable[[], bool]) -> None:
        end = time.monotonic() + READY_WITHIN_S
        while not is_ready():
            if self._process.poll() is not None:
                raise Failed(f"it ended with {self._process.returncode} instead of being ready: {self.said()}")
            if time.monotonic() > end:
                raise Failed(f"it was not ready in {READY_WITHIN_S} s: {self.said()}")
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()


def listens(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


def give_back(directory: pathlib.Path) -> None:
    """The space of a server's files. The files stay, empty, until all is over: ext4 passes over inodes that were freed lately one
    by one, which would be counted against whoever makes files next."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 1 << 20:
            os.truncate(path, 0)
    os.sync()
