"""Journals: what is in them, and their share of a small disk."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

from confluent_kafka import KafkaError, KafkaException

from support.batches import make_batch
from support.cases import ServerCase
from support.server import BINARY, Server
from support.small_disk import small_disk
from support.wire import Connection

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


class Inspected(ServerCase):
    """`logstore inspect journal` on files that were used round and round."""

    shards = 2
    settings = {"storage.checkpoint_interval_ms": "60s"}  # only when a journal is half full
    use_names = ("needed", "covered", "earlier_use", "earlier_start")

    def inspect(self) -> dict[str, int]:
        """Groups of all files by what they are; none may be called damaged."""
        counts = dict.fromkeys(self.use_names, 0)
        for path in sorted((self.server.data / "journal").glob("*.journal")):
            done = subprocess.run([BINARY, "inspect", "journal", path, "--json"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr)
            groups = [json.loads(line) for line in done.stdout.splitlines()]
            summary = groups.pop()["summary"]
            self.assertEqual(summary["damage"], [])
            self.assertTrue(summary["recovery_points"].startswith("recovery/"), summary)
            for name in self.use_names:
                self.assertEqual(summary[name], sum(group["use"] == name for group in groups))
                counts[name] += summary[name]
        return counts

    def test_every_group_is_told_for_what_it_is(self) -> None:
        self.create("around", 4)
        for partition in range(4):
            # Twice around the files of a shard; groups are small, and no round is like another.
            self.produce("around", (os.urandom(2000 + number * 7 % 5000) for number in range(4000)), partition)
        written = 16_000
        while self.inspect()["earlier_use"] == 0:  # a file may be full again just now
            self.assertLess(written, 20_000)
            self.produce("around", [os.urandom(5000) for _ in range(100)])
            written += 100
        self.server.kill()
        crashed = self.inspect()
        self.assertGreater(crashed["needed"], 0)
        self.assertEqual(crashed["earlier_start"], 0)
        self.server.start()
        # Nothing was appended since: all that a start has replayed is of an earlier one now.
        started = self.inspect()
        self.assertGreater(started["earlier_start"], 0)
        self.assertEqual(started["earlier_use"], 0)
        self.assertEqual(sum(self.watermarks("around", partition)[1] for partition in range(4)), written)

    def test_exit_codes_and_damage(self) -> None:
        self.create("damaged")
        with Connection(self.server.port) as connection:
            for _ in range(20):  # one after another, so each is a group
                self.assertEqual(connection.produce("damaged", make_batch([os.urandom(5000)]))[0], 0)
        self.server.kill()
        folder = self.server.data / "journal"
        done = subprocess.run([BINARY, "inspect", "journal", folder / "9-9.journal"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
        for path in folder.glob("*.journal"):
            done = subprocess.run([BINARY, "inspect", "journal", path, "--json"], capture_output=True, text=True, check=True)
            groups = [json.loads(line) for line in done.stdout.splitlines()][:-1]
            needed = [group for group in groups if group["use"] == "needed" and group["bytes"] > 0]
            if len(needed) < 3:
                continue
            whole = path.read_bytes()
            at = needed[-3]["position"] + 64 + 30
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            done = subprocess.run([BINARY, "inspect", "journal", path], capture_output=True, text=True)
            path.write_bytes(whole)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"DAMAGED: group {needed[-3]['sequence']} is damaged", done.stdout)
            break
        else:
            self.fail("no journal file has needed groups")
        self.server.start()
