"""The checker finds each kind of loss, and nothing where nothing is lost."""

from __future__ import annotations

import unittest

from checker import complaints
from history import Identity, Producing, identity_of, make_value


class Checker(unittest.TestCase):
    def setUp(self) -> None:
        self.log = {(0, 0): Identity(1, 0), (0, 1): Identity(2, 0), (0, 2): Identity(1, 2), (1, 0): Identity(1, 1)}
        self.ends = {0: 3, 1: 1}
        self.producers = {1: Producing({0: 0, 1: 1, 2: 0}, {0: 0, 1: 0}, 0), 2: Producing({0: 0}, {}, 0)}
        self.seen = dict(self.log)

    def found(self) -> str:
        return "; ".join(complaints(self.log, self.ends, self.producers, self.seen))

    def test_a_whole_log_passes(self) -> None:
        self.assertEqual(self.found(), "")

    def test_an_acknowledged_record_that_is_gone_is_found(self) -> None:
        del self.log[1, 0]
        self.ends[1] = 0
        self.seen = {}
        self.assertIn("was told", self.found())

    def test_a_record_elsewhere_than_acknowledged_is_found(self) -> None:
        self.producers[1].acknowledged[2] = 1
        self.assertIn("was told", self.found())

    def test_a_record_that_is_there_twice_is_found(self) -> None:
        self.log[0, 3] = Identity(1, 2)
        self.ends[0] = 4
        self.assertIn("is at", self.found())

    def test_a_gap_is_found(self) -> None:
        del self.log[0, 1]
        self.seen = {}
        self.assertIn("lacks 1 offsets", self.found())

    def test_records_out_of_order_are_found(self) -> None:
        self.log[0, 0], self.log[0, 2] = self.log[0, 2], self.log[0, 0]
        self.assertIn("lies behind", self.found())

    def test_a_damaged_value_is_found(self) -> None:
        value = bytearray(make_value(Identity(1, 2), b"filling"))
        self.assertEqual(identity_of(bytes(value)), Identity(1, 2))
        value[-1] ^= 1
        self.assertIsNone(identity_of(bytes(value)))
        self.log[0, 2] = None
        self.assertIn("damaged", self.found())

    def test_a_record_that_nobody_sent_is_found(self) -> None:
        self.log[1, 1] = Identity(2, 7)
        self.ends[1] = 2
        self.assertIn("nobody sent", self.found())

    def test_a_record_that_a_consumer_saw_and_that_changed_is_found(self) -> None:
        self.seen[1, 0] = Identity(2, 5)
        self.assertIn("a consumer saw", self.found())


if __name__ == "__main__":
    unittest.main()
