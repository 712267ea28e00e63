"""The key view with the clients of Kafka and Redis: what one door writes the others read by key, after every kind of end."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import unittest

from support.cases import WITHIN_S, wait_until
from support.resp import RespCase
from support.server import BINARY


class KeyViewTest(RespCase):
    def keyed(self, topic: str, partitions: int = 1) -> None:
        self.create(topic, partitions, **{"kv.enabled": "true"})

    def send(self, topic: str, records: list[tuple[bytes, bytes | None]], **settings: object) -> None:
        """As librdkafka places keys by default; each acknowledged when this returns."""
        producer = self.producer(**settings)
        failed: list[object] = []
        for key, value in records:
            producer.produce(topic, key=key, value=value, on_delivery=lambda error, _: failed.append(error) if error else None)
        self.assertEqual(producer.flush(30), 0)
        self.assertEqual(failed, [])

    def test_what_kcat_produces_redis_cli_reads(self) -> None:
        self.keyed("users", 4)
        self.kcat("-P", "-t", "users", "-K:", given=b"".join(b"user%d:value %d\n" % (i, i) for i in range(50)))
        self.assertEqual(self.cli("HGET", "users", "user7"), "value 7")
        self.assertEqual(self.cli("HLEN", "users"), "50")
        self.assertEqual(self.cli("HGET", "users", "nobody"), "")
        self.assertEqual(self.cli("TYPE", "users"), "hash")

    def test_what_redis_sets_kafka_reads_and_batches_of_every_codec_are_seen(self) -> None:
        self.keyed("both")
        client = self.redis()
        self.assertEqual(client.hset("both", "k", "v"), 1)
        self.assertEqual(client.hset("both", "k", "w"), 0)
        self.assertEqual([(m.key(), m.value()) for m in self.read("both", 2)], [(b"k", b"v"), (b"k", b"w")])
        for codec in ("none", "gzip", "lz4", "zstd", "snappy"):
            self.send("both", [(codec.encode(), b"x" * 1000), (b"k", codec.encode())], compression_type=codec)
            self.assertEqual(client.hget("both", "k"), codec.encode())
        self.assertEqual(client.hlen("both"), 6)
        self.assertEqual(client.hdel("both", "gzip", "nothing"), 1)
        self.assertIsNone(client.hget("both", "gzip"))
        self.assertEqual(self.read("both", 13)[-1].value(), None)

    def test_plain_keys_work_as_the_first_thing_that_is_typed(self) -> None:
        client = self.redis()
        self.assertTrue(client.set("a", "1"))
        self.assertFalse(client.setnx("a", "2"))
        self.assertEqual(client.get("a"), b"1")
        self.assertIsNone(client.set("missing", "x", xx=True))
        self.assertEqual(client.set("a", "3", get=True), b"1")
        self.assertTrue(client.mset({"x": "1", "y": "2"}))
        self.assertEqual(client.mget("x", "y", "z", "a"), [b"1", b"2", None, b"3"])
        self.assertEqual(client.delete("x", "z"), 1)
        self.assertEqual(client.strlen("a"), 1)
        pipeline = client.pipeline(transaction=False)
        for i in range(500):
            pipeline.delete("p").set("p", str(i)).get("p")
        answers = pipeline.execute()
        self.assertEqual(answers[2::3], [str(i).encode() for i in range(500)])
        self.assertEqual(answers[0::3], [0] + [1] * 499)

    def test_of_many_clients_that_set_a_key_that_is_not_there_one_does(self) -> None:
        self.keyed("race")
        winners = [0] * 20

        def run() -> None:
            client = self.redis()
            for i in range(20):
                if client.hsetnx("race", f"key {i}", "mine"):
                    winners[i] += 1

        racers = [threading.Thread(target=run) for _ in range(8)]
        for one in racers:
            one.start()
        for one in racers:
            one.join()
        self.assertEqual(winners, [1] * 20)

    def test_a_record_that_leaves_the_log_takes_its_key_along(self) -> None:
        self.keyed("short")
        self.send("short", [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
        client = self.redis()
        self.assertEqual(client.hlen("short"), 2)
        subprocess.run([BINARY, "topic", "trim", "short", "--before", "2", "--yes", "--server", self.server.address], check=True,
                       capture_output=True, timeout=WITHIN_S)
        self.assertEqual(client.hgetall("short"), {b"a": b"3"})
        self.assertEqual(client.hlen("short"), 1)

    def test_the_view_is_the_same_after_a_kill_a_stop_and_its_loss(self) -> None:
        self.keyed("kept", 3)
        chosen = random.Random(7)
        wanted: dict[bytes, bytes] = {}
        for _ in range(5):
            records: list[tuple[bytes, bytes | None]] = []
            for _ in range(400):
                key, value = b"key %d" % chosen.randrange(300), b"%d" % chosen.randrange(10**9)
                if chosen.random() < 0.2:
                    records.append((key, None))
                    wanted.pop(key, None)
                else:
                    records.append((key, value))
                    wanted[key] = value
            self.send("kept", records)
        views = self.server.data / "kv"
        for end in ("kill", "stop", "loss"):
            self.server.kill() if end == "kill" else self.server.stop()
            if end == "loss":
                shutil.rmtree(views)
            self.server.start()
            client = self.redis()
            self.assertEqual(client.hgetall("kept"), wanted, end)
            self.assertEqual(client.hlen("kept"), len(wanted), end)

    def test_damaged_files_of_a_view_are_built_anew(self) -> None:
        self.keyed("damaged")
        self.send("damaged", [(b"key %d" % i, b"x" * 100) for i in range(2000)])
        self.server.stop()
        tables = [file for file in (self.server.data / "kv").glob("*/*.sst")]
        self.assertGreater(len(tables), 0)
        for file in tables:
            content = bytearray(file.read_bytes())
            content[20:60] = b"\xff" * 40
            file.write_bytes(content)
        self.server.start()
        client = self.redis()

        def reads() -> bool:
            try:
                return client.hget("damaged", "key 0") == b"x" * 100 and client.hlen("damaged") == 2000
            except Exception as refused:  # LOADING, until it is there again
                self.assertIn("LOADING", str(refused) + type(refused).__name__.upper())
                return False

        wait_until(reads, "the view is built anew")


if __name__ == "__main__":
    unittest.main()
