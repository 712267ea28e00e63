"""Starts that must be refused: with a sentence, an exit code, and nothing touched."""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import struct
import subprocess
import unittest

from support.batches import crc32c
from support.cases import ServerCase, require
from support.server import BINARY, Server, fresh_directory

ENDS_WITHIN_S = 20


def everything_in(folder: pathlib.Path) -> dict[str, tuple[int, int, bytes]]:
    """Modes, times of change and contents."""
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in [folder, *folder.rglob("*")]}


def as_a_user_like_any() -> list[str]:
    """What a program is started through so that permissions of files hold for it, also where the tests run as root."""
    if os.geteuid() != 0:
        return []
    wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
    require(shutil.which("setpriv") is not None, "setpriv is not there; it is in util-linux")
    done = subprocess.run([*wrapper, "true"], capture_output=True, text=True)
    require(done.returncode == 0, f"root cannot give up its rights here: {done.stderr.strip()}")
    return wrapper


class Refused(unittest.TestCase):
    def setUp(self) -> None:
        self.data = fresh_directory("refused")
        self.server = Server(self.data)
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.addCleanup(self.server.kill)

    def assert_refused(self, server: Server, *words: str) -> None:
        server.launch()
        code = server.wait_stopped(ENDS_WITHIN_S)
        said = server.said()
        self.assertNotIn(code, (0, -6, -11), said)
        self.assertGreater(code, 0, said)
        self.assertNotIn("\nready", "\n" + said)
        for word in words:
            self.assertIn(word, said)

    def test_a_directory_in_use(self) -> None:
        self.server.start()
        second = Server(self.data)
        self.addCleanup(second.kill)
        self.assert_refused(second, str(self.data), "used by another running logstore", "stop that one")
        self.server.assert_alive()
        self.server.stop()
        second.start()
        second.stop()

    def test_a_foreign_directory_is_not_touched(self) -> None:
        strangers = {
            "files": {"thesis.txt": b"years of work", "photos/sea.jpg": b"\xff\xd8"},
            "our names": {"thesis.txt": b"years of work", "lock": b"of another program", "store.identity.new": b"draft"},
            "another magic": {"store.identity": b"the identity of something else", "journal/0": b"a diary"},
        }
        for name, files in strangers.items():
            with self.subTest(name):
                for path, content in files.items():
                    (self.data / path).parent.mkdir(parents=True, exist_ok=True)
                    (self.data / path).write_bytes(content)
                before = everything_in(self.data)
                self.assert_refused(self.server, str(self.data), "give an", "--data-dir")
                self.assertEqual(everything_in(self.data), before)
                shutil.rmtree(self.data)

    def identity(self) -> bytes:
        self.server.start()
        self.server.stop()
        return (self.data / "store.identity").read_bytes()

    def test_a_newer_format(self) -> None:
        written = self.identity()
        self.assertEqual(written[:12], b"LOGSTORE\0\0\0\1")
        newer = written[:11] + b"\2" + written[12:-4]
        newer += struct.pack(">I", crc32c(newer))
        (self.data / "store.identity").write_bytes(newer)
        (self.data / "lock").unlink()
        before = everything_in(self.data)
        self.assert_refused(self.server, str(self.data), "newer", "start that version")
        self.assertEqual(everything_in(self.data), before)

    def test_a_damaged_identity(self) -> None:
        written = self.identity()
        for damaged in (b"", written[:-5], bytes(len(written)), b"\xff" * 5000):
            with self.subTest(damaged[:20]):
                (self.data / "store.identity").write_bytes(damaged)
                before = everything_in(self.data)
                self.assert_refused(self.server, str(self.data / "store.identity"))
                self.assertEqual(everything_in(self.data), before)
        (self.data / "store.identity").write_bytes(written)
        self.server.start()
        self.server.stop()

    def test_a_place_where_nothing_can_be_made(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.data.write_text("a file")
        self.addCleanup(self.data.unlink)
        for data, what_to_do in ((self.data, "give another --data-dir"), (self.data / "below", "give another --data-dir"),
                                 (self.data.parent / "no" / "such", "make its parent")):
            with self.subTest(data):
                server = Server.__new__(Server)
                server.__dict__.update(self.server.__dict__, data=data)
                self.assert_refused(server, str(data), what_to_do)
        self.assertEqual(self.data.read_text(), "a file")

    def test_a_directory_that_may_not_be_written(self) -> None:
        locked = fresh_directory("locked")
        locked.mkdir(mode=0o500)
        self.addCleanup(locked.rmdir)
        for data, what_to_do in ((locked, "make it writable for this user"), (locked / "below", "make its parent, writable")):
            with self.subTest(data):
                server = Server.__new__(Server)
                server.__dict__.update(self.server.__dict__, data=data, wrapper=as_a_user_like_any())
                self.assert_refused(server, str(data), what_to_do)
        self.assertEqual(list(locked.iterdir()), [])

    def test_a_port_in_use(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.server.address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assert_refused(self.server, self.server.address)

    def test_wrong_options(self) -> None:
        wrong = (["--set", "topics.retention_milliseconds=1"], ["--set", "topics.segment_bytes=nine"], ["--set", "nonsense"],
                 ["--kafka", "nowhere"], ["--shards", "-1"], ["--shards", "100000"], ["--config", "/nonexistent/logstore.toml"],
                 ["--so"])
        for arguments in wrong:
            with self.subTest(arguments):
                done = subprocess.run([str(BINARY), "serve", "--data-dir", str(self.data), *arguments], capture_output=True,
                                      stdin=subprocess.DEVNULL, timeout=ENDS_WITHIN_S)
                self.assertGreater(done.returncode, 0)
                self.assertNotEqual(done.stderr, b"")
                if "--kafka" not in arguments:
                    self.assertFalse(self.data.exists())
                shutil.rmtree(self.data, ignore_errors=True)


class Strangers(ServerCase):
    def test_a_tablet_directory_that_the_metadata_does_not_know_is_kept_aside(self) -> None:
        self.produce("mine", [b"x"] * 10)
        self.server.stop()
        mine = self.server.tablet_directory("mine")
        stranger = mine.parent / "stranger-0"
        shutil.copytree(mine, stranger)
        content = next(stranger.glob("*.log")).read_bytes()
        self.server.start()
        self.assertEqual(len(self.read("mine", 10)), 10)
        self.assertNotIn("stranger", self.admin().list_topics(timeout=10).topics)
        self.assertIn(content, [path.read_bytes() for path in self.server.data.glob("**/*stranger*/*.log")])
