"""A Debian of its own for a test: the files of this machine behind an overlay, with a real systemd as process 1.

Nothing that happens in it reaches this machine: files, processes, the network (its loopback alone), mounts and control groups
are its own, and settings of the kernel are read-only. As root only.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import time

BOOTED_WITHIN_S = 30
# Units that would touch what is not the machine's own, or need hardware.
MASKED = ("systemd-modules-load.service", "systemd-sysctl.service", "systemd-binfmt.service", "systemd-udevd.service",
          "systemd-udev-trigger.service", "systemd-remount-fs.service", "systemd-journald-audit.socket", "systemd-pstore.service",
          "systemd-hwdb-update.service", "dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount",
          "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount", "proc-sys-fs-binfmt_misc.automount",
          "modprobe@.service", "kmod-static-nodes.service")
BOOT = r"""
set -eu
base=$1; root=$base/root
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mountpoint -q "$root/sys/fs/cgroup" || mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$folder"; done
chmod 1777 "$root/tmp"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/before" "$root/run/systemd" "$root/run/systemd/system"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
for unit in $2; do ln -s /dev/null "$root/run/systemd/system/$unit"; done
# What keeps services from starting, and an index of manual pages that takes seconds.
rm -f "$root/usr/sbin/policy-rc.d" "$root/var/lib/man-db/auto-update"
ip link set lo up
cd "$root"
pivot_root . run/before
umount -l /run/before
export container=other
exec setpriv --bounding-set=-sys_module,-sys_time,-syslog /lib/systemd/systemd --system --unit=basic.target --show-status=0
"""


def _cgroup_mount() -> pathlib.Path | None:
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, path, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(path)
    return None


def obstacle() -> str | None:
    """Why there can be no such machine here; none when there can."""
    if os.geteuid() != 0:
        return "a package is installed into a machine of its own, which only root can make"
    for program in ("/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/setpriv"):
        if not os.path.exists(program):
            return f"{program} is not there; tools/install-packages test"
    if shutil.which("ip") is None:
        return "ip is not there; tools/install-packages test"
    if "overlay" not in pathlib.Path("/proc/filesystems").read_text().split():
        return "this kernel has no overlay file system"
    if _cgroup_mount() is None:
        return "control groups of version 2 are not mounted here, and systemd needs them"
    return None


class Machine:
    """Not started by its constructor. Whoever makes one calls remove() at the end, whatever happened."""

    def __init__(self, base: pathlib.Path) -> None:
        self.base = base
        self.log = base / "boot.log"
        self._unshare: subprocess.Popen[bytes] | None = None
        self._cgroup = _cgroup_mount() / f"logstore-package-{os.getpid()}"  # type: ignore[operator]
        self._init = 0

    def start(self) -> None:
        for folder in ("upper", "work", "root"):
            (self.base / folder).mkdir(parents=True)
        self._cgroup.mkdir()
        enter = f'echo $$ > "{self._cgroup}/cgroup.procs"; exec "$@"'
        with self.log.open("wb") as log:
            self._unshare = subprocess.Popen(
                ["sh", "-c", enter, "sh", "unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork",
                 "--kill-child", "bash", "-c", BOOT, "bash", str(self.base), " ".join(MASKED)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_booted()

    def _wait_booted(self) -> None:
        assert self._unshare is not None
        end = time.monotonic() + BOOTED_WITHIN_S
        children = pathlib.Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        while True:
            if self._unshare.poll() is not None or time.monotonic() > end:
                said = self.log.read_text(errors="replace")[-2000:]
                raise AssertionError(f"systemd was not up in {BOOTED_WITHIN_S} s, or ended:\n{said}")
            found = children.read_text().split()
            if found:
                self._init = int(found[0])
                name = pathlib.Path(f"/proc/{self._init}/comm").read_text().strip()
                if name == "systemd" and self.run("systemctl", "is-active", "basic.target", check=False).returncode == 0:
                    return
            time.sleep(0.1)

    def run(self, *command: str, check: bool = True, given: str = "", within_s: float = 60) -> subprocess.CompletedProcess[str]:
        """A command of the machine, as root."""
        entered = ["nsenter", f"--target={self._init}", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--wd=/",
                   "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        done = subprocess.run([*entered, *command], input=given, capture_output=True, text=True, timeout=within_s)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def remove(self) -> None:
        if self._unshare is not None:
            self._unshare.kill()  # with it process 1, and with that all others
            self._unshare.wait()
            self._unshare = None
        end = time.monotonic() + 10
        while self._cgroup.exists() and time.monotonic() < end:
            for folder, _, _ in os.walk(self._cgroup, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.05)  # its processes are just going
        shutil.rmtree(self.base, ignore_errors=True)
