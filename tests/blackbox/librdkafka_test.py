"""librdkafka itself, from C: the scenarios of tests/clients/librdkafka, each a test."""

from __future__ import annotations

import pathlib
import subprocess

from support.c_client import built
from support.cases import ServerCase

WITHIN_S = 60


class Librdkafka(ServerCase):
    settings = {"topics.auto_create": "false"}
    program: pathlib.Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.program = built("tests/clients/librdkafka")
        super().setUpClass()

    def run_scenario(self, name: str) -> None:
        try:
            done = subprocess.run([self.program, self.server.address, name], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=WITHIN_S)
        except subprocess.TimeoutExpired as ended:
            self.fail(f"{name} did not end within {WITHIN_S} s: {(ended.stderr or b'').decode(errors='replace')}")
        self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")
        self.server.assert_alive()

    def test_every_byte_of_every_codec_comes_back(self) -> None:
        self.run_scenario("write_codecs")
        self.run_scenario("read_codecs")
        self.server.crash()  # from the journal
        self.run_scenario("read_codecs")
        self.server.restart()  # from segments
        self.run_scenario("read_codecs")

    def test_offsets_are_found_by_time(self) -> None:
        self.run_scenario("fill_times")
        self.run_scenario("find_times")
        self.server.crash()
        self.run_scenario("find_times")

    def test_big_records(self) -> None:
        self.run_scenario("big_records")

    def test_many_partitions(self) -> None:
        self.run_scenario("many_partitions")

    def test_pipelined_requests_keep_their_order(self) -> None:
        self.run_scenario("pipelined_order")

    def test_an_acknowledged_record_counts_in_the_watermarks(self) -> None:
        self.run_scenario("watermarks")

    def test_seeking_anywhere(self) -> None:
        self.run_scenario("seeking")

    def test_a_waiting_consumer_is_woken_by_a_record(self) -> None:
        self.run_scenario("long_poll")

    def test_a_fetch_waits_for_its_minimum_of_bytes(self) -> None:
        self.run_scenario("minimum_bytes")

    def test_unknown_topics_are_errors_and_not_made(self) -> None:
        self.run_scenario("unknown_topics")

    def test_unknown_partitions_are_errors(self) -> None:
        self.run_scenario("unknown_partitions")

    def test_a_batch_that_is_too_large_is_refused_alone(self) -> None:
        self.run_scenario("too_large")

    def test_offsets_out_of_range(self) -> None:
        self.run_scenario("out_of_range")

    def test_topics_that_are_refused(self) -> None:
        self.run_scenario("refused_topics")

    def test_every_scenario_is_run(self) -> None:
        listed = subprocess.run([self.program, "--list"], capture_output=True, text=True, check=True).stdout.split()
        here = pathlib.Path(__file__).read_text()
        self.assertEqual([name for name in listed if f'run_scenario("{name}")' not in here], [])
