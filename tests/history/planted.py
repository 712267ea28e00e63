"""Small histories, each with one anomaly or none: what the checker has to find, and what it has to leave alone."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

from history.values import value_text
from history.writer import HistoryWriter

KEY = "t-0"
READER, OTHER_READER, FINAL_READER = 50, 51, 90
Name = tuple[int, int]  # of a value: process, sequence


def text(name: Name | str) -> str:
    return name if isinstance(name, str) else value_text(*name, 30, name[0] << 16 | name[1])


class Plant:
    """Writes a history by hand; each event comes a millisecond after the one before. Names of values stand for values."""

    def __init__(self, path: pathlib.Path, **settings: Any) -> None:
        self._now_ns = 0
        self.writer = HistoryWriter(path, clock_ns=self._tick)
        self.writer.run(**{"oks_min": 1} | settings)

    def _tick(self) -> int:
        self._now_ns += 1_000_000
        return self._now_ns

    def wait(self, seconds: float) -> None:
        self._now_ns += int(seconds * 1e9)

    def send(self, *names: Name, key: str = KEY, process: int | None = None) -> tuple[int, int]:
        """One batch; to be given to one of the next three."""
        process = names[0][0] if process is None else process
        return process, self.writer.send(process, key, [text(name) for name in names])

    def ok(self, send: tuple[int, int], offset: int | None) -> None:
        self.writer.acknowledged(*send, offset)

    def doubt(self, send: tuple[int, int]) -> None:
        self.writer.in_doubt(*send, "_TRANSPORT")

    def fail(self, send: tuple[int, int]) -> None:
        self.writer.failed(*send, "MSG_SIZE_TOO_LARGE")

    def sent(self, *names: Name, offset: int, key: str = KEY) -> None:
        """One after the other: begun and acknowledged."""
        for at, name in enumerate(names):
            self.ok(self.send(name, key=key), offset + at)

    def poll(self, offset: int, *names: Name | str, reader: int = READER, key: str = KEY, **bounds: int) -> None:
        self.writer.polled(reader, key, offset, [text(name) for name in names], **bounds)

    def fault(self) -> None:
        self.writer.fault("kill", {"in_flight": 1})
        self.writer.booted()
        self.writer.healed()

    def final(self, *names: Name | str, offset: int = 0, key: str = KEY, replica: str = "1", end: int | None = None) -> None:
        """A whole final read: what it found from `offset`, the log start, to the end."""
        self.writer.final_read_begins(FINAL_READER, key, replica)
        if names:
            self.writer.final_read(FINAL_READER, key, offset, [text(name) for name in names], replica)
        self.writer.final_read_ends(FINAL_READER, key, offset, offset + len(names) if end is None else end, replica)


class Planted(NamedTuple):
    name: str
    finds: str  # a rule, "pass" or "unknown"
    fill: Callable[[Plant], None]
    settings: dict[str, Any]


ALL: list[Planted] = []


def planted(finds: str, **settings: Any) -> Callable[[Callable[[Plant], None]], Callable[[Plant], None]]:
    def add(fill: Callable[[Plant], None]) -> Callable[[Plant], None]:
        ALL.append(Planted(fill.__name__, finds, fill, settings))
        return fill
    return add


# Values of producers 1 and 2
A0, A1, A2, A3, A4 = ((1, number) for number in range(5))
B0, B1, B2 = ((2, number) for number in range(3))


@planted("pass")
def all_is_well(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, A1)
    p.fault()
    p.sent(B0, offset=2)
    p.poll(2, B0)
    p.final(A0, A1, B0)


# H1 inconsistent offsets

@planted("H1")
def two_acknowledgements_of_one_offset(p: Plant) -> None:
    first, second = p.send(A0), p.send(B0)
    p.ok(first, 0)
    p.ok(second, 0)
    p.fault()
    p.final(A0, B0)


@planted("pass")
def concurrent_sends_with_an_offset_each(p: Plant) -> None:
    first, second = p.send(A0), p.send(B0)
    p.ok(second, 0)
    p.ok(first, 1)
    p.fault()
    p.final(B0, A0)


@planted("H1")
def a_record_elsewhere_than_acknowledged(p: Plant) -> None:
    in_flight = p.send(B0)
    p.ok(p.send(A0), 1)
    p.doubt(in_flight)
    p.fault()
    p.final(A0, B0)


@planted("H1")
def a_batch_whose_second_record_is_elsewhere(p: Plant) -> None:
    batch = p.send(A0, A1)
    between = p.send(B0)
    p.ok(batch, 0)
    p.doubt(between)
    p.fault()
    p.final(A0, B0, A1)


@planted("pass")
def a_batch_with_its_records_in_a_row(p: Plant) -> None:
    p.sent(B0, offset=0)
    p.ok(p.send(A0, A1, A2), 1)
    p.fault()
    p.final(B0, A0, A1, A2)


# H2 duplicates

@planted("H2")
def an_acknowledged_record_twice(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0, A1, A0)


@planted("H2")
def a_send_in_doubt_twice(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.fault()
    p.final(A0, A1, A1)


@planted("pass")
def a_send_in_doubt_once(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.fault()
    p.final(A0, A1)


@planted("pass")
def a_send_in_doubt_not_at_all(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.fault()
    p.final(A0)


@planted("pass")
def a_send_that_was_never_answered(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.send(A1)
    p.fault()
    p.final(A0, A1)


@planted("pass")
def a_record_read_again_and_again_where_it_is(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    for reader in (READER, OTHER_READER):
        p.poll(0, A0, reader=reader)
    p.final(A0)


# H3 lost writes

@planted("H3")
def an_acknowledged_record_lost_in_the_middle(p: Plant) -> None:
    first, second = p.send(A0), p.send(B0)
    p.ok(first, None)
    p.ok(second, 0)
    p.fault()
    p.final(B0)


@planted("H3", gaps=True)
def an_acknowledged_record_lost_and_a_gap_instead(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.fault()
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])
    p.writer.final_read(FINAL_READER, KEY, 2, [text(A2)])
    p.writer.final_read_ends(FINAL_READER, KEY, 0, 3)


@planted("pass", gaps=True)
def gaps_where_no_record_was(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.sent(A1, offset=2)
    p.poll(0, A0)
    p.poll(2, A1)
    p.fault()
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])
    p.writer.final_read(FINAL_READER, KEY, 2, [text(A1)])
    p.writer.final_read_ends(FINAL_READER, KEY, 0, 4)


@planted("H3")
def half_a_batch_in_doubt(p: Plant) -> None:
    p.sent(B0, offset=0)
    p.doubt(p.send(A0, A1, A2))
    p.fault()
    p.final(B0, A0, A1)


@planted("pass")
def a_whole_batch_in_doubt(p: Plant) -> None:
    p.sent(B0, offset=0)
    p.doubt(p.send(A0, A1, A2))
    p.fault()
    p.final(B0, A0, A1, A2)


@planted("pass")
def records_gone_below_a_log_start_that_was_asked_for(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0, A1)
    move = p.writer.move_log_start(READER, KEY, 2)
    p.writer.log_start_moved(READER, move)
    p.fault()
    p.final(A2, offset=2)


@planted("pass")
def records_gone_below_a_log_start_whose_move_is_in_doubt(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.writer.move_log_start(READER, KEY, 1)
    p.fault()
    p.final(A1, A2, offset=1)


@planted("pass", log_start="observed")
def records_gone_by_retention(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0, log_start=0, high=3)
    p.writer.log_start(READER, KEY, 1)
    p.fault()
    p.final(A2, offset=2)


# H4 failed writes

@planted("H4")
def a_failed_send_in_the_log(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fail(p.send(A1))
    p.fault()
    p.final(A0, A1)


@planted("H4")
def a_failed_send_that_a_consumer_got_before_it_failed(p: Plant) -> None:
    send = p.send(A0)
    p.poll(0, A0)
    p.fail(send)
    p.sent(B0, offset=1)
    p.fault()
    p.final(A0, B0)


@planted("pass")
def a_failed_send_that_is_nowhere(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fail(p.send(A1))
    p.fault()
    p.sent(A2, offset=1)
    p.final(A0, A2)


# H5 unknown values

@planted("H5")
def a_value_that_nobody_sent(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.final(A0, (7, 7))


@planted("H5")
def a_value_of_another_partition(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1, key="t-1"))
    p.fault()
    p.final(A0, A1)
    p.final(key="t-1")


@planted("H5")
def a_value_that_was_read_before_it_was_sent(p: Plant) -> None:
    p.poll(0, A0)
    p.doubt(p.send(A0))
    in_flight = p.send(A1)
    p.ok(in_flight, 1)
    p.fault()
    p.final(A0, A1)


@planted("pass")
def two_partitions_with_the_same_offsets(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.sent(A1, offset=0, key="t-1")
    p.fault()
    p.final(A0)
    p.final(A1, key="t-1")


# H6 real-time order

@planted("H6")
def an_offset_below_one_acknowledged_before(p: Plant) -> None:
    p.sent(A0, offset=1)
    p.sent(B0, offset=0)
    p.fault()
    p.final(B0, A0)


@planted("H6")
def a_record_in_doubt_below_one_acknowledged_before(p: Plant) -> None:
    p.sent(A0, offset=1)
    p.doubt(p.send(B0))
    p.fault()
    p.final(B0, A0)


@planted("H6")
def an_offset_below_one_that_was_read_before(p: Plant) -> None:
    send = p.send(A0)
    p.poll(1, A0)
    p.sent(B0, offset=0)
    p.ok(send, 1)
    p.fault()
    p.final(B0, A0)


@planted("pass")
def an_offset_below_one_of_a_send_at_the_same_time(p: Plant) -> None:
    slow = p.send(B0)
    p.sent(A0, offset=1)
    p.ok(slow, 0)
    p.fault()
    p.final(B0, A0)


@planted("pass")
def a_record_in_doubt_that_came_late(p: Plant) -> None:
    slow = p.send(B0)
    p.sent(A0, offset=0)
    p.doubt(slow)
    p.fault()
    p.sent(A1, offset=1)
    p.final(A0, A1, B0)


# H7 the order of one producer

@planted("H7")
def pipelined_sends_of_one_producer_turned_round(p: Plant) -> None:
    first, second = p.send(A0), p.send(A1)
    p.ok(first, 1)
    p.ok(second, 0)
    p.fault()
    p.final(A1, A0)


@planted("pass")
def pipelined_sends_whose_acknowledgements_turned_round(p: Plant) -> None:
    first, second = p.send(A0), p.send(A1)
    p.ok(second, 1)
    p.ok(first, 0)
    p.fault()
    p.final(A0, A1)


@planted("pass")
def a_send_in_doubt_behind_a_later_one(p: Plant) -> None:
    first, second = p.send(A0), p.send(A1)
    p.doubt(first)
    p.ok(second, 0)
    p.fault()
    p.final(A1, A0)


@planted("H7", order="strict")
def a_send_in_doubt_behind_a_later_one_of_an_idempotent_producer(p: Plant) -> None:
    first, second = p.send(A0), p.send(A1)
    p.doubt(first)
    p.ok(second, 0)
    p.fault()
    p.final(A1, A0)


@planted("H7")
def a_batch_in_doubt_with_a_foreign_record_in_it(p: Plant) -> None:
    batch, between = p.send(A0, A1), p.send(B0)
    p.ok(between, 1)
    p.doubt(batch)
    p.fault()
    p.final(A0, B0, A1)


@planted("pass")
def two_producers_in_any_order(p: Plant) -> None:
    first, second, third = p.send(A0), p.send(B0), p.send(A1)
    p.ok(second, 0)
    p.ok(first, 1)
    p.ok(third, 2)
    p.fault()
    p.final(B0, A0, A1)


# H8 skips and steps back

@planted("H8")
def a_consumer_that_skips_a_record(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.fault()
    p.poll(0, A0)
    p.poll(2, A2)
    p.final(A0, A1, A2)


@planted("H8")
def a_consumer_that_goes_back(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.poll(0, A0, A1)
    p.poll(1, A1)
    p.final(A0, A1)


@planted("H8", gaps=True)
def one_answer_that_skips_a_record(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.fault()
    p.writer.put("ok", process=READER, operation="poll", key=KEY, offsets=[0, 2], values=[text(A0), text(A2)])
    p.final(A0, A1, A2)


@planted("H8")
def one_answer_that_turns_records_round(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.writer.put("ok", process=READER, operation="poll", key=KEY, offsets=[1, 0], values=[text(A1), text(A0)])
    p.final(A0, A1)


@planted("pass")
def a_consumer_that_starts_anew_in_the_middle(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0)
    p.writer.session(READER, "rebalanced")
    p.poll(2, A2)
    p.writer.restarted(READER)
    p.poll(0, A0, A1, A2)
    p.fault()
    p.final(A0, A1, A2)


@planted("H8")
def a_consumer_that_skips_a_record_across_a_boot(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0)
    p.fault()
    p.poll(2, A2)
    p.final(A0, A1, A2)


@planted("pass")
def a_consumer_that_goes_on_at_the_moved_log_start(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0)
    p.writer.log_start_moved(READER, p.writer.move_log_start(READER, KEY, 2))
    p.poll(2, A2)
    p.fault()
    p.final(A2, offset=2)


@planted("H8")
def a_hole_in_the_final_read(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.sent(A1, offset=2)
    p.fault()
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])
    p.writer.final_read(FINAL_READER, KEY, 2, [text(A1)])
    p.writer.final_read_ends(FINAL_READER, KEY, 0, 3)


# H9 what was read stays

@planted("H9")
def a_record_in_doubt_that_was_polled_and_is_gone(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.poll(0, A0, A1)
    p.fault()
    p.final(A0)


@planted("H9")
def a_record_that_changed_after_it_was_polled(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.doubt(p.send(B0))
    p.poll(0, A0, A1)
    p.fault()
    p.final(A0, B0)


@planted("H9")
def an_acknowledged_record_that_was_polled_and_is_gone(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, A1)
    p.fault()
    p.final(A0)


@planted("pass")
def a_record_that_was_polled_after_the_final_read_began(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    late = p.send(A1)
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.poll(0, A0, A1)
    p.ok(late, 1)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])
    p.writer.final_read_ends(FINAL_READER, KEY, 0, 1)


# H10 high watermark and log start of one reader

@planted("H10")
def a_high_watermark_that_goes_back(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, high=2)
    p.fault()
    p.poll(1, high=1)
    p.final(A0, A1)


@planted("pass")
def a_high_watermark_that_goes_back_after_a_truncation(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.poll(0, A0, high=2)
    p.fault()
    p.writer.epoch_ends(READER, KEY, 3, 1)
    p.poll(1, high=1)
    p.sent(A1, offset=1)
    p.poll(1, A1, high=2)
    p.final(A0, A1)


@planted("pass")
def a_reader_that_goes_back_to_where_the_log_was_truncated(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, A1)
    p.fault()
    p.writer.epoch_ends(READER, KEY, 3, 1)
    p.poll(1, A1)
    p.final(A0, A1)


@planted("pass")
def a_lower_high_watermark_in_another_session(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, high=2)
    p.writer.session(READER, "another replica")
    p.poll(0, A0, high=1)
    p.poll(0, A0, high=1, reader=OTHER_READER)
    p.fault()
    p.final(A0, A1)


@planted("H10")
def a_high_watermark_that_goes_back_twice_after_one_truncation(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0, high=3)
    p.fault()
    p.writer.epoch_ends(READER, KEY, 3, 2)
    p.poll(1, high=2)
    p.poll(1, high=1)
    p.final(A0, A1, A2)


@planted("H10")
def a_record_above_the_high_watermark(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.poll(0, A0, A1, high=1)
    p.final(A0, A1)


@planted("H10", log_start="observed")
def a_log_start_that_goes_back(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.fault()
    p.poll(2, A2, log_start=2)
    p.poll(3, log_start=1)
    p.final(A1, A2, offset=1)


@planted("H10")
def a_log_start_that_nobody_moved(p: Plant) -> None:
    p.doubt(p.send(A0))
    p.sent(B0, offset=1)
    p.fault()
    p.poll(1, B0, log_start=1)
    p.final((1, 0), B0)


# H11 the final read of each replica

@planted("H11")
def an_acknowledged_record_at_the_end_that_no_read_has(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0)


@planted("H11")
def an_empty_final_read(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.final()


@planted("H11", replicas=["1", "2"])
def an_acknowledged_record_that_one_replica_lacks(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0, A1)
    p.final(A0, replica="2")


@planted("H11", replicas=["1", "2"])
def a_record_in_doubt_that_one_replica_has_and_the_next_lacks(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.fault()
    p.final(A0, A1)
    p.final(A0, replica="2")


@planted("pass", replicas=["1", "2"])
def replicas_that_agree(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.doubt(p.send(A2))
    p.fault()
    p.final(A0, A1, A2)
    p.final(A0, A1, A2, replica="2")


@planted("pass")
def a_record_acknowledged_after_the_final_read_began(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    late = p.send(A1)
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.ok(late, 1)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])
    p.writer.final_read_ends(FINAL_READER, KEY, 0, 1)


# H15 bytes

@planted("H15")
def a_damaged_value(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0, "?1.1 differs from byte 24 on: 00, 30 bytes")


@planted("H15")
def a_value_with_another_checksum_than_sent(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0, value_text(1, 1, 30, 0xBAD))


@planted("H15")
def a_value_shorter_than_sent(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.poll(0, value_text(1, 0, 29, 1 << 16))
    p.final(A0, A1)


@planted("H15", replicas=["1", "2"])
def a_value_that_is_damaged_at_one_replica(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.final(A0, A1)
    p.final(A0, "?null", replica="2")


# H16 progress after healing

@planted("H16", liveness_s=5)
def a_producer_that_gets_nothing_after_healing(p: Plant) -> None:
    p.sent(A0, offset=0)
    waits = p.send(A1)
    p.fault()
    p.sent(B0, offset=1)
    p.wait(6)
    p.doubt(waits)
    p.final(A0, B0)


@planted("H16", liveness_s=5)
def a_producer_that_is_refused_until_too_late(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.fail(p.send(A1))
    p.wait(6)
    p.sent(A2, offset=1)
    p.final(A0, A2)


@planted("pass", liveness_s=5)
def a_producer_that_goes_on_in_time(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.fail(p.send(A1))
    p.wait(4)
    p.sent(A2, offset=1)
    p.wait(6)
    p.final(A0, A2)


@planted("H16", liveness_s=5)
def a_consumer_that_does_not_reach_the_end(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0)
    p.fault()
    p.wait(6)
    p.poll(1, A1)
    p.final(A0, A1)


@planted("H16", liveness_s=5)
def a_consumer_that_gets_nothing_at_all(p: Plant) -> None:
    p.writer.session(READER, "assigned", [KEY])
    p.sent(A0, offset=0)
    p.fault()
    p.wait(6)
    p.final(A0)


@planted("pass", liveness_s=5)
def a_consumer_that_reaches_the_end_in_time(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0)
    p.fault()
    p.wait(4)
    p.poll(1, A1)
    p.wait(6)
    p.final(A0, A1)


@planted("pass", liveness_s=5)
def clients_that_the_next_fault_meets_before_their_time(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0)
    waits = p.send(A2)
    p.fault()
    p.wait(4)
    p.fault()
    p.wait(4)
    p.poll(1, A1)
    p.doubt(waits)
    p.sent(A3, offset=2)
    p.wait(9)
    p.final(A0, A1, A3)


@planted("pass", liveness_s=5)
def clients_that_were_stopped(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0)
    p.send(A2)
    p.fault()
    p.writer.stopped(1)
    p.writer.stopped(READER)
    p.wait(9)
    p.final(A0, A1)


# What no verdict can be given on

@planted("unknown")
def a_final_read_that_never_was(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.poll(0, A0)


@planted("unknown")
def a_final_read_that_did_not_finish(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.fault()
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0)])


@planted("unknown")
def a_final_read_of_one_partition_of_two(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.sent(A1, offset=0, key="t-1")
    p.fault()
    p.final(A0)


@planted("unknown", replicas=["1", "2"])
def a_replica_without_a_final_read(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.final(A0)


@planted("unknown", keys=["t-0", "t-1"])
def a_partition_that_was_to_be_read_and_was_not(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.final(A0)


@planted("unknown")
def no_fault(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.final(A0)


@planted("unknown")
def a_fault_without_effect(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.writer.fault("power-cut", {"dropped_sectors": 0, "dropped_renames": 0})
    p.final(A0)


@planted("unknown", faults=["kill", "power-cut"])
def one_of_two_kinds_of_faults_without_effect(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.writer.fault("power-cut", {"dropped_sectors": 0})
    p.final(A0)


@planted("unknown")
def a_kill_that_met_no_send_in_flight(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.writer.fault("kill")
    p.doubt(p.send(A1))
    p.final(A0)


@planted("pass")
def a_kill_that_put_a_send_in_doubt(p: Plant) -> None:
    p.sent(A0, offset=0)
    send = p.send(A1)
    p.writer.fault("kill")
    p.doubt(send)
    p.final(A0)


@planted("pass", faults=[])
def a_run_without_faults_by_intent(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.final(A0)


@planted("unknown", oks_min=2)
def too_few_acknowledgements(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.fault()
    p.final(A0)


@planted("unknown")
def nothing_at_all(p: Plant) -> None:
    pass


@planted("H11", faults=["power-cut"])
def a_loss_is_a_loss_though_no_fault_took_effect(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.final()
