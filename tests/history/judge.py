"""The rules that need the whole history: what was acknowledged against what was read."""

from __future__ import annotations

from collections.abc import Sequence

from history.columns import NONE
from history.findings import Findings
from history.keys import DAMAGED_THERE, STRANGE_THERE, FinalRead, Key, Stranger
from history.readers import Skip
from history.sends import ACKNOWLEDGED, FAILED, IN_DOUBT, Sends
from history.values import DAMAGED


class Judge:
    """Each method judges one rule, or a few that look at the same; resolve_strangers() has to be the first."""

    def __init__(self, sends: Sends, keys: Sequence[Key], findings: Findings, *, gaps: bool, start_is_trusted: bool,
                 strict_order: bool) -> None:
        self._sends, self._keys, self._findings = sends, keys, findings
        self._gaps, self._start_is_trusted, self._strict_order = gaps, start_is_trusted, strict_order

    def all(self, skips: list[Skip]) -> None:
        for key in self._keys:
            self._resolve_strangers(key)
        for key in self._keys:
            self._log_start(key)
            self._order(key)
            for replica, final in key.finals.items():
                self._final_read(key, replica, final)
        self._places_told()
        self._lost()
        self._torn()
        self._failed()
        self._doubtful_order()
        self._skips(skips)

    def _start(self, key: Key) -> int:
        """Records below may be gone."""
        return max(key.start_asked, key.start_seen.offset) if self._start_is_trusted else key.start_asked

    def _log_start(self, key: Key) -> None:
        """H10: nobody but a client moves the log start, unless the run says that retention does."""
        start, place = key.start_seen
        if not self._start_is_trusted and start > key.start_asked:
            self._findings.add("H10", f"the log starts at {start}; nobody asked for more than {key.start_asked}", key.name,
                               [start], (), [place])

    def _resolve_strangers(self, key: Key) -> None:
        """H5 and H15, of values that no send to this key had begun when they were read."""
        sends, add = self._sends, self._findings.add
        names: dict[str, int] = {}
        if any(not one.text.startswith(DAMAGED) for one in key.strangers):
            names = {text.rsplit(".", 2)[0]: value for value, text in enumerate(sends.texts) if text.count(".") == 3}
        for text, offset, place in key.strangers:
            value = sends.numbers.get(text)
            if text.startswith(DAMAGED):
                told = key.told[offset]
                places = [place] if told < 0 else [place, *sends.places(told)]
                was = "" if told < 0 else f"; {sends.texts[told]} was acknowledged there"
                add("H15", f"the value at offset {offset} is damaged: {text[len(DAMAGED):]}{was}", key.name, [offset], [text],
                    places)
            elif value is not None:
                self._stranger_that_was_sent(key, Stranger(text, offset, place), value)
            elif (meant := names.get(text.rsplit(".", 2)[0], NONE)) >= 0:
                add("H15", f"the value at offset {offset} is {text}, sent was {sends.texts[meant]}", key.name, [offset],
                    [text, sends.texts[meant]], [place, *sends.places(meant)])
                if key.read[offset] == STRANGE_THERE:
                    key.read[offset] = DAMAGED_THERE
            else:
                add("H5", f"the value {text} at offset {offset} was never sent", key.name, [offset], [text], [place])

    def _stranger_that_was_sent(self, key: Key, stranger: Stranger, value: int) -> None:
        sends, (text, offset, place) = self._sends, stranger
        if sends.key[value] != key.number:
            other = self._keys[sends.key[value]].name
            self._findings.add("H5", f"the value {text} at offset {offset} was sent to {other}", key.name, [offset], [text],
                               [place, *sends.places(value)])
            return
        self._findings.add("H5", f"the value {text} was read at offset {offset} before its send began", key.name, [offset],
                           [text], [place, *sends.places(value)])

    def _places_told(self) -> None:
        """H1: an acknowledgement names the offset where the value is, and there is nothing else."""
        sends = self._sends
        for value, (told, found) in enumerate(zip(sends.told, sends.found)):
            if told == found or told == NONE:
                continue
            key = self._keys[sends.key[value]]
            there, text = key.read[told], sends.texts[value]
            if there == value:
                continue
            if found != NONE:
                self._findings.add("H1", f"{text} was acknowledged at offset {told} and read at {found}", key.name, [told, found],
                                   [text], [*sends.places(value), *key.read_at(found)])
            elif there >= 0:
                self._findings.add("H1", f"{text} was acknowledged at offset {told}; there is {sends.became(there)}", key.name,
                                   [told], [text, sends.texts[there]], [*sends.places(value), *key.read_at(told)])

    def _lost(self) -> None:
        """H3: an acknowledged value is in no read, though a final read passed its offset."""
        sends = self._sends
        for value, found in enumerate(sends.found):
            if found != NONE or sends.state[value] != ACKNOWLEDGED:
                continue
            key, told, text = self._keys[sends.key[value]], sends.told[value], sends.texts[value]
            if told == NONE:
                if self._start(key) == 0 and any(final.end is not None for final in key.finals.values()):
                    self._findings.add("H3", f"{text} was acknowledged and is nowhere", key.name, (), [text], sends.places(value))
            elif self._start(key) <= told < key.reach() and key.read[told] != DAMAGED_THERE:
                self._findings.add("H3", f"{text} was acknowledged at offset {told} and is in no read", key.name, [told], [text],
                                   [*sends.places(value), *(final.place for final in key.finals.values())])

    def _torn(self) -> None:
        """H3 and H7: of a batch in doubt all or nothing is there, and of any batch the records lie beside one another."""
        sends = self._sends
        for first, count in sends.batches:
            found = sends.found[first:first + count]
            seen = [i for i, offset in enumerate(found) if offset != NONE]
            if not seen:
                continue
            key, base = self._keys[sends.key[first]], found[seen[0]] - seen[0]
            texts = sends.texts[first:first + count]
            for i, offset in enumerate(found):
                if offset == NONE and sends.state[first] == IN_DOUBT and self._start(key) <= base + i < self._read_end(key) \
                        and key.read[base + i] != DAMAGED_THERE:
                    self._findings.add("H3", f"{texts[i]} is in no read, {texts[seen[0]]} of the same batch is at "
                                       f"{found[seen[0]]}", key.name, [found[seen[0]]], [texts[i], texts[seen[0]]],
                                       [*sends.places(first), *key.read_at(found[seen[0]])])
                elif offset != NONE and offset != base + i and sends.state[first] == IN_DOUBT:
                    self._findings.add("H7", f"{texts[i]} is at {offset}, {texts[seen[0]]} of the same batch at "
                                       f"{found[seen[0]]}", key.name, [found[seen[0]], offset], [texts[seen[0]], texts[i]],
                                       [*sends.places(first), *key.read_at(offset)])

    def _read_end(self, key: Key) -> float:
        """Offsets below were read or are not there."""
        return float("inf") if any(final.end is not None for final in key.finals.values()) else key.reach()

    def _failed(self) -> None:
        """H4."""
        sends = self._sends
        at = sends.state.find(FAILED)
        while at >= 0:
            if (offset := sends.found[at]) != NONE:
                key = self._keys[sends.key[at]]
                self._findings.add("H4", f"{sends.texts[at]} is at offset {offset}; its send had failed for certain", key.name,
                                   [offset], [sends.texts[at]], [*sends.places(at), *key.read_at(offset)])
            at = sends.state.find(FAILED, at + 1)

    def _doubtful_order(self) -> None:
        """H6, of sends in doubt that are in the log; of acknowledged ones it is judged as they come."""
        sends = self._sends
        for send in sends.doubtful:
            for value in range(send.first, send.first + send.count):
                if NONE != sends.found[value] < send.floor.offset:
                    key = self._keys[send.key]
                    self._findings.add("H6", f"{sends.texts[value]} (in doubt) is at offset {sends.found[value]}; when its send "
                                       f"began, {send.floor.offset} was taken", key.name,
                                       [sends.found[value], send.floor.offset], [sends.texts[value]],
                                       [*sends.places(value), send.floor.place, *key.read_at(sends.found[value])])

    def _order(self, key: Key) -> None:
        """H7: values of one producer lie in the order of its sends. A send in doubt may come late where it is not idempotent."""
        sends = self._sends
        last: dict[int, tuple[int, int]] = {}  # by producer: the value that was sent last, and its offset
        for offset, value in key.taken():
            if value < 0 or sends.state[value] == FAILED or (sends.found[value] != offset and sends.found[value] != NONE):
                continue
            process = sends.process[value]
            before = last.get(process)
            if before is None or value > before[0]:
                last[process] = value, offset
            elif value < before[0] and (self._strict_order or sends.state[value] == ACKNOWLEDGED):
                self._findings.add("H7", f"{sends.became(value)} at offset {offset} was sent before {sends.became(before[0])} at "
                                   f"{before[1]}, by producer {process}", key.name, [offset, before[1]],
                                   [sends.texts[value], sends.texts[before[0]]],
                                   [sends.begun_at[value], sends.begun_at[before[0]], *key.read_at(offset)])

    def _skips(self, skips: list[Skip]) -> None:
        """H8: a reader went on behind records that were there for it."""
        for key, low, high, process, places in skips:
            low = max(low, self._start(key))
            known = next((offset for offset, _ in key.taken(low, high)), None) if low < high else None
            if low < high and (known is not None or not self._gaps):
                what = f"offset {known} is there" if known is not None else "offsets have no gaps"
                self._findings.add("H8", f"reader {process} went from {low} to {high}; {what}", key.name, [low, high], (), places)

    def _final_read(self, key: Key, replica: str, final: FinalRead) -> None:
        """H8 holes, H9 what was polled and is gone, H11 what was acknowledged or is at another replica and is not at this one."""
        sends = self._sends
        end = final.reach() if final.end is None else max(key.end_known(), final.end)
        for low, high in final.covered.missing(self._start(key), end):
            named = False
            for offset, value in key.taken(low, high):
                if offset >= final.reach() and offset >= final.owed_end:
                    continue  # came later than this reading
                rule = self._rule_of_missing(key, offset, value)
                named = True
                if rule:
                    text = sends.became(value) if value >= 0 else "a value"
                    places = [final.place, *key.read_at(offset), *(sends.places(value) if value >= 0 else ())]
                    what = "was polled and is not" if rule == "H9" else "is not"
                    self._findings.add(rule, f"{text} at offset {offset} {what} in the final read of replica {replica}, "
                                       f"which goes to {final.reach()}", key.name, [offset],
                                       [sends.texts[value]] if value >= 0 else [], places)
            if not named and not self._gaps and low < final.reach():
                self._findings.add("H8", f"the final read of replica {replica} has nothing from {low} to {high - 1}, "
                                   f"and ends at {final.reach()}", key.name, [low, high - 1], (), [final.place])

    def _rule_of_missing(self, key: Key, offset: int, value: int) -> str:
        """Which rule names a record that a final read lacks; nothing if that is H1's or H3's."""
        if key.was_polled(offset):
            return "H9"
        if key.read[offset] != NONE:
            return "H11"
        if self._sends.found[value] != NONE or offset < key.reach():
            return ""
        return "H11"
