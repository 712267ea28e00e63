"""`logstore topic config`, `sizes`, `add-partitions` and `trim`, as scripts and people use them."""

from __future__ import annotations

import json
import subprocess

from support.cases import ServerCase
from support.server import BINARY

REFUSED, WRONG_USAGE, UNREACHABLE, NOT_FOUND = 1, 2, 3, 4


class TopicCommands(ServerCase):
    def run_topic(self, *arguments: str, code: int = 0) -> str:
        """What it prints; it has to end with `code`, and to say why when that is not 0."""
        done = subprocess.run([BINARY, "topic", *arguments, "--server", self.server.address], capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr != "", code != 0, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_a_topic_from_its_making_to_its_end(self) -> None:
        self.run_topic("create", "life", "--partitions", "2", "--config", "retention.ms=60000")
        config = json.loads(self.run_topic("config", "life", "--key", "retention.ms", "--key", "segment.bytes", "--json"))
        self.assertEqual(config, {"name": "life", "configs": [
            {"name": "retention.ms", "value": "60000", "source": "topic", "read_only": False},
            {"name": "segment.bytes", "value": "1073741824", "source": "default", "read_only": False}]})
        self.assertIn("How long records are kept", self.run_topic("config", "life", "--explain"))

        self.assertIn("could have 5 partitions", self.run_topic("add-partitions", "life", "--partitions", "5", "--dry-run"))
        self.assertEqual(json.loads(self.run_topic("add-partitions", "life", "--partitions", "5", "--json")),
                         {"name": "life", "partitions": 5, "done": True})
        self.assertIn("INVALID_PARTITIONS", self.run_topic("add-partitions", "life", "--partitions", "5", code=REFUSED))

        self.produce("life", [b"v" * 100] * 50, partition=4)
        (folder,) = json.loads(self.run_topic("sizes", "life", "--json"))["folders"]
        sizes = {one["partition"]: one["bytes"] for one in folder["partitions"]}
        self.assertEqual(sorted(sizes), [0, 1, 2, 3, 4])
        self.assertGreater(sizes[4], 5000)
        self.assertEqual(folder["bytes"], sum(sizes.values()))
        self.assertEqual(folder["path"], str(self.server.data / "logs"))
        self.assertGreater(folder["total_bytes"], folder["free_bytes"])
        self.assertIn("life", self.run_topic("sizes"))

        self.assertIn("--yes", self.run_topic("trim", "life", "--before", "end", code=WRONG_USAGE))
        trimmed = json.loads(self.run_topic("trim", "life", "--before", "20", "--partition", "4", "--yes", "--json"))
        self.assertEqual(trimmed, {"name": "life", "partitions": [{"partition": 4, "first_offset": 20}]})
        self.assertEqual(self.watermarks("life", 4), (20, 50))
        self.assertIn("OFFSET_OUT_OF_RANGE", self.run_topic("trim", "life", "--before", "51", "--yes", code=REFUSED))
        self.run_topic("trim", "life", "--before", "end", "--yes")
        self.server.crash()
        self.assertEqual([self.watermarks("life", partition) for partition in range(5)], [(0, 0)] * 4 + [(50, 50)])
        self.run_topic("delete", "life", "--yes")

    def test_what_there_is_not(self) -> None:
        self.run_topic("config", "absent", code=NOT_FOUND)
        self.run_topic("sizes", "absent", code=NOT_FOUND)
        self.run_topic("add-partitions", "absent", "--partitions", "2", code=NOT_FOUND)
        self.run_topic("trim", "absent", "--before", "end", "--yes", code=NOT_FOUND)
        self.create("present")
        self.run_topic("config", "present", "--key", "no.such.key", code=NOT_FOUND)
        for arguments in (["trim", "present", "--yes"], ["trim", "present", "--before", "-1", "--yes"],
                          ["add-partitions", "present"], ["add-partitions", "present", "--partitions", "0"]):
            self.run_topic(*arguments, code=WRONG_USAGE)

    def test_a_server_that_is_away(self) -> None:
        done = subprocess.run([BINARY, "topic", "sizes", "--server", "127.0.0.1:1"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, UNREACHABLE)
        self.assertIn("Is the server running?", done.stderr)
