#!/usr/bin/python3
"""kill -9 while clients of all doors contend for few keys; then there has to be one order in which all they were told is true.

  PYTHONPATH=tests:tests/crash tests/crash/keys_test.py [--kills N] [--seed S]

Also by LOGSTORE_KEY_KILLS (12) and LOGSTORE_CRASH_SEED (random, printed). The seed repeats the choices, not the schedule.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import time
import unittest

from confluent_kafka.admin import AdminClient, NewTopic

from history.checker import check
from history.kafka_reads import read_finally
from history.writer import HistoryWriter
from key_load import PARTITIONS, SETTINGS, TOPIC, KeyLoad, read_each
from support.server import Server, free_port, fresh_directory

FINAL_READER = 1002
ALWAYS = {"storage.checkpoint_interval_ms": "300", "storage.settle_idle_ms": "200", "topics.segment_bytes": "1MiB"}


class KeyKills(unittest.TestCase):
    def setUp(self) -> None:
        self.seed = int(os.environ.get("LOGSTORE_CRASH_SEED", random.SystemRandom().randrange(1 << 31)))
        print(f"seed {self.seed}", flush=True)
        self.dice = random.Random(self.seed)
        settings = ALWAYS | SETTINGS | {"kv.write_buffer_bytes": self.dice.choice(("1MiB", "64MiB"))}
        self.server = Server(fresh_directory("key-kills"), shards=2, settings=settings)
        self.server.resp_address = f"127.0.0.1:{free_port()}"
        self.history = self.server.data.parent / f"{self.server.data.name}.jsonl"
        self.history.unlink(missing_ok=True)
        self.addCleanup(self.clean)

    def clean(self) -> None:
        self.server.kill()
        if self._outcome.result.wasSuccessful():  # what failed stays for a look
            shutil.rmtree(self.server.data, ignore_errors=True)
            self.history.unlink(missing_ok=True)

    def make_topic(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.server.address})
        config = {"kv.enabled": "true", "kv.partitioner": self.dice.choice(("auto", "murmur2"))}
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, config=config)])[TOPIC].result(30)

    def kill_once(self, writer: HistoryWriter) -> None:
        time.sleep(self.dice.choice((0.3, 1.0, 2.0)) * self.dice.random() + 0.3)
        self.server.assert_alive()
        writer.fault("kill")
        self.server.kill()
        if self.dice.random() < 0.3:
            self.server.shards = self.dice.choice((1, 2, 3))
        if self.dice.random() < 0.2:  # the view is built anew from the log, beside reads
            shutil.rmtree(self.server.data / "kv", ignore_errors=True)
        self.server.start()
        writer.booted()
        writer.healed()

    def test_all_that_clients_were_told_has_one_order(self) -> None:
        kills, begun = int(os.environ.get("LOGSTORE_KEY_KILLS", 12)), time.monotonic()
        writer = HistoryWriter(self.history)
        self.addCleanup(writer.close)
        readings = ["1", "1 after a clean restart"]
        writer.run(oks_min=50 * kills, faults=["kill"], replicas=readings, keys=[f"{TOPIC}-{at}" for at in range(PARTITIONS)],
                   liveness_s=20, seed=self.seed)
        self.server.start()
        self.make_topic()
        load = KeyLoad(self.server, writer, 1, self.dice)
        load.begin()
        for _ in range(kills):
            self.kill_once(writer)
        time.sleep(0.5)
        load.end()
        read_finally(self.server.address, TOPIC, PARTITIONS, writer, FINAL_READER, readings[0], by_key=True)
        read_each(self.server, writer, FINAL_READER)
        self.server.stop()
        self.server.start()
        read_finally(self.server.address, TOPIC, PARTITIONS, writer, FINAL_READER, readings[1], by_key=True)
        read_each(self.server, writer, FINAL_READER)
        writer.flush()
        with self.history.open(encoding="utf-8") as lines:
            report = check([lines], [self.history.name])
        counts = report.counts
        print(f"{kills} kills in {time.monotonic() - begun:.0f} s: {counts['asked_by_key']} operations by key, "
              f"{counts['answered_by_key']} answered, {counts['in_doubt']} in doubt, {counts['failed']} refused, "
              f"{counts['faults_with_effect']} kills met some in flight", flush=True)
        self.assertEqual(report.verdict, "pass", f"\n{report.text()}\nthe data is in {self.server.data}, the history in "
                         f"{self.history}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    if asked.kills is not None:
        os.environ["LOGSTORE_KEY_KILLS"] = str(asked.kills)
    if asked.seed is not None:
        os.environ["LOGSTORE_CRASH_SEED"] = str(asked.seed)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
