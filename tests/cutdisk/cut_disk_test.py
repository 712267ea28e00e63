#!/usr/bin/python3
"""What the disk promises and what it does not: PYTHONPATH=tests:tests/cutdisk tests/cutdisk/cut_disk_test.py, as root."""

from __future__ import annotations

import errno
import mmap
import os
import pathlib
import unittest

import cut_disk
from support.cases import require

FAST = pathlib.Path("/dev/shm") if os.path.isdir("/dev/shm") else pathlib.Path("/tmp")
BLOCK, MIB = 4096, 1 << 20
OLD, NEW = b"o", b"n"


def blocks(content: bytes, count: int) -> mmap.mmap:
    """Aligned, as O_DIRECT wants it."""
    made = mmap.mmap(-1, count * BLOCK)
    made.write(content * (count * BLOCK))
    return made


def setUpModule() -> None:
    cut_disk.end_tidily_when_terminated()


class Disk(unittest.TestCase):
    def setUp(self) -> None:
        lacking = cut_disk.lacking_packages()
        require(not lacking, f"missing: {' '.join(lacking)}; tools/install-packages test")
        obstacle = cut_disk.obstacle()
        if obstacle is not None:
            self.skipTest(f"no such disk here: {obstacle}")

    def disk(self, file_system: str = "ext4") -> cut_disk.CutDisk:
        made = cut_disk.CutDisk(FAST / f"cutdisk-test-{os.getpid()}", file_system, 512)
        self.addCleanup(made.remove)
        made.power_on()
        self.path = made.mount_point / "file"
        return made

    def write(self, content: bytes, flags: int = 0, count: int = 64) -> None:
        """Over the same blocks, directly."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_DIRECT | flags)
        try:
            os.pwritev(descriptor, [blocks(content, count)], 0)
        finally:
            os.close(descriptor)

    def cut(self, disk: cut_disk.CutDisk, seed: int, profile: str, **more: object) -> dict[str, int]:
        counts = disk.cut(seed, profile, **more)
        disk.power_off()
        disk.power_on()
        return counts

    def sectors(self) -> list[bytes]:
        content = self.path.read_bytes()
        return [content[at:at + 512] for at in range(0, len(content), 512)]

    def test_what_was_flushed_is_there_on_every_file_system(self) -> None:
        for file_system in cut_disk.mountable():
            for seed, profile in enumerate(cut_disk.PROFILES):
                with self.subTest(file_system, profile=profile):
                    disk = self.disk(file_system)
                    self.write(OLD, os.O_DSYNC)
                    (disk.mount_point / "unflushed").write_bytes(b"x" * MIB)
                    self.cut(disk, seed, profile)
                    self.assertEqual(set(self.sectors()), {OLD * 512})
                    self.assertEqual(len(self.sectors()), 64 * 8)
                    disk.remove()

    def test_what_was_not_flushed_is_gone(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        self.write(NEW)
        counts = self.cut(disk, 1, "drop")
        self.assertEqual(set(self.sectors()), {OLD * 512})
        self.assertEqual((counts["kept"], counts["garbled"], counts["lost"] >= 64 * 8), (0, 0, True))

    def test_what_was_not_flushed_is_torn_at_sectors(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        self.write(NEW)
        self.cut(disk, 1, "half")
        found = self.sectors()
        self.assertEqual(set(found), {OLD * 512, NEW * 512})
        self.assertTrue(any(len(set(found[at:at + 8])) > 1 for at in range(0, len(found), 8)), "no block was torn")

    def test_garbage_is_neither_old_nor_new_and_only_where_it_may_be(self) -> None:
        for quiet in ((), ("",)):
            disk = self.disk()
            self.write(OLD, os.O_DSYNC)
            self.write(NEW)
            counts = self.cut(disk, 1, "noise", quiet=quiet)
            strange = [one for one in self.sectors() if one not in (OLD * 512, NEW * 512)]
            self.assertEqual(len(strange), counts["garbled"])
            self.assertEqual(counts["garbled"] > 0, quiet == ())
            disk.remove()

    def test_in_order_the_first_are_kept(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        self.write(NEW)
        self.cut(disk, 3, "order")
        found = self.sectors()
        self.assertEqual(found, sorted(found, key=lambda one: one != NEW * 512))
        self.assertEqual(set(found), {OLD * 512, NEW * 512})

    def test_the_same_seed_decides_the_same(self) -> None:
        found = []
        for _ in range(2):
            disk = self.disk()
            self.write(OLD, os.O_DSYNC)
            self.write(NEW)
            self.cut(disk, 5, "half")
            found.append(self.sectors())
            disk.remove()
        self.assertEqual(*found)

    def test_a_cut_comes_before_the_flush_of_the_write_it_waits_for(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        child = os.fork()
        if child == 0:
            try:
                for _ in range(100_000):
                    self.write(NEW, os.O_DSYNC)
            finally:
                os._exit(0)  # when the disk fails
        counts = disk.cut(1, "drop", after_writes=3)
        os.waitpid(child, 0)
        self.assertGreaterEqual(counts["cached"], 64 * 8)

    def test_after_a_cut_every_request_fails(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        disk.cut(1, "drop")
        with self.assertRaises(OSError):
            self.write(NEW, os.O_DSYNC)

    def test_a_failed_flush_fails_once_and_its_bytes_are_gone(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        descriptor = os.open(self.path, os.O_RDWR | os.O_DIRECT)
        self.addCleanup(os.close, descriptor)
        os.pwritev(descriptor, [blocks(NEW, 64)], 0)
        disk.tell("fail-flush 1")
        with self.assertRaises(OSError) as failed:
            os.fdatasync(descriptor)
        self.assertEqual(failed.exception.errno, errno.EIO)
        found = blocks(b"\0", 64)
        os.preadv(descriptor, [found], 0)
        self.assertEqual(found[:], OLD * (64 * BLOCK))

    def test_failing_flushes_take_only_contents_of_files_once_those_are_known(self) -> None:
        disk = self.disk()
        self.write(OLD, os.O_DSYNC)
        disk.fail("flush", 1, 2)
        descriptor = os.open(self.path, os.O_RDWR | os.O_DIRECT)
        self.addCleanup(os.close, descriptor)
        for _ in range(2):
            os.pwritev(descriptor, [blocks(NEW, 64)], 0)
            with self.assertRaises(OSError):
                os.fdatasync(descriptor)
        found = blocks(b"\0", 64)
        os.preadv(descriptor, [found], 0)
        self.assertEqual(found[:], OLD * (64 * BLOCK))
        os.fdatasync(descriptor)
        self.assertEqual(disk.fail_no_more(), 2)
        self.assertTrue(disk.is_healthy())

    def test_a_failed_write_keeps_nothing_and_the_next_one_succeeds(self) -> None:
        for file_system in cut_disk.mountable():
            with self.subTest(file_system):
                disk = self.disk(file_system)
                self.write(OLD, os.O_DSYNC)
                disk.fail("write", 1)
                with self.assertRaises(OSError) as failed:
                    self.write(NEW, os.O_DIRECT)
                self.assertEqual(failed.exception.errno, errno.EIO)
                self.write(NEW, os.O_DSYNC)
                self.assertEqual(disk.fail_no_more(), 1)
                self.assertEqual(set(self.sectors()), {NEW * 512})
                disk.remove()

    def test_a_shutdown_forgets_what_the_file_system_did_not_write(self) -> None:
        for file_system in cut_disk.mountable():
            with self.subTest(file_system):
                disk = self.disk(file_system)
                self.write(OLD, os.O_DSYNC)
                (disk.mount_point / "never-flushed").write_bytes(b"x")
                disk.shut_down()
                with self.assertRaises(OSError):
                    self.write(NEW)
                disk.remount()
                self.assertEqual(set(self.sectors()), {OLD * 512})
                self.assertFalse((disk.mount_point / "never-flushed").exists())
                disk.remove()


if __name__ == "__main__":
    unittest.main()
