"""Limits of a process, met by a server that runs: the size of files (ulimit -f) and open files (ulimit -n)."""

from __future__ import annotations

import resource
import socket
import time
import unittest

import kafka_wire
from support.batches import make_batch
from support.cases import ServerCase, wait_until
from support.endings import complaints_of_end
from support.server import Server, fresh_directory
from support.wire import API_VERSIONS, Connection, framed, header

STORAGE_ERROR = 56
MIB = 1 << 20
VALUE = b"l" * 100_000
BATCH = make_batch([VALUE])
SMALL_BATCH = make_batch([b"s" * 3000])


class Limited(ServerCase):
    """Sets limits of the server's process, and takes them back at the end of a test."""

    def limit(self, which: int, value: int) -> None:
        _, hard = self.before = resource.prlimit(self.server.pid, which)
        resource.prlimit(self.server.pid, which, (value, hard))
        self.addCleanup(self.give_back, which, self.server.pid)

    def give_back(self, which: int, pid: int | None = None) -> None:
        try:
            resource.prlimit(pid or self.server.pid, which, self.before)
        except ProcessLookupError:
            pass

    def expect(self, topic: str, count: int, value: bytes = VALUE, partition: int = 0) -> None:
        read = self.read(topic, count, partition)
        self.assertEqual([message.offset() for message in read], list(range(count)))
        self.assertTrue(all(message.value() == value for message in read))


class FileSizes(Limited):
    shards = 1
    settings = {"topics.segment_bytes": "64MiB", "storage.journal_files": "3", "storage.checkpoint_interval_ms": "300"}

    def try_produce(self) -> int:
        with Connection(self.server.port) as connection:
            answer = connection.produce("capped", BATCH)
            self.assertIsNotNone(answer, "the connection was closed")
            return answer[0]

    def fill(self) -> int:
        """Until it stays refused; the number of records."""
        count, refused_since = 0, None
        with Connection(self.server.port) as connection:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                code, offset = connection.produce("capped", BATCH)
                if code == 0:
                    self.assertEqual(offset, count)
                    count, refused_since = count + 1, None
                    continue
                self.assertEqual(code, STORAGE_ERROR)
                refused_since = refused_since or time.monotonic()
                if time.monotonic() - refused_since > 1.5:
                    return count
                time.sleep(0.05)
        self.fail("nothing was refused")

    def test_a_file_that_may_not_grow_is_lack_of_space(self) -> None:
        self.create("capped")
        self.limit(resource.RLIMIT_FSIZE, 6 * MIB)
        count = self.fill()
        self.assertGreater(count, 5)
        self.expect("capped", count)
        said = self.server.said()
        self.assertEqual(said.count("no room on disk"), 1, said)
        self.assertIn("File too large", said)
        self.give_back(resource.RLIMIT_FSIZE)
        wait_until(lambda: self.try_produce() == 0, "it takes records again")
        wait_until(lambda: "room on disk again" in self.server.said(), "it says so")
        self.expect("capped", count + 1)
        self.server.crash()
        self.expect("capped", count + 1)

    def test_a_start_under_too_small_a_limit_says_so(self) -> None:
        server = Server(fresh_directory("too-small"), 1)
        server.wrapper = ["prlimit", "--fsize=1000000"]
        self.addCleanup(server.kill)
        server.launch()
        wait_until(lambda: server.exit_code() is not None, "its end")
        self.assertEqual(list(complaints_of_end(server.exit_code(), server.said(), str(server.data))), [], server.said())


class FewOpenFiles(Limited):
    """Fewer descriptors than partitions and clients want: what is there is served, and no client can take what files need."""

    open_files_max = 320
    partitions = 150
    settings = {"topics.segment_bytes": "64KiB", "storage.checkpoint_interval_ms": "200", "storage.settle_idle_ms": "100",
                "storage.pinned_bytes_max": "8MiB", "storage.tail_cache_bytes": "0"}

    def open_many(self, count: int) -> list[socket.socket]:
        """Connections, as far as the kernel makes them."""
        found = []
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
            self.addCleanup(one.close)
            found.append(one)
        return found

    def answered(self, connections: list[socket.socket], within_s: float = 3) -> int:
        """Of those, how many the server serves."""
        for one in connections:
            try:
                one.sendall(framed(header(API_VERSIONS, 0)))
            except OSError:
                pass
        found, end = 0, time.monotonic() + within_s
        for one in connections:
            one.settimeout(max(end - time.monotonic(), 0.01))
            try:
                found += bool(one.recv(4))
            except OSError:
                pass
        return found

    def serves_new_ones(self) -> bool:
        asked = self.open_many(5)
        served = self.answered(asked)
        for one in asked:
            one.close()
        return served == len(asked)

    def round(self, connection: Connection, topic: str) -> None:
        for partition in range(self.partitions):
            answer = connection.produce(topic, SMALL_BATCH, partition)
            self.assertIsNotNone(answer, f"the connection was closed at partition {partition}")
            self.assertEqual(answer[0], 0, f"partition {partition}")

    def assert_calm(self, seconds: float = 2) -> None:
        before = self.server.cpu_seconds()
        time.sleep(seconds)
        self.assertLess(self.server.cpu_seconds() - before, 0.5 * seconds, "it spins")

    def expect_rounds(self, topic: str, rounds: int) -> None:
        places = [kafka_wire.Place(topic, partition) for partition in range(self.partitions)]
        with kafka_wire.Connection(self.server.port) as connection:
            self.assertEqual(connection.offsets(places, kafka_wire.LATEST), {place: (0, rounds) for place in places})
        self.expect(topic, rounds, b"s" * 3000, 7)

    def test_more_connections_than_descriptors(self) -> None:
        self.create("few", self.partitions)
        self.assertRegex(self.server.said(), "with a limit of 320 open files there can be")
        with Connection(self.server.port) as connection:
            self.round(connection, "few")
            held = self.open_many(500)
            served = self.answered(held)
            self.assertGreater(served, 20)
            self.assertLess(served, 300)
            for _ in range(3):
                self.round(connection, "few")
            self.assert_calm()
            self.server.assert_alive()
            for one in held:
                one.close()
            wait_until(self.serves_new_ones, "new connections are served")
            self.round(connection, "few")
        self.expect_rounds("few", 5)
        self.server.crash()
        self.expect_rounds("few", 5)

    def test_no_descriptor_at_all_for_a_while(self) -> None:
        """Other than the server expects: it is not told when its limit goes down."""
        self.create("none", self.partitions)
        with Connection(self.server.port) as connection:
            self.round(connection, "none")
            time.sleep(0.5)
            self.limit(resource.RLIMIT_NOFILE, 20)  # those that are open stay
            held = self.open_many(50)
            self.assertEqual(self.answered(held, 1), 0)
            for _ in range(3):
                self.round(connection, "none")
            self.assert_calm()
            self.server.assert_alive()
            self.give_back(resource.RLIMIT_NOFILE)
            for one in held:
                one.close()
            wait_until(self.serves_new_ones, "new connections are served")
            self.round(connection, "none")
        self.expect_rounds("none", 5)
        self.assertLessEqual(self.server.said().count("Too many open files"), 4, self.server.said()[-3000:])
        self.server.crash()
        self.expect_rounds("none", 5)


if __name__ == "__main__":
    unittest.main()
