"""The HTTP door: records in and out, topics, health, and the same records over Kafka's protocol."""

from __future__ import annotations

import base64
import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import unittest

from confluent_kafka import Message

from support.cases import ServerCase, require
from support.http import WITHIN_S, Client, answers_in, plain_socket, receive_all
from support.server import REPOSITORY


class HttpTest(ServerCase):
    speaks_http = True

    def setUp(self) -> None:
        super().setUp()
        self.client = Client(self.server.http_address)
        self.addCleanup(self.client.close)

    def append(self, **record: object) -> dict:
        answer = self.client.post("/append", record)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def records(self, topic: str, partition: int = 0, **parameters: object) -> list[dict]:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        answer = self.client.get(f"/topics/{topic}/partitions/{partition}/records?{query}")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["records"]

    def test_an_appended_record_is_read_back_and_the_topic_made_on_first_use(self) -> None:
        self.assertEqual(self.append(key="k", value="first", topic="made"), {"topic": "made", "partition": 0, "offset": 0})
        self.assertEqual(self.append(key="k", value="second", topic="made")["offset"], 1)
        answer = self.client.get("/read?topic=made&partition=0&offset=1").json()
        self.assertEqual([(one["offset"], one["key"], one["value"]) for one in answer["records"]], [(1, "k", "second")])
        self.assertEqual((answer["next_offset"], answer["high_watermark"], answer["log_start_offset"]), (2, 2, 0))

    def test_without_a_topic_records_go_to_the_default_one(self) -> None:
        appended = self.append(value="x")
        self.assertEqual(appended["topic"], "default")
        found = self.client.get(f"/read?offset={appended['offset']}").json()["records"]
        self.assertEqual(found[0]["value"], "x")

    def test_kafka_clients_read_what_http_appended(self) -> None:
        self.append(key="k", value="gr\u00fc\u00df", topic="to_kafka", headers=[{"key": "h", "value": "v"}],
                    timestamp=1234567890123)
        self.append(key=None, value=None, topic="to_kafka")
        first, second = self.read("to_kafka", 2)
        self.assertEqual((first.key(), first.value()), (b"k", "gr\u00fc\u00df".encode()))
        self.assertEqual((first.headers(), first.timestamp()[1]), ([("h", b"v")], 1234567890123))
        self.assertEqual((second.key(), second.value()), (None, None))

    def test_http_reads_what_kafka_clients_produced_in_every_codec(self) -> None:
        self.create("from_kafka")
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            self.produce("from_kafka", [f"{codec} {i}".encode() * 10 for i in range(20)], compression_type=codec, linger_ms=50)
        found = self.records("from_kafka")
        self.assertEqual([one["offset"] for one in found], list(range(100)))
        self.assertEqual(found[99]["value"], "zstd 19" * 10)
        # From the middle of a batch.
        self.assertEqual([one["offset"] for one in self.records("from_kafka", offset=57, max_records=3)], [57, 58, 59])

    def test_keys_go_to_the_partitions_that_java_clients_choose(self) -> None:
        self.create("keyed", 7)
        sent = [f"key {i}" for i in range(50)]
        at = {key: self.append(key=key, value="", topic="keyed")["partition"] for key in sent}
        producer = self.producer(partitioner="murmur2_random")
        chosen: dict[str, int] = {}

        def delivered(_: object, message: Message) -> None:
            chosen[message.key().decode()] = message.partition()

        for key in sent:
            producer.produce("keyed", b"", key, on_delivery=delivered)
        self.assertEqual(producer.flush(WITHIN_S), 0)
        self.assertEqual(at, chosen)

    def test_a_list_is_answered_record_by_record_and_bytes_travel_as_base64(self) -> None:
        self.client.ask("PUT", "/topics/listed", {"partitions": 3})
        raw = bytes(range(256))
        records = [{"key": base64.b64encode(raw).decode(), "value": base64.b64encode(raw[::-1]).decode(), "partition": 2},
                   {"value": None, "partition": 0}, {"value": "", "partition": 2}]
        answer = self.client.post("/topics/listed/records", {"encoding": "base64", "records": records})
        places = [(one["partition"], one["offset"]) for one in answer.json()["records"]]
        self.assertEqual(places, [(2, 0), (0, 0), (2, 1)])
        self.assertEqual(self.read("listed", 2, partition=2)[0].value(), raw[::-1])
        text, coded = self.records("listed", 2)[0], self.records("listed", 2, encoding="base64")[0]
        self.assertEqual((text["key_encoding"], base64.b64decode(text["key"])), ("base64", raw))
        self.assertEqual((base64.b64decode(coded["value"]), "value_encoding" in coded), (raw[::-1], False))

    def test_topics_are_made_listed_described_and_deleted(self) -> None:
        made = self.client.ask("PUT", "/topics/managed", {"partitions": 2, "configs": {"retention.ms": "60000"}})
        self.assertEqual((made.status, made.json()["configs"]["retention.ms"]), (201, "60000"))
        self.assertEqual(self.client.ask("PUT", "/topics/managed", {"partitions": 2}).status, 200)
        self.assertEqual(self.client.ask("PUT", "/topics/managed", {"partitions": 3}).code, "topic_exists")
        self.assertEqual(self.client.post("/topics", {"name": "managed"}).status, 409)
        self.append(value="x", topic="managed", partition=1)
        self.assertIn(("managed", 2), [(one["name"], one["partitions"]) for one in self.client.get("/topics").json()["topics"]])
        first, second = self.client.get("/topics/managed").json()["partitions"]
        self.assertEqual(first, {"partition": 0, "log_start_offset": 0, "high_watermark": 0, "size_bytes": 0})
        self.assertEqual((second["partition"], second["log_start_offset"], second["high_watermark"]), (1, 0, 1))
        self.assertTrue(60 < second["size_bytes"] < 100, second)
        self.assertEqual(self.client.ask("DELETE", "/topics/managed").status, 204)
        self.assertEqual(self.client.get("/topics/managed").code, "unknown_topic")
        self.assertNotIn("managed", self.admin().list_topics(timeout=WITHIN_S).topics)

    def test_a_client_that_shuts_its_sending_side_gets_all_its_answers(self) -> None:
        body = b'{"topic":"half_closed","value":"v"}'
        append = (b"POST /append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                  + str(len(body)).encode() + b"\r\n\r\n" + body)
        waiting = b"GET /read?topic=half_closed&offset=end&wait_ms=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with plain_socket(self.server.http_address) as opened:
            opened.sendall(append * 3 + waiting)
            opened.shutdown(socket.SHUT_WR)
            began = time.monotonic()
            answers = answers_in(receive_all(opened))
        self.assertEqual([answer.status for answer in answers], [200] * 4)
        self.assertEqual([answer.json()["offset"] for answer in answers[:3]], [0, 1, 2])
        self.assertLess(time.monotonic() - began, 10, "nothing waits for a client that may be gone")

    def test_health_page_and_description_are_served(self) -> None:
        self.assertEqual(self.client.get("/health/live").json(), {"status": "live"})
        self.assertEqual(self.client.get("/health/ready").json(), {"status": "ready"})
        self.assertTrue(self.client.get("/openapi.yaml").body.startswith(b"openapi: 3"))
        page = self.client.get("/")
        self.assertEqual((page.status, page.fields["content-type"]), (200, "text/html; charset=utf-8"))
        head = self.client.ask("HEAD", "/topics")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertGreater(int(head.fields["content-length"]), 10)

    def test_curl_appends_and_reads(self) -> None:
        require(shutil.which("curl") is not None, "curl is not there; tools/install-packages test")
        url = f"http://{self.server.http_address}"
        # More than 1 KiB: curl asks first, with Expect: 100-continue.
        value = "v" * 100_000
        post = ["curl", "-sS", "--fail-with-body", f"{url}/append", "--json", "@-", "-H", "Expect: 100-continue"]
        body = json.dumps({"topic": "curled", "value": value}).encode()
        posted = subprocess.run(post, input=body, capture_output=True, timeout=60)
        self.assertEqual(posted.returncode, 0, posted)
        read = subprocess.run(["curl", "-sS", "--fail-with-body", f"{url}/read?topic=curled"], capture_output=True, timeout=60)
        self.assertEqual(json.loads(read.stdout)["records"][0]["value"], value)

    def test_the_commands_of_the_documentation_work_as_pasted(self) -> None:
        require(shutil.which("curl") is not None, "curl is not there; tools/install-packages test")
        text = (REPOSITORY / "docs" / "http.md").read_text()
        lines = [line for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()
                 if line.startswith("curl")]
        self.assertGreater(len(lines), 6)
        for line in lines:
            pasted = line.replace("localhost:8080", f"localhost:{self.server.http_address.rsplit(':', 1)[1]}")
            is_endless = "follow=true" in line
            pasted = pasted.replace("curl ", f"curl -sS --fail-with-body -m {1 if is_endless else 20} ")
            done = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=60)
            timed_out = 28
            self.assertEqual(done.returncode, timed_out if is_endless else 0, f"{line}\n{done.stdout}{done.stderr}")
            if is_endless:
                self.assertIn("data: {", done.stdout)

    def test_acknowledged_records_survive_a_kill(self) -> None:
        acknowledged: list[tuple[int, int]] = []
        stop = threading.Event()

        def load(number: int) -> None:
            client = Client(self.server.http_address)
            sent = 0
            while not stop.is_set():
                try:
                    answer = client.post("/append", {"topic": "kept", "value": f"{number} {sent}"})
                    acknowledged.append((answer.json()["offset"], f"{number} {sent}"))
                except (OSError, http.client.HTTPException):
                    return
                sent += 1

        self.create("kept")
        threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        self.server.crash()
        stop.set()
        for thread in threads:
            thread.join(WITHIN_S)
        self.assertGreater(len(acknowledged), 20)
        self.client.close()
        found: dict[int, str] = {}
        offset = 0
        while True:
            answer = self.client.get(f"/read?topic=kept&offset={offset}").json()
            found |= {one["offset"]: one["value"] for one in answer["records"]}
            offset = answer["next_offset"]
            if offset == answer["high_watermark"]:
                break
        self.assertEqual([(at, found.get(at)) for at, _ in acknowledged], acknowledged)

    def test_a_read_waits_for_records(self) -> None:
        self.create("waited")
        begun = time.monotonic()
        timer = threading.Timer(0.5, lambda: self.produce("waited", [b"late"]))
        timer.start()
        self.addCleanup(timer.join)
        found = self.records("waited", wait_ms=10_000)
        self.assertEqual([one["value"] for one in found], ["late"])
        self.assertTrue(0.4 < time.monotonic() - begun < 8)
        self.assertEqual(self.records("waited", offset="end", wait_ms=100), [])

    def test_records_are_followed_and_a_stop_ends_the_stream_cleanly(self) -> None:
        self.create("followed")
        self.produce("followed", [b"0", b"1"])
        with plain_socket(self.server.http_address) as opened:
            opened.sendall(b"GET /topics/followed/partitions/0/records?follow=true HTTP/1.1\r\nHost: localhost\r\n"
                           b"Last-Event-ID: 0\r\n\r\n")
            received = b""
            while b'"value":"1"' not in received:
                received += opened.recv(1 << 16)
            self.produce("followed", [b"2"])
            while b'"value":"2"' not in received:
                received += opened.recv(1 << 16)
            self.server.terminate()
            received += receive_all(opened)
            self.server.wait_stopped()
        self.server.start()
        self.assertNotIn(b'"value":"0"', received)
        self.assertIn(b"\r\nContent-Type: text/event-stream\r\n", received)
        self.assertIn(b"id: 1\ndata: {", received)
        self.assertTrue(received.endswith(b"\r\n0\r\n\r\n"), received[-100:])

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        self.create("piped")
        parts = []
        for i in range(50):
            body = json.dumps({"topic": "piped", "value": str(i)}).encode()
            parts.append(b"POST /append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        parts.append(b"GET /read?topic=piped HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with plain_socket(self.server.http_address) as opened:
            opened.sendall(b"".join(parts))
            answers = answers_in(receive_all(opened))
        self.assertEqual([answer.json()["offset"] for answer in answers[:-1]], list(range(50)))
        self.assertEqual([one["value"] for one in answers[-1].json()["records"]], [str(i) for i in range(50)])


if __name__ == "__main__":
    unittest.main()
