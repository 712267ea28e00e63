"""A value says who it is, and whether it is whole; a writer's lines are a history whoever writes at the same time."""

from __future__ import annotations

import json
import pathlib
import tempfile
import threading
import unittest

from history.checker import check
from history.outcomes import certainly_not_written
from history.values import DAMAGED, SIZE_MIN, make_value, read_value
from history.writer import HistoryWriter


class Values(unittest.TestCase):
    def test_what_comes_back_whole_has_the_text_that_was_sent(self) -> None:
        for size in (0, SIZE_MIN, SIZE_MIN + 1, 100, 70_000):
            for record_key in (None, b"", b"a key"):
                value, text = make_value(7, 1 << 40, size, record_key)
                self.assertEqual(len(value), max(size, SIZE_MIN))
                self.assertEqual(read_value(value, record_key), text)

    def test_texts_differ_by_process_sequence_and_length(self) -> None:
        texts = {make_value(*one)[1] for one in ((1, 1, 100), (1, 2, 100), (2, 1, 100), (1, 1, 101))}
        self.assertEqual(len(texts), 4)

    def test_any_bit_that_turned_is_found(self) -> None:
        value, _ = make_value(3, 5, 60)
        for bit in range(len(value) * 8):
            damaged = bytearray(value)
            damaged[bit // 8] ^= 1 << bit % 8
            self.assertTrue(read_value(bytes(damaged)).startswith(DAMAGED), bit)

    def test_values_cut_short_made_longer_missing_or_under_another_key_are_found(self) -> None:
        value, _ = make_value(3, 5, 60, b"key")
        for damaged in (None, b"", value[:10], value[:-1], value + b"\0", bytes(60)):
            self.assertTrue(read_value(damaged, b"key").startswith(DAMAGED))
        self.assertTrue(read_value(value, b"other").startswith(DAMAGED))
        self.assertTrue(read_value(value).startswith(DAMAGED))

    def test_bytes_of_another_value_tell_whose_they_are(self) -> None:
        value, other = make_value(3, 5, 2000)[0], make_value(8, 21, 2000)[0]
        told = read_value(value[:512] + other[512:1024] + value[1024:])
        self.assertIn("3.5 differs from byte 512 on", told)
        self.assertIn("8.21/".encode().hex(), told)


class Outcomes(unittest.TestCase):
    def test_a_refusal_is_certain_and_a_timeout_is_not(self) -> None:
        message_too_large, not_leader, storage_error, request_timed_out, transport, message_timed_out = 10, 6, 56, 7, -195, -192
        for code in (message_too_large, not_leader, storage_error):
            self.assertTrue(certainly_not_written(code))
        for code in (request_timed_out, transport, message_timed_out, -1):
            self.assertFalse(certainly_not_written(code))


class Writer(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "history.jsonl"

    def test_threads_write_whole_lines_in_the_order_of_time(self) -> None:
        writer = HistoryWriter(self.path)

        def produce(process: int) -> None:
            for sequence in range(500):
                send = writer.send(process, f"t-{process}", [make_value(process, sequence)[1]])
                writer.acknowledged(process, send, sequence)

        threads = [threading.Thread(target=produce, args=(process,)) for process in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close()
        with self.path.open() as lines:
            self.assertEqual(check([lines], ["h"]).counts["acknowledged"], 2000)

    def test_invocations_are_on_disk_before_the_send_if_asked_for(self) -> None:
        writer = HistoryWriter(self.path, flush_invokes=True)
        send = writer.send(1, "t-0", ["a"])
        self.assertEqual(json.loads(self.path.read_text())["values"], ["a"])
        writer.acknowledged(1, send, 0)
        self.assertEqual(len(self.path.read_text().splitlines()), 1)
        writer.close()
        self.assertEqual(len(self.path.read_text().splitlines()), 2)

    def test_names_may_be_anything(self) -> None:
        writer = HistoryWriter(self.path)
        writer.failed(1, writer.send(1, 'a "topic"\\-0', ["a"]), 'an "error"\n')
        writer.polled(1, "tópico-0", 0, ['?"\\'])
        writer.close()
        begun, failed, polled = (json.loads(line) for line in self.path.read_text().splitlines())
        self.assertEqual((begun["key"], failed["error"], polled["key"], polled["values"]),
                         ('a "topic"\\-0', 'an "error"\n', "tópico-0", ['?"\\']))


if __name__ == "__main__":
    unittest.main()
