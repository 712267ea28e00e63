"""Attacks beside a witness, in windows that alternate with quiet ones."""

from __future__ import annotations

import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from support import wire
from support.batches import make_batch
from support.idle_group import IdleGroup
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
    quiet_p99: float = 0  # before the first attack
    after_p99: list[float] = field(default_factory=list)  # in the quiet windows that followed one
    attacked_p99: list[float] = field(default_factory=list)
    elsewhere_p99: list[float] = field(default_factory=list)  # while another server of this machine was attacked
    attacked_s: float = 0
    busy_s: float = 0  # of the server's processor time in them
    attackers_s: float = 0  # and of the attackers'
    slowest: float = 0
    requests: int = 0
    complaints: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the attacked windows to the window before any attack: what an attack leaves behind counts too."""
        return statistics.median(self.attacked_p99) / self.quiet_p99 if self.attacked_p99 and self.quiet_p99 else 0.0

    @property
    def added(self) -> float:
        """What it costs that the server is shared, beyond the machine: attacked to another server being attacked, by medians."""
        if not self.attacked_p99 or not self.elsewhere_p99:
            return 0.0
        return statistics.median(self.attacked_p99) / max(statistics.median(self.elsewhere_p99), self.quiet_p99)

    @property
    def busy(self) -> float:
        """Processors that the server kept busy while it was attacked."""
        return self.busy_s / self.attacked_s if self.attacked_s else 0.0

    @property
    def attackers(self) -> float:
        """And the attackers, their starting included."""
        return self.attackers_s / self.attacked_s if self.attacked_s else 0.0

    def line(self) -> str:
        def median_ms(values: list[float]) -> float:
            return statistics.median(values) * 1000 if values else 0.0

        elsewhere = (f", {median_ms(self.elsewhere_p99):6.1f} ms with another server attacked, "
                     f"ratio to that {self.added:5.2f}" if self.elsewhere_p99 else "")
        return (f"{self.attack:20s} peak {self.peak_bytes >> 20:5d} MiB, "
                f"witness p99 {self.quiet_p99 * 1000:6.1f} ms quiet, {median_ms(self.attacked_p99):6.1f} ms attacked, "
                f"{median_ms(self.after_p99):6.1f} ms after, ratio {self.ratio:5.2f}{elsewhere}, "
                f"slowest {self.slowest * 1000:6.1f} ms, "
                f"{self.requests} requests; processors: server {self.busy:4.2f}, attackers {self.attackers:4.2f}")


def launch(server: Server, group: IdleGroup | None, attack: str, seconds: float, seed: int) -> subprocess.Popen[str]:
    # Addresses of their own, as strangers have.
    wrapper = group.wrapper if group else []
    return subprocess.Popen([*wrapper, sys.executable, str(CLIENTS), attack, str(server.port), str(seconds),
                             "--seed", str(seed), "--source", f"127.0.0.{2 + seed % 200}"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(processes: list[subprocess.Popen[str]], outcome: Outcome) -> None:
    for process in processes:
        try:
            outcome.said.append(process.communicate(timeout=STARTS_WITHIN_S)[0].strip())
        except subprocess.TimeoutExpired:
            process.kill()
            outcome.said.append(process.communicate()[0].strip() + " (killed)")


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def p99_within(witness: Witness, seconds: float) -> float:
    """Of what began within so many seconds from now. One that is not done at their end has taken as long as there was."""
    begun = time.monotonic()
    time.sleep(seconds)
    end_of_window = time.monotonic()
    return percentile(witness.seconds_between(begun, end_of_window) + [end_of_window - max(begun, witness.begun)], 0.99)


def attacked_p99(witness: Witness, target: Server, names: list[str], seconds: float, number: int, processes: int,
                 group: IdleGroup | None, outcome: Outcome) -> float:
    """Of a window with hostile clients of `target`, which may be another server than the witness'."""
    running = [launch(target, group, name, seconds, number * 1000 + 10 * at + n)
               for at, name in enumerate(names) for n in range(processes)]
    p99 = p99_within(witness, seconds)
    end(running, outcome)
    return p99


def attack(server: Server, names: list[str], seconds: float, rounds: int = 1, quiet_s: float = 0.7,
           processes: int = 2, in_background: bool = False, elsewhere: Server | None = None) -> Outcome:
    """Each round a quiet window and one with `processes` hostile clients of each name; with `in_background` these get the
    processor time that others leave. `elsewhere` is another server: then each round also has a window in which that one is
    attacked and the witness' is not."""
    outcome = Outcome("+".join(names) if len(names) < 4 else f"{len(names)} at once")
    witness = Witness(server.port)
    witness.start()
    forget_peak(server)
    group = IdleGroup() if in_background else None
    try:
        for number in range(rounds):
            quiet = p99_within(witness, quiet_s if number else 2 * quiet_s)
            if number:
                outcome.after_p99.append(quiet)
            else:
                outcome.quiet_p99 = quiet
            busy, before = server.cpu_seconds(), children_s()
            outcome.attacked_p99.append(attacked_p99(witness, server, names, seconds, number, processes, group, outcome))
            outcome.busy_s += server.cpu_seconds() - busy
            outcome.attacked_s += seconds
            outcome.attackers_s += children_s() - before
            if elsewhere:
                outcome.elsewhere_p99.append(
                    attacked_p99(witness, elsewhere, names, seconds, number, processes, group, outcome))
            if witness.complaints:
                break
    finally:
        if group:
            group.remove()
    witness.stop()
    outcome.requests = len(witness.times)
    outcome.slowest = max((taken for _, taken in witness.times), default=0.0)
    outcome.complaints = witness.complaints
    outcome.peak_bytes = peak_bytes(server)
    return outcome
