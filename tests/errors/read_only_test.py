"""A file system that becomes read-only, as ext4 does after an error and as an administrator asks for. As root."""

from __future__ import annotations

import os
import pathlib
import random
import subprocess
import time
import unittest

import cut_disk
from support.cases import require
from trial import Trial

FAST = pathlib.Path("/dev/shm") if os.path.isdir("/dev/shm") else pathlib.Path("/tmp")


def setUpModule() -> None:
    cut_disk.end_tidily_when_terminated()


class ReadOnly(unittest.TestCase):
    def setUp(self) -> None:
        lacking = cut_disk.lacking_packages()
        require(not lacking, f"missing: {' '.join(lacking)}; tools/install-packages test")
        if (obstacle := cut_disk.obstacle()) is not None:
            self.skipTest(f"no file system of its own here: {obstacle}")
        seed = random.SystemRandom().randrange(1 << 31)
        print(f"seed {seed}", flush=True)
        self.disk = cut_disk.CutDisk(FAST / f"logstore-read-only-{os.getpid()}", "ext4", 512)
        self.addCleanup(self.disk.remove)
        self.disk.power_on()
        self.mount("errors=remount-ro")
        self.trial = Trial(self.id().rsplit(".", 1)[1], seed, self.disk.mount_point / "data",
                           settings={"storage.disk_backend": random.choice(("threads", "io_uring"))})
        self.addCleanup(self.trial.end)
        self.trial.server.start()

    def mount(self, options: str) -> bool:
        command = ["mount", "-o", f"remount,{options}", str(self.disk.mount_point)]
        return subprocess.run(command, capture_output=True).returncode == 0

    def break_file_system(self) -> None:
        """As an error of its own does: it is read-only from now on."""
        trigger = pathlib.Path("/sys/fs/ext4") / pathlib.Path(self.disk.device).name / "trigger_fs_error"
        if not trigger.exists():
            self.skipTest(f"there is no {trigger}")
        trigger.write_text("a test\n")

    def assert_start_fails(self) -> None:
        server = self.trial.server
        server.launch()
        code = self.trial.wait_for_end(20)
        self.assertIsNotNone(code, server.said())
        self.assertEqual(self.trial.complaints(code), [], server.said())
        server.kill()

    def assert_everything_is_there(self) -> None:
        self.trial.server.start()
        self.assertEqual(self.trial.read_and_judge(), [])
        self.assertIsNone(self.trial.judge_history())

    def test_it_ends_when_the_file_system_becomes_read_only_under_load(self) -> None:
        for _ in range(2):
            with self.trial.load():
                time.sleep(0.5)
                self.break_file_system()
                code = self.trial.wait_for_end()
                self.assertIsNotNone(code, f"it runs on\n{self.trial.server.said()[-3000:]}")
                self.assertEqual(self.trial.complaints(code), [], self.trial.server.said())
            self.trial.ledger.history.fault("read-only")
            self.assert_start_fails()
            self.disk.remount()
            self.mount("errors=remount-ro")
            self.assert_everything_is_there()
        self.assertGreater(self.trial.acknowledged(), 50)

    def test_a_remount_that_is_refused_under_load_does_no_harm_and_one_that_succeeds_is_told_by_the_start(self) -> None:
        with self.trial.load():
            self.assertFalse(self.mount("ro"), "a file system with files open for writing was mounted read-only")
            before = self.trial.acknowledged()
            time.sleep(0.5)
            self.trial.server.assert_alive()
            self.assertGreater(self.trial.acknowledged(), before)
        self.trial.ledger.history.fault("kill")
        self.assertTrue(self.mount("ro"))
        self.assert_start_fails()
        self.assertTrue(self.mount("rw"))
        self.assert_everything_is_there()


if __name__ == "__main__":
    unittest.main()
