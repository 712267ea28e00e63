"""Where reading may begin: earliest, latest, by time; and what happens outside."""

from __future__ import annotations

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition

from support.cases import WITHIN_S, Delivery, ServerCase

RECORDS = 200
BEGIN_MS = 1_700_000_000_000
STEP_MS = 1000


class Lookup(ServerCase):
    settings = {"topics.segment_bytes": "16KiB"}

    def fill(self, topic: str, times: list[int]) -> None:
        """In many batches and several segments."""
        producer, delivery = self.producer(linger_ms=0, batch_num_messages=7), Delivery()
        for number, time_ms in enumerate(times):
            producer.produce(topic, b"%d" % number + b" " * 400, partition=0, timestamp=time_ms, on_delivery=delivery)
            producer.poll(0)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual(delivery.errors, [])

    def offset_at(self, topic: str, time_ms: int) -> int:
        found = self.consumer().offsets_for_times([TopicPartition(topic, 0, time_ms)], timeout=WITHIN_S)[0]
        self.assertIsNone(found.error)
        return found.offset

    def expect_times(self, topic: str) -> None:
        self.assertEqual(self.offset_at(topic, 0), 0)
        self.assertEqual(self.offset_at(topic, BEGIN_MS), 0)
        for number in range(1, RECORDS, 13):
            self.assertEqual(self.offset_at(topic, BEGIN_MS + number * STEP_MS), number)
            self.assertEqual(self.offset_at(topic, BEGIN_MS + number * STEP_MS - 1), number)
        self.assertEqual(self.offset_at(topic, BEGIN_MS + RECORDS * STEP_MS), OFFSET_END)

    def test_the_first_record_that_is_not_older_is_found(self) -> None:
        self.fill("times", [BEGIN_MS + number * STEP_MS for number in range(RECORDS)])
        self.expect_times("times")
        self.server.restart()
        self.expect_times("times")
        self.server.crash()
        self.expect_times("times")

    def test_times_out_of_order_give_the_first_offset_that_is_late_enough(self) -> None:
        times = [BEGIN_MS + (number * 7919 % RECORDS) * STEP_MS for number in range(RECORDS)]
        self.fill("jumble", times)
        for wanted in range(BEGIN_MS, BEGIN_MS + RECORDS * STEP_MS, 17 * STEP_MS):
            self.assertEqual(self.offset_at("jumble", wanted), next(at for at, time in enumerate(times) if time >= wanted))

    def test_kcat_starts_at_a_time(self) -> None:
        self.fill("kcat-times", [BEGIN_MS + number * STEP_MS for number in range(RECORDS)])
        read = self.kcat("-C", "-t", "kcat-times", "-p", "0", "-o", f"s@{BEGIN_MS + 190 * STEP_MS}", "-e", "-q", "-f", "%o\n")
        self.assertEqual([int(line) for line in read.split()], list(range(190, RECORDS)))

    def test_watermarks_and_relative_starts(self) -> None:
        self.create("marks")
        self.assertEqual(self.watermarks("marks"), (0, 0))
        self.produce("marks", [b"%d" % number for number in range(10)])
        self.assertEqual(self.watermarks("marks"), (0, 10))
        self.server.crash()
        self.assertEqual(self.watermarks("marks"), (0, 10))
        self.assertEqual([m.value() for m in self.read("marks", 10, offset=OFFSET_BEGINNING)], [b"%d" % n for n in range(10)])
        self.assertEqual(self.kcat("-C", "-t", "marks", "-p", "0", "-o", "-3", "-e", "-q", "-f", "%s "), b"7 8 9 ")
        late = self.consumer(TopicPartition("marks", 0, OFFSET_END))
        self.assertEqual(late.consume(1, timeout=1), [])
        self.produce("marks", [b"new"])
        self.assertEqual(self.read_on(late, 1)[0].value(), b"new")

    def test_an_offset_that_is_not_there_is_an_error_of_the_client(self) -> None:
        self.produce("short", [b"only"])
        message = self.consumer(TopicPartition("short", 0, 1000)).poll(WITHIN_S)
        self.assertIsNotNone(message)
        self.assertIn(message.error().code(), (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE))
