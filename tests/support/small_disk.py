"""A small file system of its own, for what depends on how much room there is."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import unittest

from support.cases import require
from support.server import fresh_directory


def small_disk(case: type[unittest.TestCase], name: str, size: int) -> pathlib.Path:
    """Where an ext4 file system of that size is mounted until the tests of the class are done. What an operating system may
    refuse, in CI too, skips them: being root, and loop devices."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("a small file system can be mounted by root alone")
    if subprocess.run(["losetup", "--find"], capture_output=True).returncode != 0:
        raise unittest.SkipTest("there is no loop device for a small file system")
    require(shutil.which("mkfs.ext4") is not None, "mkfs.ext4 is not there; tools/install-packages test")
    held = fresh_directory(name)
    case.addClassCleanup(shutil.rmtree, held, ignore_errors=True)
    mount = held / "mount"
    mount.mkdir(parents=True)
    image = held / "image"
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True, capture_output=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(mount)], capture_output=True, text=True)
    if done.returncode != 0:
        raise unittest.SkipTest(f"no loop device can be mounted here: {done.stderr.strip()}")
    case.addClassCleanup(subprocess.run, ["umount", "--lazy", str(mount)], check=False)
    return mount
