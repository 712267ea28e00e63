"""Journals on a small disk: they take their share of it and no more."""

from __future__ import annotations

import os
import pathlib

from confluent_kafka import KafkaError, KafkaException

from support.cases import ServerCase
from support.server import Server
from support.small_disk import small_disk

IMAGE_BYTES = 640 << 20
MIB = 1 << 20


class SmallDisk(ServerCase):
    shards = 1
    settings = {"storage.journal_file_bytes": "64MiB", "storage.journal_files": "4"}
    mount: pathlib.Path

    @classmethod
    def data_directory(cls) -> pathlib.Path:
        cls.mount = small_disk(cls, "journals", IMAGE_BYTES)
        return cls.mount / "data"

    def share(self) -> int:
        disk = os.statvfs(self.mount)
        return disk.f_blocks * disk.f_frsize // 16

    def journal_sizes(self) -> list[int]:
        return [path.stat().st_size for path in sorted((self.server.data / "journal").glob("*.journal"))]

    def test_journal_files_are_smaller_than_asked_for(self) -> None:
        chosen = self.share() // 4 // MIB
        self.assertIn(f"journals are 4 x {chosen} MiB for each of 1 shard, not of 64 MiB: all journals take at most a sixteenth",
                      self.server.said())
        self.assertEqual(self.journal_sizes(), [chosen * MIB] * 4)
        with self.assertRaises(KafkaException) as refused:  # a batch has to fit into half a file
            self.create("huge", max_message_bytes=str(chosen * MIB // 2))
        self.assertEqual(refused.exception.args[0].code(), KafkaError.INVALID_CONFIG)
        self.create("large", max_message_bytes=str(chosen * MIB // 2 - 8192))
        # Several times around the journal, and up again from it.
        values = [b"%06d" % number + os.urandom(60_000) for number in range(1500)]
        self.assertEqual(self.produce("around", values), list(range(len(values))))
        self.server.crash()
        self.assertEqual([m.value() for m in self.read("around", len(values))], values)
        self.assertEqual(self.journal_sizes(), [chosen * MIB] * 4)

    def test_what_fits_in_no_way_is_refused_with_what_to_do(self) -> None:
        values = [b"%06d" % number + os.urandom(10_000) for number in range(200)]
        self.produce("resized", values)
        self.server.kill()
        many = Server(self.server.data, shards=4, settings=self.settings)
        self.addCleanup(many.kill)
        many.launch()
        code = many.wait_stopped(20)
        self.assertGreater(code, 0, many.said())
        self.assertRegex(many.said(), "all journals take at most a sixteenth of the file system .* "
                                      "4 x 4 MiB for each of 4 shards are the least: give fewer --shards")
        # Other sizes do, and what the old files hold is replayed.
        fewer = Server(self.server.data, shards=2, settings=self.settings | {"storage.journal_files": "3"})
        self.addCleanup(fewer.kill)
        fewer.start()
        chosen = self.share() // 6 // MIB
        self.assertEqual(self.journal_sizes(), [chosen * MIB] * 6)
        fewer.stop()
        self.server.start()
        self.assertEqual([m.value() for m in self.read("resized", len(values))], values)
