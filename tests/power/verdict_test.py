"""The verdict finds each way of breaking a promise, and nothing where all are kept."""

from __future__ import annotations

import pathlib
import tempfile
import unittest

from kafka_wire import CONTENT_AT, Place, StoredBatch, batches_in
from ledger import Batch, Ledger, Topic
from support.batches import crc32c, make_batch
from verdict import Log, ReadBack, judge

HERE = Place("topic", 0)


class Verdicts(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = Ledger(pathlib.Path(folder.name) / "events")
        self.addCleanup(self.ledger.close)
        self.make_topic({})
        # Three batches of two records: two acknowledged, one in doubt.
        self.sent = [self.send(number) for number in range(3)]
        self.ledger.answered(self.sent[0], 0, 0)
        self.ledger.answered(self.sent[1], 0, 2)
        self.ledger.not_answered(self.sent[2])

    def make_topic(self, config: dict[str, str]) -> None:
        topic = self.ledger.topics["topic"] = Topic("topic", 1, config)
        self.ledger.changing(topic, "create")
        self.ledger.changed(topic, "create")

    def send(self, number: int, process: int = 1, acks: int = -1) -> Batch:
        values = [f"{process}/{number}/a".encode(), b"b"]
        return self.ledger.sending(process, number, HERE, make_batch(values, 5), [f"{process}.{number}.0.0"] * 2, acks)

    def read_back(self, *found: Batch | bytes, start: int = 0, end: int | None = None) -> str:
        rows = [StoredBatch(start + 2 * at, start + 2 * at + 1, one if isinstance(one, bytes) else one.content)
                for at, one in enumerate(found)]
        return self.judge(ReadBack({"topic": 1}, {HERE: Log(start, start + 2 * len(rows) if end is None else end, rows)}))

    def judge(self, found: ReadBack) -> str:
        complaints, self.counts = judge(self.ledger, found)
        return "; ".join(complaints)

    def test_acknowledged_batches_that_are_there_are_right(self) -> None:
        self.assertEqual(self.read_back(*self.sent[:2]), "")
        self.assertEqual(self.counts.vanished, 1)

    def test_a_batch_in_doubt_may_be_there(self) -> None:
        self.assertEqual(self.read_back(*self.sent), "")
        self.assertEqual(self.counts.vanished, 0)

    def test_a_lost_batch_is_found(self) -> None:
        self.assertIn("is lost", self.read_back(self.sent[0]))

    def test_a_shorter_log_is_found(self) -> None:
        self.assertIn("offsets below 4 were acknowledged", self.read_back(self.sent[0]))

    def test_a_changed_byte_is_found(self) -> None:
        changed = bytearray(self.sent[1].content)
        changed[-3] ^= 1
        self.assertIn("1 of 65 bytes differ", self.read_back(self.sent[0], bytes(changed)))

    def test_a_batch_at_another_offset_is_found(self) -> None:
        self.assertIn("is at 0", self.read_back(self.sent[1], self.sent[0]))

    def test_a_batch_that_is_there_twice_is_found(self) -> None:
        self.assertIn("is at topic/0, 2 and at topic/0, 4", self.read_back(self.sent[0], self.sent[1], self.sent[1]))

    def test_a_gap_is_found(self) -> None:
        log = Log(0, 6, [StoredBatch(0, 1, self.sent[0].content), StoredBatch(2, 3, self.sent[1].content),
                         StoredBatch(5, 6, self.sent[2].content)])
        self.assertIn("offset 4 was expected and 5 came", self.judge(ReadBack({"topic": 1}, {HERE: log})))

    def test_an_end_beyond_the_batches_is_found(self) -> None:
        self.assertIn("ends at 7, its batches at 4", self.read_back(*self.sent[:2], end=7))

    def test_what_nobody_sent_is_found(self) -> None:
        stranger = make_batch([b"stranger", b"b"], 5)[CONTENT_AT:]
        self.assertIn("sent by nobody", self.read_back(*self.sent[:2], stranger))

    def test_a_refused_batch_that_is_there_is_found(self) -> None:
        refused = self.send(3)
        self.ledger.answered(refused, 56, -1)
        self.assertIn("was refused", self.read_back(*self.sent, refused))

    def test_a_batch_that_comes_back_is_found(self) -> None:
        self.assertEqual(self.read_back(*self.sent[:2]), "")
        self.assertIn("now it is", self.read_back(*self.sent))

    def test_a_batch_in_doubt_that_was_read_stays(self) -> None:
        self.assertEqual(self.read_back(*self.sent), "")
        self.assertIn("was read at", self.read_back(*self.sent[:2]))

    def test_a_batch_without_acks_that_a_consumer_saw_stays(self) -> None:
        careless = self.send(3, acks=0)
        self.ledger.not_answered(careless)
        self.ledger.read(9, HERE, 0, 6, [(4, careless)])
        self.assertIn("was read at", self.read_back(*self.sent[:2], self.sent[2]))

    def test_an_order_other_than_that_of_sending_is_found(self) -> None:
        late = [self.send(number, process=2) for number in (1, 2)]
        for one in late:
            self.ledger.not_answered(one)
        self.assertIn("lies behind", self.read_back(*self.sent[:2], late[1], late[0]))

    def test_an_offset_below_one_acknowledged_before_is_found(self) -> None:
        late = self.send(7)
        self.ledger.answered(late, 0, 1)
        self.assertIn("was acknowledged already", self.read_back(*self.sent[:2], late))

    def test_a_batch_sent_between_a_deletion_and_the_next_creation_begins_the_new_topic(self) -> None:
        # It reaches the server when the topic is there again: the offsets of the old one say nothing about it.
        topic = self.ledger.topics["topic"]
        self.ledger.changing(topic, "delete")
        self.ledger.changed(topic, "delete")
        early = self.send(7)
        self.ledger.changing(topic, "create")
        self.ledger.changed(topic, "create")
        self.ledger.answered(early, 0, 0)
        self.assertEqual(self.read_back(early), "")

    def test_a_log_start_that_moves_without_retention_is_found(self) -> None:
        self.assertIn("nothing was to be deleted", self.read_back(self.sent[1], start=2))

    def test_a_log_start_moves_forward_only(self) -> None:
        self.ledger.topics["topic"].config["retention.bytes"] = "80"
        self.assertEqual(self.read_back(self.sent[1], start=2), "")
        self.assertIn("it was told to start at 2", self.read_back(*self.sent[:2]))

    def test_more_deleted_than_retention_allows_is_found(self) -> None:
        self.ledger.topics["topic"].config["retention.bytes"] = "1000"
        self.assertIn("retention keeps 1000", self.read_back(self.sent[1], start=2))

    def test_a_topic_that_is_gone_is_found(self) -> None:
        self.assertIn("is gone", self.judge(ReadBack({}, {})))

    def test_a_topic_that_nobody_asked_for_is_found(self) -> None:
        self.assertIn("never asked for", self.judge(ReadBack({"topic": 1, "other": 1}, {HERE: Log(0, 0, [])})))

    def test_a_deleted_topic_stays_away(self) -> None:
        topic = self.ledger.topics["topic"]
        self.ledger.changing(topic, "delete")
        self.assertEqual(self.judge(ReadBack({}, {})), "")  # nobody said that it was deleted, and it was
        self.assertIn("after its deletion", self.read_back(*self.sent))

    def test_a_deletion_without_an_answer_may_not_have_happened(self) -> None:
        self.ledger.changing(self.ledger.topics["topic"], "delete")
        self.assertEqual(self.read_back(*self.sent[:2]), "")
        self.assertIn("is gone", self.judge(ReadBack({}, {})))

    def test_a_record_of_a_deleted_topic_in_the_next_of_its_name_is_found(self) -> None:
        topic = self.ledger.topics["topic"]
        for what in ("delete", "create"):
            self.ledger.changing(topic, what)
            self.ledger.changed(topic, what)
        self.assertIn("is in topic 2", self.read_back(self.sent[0]))

    def test_what_the_load_left_open_is_found(self) -> None:
        self.send(3)
        self.assertIn("left 1 batches open", self.read_back(*self.sent[:2]))


class Wire(unittest.TestCase):
    def test_the_checksum_is_crc32c(self) -> None:
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)

    def test_batches_are_found_again(self) -> None:
        first, second = make_batch([b"a", b"b"], 1), make_batch([b"c"], 2)
        found = list(batches_in(first + second + first[:30]))
        self.assertEqual([(one.base, one.last, one.content) for one in found],
                         [(0, 1, first[CONTENT_AT:]), (0, 0, second[CONTENT_AT:])])


if __name__ == "__main__":
    unittest.main()
