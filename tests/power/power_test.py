#!/usr/bin/python3
"""The power goes under load, again and again; then everything that was acknowledged has to be there. README.md says how.

  PYTHONPATH=tests:tests/power:tests/cutdisk tests/power/power_test.py

LOGSTORE_CUTS (120) and LOGSTORE_POWER_SEED (random, printed). For longer runs: tests/power/run.
"""

from __future__ import annotations

import os
import random
import unittest

import cut_disk
from failing import FAILURES
from loop import BACKENDS, CUTS, Finding, Wishes, run
from support.cases import require

CUTS_FOR_A_LIE_MAX = 60


def setUpModule() -> None:
    cut_disk.end_tidily_when_terminated()


class Power(unittest.TestCase):
    def setUp(self) -> None:
        lacking = cut_disk.lacking_packages()
        require(not lacking, f"missing: {' '.join(lacking)}; tools/install-packages test")
        obstacle = cut_disk.obstacle()
        if obstacle is not None:  # of the machine: nothing that could be installed, so it is no failure in CI either
            self.skipTest(f"no power cuts here: {obstacle}")
        self.seed = int(os.environ.get("LOGSTORE_POWER_SEED", random.SystemRandom().randrange(1 << 31)))

    def test_everything_acknowledged_survives(self) -> None:
        cuts = int(os.environ.get("LOGSTORE_CUTS", 120))
        print(f"seed {self.seed}", flush=True)
        totals = run(Wishes(cuts, self.seed))
        print(totals.text(), flush=True)
        # What was not tried was not shown.
        counts, ways = totals.counts, totals.ways
        self.assertGreaterEqual(counts["cuts"], cuts)
        self.assertGreater(counts["acknowledged"], 20 * cuts, "too little load to say anything")
        for what in ("vanished", "lost", "dropped", "kept"):
            self.assertGreater(counts[what], cuts // 4, f"the cuts did not bite: {what}")
        self.assertGreater(counts["histories: pass"], counts["histories: unknown"])
        # One in each store's life, of which the last may be short; and some during starts.
        failures = counts["lives"] - 1
        self.assertGreaterEqual(counts["failures armed"], failures)
        for what in ("failures met", "failures that ended it"):
            self.assertGreaterEqual(counts[what], 0.6 * failures, what)
        if cuts >= 120:
            self.assertGreater(counts["garbled"], 0)
            self.assertGreater(counts["cuts during recovery"], 0)
            for way in (*BACKENDS, *cut_disk.mountable(), *cut_disk.PROFILES, *FAILURES, "shutdown", "roll", "checkpoint"):
                self.assertGreater(ways[way], 0, f"nothing was tried with {way}")

    def assert_found(self, lies: str) -> None:
        """Of a server whose calls lie in this way."""
        with self.assertRaises(Finding) as found:
            run(Wishes(CUTS_FOR_A_LIE_MAX, self.seed, backend="threads", kinds=CUTS, lies=lies, keeps_findings=False))
        self.assertRegex(str(found.exception), "complaints|does not start|a start failed|cannot open|can be read")

    def test_a_server_that_acknowledges_too_early_is_found(self) -> None:
        self.assert_found("writes")

    def test_a_server_that_does_not_flush_is_found(self) -> None:
        self.assert_found("flushes")

    def test_a_server_that_does_not_flush_folders_is_found(self) -> None:
        self.assert_found("folders")


if __name__ == "__main__":
    unittest.main()
