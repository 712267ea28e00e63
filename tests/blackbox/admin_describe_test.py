"""What administrators ask: configs, sizes on disk, the cluster."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, ConfigSource

from support import admin_wire
from support.cases import WITHIN_S, ServerCase
from support.wire import Connection

ALL_OPERATIONS = 0b1_1111_1010_0000
MISMATCHED_ENDPOINT_TYPE, UNSUPPORTED_ENDPOINT_TYPE = 114, 115


class Configs(ServerCase):
    settings = {"topics.segment_bytes": "64KiB", "topics.partitions_default": "3"}

    def describe(self, kind: str, name: str) -> dict:
        admin, resource = self.admin(), ConfigResource(kind, name)
        return admin.describe_configs([resource])[resource].result(WITHIN_S)

    def code_of(self, kind: str, name: str) -> int:
        with self.assertRaises(KafkaException) as caught:
            self.describe(kind, name)
        return caught.exception.args[0].code()

    def test_a_topics_configs_say_where_they_come_from(self) -> None:
        self.create("described", retention_ms="123456")
        for restart in (None, self.server.restart, self.server.crash):
            if restart:
                restart()
            found = self.describe("topic", "described")
            own, broker, program = found["retention.ms"], found["segment.bytes"], found["cleanup.policy"]
            self.assertEqual((own.value, own.source), ("123456", ConfigSource.DYNAMIC_TOPIC_CONFIG.value))
            self.assertEqual((broker.value, broker.source), ("65536", ConfigSource.STATIC_BROKER_CONFIG.value))
            self.assertEqual((program.value, program.source), ("delete", ConfigSource.DEFAULT_CONFIG.value))
            self.assertFalse(own.is_read_only or own.is_sensitive or own.is_default)
            self.assertEqual({name: (one.value, one.source) for name, one in own.synonyms.items()},
                             {"retention.ms": ("123456", ConfigSource.DYNAMIC_TOPIC_CONFIG.value),
                              "log.retention.ms": ("604800000", ConfigSource.DEFAULT_CONFIG.value)})

    def test_the_broker_shows_its_options(self) -> None:
        found = self.describe("broker", "0")
        self.assertEqual(found["num.partitions"].value, "3")
        self.assertEqual(found["num.partitions"].source, ConfigSource.STATIC_BROKER_CONFIG.value)
        self.assertEqual(found["log.segment.bytes"].value, "65536")
        self.assertEqual(found["data_dir"].value, str(self.server.data))
        self.assertTrue(all(entry.is_read_only for entry in found.values()))

    def test_what_there_is_not_is_refused(self) -> None:
        self.assertEqual(self.code_of("topic", "absent"), KafkaError.UNKNOWN_TOPIC_OR_PART)
        self.assertEqual(self.code_of("topic", "a/b"), KafkaError.TOPIC_EXCEPTION)


class Sizes(ServerCase):
    def log_dirs(self) -> admin_wire.LogDirs:
        with Connection(self.server.port) as connection:
            return admin_wire.log_dirs(connection)

    def test_sizes_are_those_of_the_files_and_stay_over_restarts(self) -> None:
        self.create("sized", 3)
        self.create("empty", 2)
        self.produce("sized", [b"x" * 1000] * 300, partition=1)
        before = self.log_dirs()
        self.assertEqual(before.code, 0)
        self.assertEqual(before.path, str(self.server.data / "logs"))
        self.assertGreater(before.sizes["sized", 1], 300_000)
        self.assertEqual(before.sizes["sized", 0], 0)
        self.assertEqual([before.sizes["empty", partition] for partition in range(2)], [0, 0])
        self.assertGreater(before.total_bytes, before.usable_bytes)
        self.assertGreater(before.usable_bytes, 0)
        for restart in (self.server.restart, self.server.crash):
            restart()
            self.assertEqual(self.log_dirs().sizes, before.sizes)
        self.server.restart()
        files = sum(path.stat().st_size for path in self.server.segments("sized", 1))
        self.assertEqual(files, before.sizes["sized", 1])


class Clusters(ServerCase):
    def test_the_cluster_is_this_broker(self) -> None:
        known = self.admin().list_topics(timeout=WITHIN_S)
        with Connection(self.server.port) as connection:
            found = admin_wire.describe_cluster(connection)
            self.assertEqual((found.code, found.cluster_id), (0, known.cluster_id))
            self.assertEqual(found.controller, known.controller_id)
            self.assertEqual(found.brokers, [(broker.id, broker.host, broker.port) for broker in known.brokers.values()])
            self.assertEqual(found.operations, -(1 << 31))
            self.assertEqual(admin_wire.describe_cluster(connection, with_operations=True).operations, ALL_OPERATIONS)
            self.assertEqual(admin_wire.describe_cluster(connection, endpoint=2).code, MISMATCHED_ENDPOINT_TYPE)
            self.assertEqual(admin_wire.describe_cluster(connection, endpoint=9).code, UNSUPPORTED_ENDPOINT_TYPE)
