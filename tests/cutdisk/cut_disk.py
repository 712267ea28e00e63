#!/usr/bin/python3
"""A mounted file system on a disk that can lose power. Needs root and loop devices; README.md says what for.

  cut_disk.py up FOLDER [ext4|xfs] [MIB]    makes the disk (the first time) and mounts it at FOLDER/mnt; later: power on again
  cut_disk.py cut FOLDER SEED [PROFILE]     the power goes; says what was kept. Kill what uses the disk next
  cut_disk.py off FOLDER                    takes the dead file system away (after a cut, before the next up)
  cut_disk.py tell FOLDER COMMAND...        counts, write-back, slow-flush US, fail-flush N [COUNT], fail-write N [COUNT]
  cut_disk.py shutdown FOLDER               the file system's own shutdown: what it has not written is gone, the disk lives on
  cut_disk.py remount FOLDER                after a shutdown
  cut_disk.py rm FOLDER                     unmounts and removes everything

FOLDER should lie on a tmpfs, for speed: /dev/shm/some-name. The platter, FOLDER/platter, survives cuts.
"""

from __future__ import annotations

import argparse
import array
import fcntl
import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMPILERS = ("clang-19", "clang", "cc")
PACKAGES = {"nbdkit": "nbdkit", "nbdfuse": "libnbd-bin", "fusermount3": "fuse3", "losetup": "mount", "mkfs.ext4": "e2fsprogs",
            "mkfs.xfs": "xfsprogs"}
HEADER, HEADER_PACKAGE = pathlib.Path("/usr/include/nbdkit-plugin.h"), "nbdkit-plugin-dev"

# What becomes of the sectors that no FLUSH has reached; see README.md.
PROFILES = {
    "drop": "0 0",  # nothing is kept
    "half": "500 0",
    "most": "940 0",
    "noise": "500 500",  # half of what is not kept is garbage
    "order": "order",  # a disk that empties its cache in order
}
MAKE = {"ext4": ("mkfs.ext4", "-q", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1"), "xfs": ("mkfs.xfs", "-q", "-K")}
MOUNT_OPTIONS = {"ext4": "noatime", "xfs": "noatime,nouuid"}

GOING_DOWN = 0x8004587D  # _IOR('X', 125, uint32_t); ext4 and XFS
WITHOUT_FLUSHING_THE_LOG = 2
FIEMAP = 0xC020660B  # _IOWR('f', 11, struct fiemap)
FIEMAP_ALL = (1 << 64) - 1
FIEMAP_HEADER = struct.Struct("=QQIIII")  # start, length, flags, mapped, room, reserved
FIEMAP_EXTENT = struct.Struct("=QQQ16xI12x")  # in the file, on the disk, length, flags
FIEMAP_NOT_THERE = 0x2 | 0x4 | 0x200  # no place yet, not yet written, within the inode
EXTENTS_MAX = 500  # of one file; what goes beyond counts as the file system's own
SECTOR_BYTES = 512
MAY_MOUNT = 21  # CAP_SYS_ADMIN
WITHIN_S = 60


class DiskFailure(Exception):
    """The disk or its file system, not what is tested on it, did not do what was asked."""


def lacking_packages() -> list[str]:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [package for tool, package in PACKAGES.items() if shutil.which(tool, path=path) is None]
    return lacking + ([] if HEADER.exists() else [HEADER_PACKAGE])


def obstacle() -> str | None:
    """What about this machine, not its packages, is in the way of such a disk."""
    if os.geteuid() != 0:
        return "only root can mount a file system"
    capabilities = re.search(r"^CapEff:\s*(\w+)", pathlib.Path("/proc/self/status").read_text(), re.M)
    if capabilities is not None and not int(capabilities[1], 16) >> MAY_MOUNT & 1:
        return "root may not mount a file system here"
    if not pathlib.Path("/dev/fuse").exists():
        return "there is no /dev/fuse"
    try:
        os.close(os.open("/dev/loop-control", os.O_RDWR))
    except OSError as failure:
        return f"no loop devices: {failure}"
    return None


@functools.cache
def mountable() -> tuple[str, ...]:
    """Of the file systems here, those that this kernel knows."""
    known = pathlib.Path("/proc/filesystems").read_text().split()
    return tuple(name for name in MAKE
                 if name in known or subprocess.run(["modprobe", "-q", name], capture_output=True).returncode == 0)


@functools.cache
def built(source_folder: str) -> pathlib.Path:
    """The shared object of a folder's C files, in build/test-clients, by the folder's name. A warning is an error."""
    compiler = next((found for one in COMPILERS if (found := shutil.which(one))), None)
    if compiler is None:
        raise DiskFailure(f"none of {', '.join(COMPILERS)} is there")
    folder = REPOSITORY / "build" / "test-clients"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{pathlib.Path(source_folder).name}.so"
    made = target.with_name(f"{target.name}.{os.getpid()}")
    sources = sorted((REPOSITORY / source_folder).glob("*.c"))
    done = subprocess.run([compiler, "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-pthread", "-Wall", "-Wextra", "-Werror",
                           "-o", made, *sources, "-ldl"], capture_output=True, text=True)
    if done.returncode != 0:
        raise DiskFailure(f"{source_folder} does not build:\n{done.stderr}")
    made.rename(target)
    return target


def end_tidily_when_terminated() -> None:
    """SIGTERM ends the process as an error does, so that disks are removed; a second one does not disturb that."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(143)

    signal.signal(signal.SIGTERM, end)


def numbers_of(answer: str) -> dict[str, int]:
    return {name: int(value) for name, value in (word.split("=") for word in answer.split())}


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        if time.monotonic() > end:
            raise DiskFailure(f"not within {WITHIN_S} s: {what}")
        time.sleep(0.002)


def run(*command: str | pathlib.Path) -> str:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=WITHIN_S, env=os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
    if done.returncode != 0:
        raise DiskFailure(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


class CutDisk:
    """One disk in a folder of its own. All state is in the folder, so that another process, or a later one, can go on with it.

    power_on, then any number of: cut, (kill what uses it,) power_off, power_on. At the end remove(), whatever happened.
    """

    def __init__(self, folder: pathlib.Path, file_system: str = "ext4", size_mib: int = 1024,
                 flush_takes_us: int = 0) -> None:
        self.folder = folder
        self.file_system = file_system
        self.size_mib = size_mib
        self.flush_takes_us = flush_takes_us  # a cut meets more that is not flushed
        self.mount_point = folder / "mnt"
        self._failures_before = 0
        self._platter, self._loop = folder / "platter", folder / "loop"
        self._fuse, self._control, self._socket = folder / "fuse", folder / "control", folder / "sock"

    @property
    def device(self) -> str:
        return self._loop.read_text().strip()

    def is_mounted(self) -> bool:
        return f" {self.mount_point} " in pathlib.Path("/proc/self/mounts").read_text()

    def power_on(self) -> None:
        for made in (self.mount_point, self._fuse):
            made.mkdir(parents=True, exist_ok=True)
        plugin = built("tests/cutdisk")
        is_fresh = not self._platter.exists()
        run("nbdkit", "-P", self._pid_file("nbdkit"), "-U", self._socket, plugin, f"platter={self._platter}",
            f"size={self.size_mib}M", f"control={self._control}")
        with (self.folder / "nbdfuse.log").open("ab") as log:
            bridge = subprocess.Popen(["nbdfuse", "-s", "-C", "1", self._fuse, "--unix", self._socket], stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log, start_new_session=True)
        self._bridge = bridge  # so that it is waited for
        self._pid_file("nbdfuse").write_text(str(bridge.pid))
        wait_until((self._fuse / "nbd").exists, "the disk's image")
        self._loop.write_text(run("losetup", "-f", "--show", "--direct-io=on", "--sector-size", "512", self._fuse / "nbd"))
        if is_fresh:
            run(*MAKE[self.file_system], self.device)
        self._mount()
        if self.flush_takes_us > 0:
            self.tell(f"slow-flush {self.flush_takes_us}")

    def _mount(self) -> None:
        run("mount", "-t", self.file_system, "-o", MOUNT_OPTIONS[self.file_system], self.device, self.mount_point)

    def tell(self, command: str) -> str:
        return self._tell([command])[0]

    def _tell(self, commands: list[str]) -> list[str]:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(WITHIN_S)
            control.connect(str(self._control))
            answers, lines = [], control.makefile()
            for command in commands:
                control.sendall(command.encode() + b"\n")
                answers.append(lines.readline().strip())
                if not answers[-1] or answers[-1].startswith("unknown"):
                    raise DiskFailure(f"{command}: {answers[-1] or 'no answer'}")
        return answers

    def counts(self) -> dict[str, int]:
        return numbers_of(self.tell("counts"))

    def cut(self, seed: int, profile: str = "half", quiet: tuple[str, ...] = (),
            after_writes: int = 0) -> dict[str, int]:
        """The power goes: every request from now on fails. What was only in the cache is lost as the profile says.

        Contents of files are torn at sectors, and may become garbage, but not of files below the `quiet` folders: those, and
        what belongs to the file system itself, are old or new. With `after_writes` the cut waits for so many (half a second at
        the most) and comes before they are flushed.
        """
        commands = [f"soon {after_writes}", *self._where_files_lie(quiet), f"cut {seed} {PROFILES[profile]}"]
        return numbers_of(self._tell(commands)[-1])

    def _where_files_lie(self, quiet: tuple[str, ...] = ()) -> list[str]:
        commands = []
        for folder, _, names in os.walk(self.mount_point):  # passes over what is deleted meanwhile
            noisy = not any(pathlib.Path(folder).is_relative_to(self.mount_point / one) for one in quiet)
            for name in names:
                commands += [f"data {first} {count} {noisy:d}" for first, count in sectors_of(pathlib.Path(folder) / name)]
        return commands

    def fail(self, what: str, number: int, count: int = 1) -> None:
        """Of what comes next, the `number`-th "write" or "flush" and those behind it, `count` in all, fail with EIO. A flush
        that fails drops what the files that are there now have in the cache; the file system's own is left alone."""
        self._failures_before = self.counts()["failures"]
        self._tell([*self._where_files_lie(), f"fail-{what} {number} {count}"])

    def fail_no_more(self) -> int:
        """How many requests failed because of fail()."""
        failures = numbers_of(self._tell(["fail-write 0", "fail-flush 0", "counts"])[-1])["failures"]
        return failures - self._failures_before

    def is_healthy(self) -> bool:
        """Whether the file system takes changes, or gave up after an error."""
        probe = self.mount_point / "is-healthy"
        try:
            descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT)
            try:
                os.write(descriptor, b"x")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            probe.unlink()
            folder = os.open(self.mount_point, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            return False
        return True

    def shut_down(self) -> None:
        """The file system's own shutdown: it fails from now on, and writes no more, not even its log."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, GOING_DOWN, struct.pack("=I", WITHOUT_FLUSHING_THE_LOG))
        finally:
            os.close(descriptor)

    def remount(self) -> None:
        """After shut_down(), or when it gave up after an error. Nothing may use the file system any more."""
        self._unmount()
        self._mount()

    def _unmount(self) -> None:
        end = time.monotonic() + WITHIN_S
        while self.is_mounted():
            done = subprocess.run(["umount", str(self.mount_point)], capture_output=True, text=True, timeout=60)
            if done.returncode != 0 and time.monotonic() > end:
                raise DiskFailure(f"umount: {done.stderr.strip()}")
            if done.returncode != 0:
                time.sleep(0.01)

    def power_off(self) -> None:
        """After cut(), when nothing uses the file system any more. May be repeated."""
        if self.is_mounted():
            try:
                self.shut_down()  # else it tries to write for a while
            except OSError:
                pass
            self._unmount()
        if self._loop.exists():
            device = self.device
            subprocess.run(["losetup", "-d", device], capture_output=True, timeout=WITHIN_S)
            backing = pathlib.Path("/sys/block") / pathlib.Path(device).name / "loop" / "backing_file"
            wait_until(lambda: not is_backed_by(backing, self._fuse), f"{device} is let go")
            self._loop.unlink()
        subprocess.run(["fusermount3", "-uz", str(self._fuse)], capture_output=True, timeout=WITHIN_S)
        for name in ("nbdfuse", "nbdkit"):
            self._end(name)
        for left in (self._socket, self._control):
            left.unlink(missing_ok=True)

    def _pid_file(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.pid"

    def _end(self, name: str) -> None:
        """Only what this disk started: its command line names the folder."""
        file = self._pid_file(name)
        if not file.exists():
            return
        pid = int(file.read_text())
        if self._is_ours(pid):
            os.kill(pid, signal.SIGKILL)
        bridge = getattr(self, "_bridge", None)
        if bridge is not None and bridge.pid == pid:
            bridge.wait()
        wait_until(lambda: not self._is_ours(pid), f"the end of {name}")
        file.unlink()

    def _is_ours(self, pid: int) -> bool:
        try:
            return str(self.folder).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def remove(self) -> None:
        """Whatever state it is in. Nothing may use the file system any more."""
        if not self.folder.exists():
            return
        if self._control.exists() and self.is_mounted():
            try:
                self.tell("cut 0 0 0")  # nothing has to be written any more
            except (OSError, DiskFailure):
                pass
        self.power_off()
        shutil.rmtree(self.folder)


def is_backed_by(backing_file: pathlib.Path, folder: pathlib.Path) -> bool:
    try:
        return str(folder) in backing_file.read_text()
    except OSError:
        return False


def sectors_of(path: pathlib.Path) -> Iterator[tuple[int, int]]:
    """Where a file's contents lie on its disk: (first sector, count). Nothing for what is no file, or has just gone."""
    request = array.array("B", FIEMAP_HEADER.pack(0, FIEMAP_ALL, 0, 0, EXTENTS_MAX, 0) + bytes(EXTENTS_MAX * FIEMAP_EXTENT.size))
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.ioctl(descriptor, FIEMAP, request)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return
    mapped = FIEMAP_HEADER.unpack_from(request)[3]
    for number in range(mapped):
        _, physical, length, flags = FIEMAP_EXTENT.unpack_from(request, FIEMAP_HEADER.size + number * FIEMAP_EXTENT.size)
        if not flags & FIEMAP_NOT_THERE:
            yield physical // SECTOR_BYTES, length // SECTOR_BYTES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("up", "cut", "off", "tell", "shutdown", "remount", "rm"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    folder, words = asked.folder.resolve(), asked.words
    kind = folder / "file-system"
    if asked.verb == "up" and not kind.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kind.write_text(f"{words[0] if words else 'ext4'} {words[1] if len(words) > 1 else 1024}")
    if not kind.exists():
        sys.exit(f"there is no disk at {folder}")
    file_system, size_mib = kind.read_text().split()
    disk = CutDisk(folder, file_system, int(size_mib))
    try:
        match asked.verb:
            case "up":
                disk.power_on()
                print(disk.mount_point)
            case "cut":
                profile = words[1] if len(words) > 1 else "half"
                print(" ".join(f"{name}={count}" for name, count in disk.cut(int(words[0]), profile).items()))
            case "off":
                disk.power_off()
            case "tell":
                print(disk.tell(" ".join(words)))
            case "shutdown":
                disk.shut_down()
            case "remount":
                disk.remount()
            case "rm":
                disk.remove()
    except (DiskFailure, OSError) as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
