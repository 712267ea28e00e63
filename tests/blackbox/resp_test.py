"""The Redis door with Redis' own clients: connections, streams, and the same records over Kafka's protocol and HTTP."""

from __future__ import annotations

import threading
import time
import unittest
from typing import Any

from support.cases import WITHIN_S
from support.http import Client
from support.resp import RespCase


class ConnectionTest(RespCase):
    speaks_http = True

    def test_redis_cli_talks_to_it_in_both_versions_of_the_protocol(self) -> None:
        self.assertEqual(self.cli("PING"), "PONG")
        self.assertEqual(self.cli("-3", "PING", "hello"), "hello")
        self.assertEqual(self.cli("ECHO", "two words"), "two words")
        self.assertEqual(self.cli("-n", "0", "PING"), "PONG")
        self.assertIn("redis_version:7", self.cli("INFO"))
        self.assertEqual(self.cli(stdin="CLIENT SETNAME me\nCLIENT GETNAME\nSELECT 3\n"),
                         "OK\nme\nERR DB index is out of range")
        self.assertIn("proto 3", self.cli("-3", "HELLO").replace("\n", " "))
        self.assertGreater(int(self.cli("COMMAND", "COUNT")), 40)

    def test_refusals_read_as_those_of_redis(self) -> None:
        self.assertEqual(self.cli("FLUSHALL"), "ERR unknown command 'FLUSHALL', with args beginning with: ")
        self.assertEqual(self.cli("SUBSCRIBE", "a", "b"), "ERR unknown command 'SUBSCRIBE', with args beginning with: 'a' 'b' ")
        self.assertEqual(self.cli("GET"), "ERR wrong number of arguments for 'get' command")
        self.assertEqual(self.raw(b"*1\r\n$-7\r\n"), b"-ERR Protocol error: invalid bulk length\r\n")
        self.assertEqual(self.raw(b"*3000000\r\n"), b"-ERR Protocol error: invalid multibulk length\r\n")
        self.assertEqual(self.raw(b"*1\r\n!3\r\n"), b"-ERR Protocol error: expected '$', got '!'\r\n")
        self.assertEqual(self.raw(b"SET a 'b\r\n"), b"-ERR Protocol error: unbalanced quotes in request\r\n")
        self.assertEqual(self.raw(b"PING\r\nQUIT\r\nPING\r\n"), b"+PONG\r\n+OK\r\n")

    def test_a_topic_without_a_view_says_how_to_enable_it(self) -> None:
        self.create("plain")
        self.assertIn("keeps no key view; set kv.enabled=true", self.cli("HGET", "plain", "a"))
        self.assertIn("keeps no key view", self.cli("HSET", "plain", "a", "1"))

    def test_huge_requests_are_refused_and_others_go_on(self) -> None:
        self.assertTrue(self.raw(b"*2\r\n$3\r\nGET\r\n$1000000000\r\n").startswith(b"-ERR Protocol error"))
        self.assertTrue(self.raw(b"A" * 100_000).startswith(b"-ERR Protocol error: too big inline request"))
        self.assertEqual(self.cli("PING"), "PONG")

    def test_redis_py_connects_names_itself_and_pipelines(self) -> None:
        client = self.redis(client_name="tester")
        self.assertTrue(client.ping())
        self.assertEqual(client.client_getname(), "tester")
        self.assertEqual(client.info("server")["redis_version"].split(".")[0], "7")
        pipeline = client.pipeline(transaction=False)
        for i in range(1000):
            pipeline.echo(str(i))
        self.assertEqual(pipeline.execute(), [str(i).encode() for i in range(1000)])

    def test_the_door_is_in_the_metrics(self) -> None:
        self.cli("PING")
        text = Client(self.server.http_address).get("/metrics").body.decode()
        self.assertIn('logstore_resp_commands_total{command="ping"}', text)
        self.assertIn('logstore_connections_accepted_total{door="resp"}', text)


class StreamTest(RespCase):
    def test_what_redis_appends_kafka_reads_and_the_other_way_round(self) -> None:
        client = self.redis()
        self.assertEqual(client.xadd("both", {"k": "key", "v": "value", "h": "x"}), b"0-0")
        message = self.read("both", 1)[0]
        self.assertEqual((message.key(), message.value(), message.headers()), (b"key", b"value", [("h", b"x")]))
        for codec in ("none", "gzip", "lz4", "zstd", "snappy"):
            self.produce("both", [f"{codec} {i}".encode() for i in range(10)], compression_type=codec)
        self.assertEqual(client.xlen("both"), 51)
        found = client.xrange("both", min="1", max="+")
        self.assertEqual([one[0] for one in found], [f"{i}-0".encode() for i in range(1, 51)])
        self.assertEqual(found[0][1][b"v"], b"none 0")
        self.assertEqual(found[49][1][b"v"], b"snappy 9")
        self.assertEqual([one[0] for one in client.xrevrange("both", count=3)], [b"50-0", b"49-0", b"48-0"])

    def test_partitions_are_streams_of_their_own(self) -> None:
        self.create("parted", 3)
        client = self.redis()
        self.assertEqual(client.xadd("parted/2", {"v": "x"}), b"0-0")
        self.assertEqual([client.xlen(f"parted/{i}") for i in range(4)], [0, 0, 1, 0])
        self.assertEqual(self.read("parted", 1, partition=2)[0].value(), b"x")
        self.assertEqual(self.cli("TYPE", "parted/2"), "stream")

    def test_a_reader_is_woken_by_a_record_of_a_kafka_client(self) -> None:
        self.create("watched")
        client = self.redis()
        found: list[Any] = []
        reader = threading.Thread(target=lambda: found.extend(client.xread({"watched": "$"}, block=WITHIN_S * 500)))
        reader.start()
        time.sleep(0.3)
        self.produce("watched", [b"wake up"])
        reader.join(WITHIN_S)
        self.assertEqual(found, [[b"watched", [(b"0-0", {b"v": b"wake up"})]]])
        self.assertEqual(client.xread({"watched": "0-0"}, block=100), [])
        self.assertEqual(len(client.xread({"watched": "0"})[0][1]), 1)

    def test_appends_of_many_pipelines_keep_their_order_and_survive_a_kill(self) -> None:
        def append(name: str) -> None:
            client = self.redis()
            for burst in range(5):
                pipeline = client.pipeline(transaction=False)
                for i in range(100):
                    pipeline.xadd("ordered", {"k": name, "v": str(burst * 100 + i)})
                self.assertEqual(len(set(pipeline.execute())), 100)

        writers = [threading.Thread(target=append, args=(f"writer {i}",)) for i in range(4)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        self.server.kill()
        self.server.start()
        found = self.redis().xrange("ordered")
        self.assertEqual(len(found), 2000)
        for i in range(4):
            mine = [int(fields[b"v"]) for _, fields in found if fields[b"k"] == f"writer {i}".encode()]
            self.assertEqual(mine, list(range(500)))

    def test_large_records_travel_both_ways(self) -> None:
        client = self.redis()
        large = bytes(range(256)) * 3000
        client.xadd("large", {"v": large})
        self.assertEqual(client.xrange("large")[0][1][b"v"], large)
        self.assertIn("max.message.bytes", self.cli("-x", "XADD", "large", "*", "v", stdin="x" * (3 << 20)))


if __name__ == "__main__":
    unittest.main()
