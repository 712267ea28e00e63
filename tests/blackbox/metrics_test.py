"""/metrics: in the form that Prometheus reads, as docs/metrics.md lists it, and true."""

from __future__ import annotations

import math
import re
import time
import unittest
from typing import Any

from support.cases import WITHIN_S, ServerCase, require, wait_until
from support.http import Client
from support.server import REPOSITORY

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

DOCUMENT = REPOSITORY / "docs" / "metrics.md"
TYPES = {"counter", "gauge", "histogram"}
UNITS = {"seconds": re.compile(r"_seconds(?:_total)?$"), "bytes": re.compile(r"_bytes(?:_total)?$")}


def documented() -> dict[str, str]:
    """Names and types of the tables."""
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", DOCUMENT.read_text(), re.M))


class Scrape:
    def __init__(self, text: str) -> None:
        self.text = text
        self.families: dict[str, Any] = {}
        for family in text_string_to_metric_families(text):
            assert family.name not in self.families, f"{family.name} comes twice"
            self.families[family.name] = family

    def sum(self, name: str, **labels: str) -> float:
        return sum(sample.value for family in self.families.values() for sample in family.samples
                   if sample.name == name and all(sample.labels.get(label) == value for label, value in labels.items()))


class MetricsTest(ServerCase):
    speaks_http = True
    settings = {"storage.tail_cache_bytes": "1MiB"}

    def setUp(self) -> None:
        super().setUp()
        require(text_string_to_metric_families is not None, "needs python3-prometheus-client")
        self.client = Client(self.server.http_address)
        self.addCleanup(self.client.close)

    def scrape(self) -> Scrape:
        answer = self.client.get("/metrics")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.fields["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        return Scrape(answer.body.decode())

    def test_names_and_types_are_those_of_the_documentation(self) -> None:
        exported = dict(re.findall(r"^# TYPE (\w+) (\w+)$", self.scrape().text, re.M))
        self.assertEqual(exported, documented())

    def test_every_line_is_well_formed_and_every_family_explained_before_its_samples(self) -> None:
        self.client.get("/topics/nothing")
        text = self.scrape().text
        self.assertTrue(text.endswith("\n"))
        helped, typed = "", ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                helped = re.fullmatch(r"# HELP ([a-z_]+) [A-Z0-9].+\.", line)[1]
            elif line.startswith("# TYPE "):
                typed, kind = re.fullmatch(r"# TYPE ([a-z_]+) (\w+)", line).groups()
                self.assertEqual(typed, helped)
                self.assertIn(kind, TYPES)
                self.assertEqual(kind == "counter", typed.endswith("_total"), line)
            else:
                name = re.fullmatch(r'([a-z_]+)(?:\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? [0-9]+(?:\.[0-9]+)?', line)
                self.assertIsNotNone(name, line)
                suffix = name[1].removeprefix(typed)
                self.assertIn(suffix, ("", "_bucket", "_sum", "_count"), line)

    def test_no_sample_comes_twice_and_buckets_grow_to_their_count(self) -> None:
        self.produce("buckets", [b"v"] * 10)
        for family in self.scrape().families.values():
            seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
            self.assertEqual(len(seen), len(set(seen)), family.name)
            if family.type != "histogram":
                continue
            series: dict[tuple, list[tuple[float, float]]] = {}
            counts: dict[tuple, float] = {}
            for sample in family.samples:
                labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
                if sample.name.endswith("_bucket"):
                    series.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
                elif sample.name.endswith("_count"):
                    counts[labels] = sample.value
            for labels, buckets in series.items():
                self.assertEqual(buckets, sorted(buckets), (family.name, labels))
                self.assertEqual([count for _, count in buckets], sorted(count for _, count in buckets))
                self.assertEqual(buckets[-1], (math.inf, counts[labels]))

    def test_units_are_base_units(self) -> None:
        text = self.scrape().text
        for name in documented():
            self.assertNotRegex(name, r"_(?:ms|us|ns|kb|mb|kib|mib|milliseconds|microseconds)(?:_|$)")
        # No time is given as a number of nanoseconds, by mistake.
        for line in text.splitlines():
            if "seconds" in line and not line.startswith("#") and not line.startswith("process_start"):
                if "_bucket" not in line and "_count" not in line:
                    self.assertLess(float(line.rsplit(" ", 1)[1]), 100_000, line)

    def test_appends_are_counted_at_every_station(self) -> None:
        before = self.scrape()
        self.produce("counted", [b"x" * 1000] * 200)
        for i in range(5):
            self.assertEqual(self.client.post("/append", {"topic": "counted", "value": "y" * 100}).status, 200)
        after = self.scrape()

        def grown(name: str, **labels: str) -> float:
            return after.sum(name, **labels) - before.sum(name, **labels)

        self.assertEqual(grown("logstore_appended_records_total"), 205)
        batches = grown("logstore_appended_batches_total")
        self.assertTrue(6 <= batches <= 205, batches)
        self.assertGreater(grown("logstore_appended_bytes_total"), 200_500)
        self.assertEqual(grown("logstore_journal_group_appends_sum"), batches)
        groups = grown("logstore_journal_group_appends_count")
        self.assertTrue(1 <= groups <= grown("logstore_journal_groups_total"), groups)
        self.assertGreaterEqual(grown("logstore_journal_flush_seconds_count"), groups)
        self.assertGreater(grown("logstore_journal_flush_seconds_sum"), 0)
        self.assertGreater(grown("logstore_journal_group_bytes_sum"), 200_500)
        self.assertGreaterEqual(grown("logstore_journal_written_bytes_total"), grown("logstore_journal_group_bytes_sum"))
        requests = grown("logstore_kafka_requests_total", api="Produce")
        self.assertGreaterEqual(requests, 1)
        self.assertEqual(grown("logstore_kafka_request_seconds_count", api="Produce"), requests)
        # An acknowledgement waits for a flush, and none takes less than the least bound.
        self.assertGreater(grown("logstore_kafka_request_seconds_sum", api="Produce"), requests * 16e-6)
        self.assertEqual(grown("logstore_http_requests_total", route="/append", status="200"), 5)
        self.assertEqual(grown("logstore_http_request_seconds_count", route="/append"), 5)
        self.assertGreater(grown("logstore_received_bytes_total", door="kafka"), 200_000)
        self.assertGreater(grown("logstore_received_bytes_total", door="http"), 500)
        self.assertGreater(after.sum("logstore_shard_busy_seconds_total"), before.sum("logstore_shard_busy_seconds_total"))
        self.assertGreater(grown("logstore_shard_turns_total"), 0)
        self.assertEqual(after.sum("logstore_appends_in_flight"), 0)
        self.assertEqual(after.sum("logstore_appends_waiting"), 0)

    def test_a_consumer_at_the_tail_reads_nothing_from_disk(self) -> None:
        self.create("tail")
        self.produce("tail", [b"a" * 1000] * 100)
        before = self.scrape()
        for _ in range(5):
            self.produce("tail", [b"b" * 1000] * 100)
            answer = self.client.get("/topics/tail/partitions/0/records?offset=beginning&max_bytes=8000000")
            self.assertEqual(answer.status, 200)
        self.assertEqual(len(self.read("tail", 600)), 600)
        after = self.scrape()
        self.assertEqual(after.sum("logstore_read_bytes_total", source="disk"),
                         before.sum("logstore_read_bytes_total", source="disk"))
        self.assertGreater(after.sum("logstore_read_bytes_total", source="memory"),
                           before.sum("logstore_read_bytes_total", source="memory") + 1_500_000)

    def test_who_reads_what_is_no_longer_in_memory_reads_from_disk(self) -> None:
        self.create("old")
        for _ in range(8):
            self.produce("old", [b"o" * 100_000] * 10)
        time.sleep(0.5)

        def first_record_from_disk() -> bool:
            before = self.scrape().sum("logstore_read_bytes_total", source="disk")
            self.assertEqual(self.client.get("/topics/old/partitions/0/records?offset=0&max_records=1").status, 200)
            return self.scrape().sum("logstore_read_bytes_total", source="disk") > before

        wait_until(first_record_from_disk, "the first record has left memory", WITHIN_S)

    def test_errors_and_refusals_come_up_with_their_names(self) -> None:
        self.assertEqual(self.client.get("/topics/missing").status, 404)
        after = self.scrape()
        self.assertGreaterEqual(after.sum("logstore_http_requests_total", route="/topics/{topic}", status="404"), 1)

    def test_nothing_that_clients_name_becomes_a_label(self) -> None:
        names = [f"name-of-a-client-{i}" for i in range(20)]
        lines = len(self.scrape().text.splitlines())
        for name in names:
            self.client.post("/append", {"topic": name, "value": name})
            self.client.get(f"/topics/{name}/partitions/0/records?offset=0")
            self.client.get(f"/{name}")
        text = self.scrape().text
        self.assertNotIn("name-of-a-client", text)
        self.assertLess(len(text.splitlines()), lines + 10)

    def test_the_process_is_told_of(self) -> None:
        now = self.scrape()
        self.assertEqual(now.sum("logstore_shards"), self.shards)
        self.assertLess(abs(time.time() - now.sum("process_start_time_seconds")), 600)
        self.assertGreater(now.sum("process_resident_memory_bytes"), 5_000_000)
        self.assertGreater(now.sum("process_open_fds"), 10)
        self.assertGreater(now.sum("process_max_fds"), now.sum("process_open_fds"))
        self.assertGreater(now.sum("logstore_disk_size_bytes"), now.sum("logstore_disk_free_bytes"))
        self.assertGreater(now.sum("logstore_recovery_seconds"), 0)
        self.assertGreaterEqual(now.sum("logstore_connections_open", door="http"), 1)
        self.assertEqual(now.sum("logstore_damaged_ranges"), 0)

    def test_a_scrape_is_quick(self) -> None:
        self.scrape()
        began = time.monotonic()
        for _ in range(20):
            self.scrape()
        self.assertLess((time.monotonic() - began) / 20, 0.5, "with room for busy machines")


if __name__ == "__main__":
    unittest.main()
