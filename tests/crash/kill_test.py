#!/usr/bin/python3
"""kill -9 under load, again and again; then everything that was acknowledged has to be there, once and in order.

  PYTHONPATH=tests:tests/crash tests/crash/kill_test.py [--kills N] [--seed S]

Also by LOGSTORE_KILLS (30) and LOGSTORE_CRASH_SEED (random, printed). The seed repeats the choices, not the schedule.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import time
import unittest

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from checker import Log, complaints
from history import Identity, identity_of, read_history
from load import Load
from support.server import Server, fresh_directory

TOPIC, PARTITIONS, PRODUCERS = "crash", 6, 3
# Everything that happens now and then happens all the time.
SETTINGS = {"storage.checkpoint_interval_ms": "300", "storage.settle_idle_ms": "200", "topics.segment_bytes": "1MiB",
            "storage.pinned_bytes_max": "8MiB"}
READ_WITHIN_S = 60


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
        self.server.kill()
        if self.dice.random() < 0.3:
            self.server.shards = self.dice.choice((1, 2, 2, 3, 4))
        self.server.settings["storage.disk_backend"] = self.dice.choice(("auto", "auto", "threads"))
        while self.dice.random() < 0.3:
            self.server.launch()
            time.sleep(self.dice.random() * 0.4)
            self.server.kill()
        self.longest_start_s = max(self.longest_start_s, self.server.start())

    def read_everything(self) -> tuple[Log, dict[int, int]]:
        client = Consumer({"bootstrap.servers": self.server.address, "group.id": "none", "enable.auto.commit": False,
                           "auto.offset.reset": "error", "check.crcs": True})
        ends = {}
        for partition in range(PARTITIONS):
            low, ends[partition] = client.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=30)
            self.assertEqual(low, 0)
        client.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
        log: Log = {}
        end = time.monotonic() + READ_WITHIN_S
        while len(log) < sum(ends.values()) and time.monotonic() < end:
            for message in client.consume(5000, timeout=0.5):
                self.assertIsNone(message.error())
                log[message.partition(), message.offset()] = identity_of(message.value())
        client.close()
        return log, ends

    def seen_by_consumer(self, load: Load) -> Log:
        seen: Log = {}
        for line in load.seen.read_text().splitlines():
            partition, offset, producer, number = map(int, line.split())
            seen[partition, offset] = Identity(producer, number)
        return seen

    def test_everything_acknowledged_survives(self) -> None:
        kills, self.longest_start_s, begun = kills_asked(), 0.0, time.monotonic()
        self.server.start()
        self.make_topic()
        load = Load(self.server.address, TOPIC, PARTITIONS, PRODUCERS, self.seed, self.notes)
        self.addCleanup(load.kill)
        for _ in range(kills):
            self.kill_once()
            load.assert_running()
        time.sleep(1)
        load.stop()
        log, ends = self.read_everything()
        producers = {number: read_history(path) for number, path in load.histories.items()}
        seen = self.seen_by_consumer(load)
        sent, acknowledged, failed = (sum(counts) for counts in zip(*(
            (len(one.sent), len(one.acknowledged), one.failed) for one in producers.values())))
        print(f"{kills} kills in {time.monotonic() - begun:.0f} s: {sent} records sent, "
              f"{acknowledged} acknowledged, {failed} not, "
              f"{len(log)} read at the end, {len(seen)} before; longest start {self.longest_start_s:.2f} s", flush=True)
        found = complaints(log, ends, producers, seen)
        self.assertEqual(found, [], f"{len(found)} complaints; the data is in {self.server.data}, the histories in {self.notes}")
        self.assertGreater(acknowledged, 50 * kills, "too little load to say anything")
        self.assertGreater(failed, 0, "no kill met a request in flight")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.read_everything(), (log, ends))


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
