"""Small histories of record keys, each with one anomaly or none: H14, and what other rules find of what was asked by key."""

from __future__ import annotations

from history.planting import A0, A1, A2, A3, A4, B0, B1, KEY, Plant, planted, text


@planted("pass")
def keys_are_set_read_and_deleted(p: Plant) -> None:
    p.get(None)
    p.set(A0)
    p.get(A0)
    p.fault()
    p.set(A1, before=A0)
    p.delete(existed=True)
    p.get(None)
    p.delete(existed=False)
    p.log(A0, A1, None)


# H14: what a read sees

@planted("H14")
def a_read_that_does_not_see_an_acknowledged_write(p: Plant) -> None:
    p.set(A0)
    p.get(None)
    p.fault()
    p.log(A0)


@planted("H14")
def a_read_of_an_overwritten_value(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.get(A0)
    p.fault()
    p.log(A0, A1)


@planted("H14")
def a_read_of_a_deleted_value(p: Plant) -> None:
    p.set(A0)
    p.delete(existed=True)
    p.get(A0)
    p.fault()
    p.log(A0, None)


@planted("H14")
def two_reads_of_which_the_later_sees_the_older_value(p: Plant) -> None:
    p.set(A0)
    write = p.ask("set", A1)
    p.get(A1)
    p.get(A0)
    p.wrote(write)
    p.fault()
    p.log(A0, A1)


@planted("H14")
def a_read_through_another_door_that_sees_the_older_value(p: Plant) -> None:
    p.set(A0)
    write = p.ask("set", A1)
    p.get(A1, process=3)
    p.get(A0, process=4)
    p.not_known(write)
    p.fault()
    p.log(A0, A1)


@planted("pass")
def reads_beside_a_write_see_the_one_or_the_other(p: Plant) -> None:
    p.set(A0)
    write = p.ask("set", A1)
    early, late = p.ask("get", process=3), p.ask("get", process=4)
    p.got(late, A1)
    p.got(early, A0)
    p.get(A1)
    p.wrote(write)
    p.fault()
    p.log(A0, A1)


@planted("H14")
def an_offset_that_goes_back_between_two_reads_though_the_log_was_not_read(p: Plant) -> None:
    first, second = p.ask("set", A0), p.ask("set", B0, process=2)
    p.get(A0, offset=5)
    p.get(B0, offset=4)
    p.wrote(first)
    p.wrote(second)
    p.fault()


# H14: the order of writes

@planted("H14")
def writes_in_the_log_against_real_time(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.fault()
    p.log(A1, A0)


@planted("pass")
def writes_at_the_same_time_in_any_order(p: Plant) -> None:
    first, second = p.ask("set", A0), p.ask("set", B0, process=2)
    p.wrote(first)
    p.wrote(second)
    p.fault()
    p.get(A0)
    p.log(B0, A0)


@planted("H14")
def reads_that_saw_writes_in_another_order_than_the_log_has(p: Plant) -> None:
    first, second = p.ask("set", A0), p.ask("set", B0, process=2)
    p.get(A0)
    p.get(B0)
    p.wrote(first)
    p.wrote(second)
    p.fault()
    p.log(B0, A0)


@planted("H14")
def a_write_in_doubt_that_came_before_one_acknowledged_earlier(p: Plant) -> None:
    p.set(A0)
    p.not_known(p.ask("set", B0, process=2))
    p.fault()
    p.log(B0, A0)


@planted("pass")
def writes_in_doubt_that_came_late_or_never(p: Plant) -> None:
    p.set(A0)
    p.not_known(p.ask("set", A1))
    p.ask("set", B0, process=2)
    p.fault()
    p.set(A2)
    p.get(A2)
    p.get(A1)
    p.log(A0, A2, A1)


# H14: conditions, and what was there before

@planted("H14")
def two_that_were_both_the_first(p: Plant) -> None:
    first, second = p.ask("set", A0, condition="absent"), p.ask("set", B0, process=2, condition="absent")
    p.wrote(first, done=True)
    p.wrote(second, done=True)
    p.fault()
    p.log(A0, B0)


@planted("pass")
def of_two_one_is_the_first_and_after_a_deletion_another(p: Plant) -> None:
    first, second = p.ask("set", A0, condition="absent"), p.ask("set", B0, process=2, condition="absent")
    p.wrote(first, done=False)
    p.wrote(second, done=True)
    p.set(A1, condition="present", done=True)
    p.delete(existed=True)
    p.set(A2, condition="present", done=False)
    p.set(A3, condition="absent", done=True)
    p.fault()
    p.log(B0, A1, None, A3)


@planted("H14")
def a_first_one_that_was_refused_though_nothing_was_there(p: Plant) -> None:
    p.set(A0, condition="absent", done=False)
    p.set(A1)
    p.fault()
    p.log(A1)


@planted("pass")
def a_first_one_that_was_refused_for_a_write_in_doubt(p: Plant) -> None:
    p.not_known(p.ask("set", B0, process=2))
    p.set(A0, condition="absent", done=False)
    p.set(A1)
    p.fault()
    p.log(B0, A1)


@planted("H14")
def a_first_one_that_was_refused_for_a_write_in_doubt_that_came_to_nothing(p: Plant) -> None:
    p.not_known(p.ask("set", B0, process=2))
    p.set(A0, condition="absent", done=False)
    p.set(A1)
    p.fault()
    p.log(A1)


@planted("H14")
def an_exchange_that_was_told_another_value(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.set(A2, before=A0)
    p.fault()
    p.log(A0, A1, A2)


@planted("H14")
def two_exchanges_that_were_told_the_same_value(p: Plant) -> None:
    p.set(A0)
    first, second = p.ask("set", A1), p.ask("set", B0, process=2)
    p.wrote(first, before=A0)
    p.wrote(second, before=A0)
    p.fault()
    p.log(A0, A1, B0)


@planted("H14")
def two_deletions_of_one_value(p: Plant) -> None:
    p.set(A0)
    first, second = p.ask("delete"), p.ask("delete", process=2)
    p.wrote(first, existed=True)
    p.wrote(second, existed=True)
    p.get(None)
    p.fault()
    p.log(A0, None, None)


@planted("H14")
def a_deletion_that_found_nothing_though_a_value_was_there(p: Plant) -> None:
    p.set(A0)
    p.delete(existed=False)
    p.fault()
    p.log(A0)


@planted("H14")
def a_new_value_that_was_called_an_old_one(p: Plant) -> None:
    p.set(A0, existed=True)
    p.fault()
    p.log(A0)


@planted("pass")
def deletions_by_several_doors(p: Plant) -> None:
    p.set(A0, offset=0)
    by_kafka, by_redis = p.ask("delete"), p.ask("delete", process=2)
    p.wrote(by_redis, existed=False)
    p.wrote(by_kafka, offset=1)
    p.wrote(p.ask("delete"), offset=2)
    p.set(A1, existed=False)
    p.fault()
    p.log(A0, None, None, A1)


@planted("pass")
def deletions_in_doubt_that_happened_and_that_did_not(p: Plant) -> None:
    p.set(A0)
    for process in (2, 4):
        p.not_known(p.ask("delete", process=process))
    p.fault()
    p.get(None)
    p.set(A1)
    p.get(A1)
    p.log(A0, None, A1)


@planted("H14")
def a_deletion_in_the_log_that_nobody_asked_for(p: Plant) -> None:
    p.set(A0)
    p.not_known(p.ask("delete", process=2))
    p.fault()
    p.set(A1)
    p.log(A0, None, A1, None)


@planted("pass")
def writes_on_condition_of_an_offset(p: Plant) -> None:
    p.set(A0, offset=0)
    first, second = p.ask("set", A1, condition=0), p.ask("set", B0, process=2, condition=0)
    p.wrote(first, done=False)
    p.wrote(second, done=True, offset=1)
    p.delete(condition=0, done=False)
    p.delete(condition=1, done=True, offset=2)
    p.set(A2, condition=1, done=False)
    p.get(None)
    p.fault()
    p.log(A0, B0, None)


@planted("H14")
def two_writes_on_condition_of_one_offset(p: Plant) -> None:
    p.set(A0, offset=0)
    first, second = p.ask("set", A1, condition=0), p.ask("set", B0, process=2, condition=0)
    p.wrote(first, done=True)
    p.wrote(second, done=True)
    p.fault()
    p.log(A0, A1, B0)


@planted("H14")
def a_write_on_condition_of_an_offset_that_was_refused_though_it_held(p: Plant) -> None:
    p.set(A0, offset=0)
    p.set(A1, condition=0, done=False)
    p.fault()
    p.log(A0)


# H14 where the log was not read to its end: what was found counts all the same

@planted("H14")
def a_read_of_an_overwritten_value_without_a_final_read(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.get(A0)
    p.fault()


@planted("H14")
def two_that_were_both_the_first_without_a_final_read(p: Plant) -> None:
    p.set(A0, condition="absent", done=True)
    p.set(A1, condition="absent", done=True)
    p.fault()


@planted("unknown")
def a_write_in_doubt_that_was_seen_and_one_that_was_not_without_a_final_read(p: Plant) -> None:
    p.set(A0, offset=4)
    p.not_known(p.ask("set", A1))
    p.not_known(p.ask("set", B0, process=2))
    p.not_known(p.ask("delete", process=4))
    p.fault()
    p.get(A0, offset=4)
    p.get(A1, offset=6)
    p.set(A2, existed=False)
    p.set(A3, condition=6, done=False)
    p.delete(existed=True)
    p.set(A4, existed=True)


@planted("unknown")
def keys_whose_log_was_not_read_to_its_end(p: Plant) -> None:
    p.set(A0)
    p.fault()
    p.writer.final_read_begins(90, KEY)
    p.writer.final_records(90, KEY, 0, ["t/a"], [text(A0)])


@planted("unknown")
def keys_that_met_no_fault(p: Plant) -> None:
    p.set(A0)
    p.log(A0)


@planted("unknown", keys=["t-0", "t-1"])
def keys_of_which_one_partition_was_not_read(p: Plant) -> None:
    p.set(A0)
    p.fault()
    p.log(A0)


@planted("pass")
def a_kill_that_put_a_write_by_key_in_doubt(p: Plant) -> None:
    p.set(A0)
    write = p.ask("set", A1)
    p.writer.fault("kill")
    p.not_known(write)
    p.get(A0)
    p.log(A0)


@planted("unknown")
def a_key_that_lies_in_two_partitions(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.fault()
    p.log(A0)
    p.log(A1, key="t-1")


@planted("pass")
def keys_are_apart_from_one_another(p: Plant) -> None:
    p.set(A0)
    p.set(A1, record_key="t/b")
    p.get(A0)
    p.get(A1, record_key="t/b")
    p.get(None, record_key="t/c")
    p.fault()
    p.log(A0, ("t/b", A1))


@planted("pass")
def a_log_whose_beginning_is_gone(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    move = p.writer.move_log_start(50, KEY, 1)
    p.writer.log_start_moved(50, move)
    p.fault()
    p.get(A1)
    p.log(A1, offset=1)


# Of what was asked by key, what other rules find

@planted("H1")
def a_write_by_key_elsewhere_than_acknowledged(p: Plant) -> None:
    p.set(A0, offset=1)
    p.set(A1)
    p.fault()
    p.log(A0, A1)


@planted("H1")
def a_read_by_key_that_names_another_offset(p: Plant) -> None:
    p.set(A0)
    p.get(A0, offset=7)
    p.fault()
    p.log(A0)


@planted("H2")
def a_write_by_key_that_is_there_twice(p: Plant) -> None:
    p.set(A0)
    p.fault()
    p.log(A0, A0)


@planted("H3")
def a_write_by_key_that_is_lost(p: Plant) -> None:
    p.set(A0)
    p.set(A1)
    p.fault()
    p.log(A1)


@planted("H3")
def a_deletion_that_is_lost(p: Plant) -> None:
    p.set(A0)
    p.delete(offset=1)
    p.fault()
    p.log(A0)


@planted("H4")
def a_failed_write_by_key_in_the_log(p: Plant) -> None:
    p.set(A0)
    p.refused(p.ask("set", A1))
    p.fault()
    p.log(A0, A1)


@planted("H4")
def a_failed_write_by_key_that_was_shown(p: Plant) -> None:
    p.set(A0)
    p.refused(p.ask("set", A1))
    p.fault()
    p.get(A1)
    p.log(A0)


@planted("H4")
def a_write_in_the_log_whose_condition_had_failed(p: Plant) -> None:
    p.set(A0)
    p.set(A1, condition="absent", done=False)
    p.fault()
    p.log(A0, A1)


@planted("H5")
def a_value_in_the_log_that_nobody_set(p: Plant) -> None:
    p.set(A0)
    p.fault()
    p.log(A0, B0)


@planted("H5")
def a_value_of_another_record_key(p: Plant) -> None:
    p.set(A0)
    p.set(A1, record_key="t/b")
    p.fault()
    p.get(A1)
    p.log(A0, ("t/b", A1))


@planted("H9")
def a_value_that_was_shown_and_vanished(p: Plant) -> None:
    p.set(A0)
    p.not_known(p.ask("set", A1))
    p.get(A1)
    p.fault()
    p.log(A0)


@planted("H9")
def two_final_reads_of_different_records(p: Plant) -> None:
    p.set(A0)
    p.not_known(p.ask("set", B0, process=2))
    p.not_known(p.ask("set", B1, process=4))
    p.fault()
    p.log(A0, B0, replica="1")
    p.log(A0, B1, replica="2")


@planted("H15")
def a_damaged_value_by_key(p: Plant) -> None:
    p.set(A0)
    p.get("?only 3 bytes")
    p.fault()
    p.log(A0)


@planted("H16", liveness_s=30)
def a_client_by_key_that_gets_no_answer(p: Plant) -> None:
    p.set(A0)
    p.fault()
    write = p.ask("set", A1)
    p.wait(31)
    p.not_known(write)
    p.log(A0)
