"""What administrators change: more partitions, fewer records; over kills and restarts. And where epochs end."""

from __future__ import annotations

import threading

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewPartitions

from support import admin_wire
from support.cases import WITHIN_S, ServerCase, wait_until
from support.wire import Connection

NONE, OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC = 0, 1, 3
INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT = 37, 39
FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH = 74, 75


class Partitions(ServerCase):
    settings = {"topics.partitions_per_topic_max": "100"}

    def grow(self, topic: str, count: int) -> None:
        admin = self.admin()
        admin.create_partitions([NewPartitions(topic, count)], operation_timeout=WITHIN_S)[topic].result(WITHIN_S)

    def refusal(self, topic: str, count: int) -> int:
        with self.assertRaises(KafkaException) as caught:
            self.grow(topic, count)
        return caught.exception.args[0].code()

    def partitions_of(self, topic: str) -> int:
        return len(self.admin().list_topics(topic, timeout=WITHIN_S).topics[topic].partitions)

    def test_new_partitions_take_records_and_stay_over_restarts(self) -> None:
        self.create("growing", 2)
        self.produce("growing", [b"old"], partition=1)
        for count, restart in ((5, self.server.crash), (9, self.server.restart), (12, self.server.crash)):
            self.grow("growing", count)
            self.assertEqual(self.partitions_of("growing"), count)
            self.produce("growing", [b"new-%d" % count], partition=count - 1)
            restart()
            self.assertEqual(self.partitions_of("growing"), count)
            self.assertEqual(self.read("growing", 1, partition=count - 1)[0].value(), b"new-%d" % count)
        self.assertEqual(self.read("growing", 1, partition=1)[0].value(), b"old")
        self.delete("growing")
        wait_until(lambda: not list(self.server.data.glob("**/growing-*")), "its files are gone")

    def test_what_cannot_be_is_refused(self) -> None:
        self.create("fixed", 3)
        for count in (1, 3, 101):
            self.assertEqual(self.refusal("fixed", count), KafkaError.INVALID_PARTITIONS, count)
        self.assertEqual(self.refusal("absent", 3), KafkaError.UNKNOWN_TOPIC_OR_PART)
        with Connection(self.server.port) as connection:
            for assignments in ([], [[0]], [[0], [1]], [[0], [0, 0]]):
                code = admin_wire.create_partitions(connection, "fixed", 5, assignments)
                self.assertEqual(code, INVALID_REPLICA_ASSIGNMENT, assignments)
            self.assertEqual(admin_wire.create_partitions(connection, "fixed", 5, [[0], [0]], validate_only=True), NONE)
            self.assertEqual(admin_wire.create_partitions(connection, "fixed", 2, validate_only=True), INVALID_PARTITIONS)
            self.assertEqual(self.partitions_of("fixed"), 3)
            self.assertEqual(admin_wire.create_partitions(connection, "fixed", 5, [[0], [0]]), NONE)
        self.assertEqual(self.partitions_of("fixed"), 5)

    def test_a_kill_in_between_leaves_all_or_nothing(self) -> None:
        self.create("cut-off", 1)
        count = 1
        for attempt in range(4):
            killer = threading.Timer(0.002 * attempt, self.server.kill)
            wanted = count + 20
            killer.start()
            try:
                with Connection(self.server.port) as connection:
                    answered = admin_wire.create_partitions(connection, "cut-off", wanted) == NONE
            except (AssertionError, OSError):
                answered = False
            killer.join()
            self.server.start()
            found = self.partitions_of("cut-off")
            self.assertIn(found, (wanted,) if answered else (count, wanted))
            for partition in range(found):
                self.assertEqual(len(self.produce("cut-off", [b"x"], partition=partition)), 1)
            count = found


class Records(ServerCase):
    settings = {"topics.segment_bytes": "64KiB", "storage.checkpoint_interval_ms": "200",
                "topics.retention_check_interval_ms": "200"}

    def delete_records(self, topic: str, offset: int, partition: int = 0) -> tuple[int, int]:
        with Connection(self.server.port) as connection:
            return admin_wire.delete_records(connection, topic, {partition: offset})[partition]

    def expect_from(self, topic: str, low: int, high: int) -> None:
        self.assertEqual(self.watermarks(topic), (low, high))
        read = self.read(topic, high - low, offset=low) if high > low else []
        self.assertEqual([m.offset() for m in read], list(range(low, high)))
        self.assertEqual([m.value() for m in read], [b"%08d" % number + b"r" * 500 for number in range(low, high)])

    def test_deleted_records_stay_deleted(self) -> None:
        self.create("shrinking")
        self.produce("shrinking", (b"%08d" % number + b"r" * 500 for number in range(1000)), batch_num_messages=30)
        self.assertEqual(self.delete_records("shrinking", 333), (333, NONE))
        self.expect_from("shrinking", 333, 1000)
        self.server.crash()
        self.expect_from("shrinking", 333, 1000)
        # Not back, and not beyond the end.
        self.assertEqual(self.delete_records("shrinking", 10), (333, NONE))
        self.assertEqual(self.delete_records("shrinking", 1001), (-1, OFFSET_OUT_OF_RANGE))
        self.assertEqual(self.delete_records("shrinking", -2), (-1, OFFSET_OUT_OF_RANGE))
        self.assertEqual(self.delete_records("shrinking", 5, partition=1), (-1, UNKNOWN_TOPIC))
        message = self.consumer(TopicPartition("shrinking", 0, 332)).poll(WITHIN_S)
        self.assertIn(message.error().code(), (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE))
        self.assertEqual(self.delete_records("shrinking", 990), (990, NONE))
        self.server.restart()
        self.expect_from("shrinking", 990, 1000)
        self.assertEqual(self.delete_records("shrinking", admin_wire.ALL_BELOW_THE_HIGH_WATERMARK), (1000, NONE))
        self.server.crash()
        self.expect_from("shrinking", 1000, 1000)
        self.assertEqual(self.produce("shrinking", [b"%08d" % 1000 + b"r" * 500]), [1000])
        self.expect_from("shrinking", 1000, 1001)

    def test_their_files_go(self) -> None:
        self.create("emptied")
        self.produce("emptied", [b"e" * 1000] * 2000, batch_num_messages=30)
        wait_until(lambda: len(self.server.segments("emptied")) > 10, "it has segments")
        self.assertEqual(self.delete_records("emptied", 1999), (1999, NONE))
        wait_until(lambda: len(self.server.segments("emptied")) <= 2, "they are deleted")
        with Connection(self.server.port) as connection:
            self.assertLess(admin_wire.log_dirs(connection).sizes["emptied", 0], 200_000)

    def test_a_kill_right_behind_the_answer_brings_nothing_back(self) -> None:
        self.create("killed")
        self.produce("killed", [b"k" * 300] * 500, batch_num_messages=7)
        for low in (100, 101, 250, 499, 500):
            with Connection(self.server.port) as connection:
                self.assertEqual(admin_wire.delete_records(connection, "killed", {0: low})[0], (low, NONE))
                self.server.kill()
            self.server.start()
            self.assertEqual(self.watermarks("killed"), (low, 500))


class Epochs(ServerCase):
    def test_each_epoch_ends_where_the_next_one_begins(self) -> None:
        self.create("epochs")
        ends: list[tuple[int, int]] = []
        for life in range(3):
            self.produce("epochs", [b"x"] * (life + 2))
            with Connection(self.server.port) as connection:
                code, epoch, end = admin_wire.end_of_epoch(connection, "epochs", self.current_epoch(connection))
            self.assertEqual(code, NONE)
            ends.append((epoch, end))
            (self.server.crash if life % 2 else self.server.restart)()
        self.assertEqual([end for _, end in ends], [2, 5, 9])
        with Connection(self.server.port) as connection:
            now = self.current_epoch(connection)
            self.assertEqual([admin_wire.end_of_epoch(connection, "epochs", epoch)[1:] for epoch, _ in ends], ends)
            self.assertEqual(admin_wire.end_of_epoch(connection, "epochs", now), (NONE, now, 9))
            self.assertEqual(admin_wire.end_of_epoch(connection, "epochs", now + 1), (NONE, -1, -1))
            self.assertEqual(admin_wire.end_of_epoch(connection, "epochs", now, current=now - 1)[0], FENCED_LEADER_EPOCH)
            self.assertEqual(admin_wire.end_of_epoch(connection, "epochs", now, current=now + 1)[0], UNKNOWN_LEADER_EPOCH)
            self.assertEqual(admin_wire.end_of_epoch(connection, "epochs", 0)[1:], (0, 0))

    def current_epoch(self, connection: Connection) -> int:
        """The one that is neither fenced nor unknown."""
        for epoch in range(100):
            if admin_wire.end_of_epoch(connection, "epochs", 0, current=epoch)[0] == NONE:
                return epoch
        raise AssertionError("no epoch of the first hundred is this broker's")
