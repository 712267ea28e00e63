"""The search for an order against one that tries everything, on small random histories; and what it takes for large ones."""

from __future__ import annotations

import itertools
import random
import time
import unittest
from collections.abc import Sequence

from history.columns import NONE
from history.linearize import Entry, Operation, Unordered, order

OPERATIONS_A_SECOND_MIN = 4_000  # 200,000 in less than a minute, on a machine that does other things too


def found(operations: Sequence[Operation], entries: Sequence[Entry] | None) -> bool:
    try:
        return order(operations, entries)
    except Unordered:
        return False


def fits_in_a_row(row: Sequence[Operation], entries: Sequence[Entry] | None) -> bool:
    """One after the other, as they stand: is all that was told true, and what they append the log?"""
    value, offset, log = None, NONE, []
    highest = NONE
    for one in row:
        if not one.fits(value, offset):
            return False
        if one.is_silent() or (one.returned is None and one.may_happen(value, offset) is False):
            continue
        appends = one.kind == "set" or value is not None or one.offset != NONE
        if not appends:
            continue
        if one.kind == "delete" and entries is not None and len(log) < len(entries) \
                and one.offset not in (NONE, entries[len(log)].offset):
            return False
        log.append(one.value if one.kind == "set" else None)
        told = one.offset if one.kind == "delete" or one.offset != NONE else NONE
        if told != NONE and told <= highest:
            return False
        highest = max(highest, told)
        value = log[-1]
        offset = NONE if value is None else entries[len(log) - 1].offset if entries and len(log) <= len(entries) else one.offset
    return entries is None or log == [entry.value for entry in entries]


def by_trying_all(operations: Sequence[Operation], entries: Sequence[Entry] | None) -> bool:
    certain = [one for one in operations if one.returned is not None]
    doubtful = [one for one in operations if one.returned is None]
    for count in range(len(doubtful) + 1):
        for some in itertools.combinations(doubtful, count):
            for row in itertools.permutations([*certain, *some]):
                if all(earlier.returned is None or later.invoked <= earlier.returned
                       for later, earlier in itertools.combinations(row, 2)) and fits_in_a_row(row, entries):
                    return True
    return False


class Key:
    """One key as a server would keep it, answering clients whose calls overlap; every now and then it errs."""

    def __init__(self, dice: random.Random, clients: int, errs: float, doubts: float) -> None:
        self.dice, self.errs, self.doubts, self.now = dice, errs, doubts, 0
        self.value: str | None = None
        self.offset = NONE
        self.entries: list[Entry] = []
        self.operations: list[Operation] = []
        self.busy: dict[int, tuple[Operation, bool]] = {}  # by client: what it asked, and whether it took place
        self.clients = clients

    def tick(self) -> int:
        self.now += 1
        return self.now

    def append(self, value: str | None) -> int:
        self.entries.append(Entry(value, len(self.entries) * 2, 0))
        self.value, self.offset = value, self.entries[-1].offset if value is not None else NONE
        return self.entries[-1].offset

    def ask(self, client: int) -> None:
        kind = self.dice.choice(("get", "get", "set", "set", "delete"))
        condition = self.dice.choice((None, None, "absent", "present", 0)) if kind == "set" else None
        one = Operation(self.tick(), client, kind, self.tick(), 0, condition)
        if kind == "set":
            one.value = f"v{one.number}"
        self.operations.append(one)
        self.busy[client] = one, False

    def take_place(self, one: Operation) -> None:
        one.before, one.knows_before, before = None, False, self.value
        if one.kind == "get":
            one.value, one.done = before, False
            if before is not None and self.dice.random() < 0.5:
                one.offset = self.offset
            return
        one.done = one.may_happen(self.value, self.offset)
        if self.dice.random() < 0.5:
            one.before, one.knows_before = before, True
        if one.kind == "delete":
            one.existed = before is not None
            if before is not None:
                self.append(None)
        elif one.done:
            offset = self.append(one.value)
            one.offset = offset if self.dice.random() < 0.3 else NONE

    def answer(self, client: int) -> None:
        one, happened = self.busy.pop(client)
        is_doubtful = self.dice.random() < self.doubts
        if not happened and not (is_doubtful and self.dice.random() < 0.5):
            self.take_place(one)
        if is_doubtful:
            one.done = one.existed = one.before = None
            one.knows_before, one.offset = False, NONE
            if one.kind == "get":
                self.operations.remove(one)
            return
        one.returned = self.tick()
        if self.dice.random() < self.errs:
            self.err(one)

    def err(self, one: Operation) -> None:
        if one.kind == "get":
            one.offset = NONE
            one.value = self.dice.choice([None, *(entry.value for entry in self.entries)])
        elif one.kind == "delete":
            one.existed = not one.existed
        elif one.knows_before:
            one.before = self.dice.choice([None, *(entry.value for entry in self.entries if entry.value != one.value)])

    def run(self, count: int) -> None:
        while len(self.operations) < count or self.busy:
            client = self.dice.randrange(self.clients)
            if client not in self.busy:
                if len(self.operations) < count:
                    self.ask(client)
            elif self.dice.random() < 0.5:
                one, happened = self.busy[client]
                if not happened:
                    self.take_place(one)
                    self.busy[client] = one, True
            else:
                self.answer(client)


class Linearize(unittest.TestCase):
    def test_it_finds_what_trying_everything_finds(self) -> None:
        seed = random.SystemRandom().randrange(1 << 31)
        dice, verdicts = random.Random(seed), [0, 0]
        for number in range(1500):
            key = Key(dice, 3, dice.choice((0, 0.3)), dice.choice((0, 0, 0.3)))
            key.run(5)
            wanted = by_trying_all(key.operations, key.entries)
            verdicts[wanted] += 1
            self.assertEqual(found(key.operations, key.entries), wanted, self.said(seed, number, key))
            if wanted:
                self.assertTrue(found(key.operations, None), self.said(seed, number, key))
            elif all(one.returned is not None for one in key.operations) and not by_trying_all(key.operations, None):
                self.assertFalse(found(key.operations, None), self.said(seed, number, key))
        self.assertGreater(min(verdicts), 100)

    def said(self, seed: int, number: int, key: Key) -> str:
        steps = "\n".join(f"{one.invoked}-{one.returned} {one} offset {one.offset}" for one in key.operations)
        return f"seed {seed}, number {number}:\n{steps}\n{key.entries}"

    def test_a_key_that_never_errs_has_an_order(self) -> None:
        for clients in (1, 4, 12):
            key = Key(random.Random(clients), clients, 0, 0.02)
            key.run(3000)
            begun = time.process_time()
            self.assertTrue(found(key.operations, key.entries))
            self.assertLess(time.process_time() - begun, 3000 / OPERATIONS_A_SECOND_MIN)

    def test_one_error_in_a_long_history_is_found(self) -> None:
        for number in range(20):
            key = Key(random.Random(number), 8, 0, 0.01)
            key.run(1000)
            gets = [one for one in key.operations if one.kind == "get" and one.invoked > 600 and one.value is not None]
            early = next(entry.value for entry in key.entries if entry.value)
            gets[0].value, gets[0].offset = early, NONE
            self.assertFalse(found(key.operations, key.entries))
            self.assertFalse(found(key.operations, None))


if __name__ == "__main__":
    unittest.main()
