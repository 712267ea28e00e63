"""kafkajs, a client that shares no code with any other here: every byte it sends is read by others, and the reverse."""

from __future__ import annotations

import base64
import json
import subprocess

from confluent_kafka import OFFSET_BEGINNING, TIMESTAMP_CREATE_TIME, TopicPartition

from support import kafkajs
from support.cases import WITHIN_S, ServerCase, wait_until
from support.kafkajs import KafkaJs, Record, sent
from support.server import BINARY

ALL = -1
CODECS = ("None", "GZIP")
PARTITIONS = 3
SENDS, RECORDS_A_SEND = 12, 60


def every_shape(send: int) -> list[Record]:
    """Of one send: null, empty and binary keys and values, no header, some, one twice; times in and out of order."""
    made = []
    for number in range(RECORDS_A_SEND):
        key = (None, b"", b"key-%d" % (number % 7), bytes(range(256)))[number % 4]
        value = (b"%d/%d" % (send, number), b"", bytes(range(256)) * (number % 11), None)[(number // 4) % 4]
        headers = [("source", b"kafkajs"), ("twice", b"\x00\xff"), ("twice", b"")] if number % 3 == 0 else []
        made.append(Record(key, value, headers, 1_700_000_000_000 + (number * 37) % 100, (send + number) % PARTITIONS))
    return made


class KafkaJsTest(ServerCase):
    settings = {"topics.auto_create": "true", "topics.message_bytes_max": "200KiB"}

    @classmethod
    def setUpClass(cls) -> None:
        kafkajs.modules()
        super().setUpClass()
        cls.client = KafkaJs(cls.server.address)

    def by_librdkafka(self, topic: str, counts: list[int]) -> list[list[Record]]:
        """All of each partition, which hold so many."""
        found: list[list[Record]] = [[] for _ in counts]
        consumer = self.consumer(*(TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(len(counts))),
                                 check_crcs=True)
        for message in self.read_on(consumer, sum(counts)):
            kind, time = message.timestamp()
            self.assertEqual((kind, message.offset()), (TIMESTAMP_CREATE_TIME, len(found[message.partition()])))
            found[message.partition()].append(
                Record(message.key(), message.value(), message.headers() or [], time, message.partition()))
        consumer.unassign()
        return found

    def by_logstore(self, topic: str, partitions: int) -> list[list[tuple[bytes | None, bytes | None]]]:
        """Keys and values alone."""
        done = subprocess.run([str(BINARY), "consume", topic, "--json", "--server", self.server.address], capture_output=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

        def part(of: dict[str, str | None], name: str) -> bytes | None:
            if of[name] is None:
                return None
            return base64.b64decode(of[name]) if of.get(f"{name}_encoding") == "base64" else of[name].encode()

        found: list[list[tuple[bytes | None, bytes | None]]] = [[] for _ in range(partitions)]
        for one in map(json.loads, done.stdout.splitlines()):
            found[one["partition"]].append((part(one, "key"), part(one, "value")))
        return found

    def check_everywhere(self, topic: str, expected: list[list[Record]]) -> None:
        counts = [len(records) for records in expected]
        self.assertEqual(self.by_librdkafka(topic, counts), expected)
        self.assertEqual([self.client.read(topic, count, partition) for partition, count in enumerate(counts)], expected)
        self.assertEqual(self.by_logstore(topic, len(counts)),
                         [[(one.key, one.value) for one in records] for records in expected])

    def test_every_byte_it_sends_comes_back_at_the_offset_it_was_told(self) -> None:
        for codec in CODECS:
            with self.subTest(codec):
                topic = f"from-kafkajs-{codec}"
                self.create(topic, PARTITIONS)
                sends = [every_shape(send) for send in range(SENDS)]
                told = self.client.get("produce", topic=topic, acks=ALL, compression=codec, sends=[sent(one) for one in sends])
                at: list[dict[int, Record]] = [{} for _ in range(PARTITIONS)]
                for records, answers in zip(sends, told):
                    offsets = {answer["partition"]: answer["offset"] for answer in answers}
                    for record in records:
                        at[record.partition][offsets[record.partition]] = record
                        offsets[record.partition] += 1
                self.assertEqual(sum(len(one) for one in at), SENDS * RECORDS_A_SEND)
                expected = [[records[offset] for offset in range(len(records))] for records in at]
                self.check_everywhere(topic, expected)
                self.server.crash()
                self.assertEqual(self.by_librdkafka(topic, [len(records) for records in expected]), expected)

    def test_it_reads_what_others_wrote(self) -> None:
        values = [b"%d-" % number + bytes(range(256)) * (number % 9) for number in range(500)]
        for codec in ("none", "gzip"):
            with self.subTest(codec):
                topic = f"to-kafkajs-{codec}"
                self.create(topic)
                self.produce(topic, values, compression_type=codec, batch_size=100_000)
                lines = b"".join(b"line|%d\n" % number for number in range(300))
                done = subprocess.run([str(BINARY), "produce", topic, "--key-separator", "|", "--compression", codec, "--server",
                                       self.server.address], input=lines, capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                read = self.client.read(topic, 800)
                self.assertEqual([one.value for one in read], values + [b"%d" % number for number in range(300)])
                self.assertEqual([one.key for one in read], [None] * 500 + [b"line"] * 300)
                self.assertEqual([one.value for one in self.client.read(topic, 400, offset=400)],
                                 values[400:] + [b"%d" % number for number in range(300)])

    def test_fewer_acknowledgements(self) -> None:
        self.create("acks")
        for acks, value in ((1, b"one"), (0, b"none")):
            told = self.client.get("produce", topic="acks", acks=acks, compression="None",
                                   sends=[sent([Record(None, value, partition=0)])])
            self.assertEqual(told, [[{"partition": 0, "offset": 0}]] if acks == 1 else [[]])
        wait_until(lambda: self.watermarks("acks") == (0, 2), "what was sent without an acknowledgement is there")
        self.assertEqual([one.value for one in self.client.read("acks", 2)], [b"one", b"none"])

    def test_a_key_goes_where_the_other_clients_send_it(self) -> None:
        keys = [b"key-%d" % number for number in range(200)]
        for topic in ("keys-kafkajs", "keys-librdkafka", "keys-logstore"):
            self.create(topic, 7)
        self.client.get("produce", topic="keys-kafkajs", acks=ALL, compression="None",
                        sends=[sent([Record(key, b"") for key in keys])])
        producer = self.producer(partitioner="murmur2_random")
        for key in keys:
            producer.produce("keys-librdkafka", b"", key)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        subprocess.run([str(BINARY), "produce", "keys-logstore", "--key-separator", "|", "--server", self.server.address],
                       input=b"".join(key + b"|\n" for key in keys), capture_output=True, check=True, timeout=60)

        expected = self.by_logstore("keys-librdkafka", 7)
        self.assertEqual(sorted(key for records in expected for key, _ in records), sorted(keys))
        self.assertEqual(self.by_logstore("keys-kafkajs", 7), expected)
        self.assertEqual(self.by_logstore("keys-logstore", 7), expected)

    def test_a_topic_is_made_by_its_first_record(self) -> None:
        record = Record(b"k", b"v", partition=0)
        self.client.get("produce", topic="made-by-use", acks=ALL, compression="GZIP", makes_topics=True, retries=10,
                        sends=[sent([record])])
        self.assertEqual(self.by_librdkafka("made-by-use", [1]), [[record]])

    def test_refusals_leave_nothing_behind(self) -> None:
        self.create("refusals")
        self.assertEqual(self.client.refusal("produce", topic="refusals", acks=ALL, compression="None",
                                             sends=[sent([Record(None, bytes(300_000), partition=0)])]),
                         ("KafkaJSProtocolError", "MESSAGE_TOO_LARGE"))
        self.assertEqual(self.client.refusal("produce", topic="refused-absent", acks=ALL, compression="None",
                                             sends=[sent([Record(None, b"", partition=0)])]),
                         ("KafkaJSProtocolError", "UNKNOWN_TOPIC_OR_PARTITION"))
        self.assertEqual(self.client.refusal("read", topic="refusals", partition=0, offset=5, count=1),
                         ("KafkaJSOffsetOutOfRange", "OFFSET_OUT_OF_RANGE"))
        self.assertEqual(self.watermarks("refusals"), (0, 0))
        self.assertNotIn("refused-absent", self.admin().list_topics(timeout=WITHIN_S).topics)

    def test_what_there_is_not_yet_is_said_clearly(self) -> None:
        """Idempotent producers and groups: an error by name, at once, and nothing is written."""
        self.create("not-yet")
        self.assertEqual(self.client.refusal("produce", topic="not-yet", acks=ALL, compression="None", idempotent=True,
                                             retries=2, sends=[sent([Record(None, b"", partition=0)])]),
                         ("KafkaJSServerDoesNotSupportApiKey", None))
        self.assertEqual(self.client.refusal("join", topic="not-yet", group="readers"),
                         ("KafkaJSGroupCoordinatorNotFound", None))
        self.assertEqual(self.watermarks("not-yet"), (0, 0))


class KafkaJsAdmin(ServerCase):
    settings = {"topics.partitions_per_topic_max": "100", "topics.retention_ms": "9000"}

    @classmethod
    def setUpClass(cls) -> None:
        kafkajs.modules()
        super().setUpClass()

    def call(self, *calls: list[object]) -> list[object]:
        return KafkaJs(self.server.address).get("administer", calls=list(calls))

    def test_the_life_of_a_topic(self) -> None:
        topic = {"topic": "life", "numPartitions": 2, "configEntries": [{"name": "retention.ms", "value": "7000"}]}
        made, again, listed, described, grown = self.call(
            ["createTopics", {"topics": [topic]}], ["createTopics", {"topics": [topic]}], ["listTopics"],
            ["fetchTopicMetadata", {"topics": ["life"]}],
            ["createPartitions", {"topicPartitions": [{"topic": "life", "count": 5}]}])
        self.assertEqual((made, again), (True, False))
        self.assertEqual(listed, ["life"])
        (life,) = described["topics"]
        self.assertEqual(sorted((one["partitionId"], one["leader"], one["replicas"], one["isr"]) for one in life["partitions"]),
                         [(0, 0, [0], [0]), (1, 0, [0], [0])])
        self.assertIsNone(grown)
        self.produce("life", [b"%d" % number for number in range(10)], partition=4)
        self.server.crash()
        offsets, trimmed, after, by_time = self.call(
            ["fetchTopicOffsets", "life"],
            ["deleteTopicRecords", {"topic": "life", "partitions": [{"partition": 4, "offset": "6"}]}],
            ["fetchTopicOffsets", "life"], ["fetchTopicOffsetsByTimestamp", "life", 1])
        empty = [{"partition": partition, "offset": "0", "high": "0", "low": "0"} for partition in range(4)]
        by_partition = lambda one: one["partition"]  # noqa: E731
        self.assertEqual(sorted(offsets, key=by_partition), [*empty, {"partition": 4, "offset": "10", "high": "10", "low": "0"}])
        self.assertIsNone(trimmed)
        self.assertEqual(sorted(after, key=by_partition), [*empty, {"partition": 4, "offset": "10", "high": "10", "low": "6"}])
        self.assertEqual(sorted(by_time, key=by_partition)[4], {"partition": 4, "offset": "6"})
        deleted, left = self.call(["deleteTopics", {"topics": ["life"]}], ["listTopics"])
        self.assertEqual((deleted, left), (None, []))

    def test_the_cluster_and_configs_are_described(self) -> None:
        self.create("described", retention_ms="8000")
        cluster, configs = self.call(
            ["describeCluster"],
            ["describeConfigs", {"resources": [{"type": 2, "name": "described", "configNames": ["retention.ms"]}],
                                 "includeSynonyms": True}])
        self.assertEqual([(one["nodeId"], one["host"], one["port"]) for one in cluster["brokers"]],
                         [(0, "127.0.0.1", self.server.port)])
        self.assertEqual(cluster["controller"], 0)
        (resource,) = configs["resources"]
        self.assertEqual((resource["errorCode"], resource["resourceName"]), (0, "described"))
        (retention,) = resource["configEntries"]
        self.assertEqual((retention["configName"], retention["configValue"]), ("retention.ms", "8000"))
        self.assertEqual([(one["configName"], one["configValue"]) for one in retention["configSynonyms"]],
                         [("retention.ms", "8000"), ("log.retention.ms", "9000"), ("log.retention.ms", "604800000")])
        self.delete("described")

    def test_refusals(self) -> None:
        self.create("there", 2)
        fewer, absent, many = self.call(
            ["createPartitions", {"topicPartitions": [{"topic": "there", "count": 1}]}],
            ["deleteTopics", {"topics": ["absent"]}],
            ["createTopics", {"topics": [{"topic": "many", "numPartitions": 101}]}])
        self.assertEqual(fewer["error"]["type"], "INVALID_PARTITIONS")
        self.assertEqual(absent["error"]["type"], "UNKNOWN_TOPIC_OR_PARTITION")
        self.assertEqual(many["error"]["type"], "INVALID_PARTITIONS")
        self.delete("there")
