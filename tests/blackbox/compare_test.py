"""bench/compare: what it writes, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest
import xml.dom.minidom

from support.c_client import built
from support.cases import ServerCase, require, wait_until
from support.server import BINARY, REPOSITORY, fresh_directory, free_port

COMPARE = REPOSITORY / "bench" / "compare"


def processes_below(folder: pathlib.Path) -> list[str]:
    """Commands that run in it or name it."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command or str(folder) in os.readlink(process / "cwd"):
                found.append(command)
        except OSError:
            pass
    return found


class Load(ServerCase):
    """The load counts what is there: its figures are looked at by people, its counts here."""

    def run_load(self, *arguments: str, address: str | None = None, code: int = 0) -> str:
        kind, topic, *options = arguments
        done = subprocess.run([built("bench/load"), "kafka", kind, address or self.server.address, topic, *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_it_reads_what_it_wrote(self) -> None:
        self.create("bulk", 4)
        wrote = json.loads(self.run_load("append", "bulk", "-c", "3", "-d", "4", "-b", "50", "-p", "4", "-t", "0.5", "-w", "0"))
        acknowledged = round(wrote["records_per_second"] * wrote["seconds"])
        self.assertGreater(acknowledged, 0)
        self.assertEqual(len(self.read("bulk", 1)[0].value()), 100)
        # What was on its way at the end is not counted; it may be there, or be just about to.
        before = self.records_in("bulk")
        read = json.loads(self.run_load("read", "bulk", "-p", "4"))
        after = self.records_in("bulk")
        self.assertTrue(acknowledged <= before <= read["records"] <= after <= acknowledged + 3 * 4 * 50,
                        f"{acknowledged} acknowledged, {before} to {after} there, {read['records']} read")
        self.assertTrue(read["is_all"])

    def records_in(self, topic: str) -> int:
        return sum(self.watermarks(topic, partition)[1] for partition in range(4))

    def test_the_tail_sees_every_record(self) -> None:
        self.create("tail")
        said = json.loads(self.run_load("tail", "tail", "-t", "1", "-r", "200"))
        self.assertEqual(said["missing"], 0)
        self.assertGreater(said["sent"], 150)

    def test_what_goes_wrong_is_said(self) -> None:
        self.assertIn("cannot connect", self.run_load("append", "t", address=f"127.0.0.1:{free_port()}", code=1))
        self.assertIn("is not there", self.run_load("read", "nobody-made-it", code=1))
        self.assertIn("-t SECONDS", self.run_load("swim", "t", code=2))


class Compare(unittest.TestCase):
    def setUp(self) -> None:
        require(shutil.which("clang-19") is not None or shutil.which("cc") is not None, "there is no C compiler")
        self.folder = fresh_directory(self.id().rsplit(".", 1)[-1])
        self.folder.mkdir()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def command(self, *more: str) -> list[str]:
        return ["/usr/bin/python3", str(COMPARE), "--binary", str(BINARY), "--output", str(self.folder), "--rounds", "1",
                "--seconds", "0.5", "--only", "logstore", *more]

    def work(self) -> list[pathlib.Path]:
        """The directories of comparisons that run, or have left something."""
        return list((REPOSITORY / "build").glob("compare-*"))

    def test_it_writes_a_table_figures_and_pictures(self) -> None:
        done = subprocess.run(self.command(), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((self.folder / "compare.json").read_text())
        self.assertEqual(result["failures"], [])
        figures = result["rounds"][0]["logstore"]
        self.assertEqual(set(figures), {"small", "single", "many", "tail", "bulk", "read"})
        self.assertTrue(all(figures[load]["p99_us"] >= figures[load]["p50_us"] > 0 for load in figures if load != "read"))
        self.assertTrue(figures["read"]["is_all"])
        self.assertEqual(figures["tail"]["missing"], 0)
        table = (self.folder / "compare.md").read_text()
        self.assertIn("Fewer than three rounds", table)
        self.assertIn("| **logstore ", table)
        for name in ("compare.svg", "compare-latency.svg"):
            picture = xml.dom.minidom.parse(str(self.folder / name))
            said = "".join(node.firstChild.data for node in picture.getElementsByTagName("text"))
            self.assertIn("logstore", said)

    def test_ctrl_c_leaves_no_process_and_no_file(self) -> None:
        before = self.work()
        running = subprocess.Popen(self.command("--seconds", "60", "--only", "small"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.addCleanup(running.kill)
        wait_until(lambda: any(b"/load" in command.encode() for path in self.work() if path not in before
                               for command in processes_below(path)), "the load runs")
        mine = next(path for path in self.work() if path not in before)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1].decode()
        self.assertEqual(running.returncode, 130, said)
        self.assertIn("interrupted: nothing was written", said)
        self.assertEqual(processes_below(mine), [])
        self.assertFalse(mine.exists())
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_is_killed_takes_its_server_along(self) -> None:
        before = self.work()
        running = subprocess.Popen(self.command("--seconds", "60", "--only", "small"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(running.kill)
        wait_until(lambda: any(" serve " in command for path in self.work() if path not in before
                               for command in processes_below(path)), "the server runs")
        mine = next(path for path in self.work() if path not in before)
        self.addCleanup(shutil.rmtree, mine, ignore_errors=True)
        running.kill()
        running.wait()
        wait_until(lambda: not processes_below(mine), "the server and the load are gone", 10)

    def test_what_is_not_there_is_named(self) -> None:
        done = subprocess.run([*self.command("--only", "floor"), "--limits", str(self.folder / "nowhere")], capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^the floor was left out: .*produce_floor.cc is not there")


if __name__ == "__main__":
    unittest.main()
