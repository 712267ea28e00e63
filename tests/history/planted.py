"""Small histories, each with one anomaly or none: what the checker has to find, and what it has to leave alone.

H1 to H7; the rest is in planted_reads.py.
"""

from __future__ import annotations

from history.planting import A0, A1, A2, B0, FINAL_READER, KEY, OTHER_READER, READER, Plant, planted, text


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


@planted("H1")
def two_acknowledgements_of_one_offset_that_nobody_read(p: Plant) -> None:
    first, second = p.send(A0), p.send(B0)
    p.ok(first, 0)
    p.ok(second, 0)
    p.fault()


@planted("H1")
def another_record_where_one_was_acknowledged(p: Plant) -> None:
    other, send = p.send(B0), p.send(A0)
    p.ok(send, 0)
    p.doubt(other)
    p.poll(0, B0)
    p.fault()


@planted("H1")
def a_record_below_the_end_that_was_acknowledged_beyond(p: Plant) -> None:
    p.sent(A0, offset=5)
    p.fault()
    p.final(A0)


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
def a_client_that_restarted_and_counts_its_sends_anew(p: Plant) -> None:
    for name, offset in ((A0, None), (A1, 0)):
        p.writer.put("invoke", process=1, operation="send", id=1, key=KEY, values=[text(name)])
        if offset is None:
            p.fault()
            p.writer.restarted(1)
    p.writer.acknowledged(1, 1, 0)
    p.final(A1, A0)


@planted("H2")
def a_copy_in_front_of_where_the_record_was_acknowledged(p: Plant) -> None:
    send, other = p.send(A0), p.send(B0)
    p.ok(send, 2)
    p.doubt(other)
    p.fault()
    p.final(A0, B0, A0)


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


@planted("H3")
def a_batch_in_doubt_without_its_first_record_at_the_log_start(p: Plant) -> None:
    p.sent(B0, offset=2)
    p.doubt(p.send(A0, A1))
    p.writer.move_log_start(READER, KEY, 2)
    p.fault()
    p.final(B0, A1, offset=2)


@planted("pass")
def a_batch_in_doubt_whose_first_record_is_below_the_log_start(p: Plant) -> None:
    batch = p.send(A0, A1)
    p.sent(B0, offset=2)
    p.doubt(batch)
    p.writer.move_log_start(READER, KEY, 1)
    p.fault()
    p.final(A1, B0, offset=1)


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


@planted("H7")
def acknowledgements_alone_that_tell_of_another_order(p: Plant) -> None:
    first, second = p.send(A0), p.send(A1)
    p.ok(first, 1)
    p.ok(second, 0)
    p.fault()


@planted("H7")
def a_record_behind_a_later_one_and_before_that_an_earlier_one(p: Plant) -> None:
    sends = [p.send(name) for name in (A0, A1, A2)]
    for send, offset in zip(sends, (0, 2, 1)):
        p.ok(send, offset)
    p.fault()
    p.final(A0, A2, A1)


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
