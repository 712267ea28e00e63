"""Small histories, each with one anomaly or none: what the checker has to find, and what it has to leave alone.

H8 to H16, and what no verdict can be given on; the rest is in planted.py.
"""

from __future__ import annotations

from history.planting import A0, A1, A2, A3, B0, FINAL_READER, KEY, OTHER_READER, READER, Plant, planted, text
from history.values import value_text


# H8 skips and steps back

@planted("H8")
def a_consumer_that_skips_a_record(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.fault()
    p.poll(0, A0)
    p.poll(2, A2)
    p.final(A0, A1, A2)


@planted("H8")
def a_consumer_that_skips_an_offset_of_which_nobody_knows(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.sent(A1, offset=2)
    p.poll(0, A0)
    p.poll(2, A1)
    p.fault()


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
def the_first_record_that_changed_after_it_was_polled(p: Plant) -> None:
    p.doubt(p.send(A0))
    p.doubt(p.send(B0))
    p.poll(0, A0)
    p.fault()
    p.sent(A1, offset=1)
    p.final(B0, A1)


@planted("H9")
def a_record_that_a_failed_answer_showed_and_that_is_gone(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1))
    p.writer.put("unknown", process=READER, operation="poll", key=KEY, error="_TIMED_OUT", offset=1, values=[text(A1)])
    p.writer.put("fail", process=READER, operation="poll", error="_TRANSPORT")
    p.fault()
    p.final(A0)


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


@planted("H10")
def a_high_watermark_that_goes_back_after_an_epoch_that_ends_there(p: Plant) -> None:
    p.sent(A0, A1, offset=0)
    p.poll(0, A0, high=2)
    p.fault()
    p.writer.epoch_ends(READER, KEY, 3, 2)
    p.poll(1, high=1)
    p.final(A0, A1)


@planted("pass")
def a_high_watermark_and_a_log_start_that_stay(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.poll(0, A0, high=1, log_start=0)
    p.fault()
    p.poll(1, high=1, log_start=0)
    p.final(A0)


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


@planted("H15")
def a_damaged_value_of_a_batch_in_doubt(p: Plant) -> None:
    p.sent(B0, offset=0)
    p.doubt(p.send(A0, A1))
    p.fault()
    p.final(B0, A0, "?1.1 differs from byte 24 on: 00, 30 bytes")


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


@planted("H16", liveness_s=5)
def a_producer_that_is_refused_again_and_again(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.fault()
    p.fail(p.send(A1))
    p.wait(4)
    p.fail(p.send(A2))
    p.wait(2)
    p.sent(A3, offset=1)
    p.final(A0, A3)


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
def a_consumer_that_comes_half_the_way(p: Plant) -> None:
    p.sent(A0, A1, A2, offset=0)
    p.poll(0, A0)
    p.fault()
    p.poll(1, A1)
    p.wait(6)
    p.final(A0, A1, A2)


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
def a_producer_that_was_stopped_before_healing(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.send(A1)
    p.writer.stopped(1)
    p.fault()
    p.wait(9)
    p.final(A0)


@planted("pass", liveness_s=5)
def a_consumer_that_was_at_the_end_when_all_healed(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.poll(0, A0)
    p.fault()
    p.wait(9)
    p.final(A0)


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
def a_final_read_that_ended_within_a_batch_in_doubt(p: Plant) -> None:
    p.sent(A0, offset=0)
    p.doubt(p.send(A1, A2))
    p.fault()
    p.writer.final_read_begins(FINAL_READER, KEY)
    p.writer.final_read(FINAL_READER, KEY, 0, [text(A0), text(A1)])


@planted("unknown")
def an_acknowledgement_without_an_offset_and_no_final_read(p: Plant) -> None:
    p.ok(p.send(A0), None)
    p.fault()


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


@planted("unknown")
def a_fault_without_effect_while_a_send_was_in_flight(p: Plant) -> None:
    p.sent(A0, offset=0)
    send = p.send(A1)
    p.writer.fault("power-cut", {"dropped_sectors": 0})
    p.doubt(send)
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
