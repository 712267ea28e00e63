"""Ten thousand partitions with four thousand open files."""

from __future__ import annotations

import time

from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewTopic

from support.cases import WITHIN_S, Delivery, ServerCase

TOPICS, PARTITIONS, USED = 10, 1000, 100


class ManyPartitions(ServerCase):
    open_files_max = 4096

    def produce_round(self, tag: bytes) -> None:
        producer, delivery = self.producer(linger_ms=20), Delivery()
        for topic in range(TOPICS):
            for partition in range(0, PARTITIONS, PARTITIONS // USED):
                value = b"%s %d %d" % (tag, topic, partition)
                producer.produce(f"many-{topic}", value, partition=partition, on_delivery=delivery)
                producer.poll(0)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual(delivery.errors[:3], [])

    def expect(self, *tags: bytes) -> None:
        consumer = self.consumer(*(TopicPartition(f"many-{topic}", partition, 0) for topic in range(TOPICS)
                                   for partition in range(0, PARTITIONS, PARTITIONS // USED)))
        found: dict[tuple[str, int], list[bytes]] = {}
        for message in self.read_on(consumer, TOPICS * USED * len(tags)):
            found.setdefault((message.topic(), message.partition()), []).append(message.value())
        consumer.unassign()
        for (topic, partition), values in found.items():
            number = int(topic.removeprefix("many-"))
            self.assertEqual(values, [b"%s %d %d" % (tag, number, partition) for tag in tags])
        self.assertEqual(len(found), TOPICS * USED)

    def test_they_are_made_written_read_and_there_after_restarts(self) -> None:
        admin, begun = self.admin(), time.monotonic()
        made = admin.create_topics([NewTopic(f"many-{topic}", PARTITIONS, 1) for topic in range(TOPICS)], operation_timeout=60)
        for future in made.values():
            future.result(120)
        print(f"made in {time.monotonic() - begun:.1f} s", flush=True)
        self.produce_round(b"first")
        self.expect(b"first")
        took = self.server.restart()
        print(f"ready {took:.2f} s after a clean stop", flush=True)
        self.assertLess(took, 10)
        self.expect(b"first")
        self.produce_round(b"second")
        took = self.server.crash()
        print(f"ready {took:.2f} s after a kill", flush=True)
        self.assertLess(took, 20)
        self.expect(b"first", b"second")
        self.assertLess(self.server.open_files(), 4096)
        described = self.admin().list_topics(timeout=WITHIN_S).topics
        self.assertEqual([len(described[f"many-{topic}"].partitions) for topic in range(TOPICS)], [PARTITIONS] * TOPICS)
