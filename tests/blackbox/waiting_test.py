"""Consumers that wait: they learn of a record at once, and cost nothing until then."""

from __future__ import annotations

import json
import statistics
import time

from confluent_kafka import OFFSET_END, TopicPartition

from support import wire
from support.cases import WITHIN_S, Delivery, ServerCase
from support.wire import Connection


class Waiting(ServerCase):
    def test_a_waiting_consumer_gets_a_record_at_once(self) -> None:
        self.create("quick")
        consumer = self.consumer(TopicPartition("quick", 0, 0), fetch_wait_max_ms=5000)
        producer, latencies = self.producer(linger_ms=0), []
        for number in range(30):
            time.sleep(0.05)  # the consumer is waiting again
            begun = time.monotonic()
            producer.produce("quick", b"%d" % number, partition=0)
            producer.poll(0)
            self.assertEqual(consumer.poll(WITHIN_S).value(), b"%d" % number)
            latencies.append(time.monotonic() - begun)
        self.assertLess(statistics.median(latencies), 0.05, latencies)

    def test_idle_consumers_ask_seldom_and_cost_no_cpu(self) -> None:
        self.create("idle", 4)
        fetches = [0] * 4

        def counter(index: int):
            def count(stats: str) -> None:
                brokers = json.loads(stats)["brokers"].values()
                fetches[index] = sum(broker["req"].get("Fetch", 0) for broker in brokers)
            return count

        consumers = [self.consumer(TopicPartition("idle", index, OFFSET_END), fetch_wait_max_ms=1000, statistics_interval_ms=200,
                                   stats_cb=counter(index)) for index in range(4)]
        for consumer in consumers:
            consumer.poll(1)
        before, cpu, begun = list(fetches), self.server.cpu_seconds(), time.monotonic()
        while time.monotonic() - begun < 4:
            for consumer in consumers:
                consumer.poll(0.05)
        elapsed = time.monotonic() - begun
        for asked in (now - then for now, then in zip(fetches, before)):
            self.assertLessEqual(asked, elapsed * 2 + 2)
            self.assertGreaterEqual(asked, 1)
        self.assertLess(self.server.cpu_seconds() - cpu, 0.1 * elapsed)

    def test_a_fetch_waits_as_long_as_it_asks_and_no_longer(self) -> None:
        self.create("wait")
        with Connection(self.server.port) as connection:
            for wait_ms in (0, 700):
                begun = time.monotonic()
                self.assertEqual(connection.fetch("wait", 0, wait_ms=wait_ms), (0, 0, b""))
                took = time.monotonic() - begun
                self.assertGreaterEqual(took, wait_ms / 1000 - 0.01)
                self.assertLess(took, wait_ms / 1000 + 0.3)

    def test_min_bytes_are_waited_for(self) -> None:
        self.create("enough")
        with Connection(self.server.port) as connection:
            self.produce("enough", [b"little"])
            begun = time.monotonic()
            code, high, found = connection.fetch("enough", 0, wait_ms=800, min_bytes=10_000)
            self.assertGreaterEqual(time.monotonic() - begun, 0.79)
            self.assertEqual((code, high), (0, 1))
            self.assertGreater(len(found), 61)
            self.produce("enough", [b"x" * 20_000])
            begun = time.monotonic()
            self.assertGreater(len(connection.fetch("enough", 0, wait_ms=8000, min_bytes=10_000)[2]), 20_000)
            self.assertLess(time.monotonic() - begun, 1)

    def test_a_deleted_topic_wakes_its_waiters(self) -> None:
        self.create("leaving")
        with Connection(self.server.port, timeout_s=20) as connection:
            connection.send(wire.framed(wire.header(wire.FETCH, 4) + wire.fetch_body("leaving", 0, wait_ms=15_000)))
            time.sleep(0.3)
            begun = time.monotonic()
            self.delete("leaving")
            self.assertIsNotNone(connection.answer())
            self.assertLess(time.monotonic() - begun, 5)

    def test_many_waiters_are_all_woken(self) -> None:
        self.create("crowd")
        consumers = [self.consumer(TopicPartition("crowd", 0, 0), fetch_wait_max_ms=10_000) for _ in range(20)]
        time.sleep(1)
        delivery, producer = Delivery(), self.producer(linger_ms=0)
        producer.produce("crowd", b"here", partition=0, on_delivery=delivery)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        begun = time.monotonic()
        for consumer in consumers:
            self.assertEqual(consumer.poll(WITHIN_S).value(), b"here")
        self.assertLess(time.monotonic() - begun, 2)
