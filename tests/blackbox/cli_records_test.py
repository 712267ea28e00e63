"""`logstore produce` and `logstore consume`: others read what they write and the reverse, and their counts are true."""

from __future__ import annotations

import json
import re
import select
import signal
import subprocess
import threading
import time

from support.cases import WITHIN_S, Delivery, ServerCase, wait_until
from support.server import BINARY
from support.terminal import Terminal

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
RECORDS = 3000


class Commands(ServerCase):
    def run_command(self, *arguments: str, given: bytes = b"", within_s: float = 60) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([str(BINARY), *arguments, "--server", self.server.address], input=given, capture_output=True,
                              timeout=within_s)

    def produced(self, topic: str, *options: str, given: bytes) -> str:
        done = self.run_command("produce", topic, *options, given=given)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def consumed(self, topic: str, *options: str) -> bytes:
        done = self.run_command("consume", topic, *options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stderr, b"")
        return done.stdout

    def count(self, topic: str, partitions: int = 1) -> int:
        return sum(self.watermarks(topic, partition)[1] for partition in range(partitions))

    def begin(self, *arguments: str, **streams: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([str(BINARY), *arguments, "--server", self.server.address], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **streams)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def line_of(self, process: subprocess.Popen[bytes]) -> bytes:
        """The next line of its output, which has to come."""
        self.assertTrue(select.select([process.stdout], [], [], WITHIN_S)[0], "nothing comes")
        return process.stdout.readline()


class OthersRead(Commands):
    def test_clients_read_every_byte_of_every_codec(self) -> None:
        # No line end, every other byte; of some, what looks like the separator too.
        values = [bytes(byte for byte in range(256) if byte != 10) * (number % 4) + b"%d" % number for number in range(RECORDS)]
        for codec in CODECS:
            with self.subTest(codec):
                topic = f"out-{codec}"
                self.create(topic)
                lines = b"".join(b"key-%d|%s\n" % (number % 50, value) for number, value in enumerate(values))
                said = self.produced(topic, "--compression", codec, "--key-separator", "|", "--header", "source=here",
                                     given=lines)
                self.assertRegex(said, r"^logstore: 3,000 records acknowledged in [\d.]+ s \([\d,]+/s\)\n$")
                read = self.read(topic, RECORDS, check_crcs=True)
                self.assertEqual([message.value() for message in read], values)
                self.assertEqual([message.key() for message in read], [b"key-%d" % (number % 50) for number in range(RECORDS)])
                self.assertEqual(read[7].headers(), [("source", b"here")])
                self.assertLess(abs(read[7].timestamp()[1] / 1000 - time.time()), 60)
                by_kcat = self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k|%s\n")
                self.assertEqual(by_kcat, lines)

    def test_keys_go_where_the_java_client_puts_them(self) -> None:
        self.create("ours", 7)
        self.create("theirs", 7)
        keys = [b"k%d" % number for number in range(500)] + [b"", "\u00e4\u20ac".encode()]
        self.produced("ours", "--key-separator", "|", given=b"".join(key + b"|\n" for key in keys))
        producer, delivery = self.producer(partitioner="murmur2"), Delivery()
        for key in keys:
            producer.produce("theirs", b"", key, on_delivery=delivery)
        producer.flush(WITHIN_S)
        theirs = {message.key() or b"": message.partition() for message in delivery.messages}
        ours = {}
        for line in self.consumed("ours", "--format", "%p|%k\n").splitlines():
            partition, key = line.split(b"|", 1)
            ours[key] = int(partition)
        self.assertEqual(ours, theirs)

    def test_null_and_empty_are_not_the_same(self) -> None:
        self.create("nulls")
        self.produced("nulls", "--key-separator", ":", "--null-marker", "-", given=b"a:-\nb:\nplain\n:x\n")
        read = [(message.key(), message.value()) for message in self.read("nulls", 4)]
        self.assertEqual(read, [(b"a", None), (b"b", b""), (None, b"plain"), (b"", b"x")])
        self.assertEqual(self.consumed("nulls", "--null-marker", "~", "--format", "%k=%v %K %V\n"),
                         b"a=~ 1 -1\nb= 1 0\n~=plain -1 5\n=x 0 1\n")

    def test_acks_of_every_kind_are_written(self) -> None:
        self.create("acks")
        for acks in ("all", "1"):
            self.assertIn("10 records acknowledged", self.produced("acks", "--acks", acks, given=b"x\n" * 10))
        self.assertIn("10 records sent, none acknowledged", self.produced("acks", "--acks", "0", given=b"x\n" * 10))
        self.assertEqual(self.count("acks"), 30)

    def test_large_lines_and_a_topic_of_small_batches(self) -> None:
        self.create("large", max_message_bytes="2000000")
        self.produced("large", given=b"x" * 1_900_000 + b"\n" + b"y" * 10 + b"\n")
        self.assertEqual([len(line) for line in self.consumed("large").splitlines()], [1_900_000, 10])
        self.create("small", max_message_bytes="2000")
        self.produced("small", given=b"".join(b"%0100d\n" % number for number in range(500)))
        self.assertEqual(self.consumed("small"), b"".join(b"%0100d\n" % number for number in range(500)))
        refused = self.run_command("produce", "small", given=b"z" * 5000 + b"\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"MESSAGE_TOO_LARGE", refused.stderr)
        self.assertIn(b"0 records acknowledged, 1 failed", refused.stderr)


class WeRead(Commands):
    def test_every_codec_of_librdkafka_is_read_byte_for_byte(self) -> None:
        for codec in CODECS:
            with self.subTest(codec):
                topic = f"in-{codec}"
                self.create(topic)
                producer, delivery = self.producer(compression_type=codec, linger_ms=50), Delivery()
                sent = []
                for number in range(RECORDS):
                    key = None if number % 9 == 0 else b"k%d" % number
                    value = None if number % 50 == 7 else bytes(range(256)) * (number % 5)
                    headers = [("name", b"\0\xff"), ("text", b"x")] if number % 3 == 0 else []
                    sent.append((key, value, headers, 1_700_000_000_000 + number))
                    producer.produce(topic, value, key, 0, on_delivery=delivery, timestamp=1_700_000_000_000 + number,
                                     headers=headers)
                self.assertEqual(producer.flush(WITHIN_S), 0)
                pattern = r"%o %T %K %V %h|%k|%v\0"
                expected = b"".join(
                    b"%d %d %d %d %s|%s|%s\0" % (number, time_ms, -1 if key is None else len(key),
                                                 -1 if value is None else len(value),
                                                 b",".join(name.encode() + b"=" + content for name, content in headers),
                                                 key or b"", value or b"")
                    for number, (key, value, headers, time_ms) in enumerate(sent))
                self.assertEqual(self.consumed(topic, "--format", pattern), expected)

    def test_json_lines_are_json(self) -> None:
        self.create("json")
        producer = self.producer()
        producer.produce("json", b'a "quoted" line\n', b"k", 0, headers=[("h", b"1")], timestamp=1234)
        producer.produce("json", b"\xff\0", None, 0, timestamp=1235)
        producer.flush(WITHIN_S)
        first, second = (json.loads(line) for line in self.consumed("json", "--json").splitlines())
        self.assertEqual(first, {"topic": "json", "partition": 0, "offset": 0, "timestamp": 1234, "key": "k",
                                 "value": 'a "quoted" line\n', "headers": [{"key": "h", "value": "1"}]})
        self.assertEqual((second["key"], second["value"], second["value_encoding"]), (None, "/wA=", "base64"))

    def test_places_to_begin(self) -> None:
        self.create("places", 2)
        producer = self.producer()
        for number in range(100):
            producer.produce("places", b"%d" % number, partition=number % 2, timestamp=1_700_000_000_000 + number * 1000)
        producer.flush(WITHIN_S)

        def numbers(*options: str) -> list[int]:
            return sorted(int(line) for line in self.consumed("places", *options).split())

        self.assertEqual(numbers(), list(range(100)))
        self.assertEqual(numbers("--from", "end"), [])
        self.assertEqual(numbers("--from", "offset:48"), [96, 97, 98, 99])
        self.assertEqual(numbers("--from", "last:1", "--partition", "1"), [99])
        # 1,700,000,000 is 2023-11-14T22:13:20Z.
        self.assertEqual(numbers("--from", "time:2023-11-14T22:14:50Z"), list(range(90, 100)))
        self.assertEqual(numbers("--from", "time:2023-11-15T00:14:50+02:00"), list(range(90, 100)))
        self.assertEqual(numbers("--from", "time:-10m"), [])
        self.assertEqual(len(numbers("--count", "7")), 7)
        refused = self.run_command("consume", "places", "--from", "offset:51")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"partition 0 has no offset 51: it begins at 0 and ends before 50", refused.stderr)

    def test_following_shows_what_comes(self) -> None:
        self.create("follow", 3)
        follower = self.begin("consume", "follow", "--follow", "--from", "end", "--format", "%v\n")
        time.sleep(1)
        begun = time.monotonic()
        self.produced("follow", "--partition", "2", given=b"now\n")
        self.assertEqual(self.line_of(follower), b"now\n")
        self.assertLess(time.monotonic() - begun, 3)
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(10), 130)

    def test_a_reader_that_had_enough_is_no_error(self) -> None:
        self.create("pipe")
        self.produced("pipe", given=b"".join(b"%d\n" % number for number in range(200_000)))
        for options in ("", "--follow"):
            done = subprocess.run(["bash", "-c", f"{BINARY} consume pipe {options} --server {self.server.address} | head -2;"
                                                 'echo "${PIPESTATUS[0]}"'], capture_output=True, timeout=30)
            self.assertEqual((done.stdout, done.stderr), (b"0\n1\n0\n", b""))

    def test_a_follower_survives_a_restart(self) -> None:
        self.create("restart")
        follower = self.begin("consume", "restart", "--follow")
        self.produced("restart", given=b"before\n")
        self.assertEqual(self.line_of(follower), b"before\n")
        self.server.kill()
        self.server.start()
        self.produced("restart", given=b"after\n")
        self.assertEqual(self.line_of(follower), b"after\n")


class Trouble(Commands):
    def test_what_is_absent_is_said(self) -> None:
        for command in ("produce", "consume"):
            done = self.run_command(command, "absent", given=b"x\n")
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"Create it with 'logstore topic create absent'", done.stderr)
            self.assertEqual(done.stdout, b"")
            away = subprocess.run([str(BINARY), command, "t", "--server", "127.0.0.1:1", "--timeout", "1s"], input=b"x\n",
                                  capture_output=True, timeout=30)
            self.assertEqual(away.returncode, 3)
            self.assertIn(b"127.0.0.1:1", away.stderr)
            self.assertIn(b"tried for 1 s", away.stderr)

    def feed(self, process: subprocess.Popen[bytes], numbers: range, pause_s: float = 0.0) -> threading.Thread:
        def write() -> None:
            try:
                for number in numbers:
                    process.stdin.write(b"%d\n" % number)
                    if pause_s and number % 100 == 0:
                        process.stdin.flush()
                        time.sleep(pause_s)
                process.stdin.close()
            except (BrokenPipeError, ValueError):
                pass

        thread = threading.Thread(target=write)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def test_a_server_that_comes_back_gets_every_line(self) -> None:
        self.create("again", 3)
        producing = self.begin("produce", "again", stdin=subprocess.PIPE)
        feeding = self.feed(producing, range(20_000), 0.01)
        wait_until(lambda: self.count("again", 3) > 2000, "records arrive")
        self.server.kill()
        time.sleep(0.5)
        self.server.start()
        feeding.join()
        self.assertEqual(producing.wait(60), 0)
        said = producing.stderr.read()
        self.assertIn(b"20,000 records acknowledged", said)
        seen = [int(line) for line in self.consumed("again").split()]
        self.assertEqual(set(seen), set(range(20_000)))
        doubled = re.search(rb"; ([\d,]+) records? may be stored twice", said)
        self.assertLessEqual(len(seen) - 20_000, int(doubled[1].replace(b",", b"")) if doubled else 0)

    def test_a_server_that_stays_away_ends_it_and_the_counts_are_true(self) -> None:
        self.create("gone", 3)
        producing = self.begin("produce", "gone", "--timeout", "2s", "--json", stdin=subprocess.PIPE)
        self.feed(producing, range(1_000_000), 0.01)
        wait_until(lambda: self.count("gone", 3) > 2000, "records arrive")
        self.server.kill()
        producing.wait(30)
        said, complained = producing.stdout.read(), producing.stderr.read()
        self.server.start()
        self.assertEqual(producing.returncode, 3, complained.decode())
        self.assertIn(self.server.address.encode(), complained)
        told = json.loads(said)
        stored = self.count("gone", 3)
        self.assertGreaterEqual(stored, told["acknowledged"])
        self.assertLessEqual(stored, told["acknowledged"] + told["unknown"] + told["may_be_doubled"])
        self.assertIn("not delivered in 2 s", told["error"])

    def test_ctrl_c_says_how_many_and_that_is_true(self) -> None:
        self.create("interrupted", 2)
        with Terminal([str(BINARY), "produce", "interrupted", "--server", self.server.address],
                      stdin=subprocess.PIPE) as one:
            self.feed(one.process, range(1_000_000), 0.01)
            one.wait_for(rb"records, [\d,]+/s")
            one.press(b"\x03")
            self.assertEqual(one.wait(), 130)
            acknowledged = int(one.wait_for(rb"logstore: ([\d,]+) records acknowledged in")[1].replace(b",", b""))
        self.assertGreater(acknowledged, 0)
        self.assertEqual(self.count("interrupted", 2), acknowledged)
        # What was read is acknowledged: the first so many lines.
        self.assertEqual(sorted(int(line) for line in self.consumed("interrupted").split()), list(range(acknowledged)))

    def test_progress_is_for_terminals(self) -> None:
        self.create("progress")
        slow = ["bash", "-c", f"(echo a; sleep 1.5; echo b) | {BINARY} produce progress --server {self.server.address}"]
        with Terminal(slow) as one:
            self.assertEqual(one.wait(), 0)
            self.assertRegex(one.screen, rb"\r\x1b\[K1 records?, \d+/s")
            self.assertTrue(one.screen.endswith(b"/s)\n"), one.screen)
        piped = subprocess.run(slow, capture_output=True, timeout=30)
        self.assertRegex(piped.stderr, rb"^logstore: 2 records acknowledged in [\d.]+ s \(\d+/s\)\n$")

    def test_lines_typed_into_a_terminal_are_sent_as_they_come(self) -> None:
        self.create("typed")
        with Terminal([str(BINARY), "produce", "typed", "--server", self.server.address]) as one:
            one.press(b"first\n")
            wait_until(lambda: self.count("typed") == 1, "the first line is stored")
            one.press(b"second\n\x04")
            self.assertEqual(one.wait(), 0)
            one.wait_for(rb"2 records acknowledged")
