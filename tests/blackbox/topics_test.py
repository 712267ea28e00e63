"""Creating, describing, deleting and recreating topics; retention."""

from __future__ import annotations

import time

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic

from support.cases import WITHIN_S, Delivery, ServerCase, wait_until


class Topics(ServerCase):
    settings = {"topics.partitions_per_topic_max": "100", "topics.segment_bytes": "64KiB"}

    def refusal(self, topic: str, partitions: int = 1, replicas: int = 1, **config: str) -> int:
        admin = self.admin()
        named = {name.replace("_", "."): value for name, value in config.items()}
        with self.assertRaises(KafkaException) as caught:
            admin.create_topics([NewTopic(topic, partitions, replicas, config=named)])[topic].result(WITHIN_S)
        return caught.exception.args[0].code()

    def partitions_of(self, topic: str) -> int | None:
        described = self.admin().list_topics(timeout=WITHIN_S).topics.get(topic)
        return None if described is None else len(described.partitions)

    def test_producing_makes_a_topic(self) -> None:
        self.assertEqual(self.produce("made-by-use", [b"first"]), [0])
        self.assertEqual(self.partitions_of("made-by-use"), 1)

    def test_asking_does_not_make_a_topic(self) -> None:
        consumer = self.consumer(TopicPartition("only-asked", 0, 0))
        self.assertEqual(consumer.poll(1.5) is None or consumer.poll(0) is None, True)
        self.assertIsNone(self.partitions_of("only-asked"))

    def test_topics_are_there_after_any_restart(self) -> None:
        self.create("stays", 7)
        for restart in (self.server.restart, self.server.crash):
            restart()
            self.assertEqual(self.partitions_of("stays"), 7)
            described = self.admin().list_topics("stays", timeout=WITHIN_S).topics["stays"]
            for partition in described.partitions.values():
                self.assertEqual((partition.replicas, partition.isrs), ([partition.leader], [partition.leader]))

    def test_what_cannot_be_is_refused_with_its_own_error(self) -> None:
        self.create("there")
        self.assertEqual(self.refusal("there"), KafkaError.TOPIC_ALREADY_EXISTS)
        for name in ("a/b", "..", "x" * 250, "white space", "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve"):
            self.assertEqual(self.refusal(name), KafkaError.TOPIC_EXCEPTION, name)
        self.assertEqual(self.refusal("compacted", cleanup_policy="compact"), KafkaError.INVALID_CONFIG)
        self.assertEqual(self.refusal("misspelled", retention_milliseconds="1"), KafkaError.INVALID_CONFIG)
        self.assertEqual(self.refusal("no-number", retention_ms="soon"), KafkaError.INVALID_CONFIG)
        self.assertEqual(self.refusal("copies", replicas=3), KafkaError.INVALID_REPLICATION_FACTOR)
        self.assertEqual(self.refusal("many", partitions=101), KafkaError.INVALID_PARTITIONS)
        for name in ("compacted", "misspelled", "no-number", "copies", "many"):
            self.assertIsNone(self.partitions_of(name))

    def test_deleting(self) -> None:
        self.create("gone", 3)
        self.produce("gone", [b"x"])
        self.server.restart()  # a tablet's directory is made at its first write-behind
        directory = self.server.tablet_directory("gone")
        self.delete("gone")
        self.assertIsNone(self.partitions_of("gone"))
        with self.assertRaises(KafkaException) as caught:
            self.delete("gone")
        self.assertEqual(caught.exception.args[0].code(), KafkaError.UNKNOWN_TOPIC_OR_PART)
        wait_until(lambda: not directory.exists() and not list(self.server.data.glob("**/gone-*")), "its files are gone")

    def test_a_recreated_topic_shows_nothing_of_the_old_one(self) -> None:
        for number in range(9):
            with self.subTest(number):
                self.create("phoenix", 2)
                for partition in range(2):
                    self.assertEqual(self.watermarks("phoenix", partition), (0, 0))
                count = 50 + number * 70
                mine = [b"%d-%d-" % (number, record) + b"p" * 900 for record in range(count)]
                self.assertEqual(self.produce("phoenix", mine), list(range(count)))
                if number % 3 == 1:
                    self.server.crash()
                self.assertEqual([m.value() for m in self.read("phoenix", count)], mine)
                self.delete("phoenix")
                if number % 3 == 2:
                    self.server.crash()
                elif number % 3 == 0:
                    self.server.restart()
        self.assertIsNone(self.partitions_of("phoenix"))

    def test_an_empty_recreated_topic_stays_empty_after_a_kill(self) -> None:
        self.produce("hollow", [b"old" * 300] * 200)
        self.delete("hollow")
        self.create("hollow")
        self.server.crash()
        self.assertEqual(self.watermarks("hollow"), (0, 0))
        self.assertEqual(self.produce("hollow", [b"new"]), [0])
        self.assertEqual([m.value() for m in self.read("hollow", 1)], [b"new"])


class Retention(ServerCase):
    settings = {"topics.retention_check_interval_ms": "100", "storage.checkpoint_interval_ms": "200"}

    def stored_bytes(self, topic: str) -> int:
        return sum(path.stat().st_size for path in self.server.segments(topic))

    def expect_contiguous_rest(self, topic: str, produced: int) -> int:
        low, high = self.watermarks(topic)
        self.assertEqual(high, produced)
        read = self.read(topic, high - low, offset=low)
        self.assertEqual([m.offset() for m in read], list(range(low, high)))
        self.assertEqual([int(m.value()[:8]) for m in read], list(range(low, high)))
        return low

    def test_retention_by_size_deletes_files(self) -> None:
        segment, kept, records = 256 << 10, 1 << 20, 8000
        self.create("sized", segment_bytes=str(segment), retention_bytes=str(kept))
        self.produce("sized", (b"%08d" % number + b"s" * 1000 for number in range(records)), batch_num_messages=20)
        wait_until(lambda: self.stored_bytes("sized") <= kept + 3 * segment, "old segments are deleted")
        wait_until(lambda: self.watermarks("sized")[0] > records // 2, "the first offset has moved")
        low = self.expect_contiguous_rest("sized", records)
        self.assertGreaterEqual(self.stored_bytes("sized"), kept // 2)
        self.server.crash()
        self.assertGreaterEqual(self.expect_contiguous_rest("sized", records), low)
        message = self.consumer(TopicPartition("sized", 0, 0)).poll(WITHIN_S)
        self.assertIn(message.error().code(), (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE))

    def test_retention_by_time_deletes_what_is_old(self) -> None:
        self.create("timed", segment_bytes=str(64 << 10), retention_ms="3600000")
        now = int(time.time() * 1000)
        producer, delivery = self.producer(batch_num_messages=20), Delivery()
        for number in range(1000):
            time_ms = now - 7_200_000 if number < 600 else now
            producer.produce("timed", b"%08d" % number + b"t" * 1000, partition=0, timestamp=time_ms, on_delivery=delivery)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual(delivery.errors, [])
        wait_until(lambda: self.watermarks("timed")[0] > 400, "old segments are deleted")
        self.assertLessEqual(self.expect_contiguous_rest("timed", 1000), 600)
