"""Bytes that are damaged where they should be durable, in a journal or a segment: nothing is hidden, the operator decides."""

from __future__ import annotations

import json
import subprocess
import unittest
from typing import Any

from support.cases import ServerCase
from support.server import BINARY
from support.wire import Connection

SECTOR = 512
KAFKA_STORAGE_ERROR = 56


class Repair(ServerCase):
    shards = 1
    # Nothing leaves the journal before the crash, so that the records are nowhere else.
    settings = {"storage.checkpoint_interval_ms": "600000", "storage.settle_idle_ms": "600000"}

    def run_repair(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run([BINARY, "repair", *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def repair(self, *arguments: str) -> tuple[int, str, str]:
        return self.run_repair("--data-dir", str(self.server.data), *arguments)

    def needed_groups(self) -> list[dict[str, Any]]:
        path = self.server.data / "journal" / "0-0.journal"
        said = subprocess.run([BINARY, "inspect", "journal", str(path), "--json"], capture_output=True, text=True, timeout=60)
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        return [line for line in lines if line.get("entries") and line["use"] == "needed"]

    def damage(self, position: int) -> None:
        with (self.server.data / "journal" / "0-0.journal").open("r+b") as file:
            file.seek(position)
            file.write(b"\xa5" * SECTOR)

    def values(self, topic: str) -> list[bytes]:
        return [message.value() for message in self.read(topic, self.watermarks(topic)[1])]

    def test_damage_is_refused_told_and_given_up_only_when_asked(self) -> None:
        self.create("before")
        self.create("torn")
        kept = [b"kept %d" % i for i in range(20)]
        for value in kept:
            self.produce("before", [value])
        sent = [b"record %d " % i + b"x" * 1000 for i in range(40)]
        for value in sent:
            self.produce("torn", [value])
        code, said, why = self.repair()
        self.assertEqual(code, 1, said)
        self.assertIn("used by another running logstore", why)
        self.server.kill()

        code, said, why = self.repair("--json")
        self.assertEqual((code, json.loads(said)), (0, {"repaired": False, "findings": []}), why)

        groups = self.needed_groups()
        damaged = next(group for group in groups if group["entries"][0]["base_offset"] == 25)
        self.damage(damaged["position"] + SECTOR)
        self.server.launch()
        self.assertEqual(self.server.wait_stopped(20), 1)
        self.assertIn(f"journal group {damaged['sequence']} ", self.server.said())
        self.assertIn("logstore repair", self.server.said())

        code, said, why = self.repair()
        self.assertEqual(code, 1, why)
        self.assertIn(f"journal group {damaged['sequence']} ", said)
        self.assertIn("--accept-loss", said)
        self.assertEqual(self.repair(), (code, said, why), "looking changes nothing")

        code, said, why = self.repair("--accept-loss")
        self.assertEqual(code, 0, why)
        self.assertIn("torn-0: records from offset 25 on are lost", said)
        self.assertNotIn("before-0", said)

        self.server.start()
        self.assertEqual(self.values("before"), kept)
        self.assertEqual(self.values("torn"), sent[:25])
        self.assertEqual(self.produce("torn", [b"new"]), [25])
        self.server.stop()
        self.assertEqual(self.repair("--json")[0], 0)
        self.server.start()

    def fetch(self, offset: int) -> tuple[int, bytes]:
        with Connection(self.server.port) as connection:
            code, _, records = connection.fetch("held", offset)
        return code, records

    def test_a_damaged_segment_is_an_error_for_its_records_alone_until_it_is_given_up(self) -> None:
        self.create("held")
        sent = [b"value %d " % i + b"x" * 300 for i in range(40)]
        for value in sent:
            self.produce("held", [value])
        self.server.stop()
        segment = self.server.segments("held")[0]
        whole = segment.read_bytes()
        for damaged in (7, 39):
            at = whole.index(sent[damaged])
            whole = whole[:at] + b"X" + whole[at + 1:]
        segment.write_bytes(whole)

        self.server.start()
        for offset in (7, 39):
            self.assertEqual(self.fetch(offset), (KAFKA_STORAGE_ERROR, b""), offset)
            self.assertEqual(self.fetch(offset), (KAFKA_STORAGE_ERROR, b""), "again")
        self.assertEqual(self.server.said().count("records 7 to 7 are damaged on the disk"), 1)
        for offset in [o for o in range(40) if o not in (7, 39)]:
            code, records = self.fetch(offset)
            self.assertEqual(code, 0, offset)
            self.assertIn(sent[offset], records)
            self.assertNotIn(b"Xalue", records)
        self.assertEqual(self.produce("held", [b"behind"]), [40])
        self.assertIn(b"behind", self.fetch(40)[1])
        self.server.stop()

        inspected = subprocess.run([BINARY, "inspect", "segment", str(segment)], capture_output=True, text=True, timeout=60)
        self.assertEqual(inspected.returncode, 1)
        self.assertEqual(inspected.stdout.count("DAMAGED: the CRC does not hold"), 2)
        code, said, why = self.repair()
        self.assertEqual(code, 1, why)
        self.assertIn("records 7 to 7 are damaged", said)
        self.assertIn("records 39 to 39 are damaged", said)
        code, said, why = self.repair("--accept-loss")
        self.assertEqual(code, 0, why)
        self.assertIn("records 7 to 7 are damaged", said)
        self.assertEqual(self.repair("--json")[0], 0)

        self.server.start()
        self.assertEqual(self.watermarks("held"), (0, 41))
        left = self.read("held", 39)
        self.assertEqual([message.offset() for message in left], [o for o in range(41) if o not in (7, 39)])
        self.assertEqual([message.value() for message in left],
                         [value for o, value in enumerate([*sent, b"behind"]) if o not in (7, 39)])
        self.assertEqual(self.produce("held", [b"on"]), [41])

    def test_where_there_is_no_store_nothing_is_made(self) -> None:
        absent = self.server.data.parent / "absent"
        code, said, why = self.run_repair("--data-dir", str(absent), "--accept-loss")
        self.assertEqual(code, 4, said)
        self.assertIn("there is no store", why)
        self.assertFalse(absent.exists())


if __name__ == "__main__":
    unittest.main()
