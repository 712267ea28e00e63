"""kafka-python, which is no child of librdkafka: records both ways and what its administrator can do."""

from __future__ import annotations

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import InvalidPartitionsError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from support.cases import ServerCase

TOPIC_ORIGIN, SERVER_ORIGIN, PROGRAM_ORIGIN = 1, 4, 5


class KafkaPython(ServerCase):
    settings = {"topics.partitions_per_topic_max": "100", "topics.retention_ms": "9000"}

    def administrator(self) -> KafkaAdminClient:
        made = KafkaAdminClient(bootstrap_servers=self.server.address, request_timeout_ms=20_000)
        self.addCleanup(made.close)
        return made

    def values_in(self, topic: str, partition: int) -> list[bytes]:
        consumer = KafkaConsumer(bootstrap_servers=self.server.address, auto_offset_reset="earliest", enable_auto_commit=False,
                                 consumer_timeout_ms=15_000)
        self.addCleanup(consumer.close)
        at = TopicPartition(topic, partition)
        consumer.assign([at])
        count = consumer.end_offsets([at])[at] - consumer.beginning_offsets([at])[at]
        return [record.value for _, record in zip(range(count), consumer)]

    def send(self, topic: str, values: list[bytes], partition: int) -> None:
        producer = KafkaProducer(bootstrap_servers=self.server.address, acks="all", linger_ms=5)
        self.addCleanup(producer.close)
        sent = [producer.send(topic, value, partition=partition) for value in values]
        self.assertEqual([one.get(20).offset for one in sent], list(range(len(values))))

    def test_records_go_both_ways(self) -> None:
        self.create("both-ways", 2)
        values = [b"%d-" % number + bytes(range(256)) * (number % 9) for number in range(300)]
        self.send("both-ways", values, 1)
        self.assertEqual([message.value() for message in self.read("both-ways", len(values), partition=1)], values)
        self.assertEqual(self.values_in("both-ways", 1), values)
        self.server.crash()
        self.assertEqual(self.values_in("both-ways", 1), values)

    def test_topics_grow(self) -> None:
        admin = self.administrator()
        admin.create_topics([NewTopic("grown", 2, 1, topic_configs={"retention.ms": "7000"})])
        with self.assertRaises(TopicAlreadyExistsError):
            admin.create_topics([NewTopic("grown", 2, 1)])
        admin.create_partitions({"grown": NewPartitions(5)})
        admin.create_partitions({"grown": NewPartitions(7, [[0], [0]])})
        with self.assertRaises(InvalidPartitionsError):
            admin.create_partitions({"grown": NewPartitions(7)})
        with self.assertRaises(UnknownTopicOrPartitionError):
            admin.create_partitions({"absent": NewPartitions(7)})
        self.send("grown", [b"new"], 6)
        self.server.crash()
        self.assertEqual(self.values_in("grown", 6), [b"new"])
        self.assertEqual(len(self.administrator().describe_topics(["grown"])[0]["partitions"]), 7)

    def test_configs_and_the_cluster_are_described(self) -> None:
        self.create("described", retention_ms="8000")
        admin = self.administrator()
        answers = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "described")], include_synonyms=True)
        ((code, _, _, name, configs),) = answers[0].resources
        self.assertEqual((code, name), (0, "described"))
        found = {config[0]: config for config in configs}
        self.assertEqual(found["retention.ms"][1:5], ("8000", False, TOPIC_ORIGIN, False))
        self.assertEqual(found["retention.ms"][5], [("retention.ms", "8000", TOPIC_ORIGIN),
                                                    ("log.retention.ms", "9000", SERVER_ORIGIN),
                                                    ("log.retention.ms", "604800000", PROGRAM_ORIGIN)])
        of_broker = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "0")])
        ((code, _, _, name, configs),) = of_broker[0].resources
        self.assertEqual((code, name), (0, "0"))
        self.assertIn("log.retention.ms", [config[0] for config in configs])
        cluster = admin.describe_cluster()
        self.assertEqual([broker["node_id"] for broker in cluster["brokers"]], [0])
        self.assertEqual(cluster["controller_id"], 0)
