"""Order, pipelining, sizes, and stopping under load."""

from __future__ import annotations

import threading
import time

from confluent_kafka import KafkaError, TopicPartition

from support.cases import WITHIN_S, Delivery, ServerCase, wait_until


class Producing(ServerCase):
    settings = {"topics.segment_bytes": "4MiB"}

    def test_pipelined_records_keep_their_order(self) -> None:
        partitions, records = 4, 20_000
        self.create("order", partitions)
        for acks in ("all", "1", "0"):
            with self.subTest(acks=acks):
                starts = [self.watermarks("order", partition)[1] for partition in range(partitions)]
                producer, delivery = self.producer(acks=acks, max_in_flight=5, linger_ms=0, batch_num_messages=20), Delivery()
                for number in range(records):
                    producer.produce("order", b"%d" % number, partition=number % partitions, on_delivery=delivery)
                    producer.poll(0)
                self.assertEqual(producer.flush(WITHIN_S), 0)
                self.assertEqual(delivery.errors, [])
                for partition in range(partitions):
                    read = self.read("order", records // partitions, partition, starts[partition])
                    self.assertEqual([int(m.value()) for m in read], list(range(partition, records, partitions)))
                    first = starts[partition]
                    self.assertEqual([m.offset() for m in read], list(range(first, first + len(read))))
                if acks != "0":
                    told = {(m.partition(), m.offset()): m.value() for m in delivery.messages}
                    self.assertEqual(len(told), records)
                    self.assertTrue(all(int(value) % partitions == partition for (partition, _), value in told.items()))

    def test_many_producers_of_one_partition_get_offsets_of_their_own(self) -> None:
        self.create("shared")
        offsets: list[list[int]] = [[] for _ in range(8)]

        def run(index: int) -> None:
            offsets[index] = self.produce("shared", (b"%d-%d" % (index, number) for number in range(500)))

        threads = [threading.Thread(target=run, args=(index,)) for index in range(len(offsets))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(offset for some in offsets for offset in some), list(range(4000)))
        values = {m.offset(): m.value() for m in self.read("shared", 4000)}
        for index, some in enumerate(offsets):
            self.assertEqual(some, sorted(some))
            self.assertEqual([values[offset] for offset in some], [b"%d-%d" % (index, number) for number in range(500)])

    def test_big_records_come_back_and_bigger_ones_are_refused(self) -> None:
        big = bytes(range(256)) * 3900  # just below 1 MB
        self.create("big")
        self.assertEqual(self.produce("big", [big, b"small", big], message_max_bytes=4_000_000), [0, 1, 2])
        producer, delivery = self.producer(message_max_bytes=4_000_000), Delivery()
        producer.produce("big", big * 2, partition=0, on_delivery=delivery)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual([error.code() for error in delivery.errors], [KafkaError.MSG_SIZE_TOO_LARGE])
        producer.produce("big", b"after", partition=0, on_delivery=delivery)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual([m.offset() for m in delivery.messages], [3])
        self.server.crash()
        self.assertEqual([m.value() for m in self.read("big", 4)], [big, b"small", big, b"after"])

    def test_a_topic_may_allow_bigger_records(self) -> None:
        self.create("bigger", max_message_bytes="2000000")
        huge = b"h" * 1_800_000  # a batch has to fit into half a journal file
        self.assertEqual(self.produce("bigger", [huge], message_max_bytes=2_000_000), [0])
        self.assertEqual(self.read("bigger", 1, fetch_max_bytes=1_000_000, message_max_bytes=1_000_000)[0].value(), huge)

    def test_a_consumer_reads_old_records_that_are_in_no_cache(self) -> None:
        self.create("old", 2)
        for partition in range(2):
            self.produce("old", (b"%06d" % number + b"o" * 1000 for number in range(20_000)), partition, linger_ms=20)
        self.server.restart()
        for partition in range(2):
            for start in (0, 7_777):
                read = self.read("old", 20_000 - start, partition, start)
                self.assertEqual([int(m.value()[:6]) for m in read], list(range(start, 20_000)))


class Stopping(ServerCase):
    def test_what_is_acknowledged_while_stopping_is_there(self) -> None:
        partitions = 4
        self.create("stop", partitions)
        for _ in range(4):
            delivery, ending = Delivery(), threading.Event()

            def load() -> None:
                producer = self.producer(retries=0)
                producer.produce("stop", b"first", partition=0, on_delivery=delivery)
                producer.flush(WITHIN_S)  # it knows the topic's leaders now
                number = 0
                while not ending.is_set():
                    producer.produce("stop", b"%d" % number * 20, partition=number % partitions, on_delivery=delivery)
                    producer.poll(0)
                    number += 1
                    if number % 50 == 0:
                        time.sleep(0.005)
                producer.purge()
                producer.flush(WITHIN_S)

            thread = threading.Thread(target=load)
            thread.start()
            wait_until(lambda: len(delivery.messages) > 1000, "the load runs")
            self.assertTrue(thread.is_alive())
            self.server.stop()  # in time, with success
            ending.set()
            thread.join()
            self.server.start()
            told = {(m.partition(), m.offset()): m.value() for m in delivery.messages}
            self.assertEqual(len(told), len(delivery.messages))
            found = {}
            for partition in range(partitions):
                low, high = self.watermarks("stop", partition)
                self.assertEqual(low, 0)
                found |= {(partition, m.offset()): m.value() for m in self.read("stop", high, partition)}
            self.assertEqual({place: found.get(place) for place in told}, told)

    def test_a_stop_does_not_wait_for_waiting_consumers(self) -> None:
        self.create("idle")
        consumers = [self.consumer(TopicPartition("idle", 0, 0), fetch_wait_max_ms=30_000, socket_timeout_ms=40_000)
                     for _ in range(5)]
        time.sleep(0.5)
        begun = time.monotonic()
        self.server.stop()
        self.assertLess(time.monotonic() - begun, 3)
        self.server.start()
        self.produce("idle", [b"again"])
        for consumer in consumers:
            self.assertEqual(self.read_on(consumer, 1)[0].value(), b"again")
