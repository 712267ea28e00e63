"""`logstore completion` in the shells it is for, and `logstore man` in the programs that read it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support.cases import ServerCase, require
from support.server import BINARY
from support.terminal import Terminal


def output_of(*arguments: str, given: bytes = b"", **settings: str) -> str:
    done = subprocess.run(list(arguments), input=given, capture_output=True, timeout=60, env=os.environ | settings)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class Completion(ServerCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "logstore").symlink_to(BINARY.resolve())
        for shell in ("bash", "zsh", "fish"):
            (cls.folder / shell).write_text(output_of(str(BINARY), "completion", shell))

    def setUp(self) -> None:
        super().setUp()
        self.path = f"{self.folder}:{os.environ['PATH']}"

    def by_bash(self, line: str) -> list[str]:
        """What the function answers to a line, whose words are cut as bash cuts them."""
        script = """
            source "$1"; COMP_LINE=$2
            words=${2//:/ : }; read -ra COMP_WORDS <<< "${words//=/ = }"
            [[ $2 == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            compopt() { :; }
            _logstore
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        said = output_of("bash", "-c", script, "bash", str(self.folder / "bash"), line, PATH=self.path,
                         LOGSTORE_SERVER=self.server.address)
        return said.split()

    def test_bash_knows_commands_options_and_values(self) -> None:
        self.assertEqual(self.by_bash("logstore pro"), ["produce"])
        self.assertIn("consume", self.by_bash("logstore "))
        self.assertEqual(self.by_bash("logstore topic d"), ["describe", "delete"])
        self.assertEqual(self.by_bash("logstore inspect "), ["segment", "journal", "recovery-points"])
        self.assertEqual(self.by_bash("logstore produce --comp"), ["--compression"])
        self.assertEqual(self.by_bash("logstore produce x --compression "), ["none", "gzip", "snappy", "lz4", "zstd"])
        self.assertEqual(self.by_bash("logstore produce --acks "), ["all", "1", "0"])
        self.assertEqual(self.by_bash("logstore consume --from o"), ["offset:"])
        self.assertEqual(self.by_bash("logstore consume --format j"), ["json"])
        self.assertEqual(self.by_bash("logstore completion f"), ["fish"])
        self.assertEqual(self.by_bash("logstore serve --shards "), [])

    def test_bash_asks_the_server_for_topics(self) -> None:
        self.create("tab-one")
        self.create("tab-two")
        self.assertEqual(self.by_bash("logstore consume tab-"), ["tab-one", "tab-two"])
        self.assertEqual(self.by_bash("logstore topic describe tab-t"), ["tab-two"])
        self.assertEqual(self.by_bash("logstore topic create tab-"), [])
        self.assertEqual(self.by_bash("logstore bench latency --topic tab-o"), ["tab-one"])
        self.assertEqual(self.by_bash(f"logstore consume --server {self.server.address} tab-o"), ["tab-one"])
        # No server, no topics, and no noise.
        self.assertEqual(self.by_bash("logstore consume --server 127.0.0.1:1 tab-o"), [])

    def test_bash_completes_at_a_prompt(self) -> None:
        with Terminal(["bash", "--norc", "--noprofile", "-i"],
                      env=os.environ | {"PATH": self.path, "PS1": "> ", "TERM": "dumb"}) as one:
            one.press(f"source {self.folder}/bash; echo re''ady\n".encode())
            one.wait_for(rb"ready\n")
            one.press(b"logstore top\tcre\t--par\t")
            one.wait_for(rb"logstore topic create --partitions ")

    def test_zsh_knows_the_script(self) -> None:
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not there")
        output_of("zsh", "-n", str(self.folder / "zsh"))
        # What would be offered: the builtins that offer it are replaced.
        script = """
            compdef() { :; }; _files() { print -l FILES; }
            compadd() { [[ $1 == -- ]] && shift; print -l -- "$@"; }
            _describe() { local -a all; all=("${(@P)${@[-1]}}"); print -l -- "${all[@]%%:*}"; }
            source $1; words=(${(s: :)2}); [[ $2 == *' ' ]] && words+=(''); CURRENT=${#words}; _logstore
        """

        def by_zsh(line: str) -> list[str]:
            return output_of("zsh", "-f", "-c", script, "zsh", str(self.folder / "zsh"), line, PATH=self.path,
                             LOGSTORE_SERVER=self.server.address).split()

        self.create("zsh-topic")
        self.assertIn("produce", by_zsh("logstore "))
        self.assertIn("describe", by_zsh("logstore topic d"))
        self.assertIn("--compression", by_zsh("logstore produce --"))
        self.assertEqual(by_zsh("logstore produce --compression "), ["none", "gzip", "snappy", "lz4", "zstd"])
        self.assertIn("zsh-topic", by_zsh("logstore consume "))
        self.assertEqual(by_zsh("logstore inspect segment "), ["FILES"])

    def test_fish_knows_the_script(self) -> None:
        if shutil.which("fish") is None:
            self.skipTest("fish is not there")

        def by_fish(line: str) -> list[str]:
            said = output_of("fish", "--no-config", "-c", f"source {self.folder}/fish; complete -C '{line}'", PATH=self.path,
                             LOGSTORE_SERVER=self.server.address, HOME=str(self.folder))
            return [offered.split("\t")[0] for offered in said.splitlines()]

        self.create("fish-topic")
        self.assertEqual(by_fish("logstore pro"), ["produce"])
        self.assertEqual(sorted(by_fish("logstore topic d")), ["delete", "describe"])
        self.assertEqual(by_fish("logstore produce --comp"), ["--compression"])
        self.assertEqual(sorted(by_fish("logstore produce x --compression z")), ["zstd"])
        self.assertIn("fish-topic", by_fish("logstore consume fish"))


class ManualPage(unittest.TestCase):
    def test_it_holds_what_the_help_holds(self) -> None:
        page = output_of(str(BINARY), "man")
        self.assertTrue(page.startswith('.TH LOGSTORE 1 '))
        require(shutil.which("groff") is not None, "groff is not there; tools/install-packages test")
        text = output_of("groff", "-man", "-Tutf8", "-P-cbou", "-rLL=100n", given=page.encode())
        for part in ("produce TOPIC", "--compression CODEC", "logstore topic create", "EXIT STATUS", "LOGSTORE_SERVER",
                     "--format '%p/%o %k %v\\n'", "seq 1 1000 | logstore produce events"):
            self.assertIn(part, text)

    def test_nothing_in_it_is_wrong(self) -> None:
        page = output_of(str(BINARY), "man").encode()
        if shutil.which("groff") is None and shutil.which("mandoc") is None:
            self.skipTest("neither groff nor mandoc is there")
        if shutil.which("groff") is not None:
            done = subprocess.run(["groff", "-man", "-ww", "-z", "-rCHECKSTYLE=3"], input=page, capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        if shutil.which("mandoc") is not None:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True, timeout=60)
            # It has no date: that of a build would make every build another one.
            self.assertEqual([line for line in done.stdout.splitlines() if b"missing date" not in line], [])
