"""Clients that mean harm: the server's memory stays within its limits, and one that behaves well is served meanwhile.

How long the others take is measured and said; what is demanded of it here is little, for the machine is shared. The strict
form is tests/hostile/run.
"""

from __future__ import annotations

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))

import clients  # noqa: E402
import rounds  # noqa: E402
from support.cases import ServerCase  # noqa: E402
from support.memory_group import MemoryGroup  # noqa: E402
from support.server import Server  # noqa: E402

ATTACK_S = 1.2
SLOWEST_S = 15
SMALL_MEMORY = 512 << 20


class Attacked(ServerCase):
    """One server through all attacks, so that what one leaves behind is there for the next."""

    attack_s = ATTACK_S
    quiet_s = 0.4

    def assert_withstands(self, *names: str, processes: int = 2) -> None:
        outcome = rounds.attack(self.server, list(names), self.attack_s, quiet_s=self.quiet_s, processes=processes)
        print(outcome.line(), file=sys.stderr)
        self.server.assert_alive()
        self.assertEqual(outcome.complaints, [], outcome.said)
        self.assertGreater(outcome.requests, 0, outcome.said)
        self.assertLess(outcome.slowest, SLOWEST_S)
        self.assertLess(outcome.peak_bytes, rounds.limits_bytes(self.server))
        for said in outcome.said:
            self.assertNotIn("Traceback", said)


class HostileClients(Attacked):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        rounds.fill(cls.server)

    def test_each_kind_of_attack(self) -> None:
        for name in clients.ATTACKS:
            with self.subTest(name):
                self.assert_withstands(name)


class HostileClientsInLittleMemory(Attacked):
    """Default limits in a control group of 512 MiB: they fit themselves to it."""

    attack_s = 0.8
    quiet_s = 0.2

    @classmethod
    def setUpClass(cls) -> None:
        cls.group = MemoryGroup(SMALL_MEMORY)
        cls.addClassCleanup(cls.group.remove)
        cls.server = Server(cls.data_directory(), cls.shards)
        cls.server.wrapper = cls.group.wrapper
        cls.addClassCleanup(cls._clean)
        cls.server.start()

    def test_the_server_is_not_killed(self) -> None:
        self.assertLess(rounds.limits_bytes(self.server), SMALL_MEMORY)
        rounds.fill(self.server, 128)
        for name in clients.ATTACKS:
            with self.subTest(name):
                self.assert_withstands(name)
        with self.subTest("at once"):
            self.attack_s = 4
            self.assert_withstands("tag_floods", "unread_fetches", "waiting_fetches", "zip_bombs", "announced_lengths",
                                   processes=1)
        print(f"peak of the control group: {self.group.peak_bytes() >> 20} MiB", file=sys.stderr)
        self.assertEqual(self.group.kills(), 0)


if __name__ == "__main__":
    unittest.main()
