"""Every codec, by two clients: what is stored, and what comes back."""

from __future__ import annotations

from confluent_kafka import TIMESTAMP_CREATE_TIME

from support.batches import CODECS, batches_of
from support.cases import WITHIN_S, Delivery, ServerCase

RECORDS = 300
BEGIN_MS = 1_700_000_000_000


class Codecs(ServerCase):
    def expect_stored(self, topic: str, codec: str, records: int) -> None:
        """Reads the segment files of the stopped server."""
        self.server.stop()
        batches = [batch for path in self.server.segments(topic) for batch in batches_of(path)]
        self.server.start()
        # A client leaves a batch of few records as it is where its codec would make it larger.
        self.assertEqual({batch.codec for batch in batches if batch.record_count >= 10}, {CODECS[codec]})
        self.assertEqual({(batch.magic, batch.crc_holds) for batch in batches}, {(2, True)})
        self.assertEqual(sum(batch.record_count for batch in batches), records)
        expected = 0
        for batch in batches:
            self.assertEqual(batch.base_offset, expected)
            expected = batch.last_offset + 1

    def test_confluent_gets_back_every_byte(self) -> None:
        for codec in CODECS:
            with self.subTest(codec):
                topic = f"confluent-{codec}"
                producer, delivery = self.producer(compression_type=codec, linger_ms=50), Delivery()
                sent = []
                for number in range(RECORDS):
                    key = None if number % 3 == 0 else b"" if number % 3 == 1 else bytes([number % 256]) * 5
                    value = None if number % 50 == 7 else (bytes(range(256)) + bytes(500)) * (number % 20)
                    headers = None if number % 2 else [("name", b"\0\xff"), ("again", b""), ("name", b"2")]
                    time_ms = BEGIN_MS + number * 37
                    sent.append((key, value, headers, (TIMESTAMP_CREATE_TIME, time_ms)))
                    producer.produce(topic, value, key, 0, on_delivery=delivery, timestamp=time_ms, headers=headers)
                self.assertEqual(producer.flush(WITHIN_S), 0)
                self.assertEqual(delivery.errors, [])
                for _ in range(2):  # as served from memory, and after a restart
                    read = self.read(topic, RECORDS, check_crcs=True)
                    self.assertEqual([(m.key(), m.value(), m.headers(), m.timestamp()) for m in read], sent)
                    self.assertEqual([m.offset() for m in read], list(range(RECORDS)))
                    self.expect_stored(topic, codec, RECORDS)

    def test_kcat_gets_back_every_line(self) -> None:
        for codec in CODECS:
            with self.subTest(codec):
                topic = f"kcat-{codec}"
                lines = b"".join(b"key-%d:%s\n" % (number, b"value" * (number % 30 + 1)) for number in range(RECORDS))
                self.kcat("-P", "-t", topic, "-p", "0", "-K:", "-z", codec, "-H", "source=here", "-X", "linger.ms=50",
                          given=lines)
                read = self.kcat("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q", "-f", "%k:%s\n")
                self.assertEqual(read, lines)
                self.assertEqual(self.kcat("-C", "-t", topic, "-o", "-1", "-e", "-q", "-f", "%h\n"), b"source=here\n")
                self.expect_stored(topic, codec, RECORDS)
