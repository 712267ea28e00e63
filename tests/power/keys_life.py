"""A store in the power loop whose clients contend for few keys through all doors; history rule H14 judges what they were told."""

from __future__ import annotations

import contextlib

from confluent_kafka.admin import AdminClient, NewTopic

from history.kafka_reads import read_finally
from key_load import PARTITIONS, SETTINGS, TOPIC, KeyLoad, read_each
from loop import Finding, Life, Totals, Wishes
from support.server import free_port

READER = 0
REPLICA = "1"


class KeysLife(Life):
    def __init__(self, wishes: Wishes, number: int, totals: Totals) -> None:
        super().__init__(wishes, number, totals)
        self.server.resp_address = f"127.0.0.1:{free_port()}"
        self.settings |= SETTINGS | {"kv.write_buffer_bytes": self.dice.choice(("1MiB", "64MiB"))}
        self.server.settings |= self.settings
        self.is_made = False
        self.ledger.history.run(oks_min=20, faults=None, replicas=[REPLICA], keys=[f"{TOPIC}-{at}" for at in range(PARTITIONS)])

    def prepare(self) -> None:
        if self.is_made:
            return
        admin = AdminClient({"bootstrap.servers": self.server.address, "log_level": 0})
        config = {"kv.enabled": "true", "kv.partitioner": self.dice.choice(("auto", "murmur2"))}
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, config=config)])[TOPIC].result(60)
        self.is_made = True

    def make_load(self) -> KeyLoad:
        return KeyLoad(self.server, self.ledger.history, self.next_process, self.dice)

    def read_and_judge(self, is_last: bool = False) -> None:
        if not self.is_made:
            return
        read_each(self.server, self.ledger.history, READER)
        if is_last:
            with contextlib.suppress(TimeoutError):
                read_finally(self.server.address, TOPIC, PARTITIONS, self.ledger.history, READER, REPLICA, by_key=True)

    def judge_history(self) -> None:
        report = super().judge_history()
        counts = self.totals.counts
        counts["operations by key"] += report.counts["asked_by_key"]
        counts["operations in doubt"] += report.counts["in_doubt"]
        if self.cut_number >= 3 and report.verdict != "pass":
            raise Finding(f"the history says nothing:\n{report.text(5)}")
