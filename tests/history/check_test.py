"""The command line: verdicts as exit codes, reports for people and for programs."""

from __future__ import annotations

import json
import pathlib
import subprocess
import tempfile
import unittest

from history import planted, planted_keys, planted_reads  # noqa: F401: they fill ALL
from history.planting import ALL, Plant

CHECK = pathlib.Path(__file__).with_name("check")


class Check(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def plant(self, name: str) -> pathlib.Path:
        path = self.folder / f"{name}.jsonl"
        one = next(one for one in ALL if one.name == name)
        plant = Plant(path, **one.settings)
        one.fill(plant)
        plant.writer.close()
        return path

    def run_check(self, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([CHECK, *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60)

    def test_the_exit_code_is_the_verdict(self) -> None:
        for name, code in {"all_is_well": 0, "an_empty_final_read": 1, "no_fault": 3}.items():
            self.assertEqual(self.run_check(self.plant(name)).returncode, code, name)
        for wrong in (["/no/such/file"], [], ["--without", "H99", self.plant("all_is_well")], ["--no-such-option"]):
            done = self.run_check(*wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertTrue(done.stderr)
        self.assertEqual(self.run_check("-", given="no history\n").returncode, 2)
        (self.folder / "binary").write_bytes(b"\xff\xfe")
        self.assertEqual(self.run_check(self.folder / "binary").returncode, 2)

    def test_a_person_reads_key_offset_value_and_lines(self) -> None:
        path = self.plant("a_send_in_doubt_twice")
        said = self.run_check(path).stdout
        self.assertIn("verdict: anomalies\nH2 duplicate: 1\n", said)
        self.assertRegex(said, r"  H2 t-0: 1\.1\.30\.\w+ \(in doubt\) is at offsets 1 and 2 \[")
        invoked = 1 + next(at for at, line in enumerate(path.read_text().splitlines()) if "1.1.30" in line)
        self.assertIn(f"{path}:{invoked}", said)

    def test_a_program_reads_json(self) -> None:
        report = json.loads(self.run_check("--json", self.plant("a_send_in_doubt_twice")).stdout)
        self.assertEqual(report["verdict"], "anomalies")
        self.assertEqual(report["counts_by_rule"], {"H2": 1})
        self.assertEqual([(one["rule"], one["key"], one["offsets"]) for one in report["anomalies"]], [("H2", "t-0", [1, 2])])

    def test_an_unknown_verdict_says_why(self) -> None:
        self.assertIn("no fault took effect", self.run_check(self.plant("no_fault")).stdout)
        self.assertIn("the final read did not finish: of t-0 from replica 1",
                      self.run_check(self.plant("a_final_read_that_did_not_finish")).stdout)

    def test_rules_and_limits_by_option(self) -> None:
        path = self.plant("a_send_in_doubt_twice")
        self.assertEqual(self.run_check("--without", "h2,H7", path).returncode, 0)
        self.assertEqual(self.run_check("--without", "H2", "--oks-min", 5, path).returncode, 3)
        path = self.plant("a_producer_that_is_refused_until_too_late")
        self.assertEqual(self.run_check("--liveness-s", 60, path).returncode, 0)

    def test_help_has_examples_and_exit_codes(self) -> None:
        said = self.run_check("--help").stdout
        self.assertIn("examples:", said)
        self.assertIn("exit codes:", said)


if __name__ == "__main__":
    unittest.main()
