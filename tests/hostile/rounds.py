"""Attacks beside a witness, in windows that alternate with quiet ones."""

from __future__ import annotations

import pathlib
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from support import wire
from support.batches import make_batch
from support.server import Server
from support.wire import Connection
from witness import Witness, percentile

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients.py"
BULK_BYTES = 1_000_000
STARTS_WITHIN_S = 10


def fill(server: Server, batches: int = 64) -> None:
    """What attacks fetch."""
    with Connection(server.port) as connection:
        for topic in ("bulk", "still"):
            connection.ask(wire.METADATA, 1, wire.metadata_body(topic))
        batch = make_batch([b"b" * BULK_BYTES])
        for _ in range(batches):
            assert connection.produce("bulk", batch)[0] == 0


def limits_bytes(server: Server) -> int:
    """What the server itself says its limits add up to."""
    found = re.search(r"the limits add up to (\d+) MiB", server.said())
    assert found, "the server does not say what its limits add up to"
    return int(found[1]) << 20


def peak_bytes(server: Server) -> int:
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) << 10


def forget_peak(server: Server) -> None:
    pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")


@dataclass
class Outcome:
    attack: str
    peak_bytes: int = 0
    quiet_p99: list[float] = field(default_factory=list)
    attacked_p99: list[float] = field(default_factory=list)
    slowest: float = 0
    requests: int = 0
    complaints: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median over the windows' own ratios."""
        pairs = [b / a for a, b in zip(self.quiet_p99, self.attacked_p99, strict=True) if a > 0]
        return statistics.median(pairs) if pairs else 0.0

    def line(self) -> str:
        def median_ms(values: list[float]) -> float:
            return statistics.median(values) * 1000 if values else 0.0

        return (f"{self.attack:20s} peak {self.peak_bytes >> 20:5d} MiB, "
                f"witness p99 {median_ms(self.quiet_p99):7.1f} ms quiet, {median_ms(self.attacked_p99):7.1f} ms attacked, "
                f"ratio {self.ratio:5.2f}, slowest {self.slowest * 1000:7.1f} ms, {self.requests} requests")


def launch(server: Server, attack: str, seconds: float, seed: int) -> subprocess.Popen[str]:
    # Addresses of their own, as strangers have.
    return subprocess.Popen([sys.executable, str(CLIENTS), attack, str(server.port), str(seconds),
                             "--seed", str(seed), "--source", f"127.0.0.{2 + seed % 200}"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(processes: list[subprocess.Popen[str]], outcome: Outcome) -> None:
    for process in processes:
        try:
            outcome.said.append(process.communicate(timeout=STARTS_WITHIN_S)[0].strip())
        except subprocess.TimeoutExpired:
            process.kill()
            outcome.said.append(process.communicate()[0].strip() + " (killed)")


def attack(server: Server, names: list[str], seconds: float, rounds: int = 1, quiet_s: float = 0.7,
           processes: int = 2) -> Outcome:
    """Each round a quiet window and one with `processes` hostile clients of each name."""
    outcome = Outcome("+".join(names) if len(names) < 4 else f"{len(names)} at once")
    witness = Witness(server.port)
    witness.start()
    forget_peak(server)
    for number in range(rounds):
        begun = time.monotonic()
        time.sleep(quiet_s)
        quiet = witness.seconds_between(begun, time.monotonic())
        running = [launch(server, name, seconds, number * 1000 + 10 * at + n)
                   for at, name in enumerate(names) for n in range(processes)]
        begun = time.monotonic()
        time.sleep(seconds)
        attacked = witness.seconds_between(begun, time.monotonic())
        end(running, outcome)
        if quiet and attacked:
            outcome.quiet_p99.append(percentile(quiet, 0.99))
            outcome.attacked_p99.append(percentile(attacked, 0.99))
        if witness.complaints:
            break
    witness.stop()
    outcome.requests = len(witness.times)
    outcome.slowest = max((taken for _, taken in witness.times), default=0.0)
    outcome.complaints = witness.complaints
    outcome.peak_bytes = peak_bytes(server)
    return outcome
