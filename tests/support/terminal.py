"""A program in a pseudo-terminal of its own, as a person runs it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from typing import Any


class Terminal:
    """`with Terminal([...]) as one:` - standard error (and whatever is not given otherwise) is the terminal, which also is
    the process's controlling one: press(b"\\x03") is Ctrl-C."""

    def __init__(self, arguments: list[str], **streams: Any) -> None:
        self.screen = b""
        self._ours, theirs = os.openpty()
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST  # line ends as they are written
        termios.tcsetattr(theirs, termios.TCSANOW, settings)

        def take_terminal() -> None:
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs} | streams
        self.process: subprocess.Popen[bytes] = subprocess.Popen(arguments, start_new_session=True, preexec_fn=take_terminal,
                                                                 pass_fds=(theirs,), **ends)
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._ours)

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def look(self, within_s: float) -> bool:
        """Whether anything came."""
        if not select.select([self._ours], [], [], within_s)[0]:
            return False
        try:
            fresh = os.read(self._ours, 65536)
        except OSError as ended:
            if ended.errno != errno.EIO:
                raise
            return False
        self.screen += fresh
        return bool(fresh)

    def wait_for(self, pattern: bytes, within_s: float = 20) -> re.Match[bytes]:
        end = time.monotonic() + within_s
        while (found := re.search(pattern, self.screen)) is None:
            if time.monotonic() > end:
                raise AssertionError(f"not on the screen within {within_s} s: {pattern!r}\n{self.screen!r}")
            self.look(0.1)
        return found

    def wait(self, within_s: float = 20) -> int:
        end = time.monotonic() + within_s
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"still running after {within_s} s: {self.screen!r}")
            self.look(0.05)
        while self.look(0):
            pass
        return self.process.returncode
