"""The checker finds each planted anomaly, by its rule alone, and nothing where there is none."""

from __future__ import annotations

import pathlib
import tempfile
import unittest
from collections.abc import Iterable

from history import planted, planted_keys, planted_reads  # noqa: F401: they fill ALL
from history.checker import Report, check
from history.events import Malformed
from history.findings import RULES
from history.planting import ALL, Plant, Planted, text


class Checker(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "history.jsonl"

    def planted(self, one: Planted, without: Iterable[str] = ()) -> Report:
        self.path.unlink(missing_ok=True)
        plant = Plant(self.path, **one.settings)
        one.fill(plant)
        plant.writer.close()
        with self.path.open() as lines:
            return check([lines], ["h"], without)

    def check_lines(self, *lines: str) -> Report:
        return check([list(lines)], ["h"])

    def test_each_planted_history_gets_its_verdict(self) -> None:
        for one in ALL:
            with self.subTest(one.name):
                report = self.planted(one)
                if one.finds in RULES:
                    self.assertEqual((report.verdict, list(report.counts_by_rule)), ("anomalies", [one.finds]), report.anomalies)
                else:
                    self.assertEqual((report.verdict, report.anomalies), (one.finds, []))

    def test_an_anomaly_says_where_to_look(self) -> None:
        for one in ALL:
            for anomaly in self.planted(one).anomalies:
                with self.subTest(one.name):
                    self.assertTrue(anomaly.lines)
                    known = range(1, len(self.path.read_text().splitlines()) + 1)
                    for line in anomaly.lines:
                        self.assertIn(int(line.removeprefix("h:")), known)
                    if anomaly.rule != "H16":
                        self.assertTrue(anomaly.key and (anomaly.offsets or anomaly.values), anomaly)

    def test_without_its_rule_an_anomaly_is_not_found(self) -> None:
        """So each rule is what finds it, and none hides behind another."""
        for one in ALL:
            if one.finds in RULES:
                with self.subTest(one.name):
                    report = self.planted(one, without=[one.finds])
                    self.assertEqual(report.anomalies, [])
                    self.assertIn(report.verdict, ("pass", "unknown"))

    def test_what_clients_got_in_time_is_counted(self) -> None:
        one = next(one for one in ALL if one.name == "a_consumer_that_reaches_the_end_in_time")
        counts = self.planted(one).counts
        self.assertEqual([counts[f"progress_{what}"] for what in ("kept", "missed", "not_due")], [1, 0, 0])
        one = next(one for one in ALL if one.name == "a_producer_that_is_refused_again_and_again")
        counts = self.planted(one).counts
        self.assertEqual([counts[f"progress_{what}"] for what in ("kept", "missed", "not_due")], [0, 1, 0])

    def test_a_damaged_record_that_vanished_is_two_anomalies(self) -> None:
        plant = Plant(self.path)
        plant.sent((1, 0), offset=0)
        plant.poll(1, "?damaged")
        plant.fault()
        plant.final((1, 0))
        plant.writer.close()
        with self.path.open() as lines:
            report = check([lines], ["h"])
        self.assertEqual(report.counts_by_rule, {"H9": 1, "H15": 1})
        self.assertIn("a value at offset 1 was polled", report.text())

    def test_events_of_the_same_instant_have_no_order(self) -> None:
        """A clock may be coarse: what was acknowledged when another send began was not acknowledged before."""
        for acknowledged_at, rules in ((3, ["H6"]), (4, [])):
            lines = ['{"time_ns":0,"type":"run","oks_min":1}\n']
            for time, rest in (
                    (1, '"type":"invoke","operation":"send","id":0,"process":1,"key":"k","values":["a"]'),
                    (2, '"type":"invoke","operation":"send","id":1,"process":1,"key":"k","values":["b"]'),
                    (acknowledged_at, '"type":"ok","operation":"send","id":0,"process":1,"offset":4'),
                    (acknowledged_at, '"type":"ok","operation":"send","id":1,"process":1,"offset":5'),
                    (4, '"type":"invoke","operation":"send","id":0,"process":2,"key":"k","values":["c"]'),
                    (5, '"type":"ok","operation":"send","id":0,"process":2,"offset":3')):
                lines.append(f'{{"time_ns":{time},{rest}}}\n')
            self.assertEqual(list(self.check_lines(*lines).counts_by_rule), rules)
            for line in ('{"time_ns":6,"type":"invoke","operation":"send","id":0,"process":3,"key":"k","values":["d"]}\n',
                         '{"time_ns":7,"type":"ok","operation":"send","id":0,"process":3,"offset":1}\n'):
                lines.append(line)
            self.assertEqual(list(self.check_lines(*lines).counts_by_rule), ["H6"])

    def test_two_strange_values_at_one_offset_are_both_told(self) -> None:
        read = '{"time_ns":%d,"process":1,"type":"ok","operation":"read","key":"k","offset":0,"values":["%s"]}\n'
        report = self.check_lines(*(read % one for one in ((1, "x"), (2, "y"), (3, "y"), (4, "?z"))))
        self.assertEqual(report.counts_by_rule, {"H5": 2, "H15": 1})

    def test_long_histories_are_judged_to_their_end(self) -> None:
        """Offsets are kept by pages of 4,096."""
        names = [(1, number) for number in range(10_000)]
        for lost in (0, 4095, 4096, 8192, 9999):
            self.path.unlink(missing_ok=True)
            plant = Plant(self.path, gaps=True)
            plant.ok(plant.send(*names), 0)
            plant.fault()
            plant.writer.final_read_begins(90, "t-0")
            for at in range(0, 10_000, 1000):
                for begin, end in ((at, min(lost, at + 1000)), (max(lost + 1, at), at + 1000)):
                    if begin < end:
                        plant.writer.final_read(90, "t-0", begin, [text(name) for name in names[begin:end]])
            plant.writer.final_read_ends(90, "t-0", 0, 10_000)
            plant.writer.close()
            with self.path.open() as lines:
                report = check([lines], ["h"])
            self.assertEqual([(one.rule, one.offsets) for one in report.anomalies], [("H3", (lost,))])

    def test_a_value_of_another_key_is_told_with_that_key(self) -> None:
        one = next(one for one in ALL if one.name == "a_value_of_another_partition")
        self.assertIn("was sent to t-1", self.planted(one).text())

    def test_each_rule_has_planted_histories(self) -> None:
        self.assertGreaterEqual(len(ALL), 40)
        self.assertEqual({one.finds for one in ALL}, {*RULES, "pass", "unknown"})

    def test_what_is_no_history_is_refused_with_its_line(self) -> None:
        begun = '{"time_ns":1,"process":1,"type":"invoke","operation":"send","id":0,"key":"k","values":["a"]}\n'
        ended = '{"time_ns":2,"process":1,"type":"ok","operation":"send","id":%s,"offset":%s}\n'
        read = '{"time_ns":2,"process":1,"type":"ok","operation":"poll","key":"k","offset":0,"values":%s}\n'
        moved = '{"time_ns":1,"process":1,"type":"invoke","operation":"log-start","id":0,"key":"k","offset":4}\n'
        for lines, what in {
            ("no json\n",): "h:1: no event",
            ("[]\n",): "h:1: no event",
            ('{"type":"heal"}\n',): "time_ns",
            ('{"time_ns":2,"type":"heal"}\n', '{"time_ns":1,"type":"heal"}\n'): "h:2: time goes back",
            ('{"time_ns":1,"type":"healed"}\n',): "'healed'",
            ('{"time_ns":1,"type":"ok","operation":"sent"}\n',): "'sent'",
            ('{"time_ns":1,"type":"mark","operation":"reboot","process":1}\n',): "'reboot'",
            ('{"time_ns":1,"type":"run","order":"none"}\n',): "order is",
            ('{"time_ns":1,"process":1,"type":"invoke","operation":"send","id":0,"key":"k"}\n',): "'values'",
            ('{"time_ns":1,"process":1,"type":"invoke","operation":"send","id":0,"key":"k","values":[1]}\n',): "no text",
            ('{"time_ns":1,"process":1,"type":"invoke","operation":"send","id":0,"key":7,"values":["a"]}\n',): "no text",
            (begun.replace('["a"]', "[]"),): "without values",
            ('{"time_ns":1.0,"type":"heal"}\n',): "no integer",
            (moved, moved): "h:2: .*in flight",
            (begun, begun): "h:2: .*in flight",
            (begun, ended % (0, 0), begun.replace(":1,", ":3,", 1)): "h:3: .*sent before",
            (ended % (0, 0),): "h:1",
            (begun, ended % (1, 0)): "h:2",
            (begun, ended % (0, 0), ended % (0, 0)): "h:3",
            (begun, ended % (0, '"0"')): "h:2: .*no offset",
            (begun, ended % (0, -2)): "h:2: .*no offset",
            (begun, ended % (0, 1 << 70)): "h:2: .*no offset",
            (begun, read % "[1]"): "h:2: .*no text",
            (begun, read % "[[]]"): "h:2",
            (begun, read.replace('"offset":0,', "") % '["a"]'): "h:2: .*offset",
            ('{"time_ns":2,"process":1,"type":"ok","operation":"final-read","key":"k","replica":"1","complete":true}\n',): "h:1",
        }.items():
            with self.subTest(lines):
                self.assertRaisesRegex(Malformed, what, self.check_lines, *lines)

    def test_an_absurd_offset_costs_nothing(self) -> None:
        self.check_lines('{"time_ns":1,"process":1,"type":"ok","operation":"poll","key":"k","offset":4000000000000000000,'
                         '"values":["a"]}\n')

    def test_empty_lines_are_nothing(self) -> None:
        self.assertEqual(self.check_lines("\n", '{"time_ns":1,"type":"heal"}\n', " \n").counts["events"], 1)

    def test_a_last_line_that_was_cut_off_is_left_out(self) -> None:
        report = self.check_lines('{"time_ns":1,"type":"heal"}\n', '{"time_ns":2,"type":"he')
        self.assertEqual(report.counts["heals"], 1)
        self.assertIn("h:2", report.notes[0])

    def test_files_are_merged_by_time(self) -> None:
        """One of the producers, one of a reader: apart, the read would come before the send."""
        producer = ['{"time_ns":1,"type":"run","oks_min":1,"faults":[]}\n',
                    '{"time_ns":2,"process":1,"type":"invoke","operation":"send","id":0,"key":"k","values":["a"]}\n',
                    '{"time_ns":4,"process":1,"type":"ok","operation":"send","id":0,"offset":0}\n']
        reader = ['{"time_ns":3,"process":2,"type":"ok","operation":"poll","key":"k","offset":0,"values":["a"]}\n',
                  '{"time_ns":5,"process":2,"type":"invoke","operation":"final-read","key":"k","replica":"1"}\n',
                  '{"time_ns":6,"process":2,"type":"ok","operation":"final-read","key":"k","replica":"1","offset":0,'
                  '"values":["a"],"log_start":0,"end":1,"complete":true}\n']
        self.assertEqual(check([reader, producer], ["reader", "producer"]).verdict, "pass")
        reader[0] = reader[0].replace('"time_ns":3', '"time_ns":1')
        report = check([reader, producer], ["reader", "producer"])
        self.assertEqual([(one.rule, one.lines[:2]) for one in report.anomalies], [("H5", ("reader:1", "producer:2"))])

    def test_the_command_line_outweighs_what_the_run_says(self) -> None:
        lines = ['{"time_ns":1,"type":"run","oks_min":5,"faults":[]}\n']
        self.assertEqual(check([lines], ["h"]).verdict, "unknown")
        self.assertEqual(check([lines], ["h"], (), {"oks_min": 0}).verdict, "pass")

    def test_many_anomalies_of_a_rule_are_counted_and_some_are_kept(self) -> None:
        plant = Plant(self.path)
        send = plant.send(*((1, number) for number in range(3000)))
        plant.ok(send, 0)
        plant.fault()
        plant.final(*((2, number) for number in range(3000)))
        plant.writer.close()
        with self.path.open() as lines:
            report = check([lines], ["h"])
        self.assertEqual(report.counts_by_rule, {"H3": 3000, "H5": 3000})
        self.assertEqual(len(report.anomalies), 2000)


if __name__ == "__main__":
    unittest.main()
