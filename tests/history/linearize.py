"""Rule H14 for one record key: is there an order in which everything that clients were told is true?

The order has to keep real time (what ended before another began comes before it) and the log (writes in the order of their
offsets, as far as those are known). Events are gone through in the order of time, with the set of all states that the key may be
in; an operation takes its place when its answer comes, at the latest. (Wing and Gong's search as Lowe's "just in time" form.)

With the whole log a state is a number: how many of the key's records have happened. So the search is linear but for tombstones,
which do not say whose they are. Without the log, values and the offsets that were told are all there is; then a write in doubt
that nobody has seen may happen at any time after it began, and again: that forgives more than it should, and accuses nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from history.columns import NONE

# Of states at one moment. Beyond, the search gives up: nothing is said of the key then.
STATES_MAX = 200_000


class Unordered(Exception):
    """There is no order: a sentence, and where to look."""

    def __init__(self, what: str, offsets: Iterable[int], values: Iterable[str], places: Iterable[int]) -> None:
        super().__init__(what)
        self.offsets, self.values, self.places = list(offsets), list(values), list(places)


class Operation:
    """As it was asked and answered. One in doubt has no `returned`, and nothing is known of what it did."""

    __slots__ = ("number", "process", "kind", "invoked", "begun_at", "condition", "value", "returned", "ended_at", "offset",
                 "done", "existed", "before", "knows_before")

    def __init__(self, number: int, process: int, kind: str, invoked: int, begun_at: int,
                 condition: str | int | None = None) -> None:
        self.number, self.process, self.kind = number, process, kind
        self.invoked, self.begun_at = invoked, begun_at
        self.condition = condition  # "absent", "present", or the offset of the record that has to be there
        self.value: str | None = None  # that it sets, or that it got
        self.returned: int | None = None
        self.ended_at = NONE
        self.offset = NONE
        self.done: bool | None = None  # None: not known
        self.existed: bool | None = None
        self.before: str | None = None
        self.knows_before = False

    def places(self) -> list[int]:
        return [self.begun_at] + ([] if self.ended_at == NONE else [self.ended_at])

    def is_silent(self) -> bool:
        """It changed nothing, and an answer says so."""
        return self.returned is not None and (self.kind == "get" or self.done is False
                                              or (self.kind == "delete" and self.existed is False and self.offset == NONE))

    def fits(self, value: str | None, offset: int) -> bool:
        """What it was told is true where the key has this value, from the record at `offset` (NONE: not known)."""
        if self.kind == "get":
            return value == self.value and (value is None or NONE in (offset, self.offset) or offset == self.offset)
        if self.existed is not None and self.existed != (value is not None):
            return False
        if self.knows_before and self.before != value:
            return False
        return self.done is None or self._holds(value, offset) in (None, self.done)

    def may_happen(self, value: str | None, offset: int) -> bool:
        """It changes the key there."""
        return self.fits(value, offset) and self._holds(value, offset) is not False

    def _holds(self, value: str | None, offset: int) -> bool | None:
        """Its condition; None: not known."""
        if self.condition is None:
            return True
        if self.condition == "absent":
            return value is None
        if self.condition == "present" or value is None:
            return value is not None
        return None if offset == NONE else offset == self.condition

    def __str__(self) -> str:
        said = [self.kind + ("" if self.condition is None else f" if {self.condition}")]
        if self.kind == "get":
            said.append(f"saw {self.value or 'nothing'}")
        elif self.kind == "set":
            said.append(f"of {self.value}")
        for what, told in (("done", self.done), ("existed", self.existed)):
            if told is not None and self.kind != "get":
                said.append(f"{what}: {'yes' if told else 'no'}")
        if self.knows_before:
            said.append(f"before: {self.before or 'nothing'}")
        return f"{' '.join(said[:2])}{''.join(f', {one}' for one in said[2:])} (process {self.process})"


class Entry(NamedTuple):
    """A record of the key in the log."""

    value: str | None
    offset: int
    place: int


State = tuple
Config = tuple[State, frozenset[int]]  # and the numbers of operations that took their places and are not answered yet


class LoggedKey:
    """A state: how many records have happened, and how many of them are deletions in doubt."""

    def __init__(self, operations: Sequence[Operation], entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.begin: State = (0, 0)
        by_value = {one.value: one for one in operations if one.kind == "set"}
        by_offset = {one.offset: one for one in operations if one.kind == "delete" and one.offset != NONE}
        self._owners = [by_offset.get(one.offset) if one.value is None else by_value[one.value] for one in entries]
        self._entry_of = {owner.number: at for at, owner in enumerate(self._owners) if owner is not None}
        self._doubtful_deletes = 0  # begun so far
        self._deletes: dict[int, Operation] = {}  # under way that may own a tombstone

    def value_of(self, state: State) -> tuple[str | None, int]:
        return (None, NONE) if state[0] == 0 else self.entries[state[0] - 1][:2]

    def is_mover(self, one: Operation) -> bool:
        """Of those in doubt only what is in the log happened."""
        return one.returned is not None or one.number in self._entry_of

    def begins(self, one: Operation) -> None:
        if one.kind != "delete" or one.number in self._entry_of or one.is_silent():
            return
        if one.returned is None:
            self._doubtful_deletes += 1
        else:
            self._deletes[one.number] = one

    def ends(self, one: Operation) -> None:
        self._deletes.pop(one.number, None)

    def has_happened(self, one: Operation, config: Config) -> bool:
        at = self._entry_of.get(one.number)
        return one.number in config[1] if at is None else config[0][0] > at

    def moves(self, config: Config, under_way: dict[int, Operation]) -> Iterator[Config]:
        (at, doubtful), done = config
        value, offset = self.value_of(config[0])
        for one in self._deletes.values():  # told neither way, and nothing was there: nothing was appended
            if one.existed is None and value is None and one.number not in done and one.fits(value, offset):
                yield (at, doubtful), done | {one.number}
        if at == len(self.entries):
            return
        owner = self._owners[at]
        if owner is not None:
            if owner.number in under_way and owner.may_happen(value, offset):
                yield (at + 1, doubtful), done
        elif self.entries[at].value is None:
            if doubtful < self._doubtful_deletes:
                yield (at + 1, doubtful + 1), done
            for one in self._deletes.values():
                if one.number not in done and one.may_happen(value, offset):
                    yield (at + 1, doubtful), done | {one.number}

    def reduced(self, configs: set[Config]) -> set[Config]:
        """Whoever used fewer deletions in doubt can do whatever others can."""
        fewest: dict[tuple[int, frozenset[int]], int] = {}
        for (at, doubtful), done in configs:
            fewest[at, done] = min(doubtful, fewest.get((at, done), doubtful))
        return {((at, doubtful), done) for (at, done), doubtful in fewest.items()}

    def is_at_end(self, config: Config) -> bool:
        return config[0][0] == len(self.entries)

    def next_entry(self, configs: set[Config]) -> Entry:
        return self.entries[max(config[0][0] for config in configs)]


class UnloggedKey:
    """A state: the value, and the offset of its record; and the highest offset so far."""

    UNSEEN = "a value in doubt"

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.begin: State = (None, NONE, NONE)
        seen = {one.value for one in operations if one.kind == "get"} | {one.before for one in operations if one.knows_before}
        self._offset_of = {one.value: one.offset for one in operations if one.kind != "delete" and one.offset != NONE}
        self._seen = seen
        self._has_doubtful_delete = False
        self._unseen: list[Operation] = []

    def value_of(self, state: State) -> tuple[str | None, int]:
        return state[0], state[1]

    def is_mover(self, one: Operation) -> bool:
        return one.returned is not None or (one.kind == "set" and one.value in self._seen)

    def begins(self, one: Operation) -> None:
        if one.returned is None and one.kind == "delete":
            self._has_doubtful_delete = True
        elif one.returned is None and one.value not in self._seen:
            self._unseen.append(one)

    def ends(self, one: Operation) -> None:
        pass

    def has_happened(self, one: Operation, config: Config) -> bool:
        return one.number in config[1]

    def moves(self, config: Config, under_way: dict[int, Operation]) -> Iterator[Config]:
        state, done = config
        value, offset, highest = state
        for one in under_way.values():
            if one.number in done or not one.may_happen(value, offset):
                continue
            told = self._offset_of.get(one.value, NONE) if one.kind == "set" else one.offset
            if told == NONE or told > highest:
                after = (None, NONE) if one.kind == "delete" else (one.value, told)
                yield (*after, max(told, highest)), done | {one.number}
        if self._has_doubtful_delete and value is not None:
            yield (None, NONE, highest), done
        if value != self.UNSEEN and any(one.may_happen(value, offset) for one in self._unseen):
            yield (self.UNSEEN, NONE, highest), done

    def reduced(self, configs: set[Config]) -> set[Config]:
        return configs

    def is_at_end(self, config: Config) -> bool:
        return True


class _Search:
    def __init__(self, operations: Sequence[Operation], model: LoggedKey | UnloggedKey) -> None:
        self._model = model
        self._operations = operations
        self._under_way: dict[int, Operation] = {}  # that may change the key
        self._silent: dict[int, Operation] = {}
        self._configs: set[Config] = {(model.begin, frozenset())}

    def begins(self, one: Operation) -> None:
        if one.is_silent():
            self._silent[one.number] = one
            self._configs = {self._with_silent(config) for config in self._configs}
        elif self._model.is_mover(one):
            self._under_way[one.number] = one
        self._model.begins(one)

    def _with_silent(self, config: Config) -> Config:
        """What changes nothing takes its place as soon as it fits: waiting longer would not help it, nor anybody."""
        state, done = config
        value, offset = self._model.value_of(state)
        fitting = [one.number for one in self._silent.values() if one.number not in done and one.fits(value, offset)]
        return (state, done.union(fitting)) if fitting else config

    def ends(self, one: Operation) -> None:
        """False: nothing can be said."""
        before = self._configs
        found, waiting = set(), []
        for config in before:
            (found.add if self._model.has_happened(one, config) else waiting.append)(config)
        seen = set(waiting)
        while waiting:
            for moved in self._model.moves(waiting.pop(), self._under_way):
                config = self._with_silent(moved)
                if self._model.has_happened(one, config):
                    found.add(config)
                elif config not in seen:
                    seen.add(config)
                    waiting.append(config)
            if len(seen) + len(found) > STATES_MAX:
                raise OverflowError
        if not found:
            self._complain(one, before)
        self._configs = self._model.reduced({(state, done - {one.number}) for state, done in found})
        self._under_way.pop(one.number, None)
        self._silent.pop(one.number, None)
        self._model.ends(one)
        self._forget_doubtful()

    def _forget_doubtful(self) -> None:
        """Those that happened in all states do not happen again."""
        common = frozenset.intersection(*(done for _, done in self._configs))
        if gone := [number for number in common if number in self._under_way and self._under_way[number].returned is None]:
            for number in gone:
                del self._under_way[number]
            self._configs = {(state, done.difference(gone)) for state, done in self._configs}

    def finish(self) -> None:
        """What the log has and no answer asked for."""
        seen, waiting = set(self._configs), list(self._configs)
        while waiting:
            if self._model.is_at_end(config := waiting.pop()):
                return
            for moved in self._model.moves(config, self._under_way):
                if moved not in seen:
                    seen.add(moved)
                    waiting.append(moved)
        entry = self._model.next_entry(seen)
        what = f"{entry.value} at offset {entry.offset}" if entry.value else f"the deletion at offset {entry.offset}"
        raise Unordered(f"{what} has no place: nothing that was asked put it there then", [entry.offset],
                        [entry.value] if entry.value else [], [entry.place])

    def _complain(self, one: Operation, before: set[Config]) -> None:
        values = {self._model.value_of(state) for state, _ in before}
        possible = sorted(f"{value or 'nothing'}{'' if offset == NONE else f' (offset {offset})'}" for value, offset in values)
        writers = {other.value: other for other in self._operations if other.kind == "set"}
        involved = [value for value in {one.value, one.before, *(value for value, _ in values)} if value in writers]
        places = list(one.places())
        for value in involved:
            places += [place for place in writers[value].places() if place not in places]
        where = "" if one.offset == NONE else f", answered with offset {one.offset},"
        raise Unordered(f"{one}{where} has no place in any order; before it: {', '.join(possible[:4])}",
                        sorted({one.offset, *(offset for _, offset in values)} - {NONE}), involved, places)


def order(operations: Sequence[Operation], entries: Sequence[Entry] | None) -> bool:
    """
    `entries`: all records of the key that the log has, in its order; None when that is not known. Unordered when there is no
    order; False when there were too many to look at. REQUIRES: every value in `entries` is of one of the operations.
    """
    search = _Search(operations, UnloggedKey(operations) if entries is None else LoggedKey(operations, entries))
    # At the same instant what begins comes first: then neither is before the other.
    steps = [(one.invoked, 0, one.number, one) for one in operations]
    steps += [(one.returned, 1, one.number, one) for one in operations if one.returned is not None]
    steps.sort(key=lambda step: step[:3])
    try:
        for _, is_end, _, one in steps:
            (search.ends if is_end else search.begins)(one)
        search.finish()
    except OverflowError:
        return False
    return True
