#!/usr/bin/python3
"""kill -9 under load, again and again; then everything that was acknowledged has to be there, once and in order.

  PYTHONPATH=tests:tests/crash tests/crash/kill_test.py [--kills N] [--seed S]

Also by LOGSTORE_KILLS (30) and LOGSTORE_CRASH_SEED (random, printed). The seed repeats the choices, not the schedule.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import random
import shutil
import sys
import time
import unittest

from confluent_kafka.admin import AdminClient, NewTopic

from history.checker import check
from history.kafka_reads import read_finally
from history.report import Report
from history.writer import HistoryWriter
from load import FINAL_READER, Load
from support.server import Server, fresh_directory

TOPIC, PARTITIONS, PRODUCERS = "crash", 6, 3
# Everything that happens now and then happens all the time.
SETTINGS = {"storage.checkpoint_interval_ms": "300", "storage.settle_idle_ms": "200", "topics.segment_bytes": "1MiB",
            "storage.pinned_bytes_max": "8MiB"}
READ_WITHIN_S = 60
PROGRESS_WITHIN_S = 15


def kills_asked() -> int:
    return int(os.environ.get("LOGSTORE_KILLS", 30))


class Kills(unittest.TestCase):
    def setUp(self) -> None:
        self.seed = int(os.environ.get("LOGSTORE_CRASH_SEED", random.SystemRandom().randrange(1 << 31)))
        print(f"seed {self.seed}", flush=True)
        self.dice = random.Random(self.seed)
        self.server = Server(fresh_directory("crash"), shards=2, settings=SETTINGS)
        self.notes = fresh_directory("crash-notes")
        self.notes.mkdir()

    def tearDown(self) -> None:
        self.server.kill()
        if self._outcome.result.wasSuccessful():  # what failed stays for a look
            shutil.rmtree(self.server.data, ignore_errors=True)
            shutil.rmtree(self.notes, ignore_errors=True)

    def make_topic(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.server.address})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(30)

    def kill_once(self) -> None:
        """A while of load, kill -9, and up again, now and then with other shards or disk calls; some starts are killed, too."""
        time.sleep(self.dice.choice((0.05, 0.5, 1.0, 2.0, 3.0)) * self.dice.random() + 0.02)
        self.server.assert_alive()
        self.writer.fault("kill")
        self.server.kill()
        if self.dice.random() < 0.3:
            self.server.shards = self.dice.choice((1, 2, 2, 3, 4))
        self.server.settings["storage.disk_backend"] = self.dice.choice(("auto", "auto", "threads"))
        while self.dice.random() < 0.3:
            self.server.launch()
            time.sleep(self.dice.random() * 0.4)
            self.writer.fault("kill while starting")
            self.server.kill()
        self.longest_start_s = max(self.longest_start_s, self.server.start())
        self.writer.booted()
        self.writer.healed()

    def test_everything_acknowledged_survives(self) -> None:
        kills, self.longest_start_s, begun = kills_asked(), 0.0, time.monotonic()
        own = self.notes / "run.jsonl"
        self.writer = HistoryWriter(own)
        self.addCleanup(self.writer.close)
        readings = ["1", "1 after a clean restart"]
        # Strict: a client loses its connection only with the server, and what was in flight is then gone or in the log.
        self.writer.run(oks_min=50 * kills, faults=["kill"], replicas=readings, order="strict", liveness_s=PROGRESS_WITHIN_S,
                        seed=self.seed)
        self.server.start()
        self.make_topic()
        load = Load(self.server.address, TOPIC, PARTITIONS, PRODUCERS, self.seed, self.notes)
        self.addCleanup(load.kill)
        for _ in range(kills):
            self.kill_once()
            load.assert_running()
        time.sleep(1)
        load.stop()
        self.read_finally(readings[0])
        self.server.stop()
        self.server.start()
        self.read_finally(readings[1])
        self.writer.close()
        report = self.judge([own, *load.histories])
        counts = report.counts
        print(f"{kills} kills in {time.monotonic() - begun:.0f} s: {counts['sends']} records sent, {counts['acknowledged']} "
              f"acknowledged, {counts['in_doubt']} in doubt, {counts['failed']} refused, {counts['read_finally'] // 2} read at "
              f"the end, {counts['polled']} before; {counts['faults_with_effect']} kills met sends in flight; clients went on "
              f"{counts['progress_kept']} times; longest start {self.longest_start_s:.2f} s", flush=True)
        self.assertEqual(report.verdict, "pass", f"\n{report.text()}\nthe data is in {self.server.data}; "
                         f"tests/history/check {self.notes}/*.jsonl")

    def read_finally(self, reading: str) -> None:
        read_finally(self.server.address, TOPIC, PARTITIONS, self.writer, FINAL_READER, reading, READ_WITHIN_S)

    def judge(self, histories: list[pathlib.Path]) -> Report:
        with contextlib.ExitStack() as opened:
            return check([opened.enter_context(path.open(encoding="utf-8")) for path in histories],
                         [path.name for path in histories])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    if asked.kills is not None:
        os.environ["LOGSTORE_KILLS"] = str(asked.kills)
    if asked.seed is not None:
        os.environ["LOGSTORE_CRASH_SEED"] = str(asked.seed)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
