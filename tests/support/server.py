"""A server process under test: `logstore serve` on a data directory of its own."""

from __future__ import annotations

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LOGSTORE_BINARY") or REPOSITORY / "build" / "release" / "logstore")
# On a real disk: what lies in a tmpfs shows nothing about durable writes.
DATA = pathlib.Path(os.environ.get("LOGSTORE_TEST_DATA") or REPOSITORY / "build" / "test-data")

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 5
# Small, so that checkpoints, rolls and reuse of journals happen all the time; and records of any time stay.
SMALL = {"storage.journal_file_bytes": "4MiB", "topics.retention_ms": "-1"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def fresh_directory(name: str) -> pathlib.Path:
    path = DATA / f"{name}-{os.getpid()}"
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class Server:
    """Not started by its constructor. Whoever makes one calls kill() at the end, whatever happened; kill() may be repeated."""

    def __init__(self, data: pathlib.Path, shards: int = 2, open_files_max: int | None = None,
                 settings: dict[str, str] | None = None) -> None:
        self.data = data
        self.shards = shards
        self.open_files_max = open_files_max
        self.settings = SMALL | (settings or {})
        self.wrapper: list[str] = []  # a program that starts it, with its arguments
        self.address = f"127.0.0.1:{free_port()}"
        self.http_address: str | None = None  # none: it does not speak HTTP
        self.resp_address: str | None = None  # none: nor Redis' protocol
        self.log = data.parent / f"{data.name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def arguments(self) -> list[str]:
        settings = [part for name, value in self.settings.items() for part in ("--set", f"{name}={value}")]
        return [*self.wrapper, str(BINARY), "serve", "--data-dir", str(self.data), "--kafka", self.address,
                "--shards", str(self.shards), *(["--http", self.http_address] if self.http_address else []),
                *(["--resp", self.resp_address] if self.resp_address else []), *settings]

    def launch(self) -> None:
        """Starts the process without waiting for it to be ready."""
        assert self._process is None

        def limit() -> None:
            if self.open_files_max is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (self.open_files_max, self.open_files_max))

        self._mark = self.log.stat().st_size
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=limit)

    def said(self) -> str:
        """What the process launched last wrote."""
        with self.log.open("rb") as log:
            log.seek(self._mark)
            return log.read().decode(errors="replace")

    def wait_ready(self) -> None:
        assert self._process is not None
        end = time.monotonic() + READY_WITHIN_S
        while not re.search(r"^ready", self.said(), re.M):
            code = self._process.poll()
            if code is not None:
                self._process = None
                raise AssertionError(f"the server ended with {code} instead of being ready:\n{self.said()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"the server was not ready within {READY_WITHIN_S} s:\n{self.said()[-3000:]}")
            time.sleep(0.01)

    def start(self) -> float:
        """The seconds until it was ready."""
        begun = time.monotonic()
        self.launch()
        self.wait_ready()
        return time.monotonic() - begun

    def exit_code(self) -> int | None:
        """Of the process launched last; none while it runs."""
        assert self._process is not None
        return self._process.poll()

    def terminate(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait_stopped(self, within_s: float = STOPPED_WITHIN_S) -> int:
        assert self._process is not None
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server still ran {within_s} s after SIGTERM:\n{self.said()[-3000:]}") from None
        self._process = None
        return code

    def stop(self) -> None:
        """By SIGTERM: in time, and with success."""
        self.terminate()
        code = self.wait_stopped()
        assert code == 0, f"the server ended with {code}:\n{self.said()[-3000:]}"

    def kill(self) -> None:
        """By SIGKILL, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> float:
        self.stop()
        return self.start()

    def crash(self) -> float:
        """kill -9, and up again."""
        self.assert_alive()
        self.kill()
        return self.start()

    def assert_alive(self) -> None:
        code = None if self._process is None else self._process.poll()
        if self._process is None or code is not None:
            raise AssertionError(f"the server is gone ({code}):\n{self.log.read_text(errors='replace')[-3000:]}")

    def memory_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1]) * 1024

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def tablet_directory(self, topic: str, partition: int = 0) -> pathlib.Path:
        found = [path for path in self.data.glob(f"**/{topic}-{partition}") if path.is_dir()]
        assert len(found) == 1, f"{len(found)} directories of {topic}-{partition}"
        return found[0]

    def segments(self, topic: str, partition: int = 0) -> list[pathlib.Path]:
        return sorted(self.tablet_directory(topic, partition).glob("*.log"))
