"""The commands that README.md tells people to paste, every one of them."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from support.cases import ServerCase, require, wait_until
from support.server import BINARY, REPOSITORY, fresh_directory, free_port

README = (REPOSITORY / "README.md").read_text()
RELEASE = REPOSITORY / "build" / "release" / "logstore"


def blocks() -> list[tuple[str, str]]:
    """Heading and text of each block of commands."""
    found = []
    for section in re.split(r"^## ", README, flags=re.M)[1:]:
        heading = section.partition("\n")[0]
        found += [(heading, block) for block in re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)]
    return found


def block_with(command: str) -> str:
    """The one block that has this command in it."""
    found = [text for _, text in blocks() if re.search(rf"^{re.escape(command)}\b", text, re.M)]
    assert len(found) == 1, f"{len(found)} blocks of README.md have '{command}'"
    return found[0]


def lines(block: str) -> list[str]:
    return [line for line in block.splitlines() if line.strip() and not line.startswith("#")]


def run_pasted(text: str, folder: pathlib.Path = REPOSITORY, within_s: float = 60, **environment: str) -> str:
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + text], capture_output=True, text=True, cwd=folder,
                          env=os.environ | environment, stdin=subprocess.DEVNULL, timeout=within_s)
    assert done.returncode == 0, f"{text}\n{done.stdout[-500:]}{done.stderr[-1500:]}"
    return done.stdout


def path_with_program(folder: pathlib.Path) -> str:
    """A folder for PATH in which `logstore` is the program under test."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logstore").symlink_to(BINARY.resolve())
    return f"{folder}:{os.environ['PATH']}"


class Covered(unittest.TestCase):
    def test_every_block_is_run_by_a_test(self) -> None:
        run_here = {block_with(command) for command in
                    ("tools/quickstart", "tools/build", "logstore topic create", "curl localhost:8080/append", "bench/compare")}
        elsewhere = {block_with("tools/package")}  # tests/package, on a machine of its own
        self.assertEqual({text for _, text in blocks()}, run_here | elsewhere)

    def test_what_it_links_to_is_there(self) -> None:
        links = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"^- `([\w./-]+)`", README, re.M)
        self.assertGreater(len(links), 10)
        self.assertEqual([link for link in links if not (REPOSITORY / link).exists()], [])


class FirstCommands(unittest.TestCase):
    """What builds something uses what is built already, so these are about the release build."""

    def setUp(self) -> None:
        require(RELEASE.exists() and BINARY.resolve() == RELEASE, "the program under test is not build/release/logstore")

    def test_two_commands_measure_a_server(self) -> None:
        first, second = lines(block_with("tools/quickstart"))
        self.assertRegex(first, r"^git clone <[^>]*> logstore && cd logstore$")
        before = set((REPOSITORY / "build").glob("quickstart.*"))
        said = run_pasted(second, within_s=240)
        self.assertRegex(said, r"(?m)requests?/s")
        self.assertEqual(set((REPOSITORY / "build").glob("quickstart.*")), before)

    def test_a_server_is_kept_until_ctrl_c(self) -> None:
        data, port = fresh_directory("readme-kept"), free_port()
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        build, serve = lines(block_with("tools/build"))
        self.assertIn("--data-dir ~/logstore-data --http 127.0.0.1:8080", serve)
        serve = "exec " + serve.replace("~/logstore-data", f"{data} --kafka 127.0.0.1:{port}").replace(":8080", f":{free_port()}")
        log = data.parent / f"{data.name}.log"
        self.addCleanup(log.unlink, missing_ok=True)
        with log.open("wb") as out:
            server = subprocess.Popen(["bash", "-ec", f"{build}\n{serve}"], cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=out)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wait_until(lambda: "\nready: " in "\n" + log.read_text(errors="replace"), "the server is ready", 240)
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(30), 0)
        self.assertIn("stopped cleanly", log.read_text(errors="replace"))


class Trying(ServerCase):
    def run_pasted(self, line: str) -> str:
        """As on a machine with the program in its path and the server on the default port."""
        line = line.replace("127.0.0.1:9092", self.server.address)
        if "~/logstore-data" in line:
            self.server.restart()  # so that segments are there
            folder = self.server.segments("events", self.used_partition())[0].parent
            line = re.sub(r"~/logstore-data\S*/(?=[^/ ]*\.log)", f"{folder}/", line)
        return run_pasted(line, PATH=self.path, LOGSTORE_SERVER=self.server.address)

    def used_partition(self) -> int:
        return next(number for number in range(100) if self.watermarks("events", number)[1] > 0)

    def test_they_work_as_pasted(self) -> None:
        require(shutil.which("kcat") is not None, "kcat is not there; tools/install-packages test")
        folder = self.server.data.parent / f"{self.server.data.name}-path"
        self.addCleanup(shutil.rmtree, folder)
        self.path = path_with_program(folder)
        commands = lines(block_with("logstore topic create"))
        self.assertGreater(len(commands), 5)
        said = {line: self.run_pasted(line) for line in commands}
        for reader, count in (("logstore consume events --format", 1002), ("kcat -b 127.0.0.1:9092 -C", 2002)):
            everything = next(text for line, text in said.items() if line.startswith(reader))
            self.assertEqual(len(everything.splitlines()), count)
            self.assertIn("user-1 signed in", everything)


class Http(ServerCase):
    speaks_http = True

    def test_it_works_as_pasted(self) -> None:
        require(shutil.which("curl") is not None, "curl is not there; tools/install-packages test")
        wrote, read = (run_pasted(line.replace("localhost:8080", self.server.http_address or ""))
                       for line in lines(block_with("curl localhost:8080/append")))
        self.assertIn('"offset":0', wrote)
        self.assertIn("signed in", read)


class Comparing(unittest.TestCase):
    """Both are run on small work by compare_test.py; peers are nothing that a test would fetch."""

    def test_both_commands_are_there(self) -> None:
        for line in lines(block_with("bench/compare")):
            command = line.split("#")[0].strip()
            self.assertIn(command, run_pasted(f"{command} --help"))


if __name__ == "__main__":
    unittest.main()
