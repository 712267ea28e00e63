"""The Debian package: what is in it, and its life on a machine from the installation to the purge."""

from __future__ import annotations

import functools
import pathlib
import re
import resource
import shutil
import subprocess
import time
import unittest

from machine import Machine, obstacle
from support.cases import require, wait_until
from support.server import BINARY, REPOSITORY, fresh_directory

FIRST, SECOND = "1.0.0", "1.0.1"
CONFIG = "/etc/logstore/logstore.toml"
README = (REPOSITORY / "README.md").read_text()
DATA = "/var/lib/logstore"


PACKAGES = fresh_directory("packages")


def tearDownModule() -> None:
    shutil.rmtree(PACKAGES, ignore_errors=True)


@functools.cache
def build(version: str) -> pathlib.Path:
    done = subprocess.run([REPOSITORY / "tools" / "package", "--binary", BINARY, "--version", version, "--output", PACKAGES],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    built = re.search(r"^built (.*)$", done.stdout, re.M)
    assert built is not None, done.stdout
    return pathlib.Path(built[1])


class PackageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        require(shutil.which("dpkg-shlibdeps") is not None, "dpkg-shlibdeps is not there; tools/install-packages test")
        cls.folder = fresh_directory(cls.__name__)
        cls.folder.mkdir()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.package = build(FIRST)


class Contents(PackageCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.tree = cls.folder / "tree"
        subprocess.run(["dpkg-deb", "-x", cls.package, cls.tree], check=True)

    def printed(self, *arguments: str | pathlib.Path) -> str:
        return subprocess.run([self.tree / "usr/bin/logstore", "serve", *arguments, "--print-config"], capture_output=True,
                              text=True, check=True).stdout

    def test_debians_own_check_finds_nothing(self) -> None:
        require(shutil.which("lintian") is not None, "lintian is not there; tools/install-packages test")
        found = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", self.package], capture_output=True,
                               text=True)
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)

    def test_its_configuration_gives_the_defaults(self) -> None:
        file = self.tree / CONFIG[1:]
        defaults = self.printed("--data-dir", DATA)
        self.assertEqual(self.printed("--config", file), defaults)
        everything = self.folder / "everything.toml"
        everything.write_text(re.sub(r"^#(\w+ = )", r"\1", file.read_text(), flags=re.M))
        self.assertNotEqual(everything.read_text(), file.read_text())
        self.assertEqual(self.printed("--config", everything), defaults)

    def test_its_configuration_explains_each_option(self) -> None:
        text = (self.tree / CONFIG[1:]).read_text()
        names = re.findall(r"^#?(\w+) = ", text, re.M)
        self.assertGreater(len(names), 40)
        explained = re.findall(r"((?:^# .*\n)+)#?(\w+) = (.*)$", text, re.M)
        self.assertEqual([name for _, name, _ in explained], names)
        for comment, name, value in explained:
            with self.subTest(name):
                self.assertRegex(comment, r"(?m)^# (In bytes\. |In milliseconds\. )?Default: ")
                if re.fullmatch(r"-?\d+", value):
                    self.assertRegex(comment.replace("\n# ", " "), r"; (at least )?-?\d+( \w+)?( to |, a multiple|\.)")

    def test_the_commands_have_a_manual_page_and_completions(self) -> None:
        for path in ("usr/share/man/man1/logstore.1.gz", "usr/share/bash-completion/completions/logstore",
                     "usr/share/zsh/vendor-completions/_logstore", "usr/share/fish/vendor_completions.d/logstore.fish",
                     "usr/share/doc/logstore/install.md"):
            self.assertGreater((self.tree / path).stat().st_size, 500, path)

    def test_the_documentation_of_installing_names_what_is_installed(self) -> None:
        page = (REPOSITORY / "docs" / "install.md").read_text()
        for path in (CONFIG, DATA, "logstore.service"):
            self.assertIn(path, page)


class Life(PackageCase):
    """One installation; the methods are its stages and are called in this order by the one test."""

    @classmethod
    def setUpClass(cls) -> None:
        why = obstacle()
        require(why is None, why or "")
        super().setUpClass()
        cls.machine = Machine(cls.folder / "machine")
        cls.addClassCleanup(cls.machine.remove)
        cls.machine.start()

    def run_(self, *command: str, **more: object) -> str:
        return self.machine.run(*command, **more).stdout  # type: ignore[arg-type]

    def unit(self, name: str) -> str:
        return self.run_("systemctl", "show", "--value", f"--property={name}", "logstore.service").strip()

    def install(self, package: pathlib.Path) -> None:
        self.run_("dpkg", "--install", str(package))

    def wait_serving(self) -> None:
        """At least as far as answering; the commands themselves wait some seconds for a server."""
        wait_until(lambda: self.machine.run("logstore", "topic", "list", check=False).returncode == 0, "the server answers")
        self.assertEqual(self.unit("ActiveState"), "active")

    def consumed(self) -> list[str]:
        return self.run_("logstore", "consume", "events").splitlines()

    def said(self) -> str:
        return self.run_("journalctl", "--no-pager", "--output=cat")

    def test_it_installs_serves_upgrades_and_purges(self) -> None:
        for stage in (self.installs, self.serves_as_nobody_in_particular, self.comes_back_after_a_crash,
                      self.keeps_data_over_an_upgrade, self.stays_down_with_a_wrong_configuration, self.stays_disabled,
                      self.is_removed_without_its_data, self.is_purged):
            begun = time.monotonic()
            stage()
            print(f"{stage.__name__}: {time.monotonic() - begun:.1f} s")

    def installs(self) -> None:
        """As README.md says."""
        pasted = re.search(r"^tools/package && sudo (apt-get install \./build/package/\S+)$", README, re.M)
        assert pasted is not None
        self.run_("bash", "-c", pasted[1].replace("./build/package/", f"{PACKAGES}/"))
        self.assertEqual(self.unit("ActiveState"), "active")
        self.assertRegex(self.said(), r"(?m)^ready: ", "systemd waits until the server serves")
        self.wait_serving()
        self.assertEqual(self.unit("UnitFileState"), "enabled")
        verified = self.machine.run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/logstore.service", check=False)
        self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""))
        self.run_("logstore", "topic", "create", "events")
        self.lines = [f"record {number}" for number in range(1000)]
        self.run_("logstore", "produce", "events", given="\n".join(self.lines) + "\n")
        self.assertEqual(self.consumed(), self.lines)

    def serves_as_nobody_in_particular(self) -> None:
        process = self.unit("MainPID")
        status = self.run_("cat", f"/proc/{process}/status")
        user = self.run_("id", "--user", "logstore").strip()
        self.assertRegex(status, rf"(?m)^Uid:\s+{user}\s+{user}\s")
        for line in (r"CapEff:\s+0+", r"CapBnd:\s+0+", r"NoNewPrivs:\s+1", r"Seccomp:\s+2"):
            self.assertRegex(status, rf"(?m)^{line}$")
        self.assertEqual(self.run_("stat", "--format=%U:%G %a", DATA).strip(), "logstore:logstore 750")
        self.assertEqual(self.run_("find", DATA, "!", "-user", "logstore"), "")
        files = self.open_files_expected()
        self.assertRegex(self.run_("cat", f"/proc/{process}/limits"), rf"(?m)^Max open files\s+{files}\s+{files}\s")
        self.assertIn("disk: io_uring", self.said(), "what the unit forbids must leave io_uring alone")

    def open_files_expected(self) -> int:
        """What the unit asks for, or less where this machine lets nobody raise a limit (CAP_SYS_RESOURCE)."""
        asked = int(re.search(r"^LimitNOFILE=(\d+)$", (REPOSITORY / "packaging/logstore.service").read_text(), re.M)[1])
        bounding = int(re.search(r"^CapBnd:\s+(\w+)$", pathlib.Path("/proc/self/status").read_text(), re.M)[1], 16)
        return asked if bounding >> 24 & 1 else min(asked, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def comes_back_after_a_crash(self) -> None:
        before = self.unit("MainPID")
        self.run_("systemctl", "kill", "--signal=KILL", "logstore.service")
        wait_until(lambda: self.unit("MainPID") not in ("0", before), "systemd starts it again")
        self.wait_serving()
        self.assertEqual(self.unit("NRestarts"), "1")
        self.assertEqual(self.consumed(), self.lines)

    def keeps_data_over_an_upgrade(self) -> None:
        self.run_("sed", "--in-place", r"/^\[http\]/,/^\[resp\]/s|^#listen = .*|listen = \"127.0.0.1:8080\"|", CONFIG)
        changed = self.run_("cat", CONFIG)
        before = self.unit("MainPID")
        self.install(build(SECOND))
        self.wait_serving()
        self.assertNotEqual(self.unit("MainPID"), before)
        self.assertEqual(self.run_("dpkg-query", "--show", "--showformat=${Version}", "logstore"), SECOND)
        self.assertEqual(self.run_("cat", CONFIG), changed)
        self.assertIn("stopped cleanly", self.said())
        self.assertEqual(self.consumed(), self.lines)
        request = "exec 3<> /dev/tcp/127.0.0.1/8080; printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3"
        answered = self.run_("bash", "-c", request)
        self.assertRegex(answered, r"^HTTP/1\.[01] 200 ")

    def stays_down_with_a_wrong_configuration(self) -> None:
        """Once: no restart makes it right."""
        self.run_("cp", CONFIG, "/var/tmp/good.toml")
        self.run_("sed", "--in-place", "s/^#shards = .*/shards = \"many\"/", CONFIG)
        self.machine.run("systemctl", "restart", "logstore.service", check=False)
        wait_until(lambda: self.unit("ActiveState") == "failed", "the server gives up")
        time.sleep(3)
        self.assertEqual((self.unit("ActiveState"), self.unit("ExecMainStatus"), self.unit("NRestarts")), ("failed", "2", "0"))
        self.assertIn("shards", self.said().splitlines()[-20:].__str__())
        self.run_("cp", "/var/tmp/good.toml", CONFIG)
        self.run_("systemctl", "restart", "logstore.service")
        self.wait_serving()

    def stays_disabled(self) -> None:
        self.run_("systemctl", "disable", "--now", "logstore.service")
        self.install(build(SECOND))
        self.assertEqual((self.unit("UnitFileState"), self.unit("ActiveState")), ("disabled", "inactive"))
        self.run_("systemctl", "enable", "--now", "logstore.service")
        self.wait_serving()

    def is_removed_without_its_data(self) -> None:
        self.run_("dpkg", "--remove", "logstore")
        self.assertNotEqual(self.unit("ActiveState"), "active")
        self.assertNotEqual(self.machine.run("pgrep", "-x", "logstore", check=False).returncode, 0)
        self.run_("test", "-f", CONFIG)
        self.install(build(SECOND))
        self.wait_serving()
        self.assertEqual(self.consumed(), self.lines)

    def is_purged(self) -> None:
        self.run_("dpkg", "--purge", "logstore")
        left = self.run_("find", "/etc", "/lib/systemd", "/usr", "/var/lib", "-name", "*logstore*", "-not", "-path", "/usr/src/*")
        self.assertEqual(left, "")
        self.assertNotEqual(self.machine.run("dpkg-query", "--show", "logstore", check=False).returncode, 0)
        self.assertEqual(self.run_("systemctl", "list-units", "--state=failed", "--no-legend", "logstore*"), "")


if __name__ == "__main__":
    unittest.main()
