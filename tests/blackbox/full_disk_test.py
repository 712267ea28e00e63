"""A disk that runs full: refusals that a client tries again, reads that go on, and no help needed when there is room."""

from __future__ import annotations

import os
import pathlib
import time

from support.batches import make_batch
from support.cases import ServerCase, wait_until
from support.small_disk import small_disk
from support.wire import Connection

IMAGE_BYTES, BALLAST_BYTES = 320 << 20, 120 << 20
STORAGE_ERROR = 56
STAYS_REFUSED_S = 2
VALUE = b"d" * 500_000
BATCH = make_batch([VALUE])


class FullDisk(ServerCase):
    shards = 1
    settings = {"topics.segment_bytes": "8MiB", "storage.journal_files": "3", "storage.checkpoint_interval_ms": "300"}

    @classmethod
    def data_directory(cls) -> pathlib.Path:
        mount = small_disk(cls, "full", IMAGE_BYTES)
        cls.ballast = mount / "ballast"
        with cls.ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        return mount / "data"

    def fill(self, topic: str, first: int) -> int:
        """Appends until it stays refused; the number of the first record that was. Segments that are closed meanwhile give back
        what was reserved for them, so there may be room for some more after the first refusal."""
        number, refused_since = first, None
        with Connection(self.server.port, timeout_s=30) as connection:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                answer = connection.produce(topic, BATCH)
                self.assertIsNotNone(answer, "the connection was closed")
                if answer[0] == 0:
                    self.assertEqual(answer[1], number)
                    number, refused_since = number + 1, None
                    continue
                self.assertEqual(answer[0], STORAGE_ERROR)
                refused_since = refused_since or time.monotonic()
                if time.monotonic() - refused_since > STAYS_REFUSED_S:
                    return number
                time.sleep(0.05)
        self.fail("the disk did not run full")

    def expect(self, count: int) -> None:
        read = self.read("full", count)
        self.assertEqual([m.offset() for m in read], list(range(count)))
        self.assertTrue(all(m.value() == VALUE for m in read))

    def try_produce(self) -> int:
        with Connection(self.server.port) as connection:
            return connection.produce("full", BATCH)[0]

    def test_it_refuses_reads_on_and_resumes(self) -> None:
        self.create("full")
        count = self.fill("full", 0)
        self.assertGreater(count, 50)
        self.expect(count)
        self.assertEqual(self.try_produce(), STORAGE_ERROR)
        self.assertEqual(self.watermarks("full"), (0, count))
        self.assertEqual(self.server.said().count("no room on disk"), 1, "it is told once")
        self.server.crash()
        self.expect(count)
        self.ballast.unlink()
        wait_until(lambda: self.try_produce() == 0, "it takes records again")
        wait_until(lambda: "room on disk again" in self.server.said(), "it says so")
        self.expect(count + 1)
        count = self.fill("full", count + 1)
        self.expect(count)
        self.server.restart()
        self.expect(count)
        self.delete("full")
        self.create("full")
        wait_until(lambda: self.try_produce() == 0, "deleting makes room")
        self.expect(1)
