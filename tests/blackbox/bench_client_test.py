"""The bench's own client counts what is there: its figures are looked at by people, its counts here."""

from __future__ import annotations

import pathlib
import re
import subprocess

from support.c_client import built
from support.cases import ServerCase


class BenchClient(ServerCase):
    program: pathlib.Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.program = built("bench/librdkafka_load")
        super().setUpClass()

    def run_load(self, *arguments: str, code: int = 0) -> str:
        kind, topic, *options = arguments
        done = subprocess.run([self.program, kind, self.server.address, topic, *options], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_it_reads_what_it_wrote(self) -> None:
        self.create("bulk", 3)
        said = self.run_load("produce", "bulk", "-n", "20000", "-s", "100", "-X", "compression.codec=lz4")
        self.assertRegex(said, r"^produced 20000 records in [\d.]+ s: \d+ records/s [\d.]+ MB/s errors=0$")
        self.assertEqual(sum(self.watermarks("bulk", partition)[1] for partition in range(3)), 20000)
        self.assertEqual(len(self.read("bulk", 1)[0].value()), 100)
        self.assertRegex(self.run_load("consume", "bulk"), r"^consumed 20000 of 20000 records .* errors=0 ")
        self.assertRegex(self.run_load("consume", "bulk", "-n", "100"), r"^consumed \d+ of 20000 records .* errors=0 ")

    def test_latency_is_of_every_record(self) -> None:
        self.create("steady")
        self.produce("steady", [b"of somebody else before"])
        said = self.run_load("latency", "steady", "-t", "1", "-r", "200")
        for what in ("acknowledged", "consumed"):
            found = re.search(rf"^{what}: p50=([\d.]+) .* max=([\d.]+) ms of 160 records, missing=0$", said, re.M)
            self.assertIsNotNone(found, said)
            self.assertGreater(float(found[1]), 0)

    def test_errors_count(self) -> None:
        self.create("small", max_message_bytes="1000")
        self.assertIn("produced 0 records", self.run_load("produce", "small", "-n", "2", "-s", "5000", code=1))
        self.assertIn("errors=2", self.run_load("produce", "small", "-n", "2", "-s", "5000", code=1))
