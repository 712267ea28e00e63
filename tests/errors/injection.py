"""System calls of a server that fail because strace says so. It sees those of storage.disk_backend=threads alone."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import time

from support.cases import require, wait_until

MARK = "(INJECTED)"


def require_strace(case) -> None:
    """In CI it has to be there; that a container forbids ptrace is no failure anywhere."""
    require(shutil.which("strace") is not None, "strace is not there; tools/install-packages test")
    tried = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        case.skipTest(f"no process may be traced here: {tried.stderr.strip()}")


class Injection:
    """Calls fail with `error`, in every thread of the server the `when`-th of each ("3", "3+" for all from then on)."""

    def __init__(self, log: pathlib.Path, calls: str, error: str, when: str = "1") -> None:
        self._log = log
        self._log.unlink(missing_ok=True)
        self._arguments = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}",
                           "-e", f"inject={calls}:error={error}:when={when}"]
        self._process: subprocess.Popen[bytes] | None = None

    def wrapper(self) -> list[str]:
        """For a server that is traced from its start; it stays a child of its own."""
        return [*self._arguments, "-D", "--seccomp-bpf"]

    def attach(self, pid: int, threads: str = "") -> None:
        """To all threads of a running server, or to those alone whose names begin so. Traced when this returns."""
        tasks = [task for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().startswith(threads)]
        assert tasks, f"no thread is called {threads}"
        chosen = self._arguments
        if threads:
            chosen = [word for word in chosen if word != "-f"]
        wanted = [part for task in (tasks if threads else tasks[:1]) for part in ("-p", task.name if threads else str(pid))]
        self._process = subprocess.Popen([*chosen, *wanted], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: all(is_traced(task) for task in tasks) or self._process.poll() is not None, "it is traced")

    def detach(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def count(self) -> int:
        """Calls that failed because of it."""
        return self._log.read_text(errors="replace").count(MARK) if self._log.exists() else 0

    def wait_for_some(self, within_s: float) -> bool:
        end = time.monotonic() + within_s
        while self.count() == 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


def is_traced(task: pathlib.Path) -> bool:
    try:
        status = (task / "status").read_text()
    except OSError:
        return True  # it has ended
    return "TracerPid:\t0\n" not in status
