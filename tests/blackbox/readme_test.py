"""The commands that README.md tells people to paste."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from support.cases import ServerCase, require
from support.server import BINARY, REPOSITORY

HEADING = "## Trying it\n"


def commands() -> list[str]:
    text = (REPOSITORY / "README.md").read_text()
    section = text[text.index(HEADING) + len(HEADING):].split("\n## ")[0]
    block = re.search(r"^```sh\n(.*?)^```", section, re.M | re.S)
    assert block is not None, f"no commands under '{HEADING}'"
    return [line for line in block[1].splitlines() if line.strip() and not line.startswith("#")]


class Readme(ServerCase):
    def run_pasted(self, line: str) -> str:
        """As on a machine with the program in its path and the server on the default port."""
        line = line.replace("127.0.0.1:9092", self.server.address)
        if re.search(r"<[^>]*>|…", line):
            self.server.restart()  # so that segments are there
            folder = self.server.segments("events", self.used_partition())[0].parent
            line = re.sub(r"<[^>]*>\S*/(?=[^/ ]*\.log)", f"{folder}/", line)
        environment = os.environ | {"PATH": f"{self.path}:{os.environ['PATH']}", "LOGSTORE_SERVER": self.server.address}
        done = subprocess.run(["bash", "-c", "set -o pipefail; " + line], capture_output=True, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout[-500:]}{done.stderr[-1500:]}")
        return done.stdout

    def used_partition(self) -> int:
        return next(number for number in range(100) if self.watermarks("events", number)[1] > 0)

    def test_they_work_as_pasted(self) -> None:
        require(shutil.which("kcat") is not None, "kcat is not there; tools/install-packages test")
        self.path = self.server.data.parent / f"{self.server.data.name}-path"
        self.path.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, self.path)
        (self.path / "logstore").symlink_to(BINARY.resolve())
        lines = commands()
        self.assertGreater(len(lines), 5)
        said = {line: self.run_pasted(line) for line in lines}
        for reader, count in (("logstore consume events --format", 1002), ("kcat -b 127.0.0.1:9092 -C", 2002)):
            everything = next(text for line, text in said.items() if line.startswith(reader))
            self.assertEqual(len(everything.splitlines()), count)
            self.assertIn("user-1 signed in", everything)
