"""`logstore bench`: what it counts is there, what it reports has its shape, and it leaves nothing behind."""

from __future__ import annotations

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from typing import Any

from support.cases import ServerCase, require, wait_until
from support.server import BINARY

QUICK = ("--duration", "1s", "--warm-up", "200ms")
LATENCIES = {"average", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"}
RUN_KEYS = {
    "name", "requests", "records", "bytes", "seconds", "requests_per_second", "records_per_second", "megabytes_per_second",
    "latency_ms", "first_touch_ms", "connections_lost", "errors", "distribution", "series", "groups", "verification"}
OPTION_KEYS = {
    "server", "protocol", "topic", "partitions", "connections", "in_flight", "value_bytes", "records_per_request", "compression",
    "acks", "loop", "rate_per_second", "warm_up_seconds", "duration_seconds", "requests", "verify"}


class BenchCase(ServerCase):
    speaks_http = True

    def bench(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(BINARY), "bench", *arguments, "--server", self.server.address], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def report(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.json"
            self.bench(*arguments, "--json", str(path), code=code)
            return json.loads(path.read_text())

    def over_http(self) -> tuple[str, ...]:
        assert self.server.http_address is not None
        return ("--protocol", "http", "--http", self.server.http_address)

    def topics(self) -> list[str]:
        listed = subprocess.run([str(BINARY), "topic", "list", "--json", "--server", self.server.address], capture_output=True,
                                check=True, timeout=60)
        return [topic["name"] for topic in json.loads(listed.stdout)["topics"]]

    def check_run(self, run: dict[str, Any], value_bytes: int, records_per_request: int) -> None:
        self.assertLessEqual(RUN_KEYS, run.keys())
        requests = run["requests"]
        self.assertGreater(requests["acknowledged"], 0)
        self.assertEqual(requests["sent"], requests["acknowledged"])
        self.assertEqual((requests["failed"], run["connections_lost"], run["errors"]), (0, 0, []))
        self.assertEqual(run["records"], requests["acknowledged"] * records_per_request)
        self.assertEqual(run["bytes"], run["records"] * value_bytes)
        self.assertAlmostEqual(run["records_per_second"], run["records"] / run["seconds"], delta=run["records_per_second"] / 100)
        self.assertEqual(run["latency_ms"].keys(), LATENCIES)
        steps = [run["latency_ms"][name] for name in ("p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")]
        self.assertEqual(steps, sorted(steps))
        self.assertGreater(steps[0], 0)
        self.assertEqual(sum(bar["count"] for bar in run["distribution"]), requests["acknowledged"])
        self.assertEqual(sum(point["requests"] for point in run["series"]), requests["acknowledged"])
        self.assertEqual(sum(point["bytes"] for point in run["series"]), run["bytes"])
        self.assertGreater(run["first_touch_ms"], 0)


class Loads(BenchCase):
    def test_latency_counts_requests(self) -> None:
        for over in ((), self.over_http()):
            with self.subTest(over):
                found = self.report("latency", *over, "--connections", "7", "--requests", "500", "--value-size", "300",
                                    "--partitions", "3")
                self.assertEqual((found["bench"], found["format"], found["interrupted"]), ("latency", 1, False))
                self.assertEqual(found["options"].keys(), OPTION_KEYS)
                self.assertEqual(found["options"]["protocol"], "http" if over else "kafka")
                self.assertEqual((found["options"]["loop"], found["options"]["rate_per_second"]), ("closed", None))
                [run] = found["runs"]
                self.check_run(run, 300, 1)
                self.assertEqual(run["requests"]["sent"], 500)
                self.assertIsNone(run["verification"])
        self.assertEqual(self.topics(), [])

    def test_throughput_counts_records_of_every_codec(self) -> None:
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            with self.subTest(codec):
                found = self.report("throughput", *QUICK, "--value-size", "100", "--batch-size", "16KiB", "--compression", codec,
                                    "--verify")
                [run] = found["runs"]
                a_request = found["options"]["records_per_request"]
                self.assertIn(a_request, range(140, 165))
                self.check_run(run, 100, a_request)
                self.assertEqual((found["options"]["compression"], found["options"]["partitions"]), (codec, 4))
                verified = run["verification"]
                self.assertTrue(verified["is_clean"], verified)
                self.assertGreaterEqual(verified["acknowledged"], run["records"])
                self.assertEqual(verified["found"], verified["acknowledged"])

    def test_an_open_loop_keeps_its_rate(self) -> None:
        for over in ((), self.over_http()):
            with self.subTest(over):
                found = self.report("latency", *over, "--connections", "10", "--rate", "200", "--duration", "3s")
                [run] = found["runs"]
                self.check_run(run, 2048, 1)
                self.assertEqual((found["options"]["loop"], found["options"]["rate_per_second"]), ("open", 200))
                self.assertAlmostEqual(run["requests"]["sent"] + run["requests"]["overdue"], 600, delta=3)

    def test_what_is_kept_is_what_was_counted(self) -> None:
        found = self.report("throughput", *QUICK, "--topic", "kept", "--partitions", "3", "--keep", "--verify")
        count = sum(self.watermarks("kept", partition)[1] for partition in range(3))
        self.assertEqual(count, found["runs"][0]["verification"]["found"])
        # What was there before is neither touched nor counted.
        again = self.report("latency", "--topic", "kept", "--requests", "100", "--verify")["runs"][0]["verification"]
        self.assertEqual((again["is_clean"], again["found"], again["foreign"]), (True, 100, 0))
        self.delete("kept")

    def test_the_text_is_for_people(self) -> None:
        text = self.bench("latency", "--requests", "100", "--verify").stdout
        self.assertRegex(text, r"^Total requests sent: 100\nSuccessful requests: 100\nFailed requests: 0\nAverage successful")
        self.assertIn("\nClosed loop: ", text)
        self.assertTrue(text.endswith("\nRead back: 100 of 100 acknowledged records, each once, in order, byte for byte\n"), text)
        self.assertEqual(json.loads(self.bench("latency", "--requests", "100", "--json").stdout)["bench"], "latency")


class Others(BenchCase):
    def test_tablets_are_measured_in_turn(self) -> None:
        found = self.report("tablets", "--tablets", "1,5,20", "--connections", "8", "--rounds", "2", "--duration", "500ms",
                            "--warm-up", "100ms", "--verify")
        self.assertEqual(found["bench"], "tablets")
        self.assertEqual([(run["round"], run["tablets"]) for run in found["runs"]],
                         [(1, 1), (1, 5), (1, 20), (2, 1), (2, 5), (2, 20)])
        for run in found["runs"]:
            self.check_run(run, 2048, 1)
            self.assertTrue(run["verification"]["is_clean"], run["verification"])
        self.assertEqual([row["tablets"] for row in found["rows"]], [1, 5, 20])
        for row in found["rows"]:
            rates = [run["requests_per_second"] for run in found["runs"] if run["tablets"] == row["tablets"]]
            self.assertAlmostEqual(row["requests_per_second"], sum(rates) / 2, delta=sum(rates) / 1000)
            self.assertEqual(row["latency_ms"].keys(), LATENCIES)
            self.assertGreater(row["first_touch_ms"], 0)
        self.assertEqual(self.topics(), [])

    def test_reading_counts_every_record(self) -> None:
        found = self.report("read", "--size", "2MiB", "--value-size", "100", "--partitions", "3", "--consumers", "2", "--rounds",
                            "2", "--tail-rate", "200", "--tail-duration", "2s", "--verify")
        self.assertEqual([run["kind"] for run in found["runs"]], ["fill", "read", "read", "tail"])
        fill, *rounds, tail = found["runs"]
        self.check_run(fill, 100, found["options"]["records_per_request"])
        self.assertTrue(fill["verification"]["is_clean"])
        for run in rounds:
            self.assertEqual((run["records"], run["bytes"]), (fill["records"], fill["bytes"]))
            self.assertEqual((run["requests"]["failed"], run["consumers"], run["latency_ms"]), (0, 2, None))
            self.assertEqual(sum(point["records"] for point in run["series"]), run["records"])
        self.assertEqual(found["rows"][0]["rounds"], 2)
        self.assertAlmostEqual(tail["records"], 400, delta=3)
        self.assertEqual((tail["requests"]["failed"], tail["missing"]), (0, 0))
        for name in ("latency_ms", "acknowledgement_ms", "acknowledged_to_received_ms"):
            self.assertEqual(tail[name].keys(), LATENCIES)
        self.assertEqual(self.topics(), [])

    def test_a_topic_that_was_there_is_read_as_it_is(self) -> None:
        self.create("there", 2)
        self.produce("there", [b"of somebody else"] * 10)
        found = self.report("read", "--topic", "there", "--rounds", "1", "--tail-duration", "0s")
        self.assertEqual([(run["kind"], run["records"]) for run in found["runs"]], [("read", 10)])
        self.assertIn("nothing to compare with", self.bench("read", "--topic", "there", "--verify", code=2).stderr)
        self.assertEqual(self.topics(), ["there"])
        self.delete("there")


class Pages(BenchCase):
    def page(self, *arguments: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.html"
            self.bench(*arguments, "--html", str(path))
            return path.read_text()

    def test_a_page_has_charts_and_needs_nothing_else(self) -> None:
        quick = ("--duration", "500ms", "--warm-up", "0s")
        commands = {
            "latency": ("--duration", "1s"), "throughput": quick,
            "tablets": ("--tablets", "1,3", "--rounds", "1", *quick),
            "read": ("--size", "1MiB", "--rounds", "1", "--tail-duration", "1s")}
        for command, options in commands.items():
            with self.subTest(command):
                page = self.page(command, *options)
                self.assertGreaterEqual(page.count("<svg"), 4)
                self.assertEqual(page.count("<svg"), page.count("</svg>"))
                self.assertNotIn("There is nothing to draw", page)
                for never in ("http://", "https://", "<script", "<link", "<img", "url(", "@import"):
                    self.assertNotIn(never, page)
                self.assertIn(f"<h1>logstore bench {command}</h1>", page)

    def test_a_browser_shows_the_charts(self) -> None:
        browser = shutil.which("chromium")
        require(browser is not None, "no chromium to look at the page with")
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "report.html"
            self.bench("latency", "--duration", "2s", "--html", str(page))
            for width, dark in ((1200, False), (390, True)):
                with self.subTest(width):
                    picture = pathlib.Path(folder) / f"{width}.png"
                    done = subprocess.run(
                        [str(browser), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
                         *(["--blink-settings=preferredColorScheme=0"] if dark else []), f"--window-size={width},1500",
                         f"--screenshot={picture}", page.as_uri()], capture_output=True, timeout=120)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")
                    self.assertGreater(picture.stat().st_size, 20_000, "an empty page is smaller")

    def test_group_sizes_come_from_the_metrics(self) -> None:
        assert self.server.http_address is not None
        try:
            with urllib.request.urlopen(f"http://{self.server.http_address}/metrics") as answer:
                has_groups = b"logstore_journal_group_appends_count" in answer.read()
        except urllib.error.HTTPError:
            has_groups = False
        load = ("latency", "--duration", "2s", "--http", self.server.http_address)
        [run] = self.report(*load)["runs"]
        self.assertEqual("Appends that shared a flush" in self.page(*load), has_groups)
        if not has_groups:
            self.assertIsNone(run["groups"])
            return
        self.assertGreaterEqual(len(run["groups"]), 2)
        self.assertGreaterEqual(max(point["appends_per_group"] for point in run["groups"]), 1)


class Trouble(BenchCase):
    def test_refusals_are_counted_by_kind(self) -> None:
        found = self.report("throughput", "--duration", "500ms", "--warm-up", "0s", "--batch-size", "2MiB", code=1)
        [run] = found["runs"]
        self.assertEqual(run["requests"]["acknowledged"], 0)
        self.assertEqual([one["kind"] for one in run["errors"]], ["MESSAGE_TOO_LARGE"])
        self.assertEqual(run["errors"][0]["count"], run["requests"]["failed"])
        self.assertEqual(self.topics(), [])

    def test_a_server_that_is_away_is_told(self) -> None:
        nowhere = ("--server", "127.0.0.1:1")
        for command in ("latency", "throughput", "tablets", "read"):
            done = subprocess.run([str(BINARY), "bench", command, *nowhere], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 3)
            self.assertIn("Is the server running?", done.stderr)
        self.bench("latency", "--protocol", "http", "--http", "127.0.0.1:1", code=3)
        self.assertEqual(self.topics(), [])

    def test_a_file_that_cannot_be_written_is_told_before_anything_is_done(self) -> None:
        done = self.bench("latency", "--json", "/nowhere/report.json", code=2)
        self.assertIn("cannot write to /nowhere/report.json: No such file or directory", done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.json"
            subprocess.run([str(BINARY), "bench", "latency", "--server", "127.0.0.1:1", "--json", str(path)], capture_output=True,
                           timeout=60)
            self.assertFalse(path.exists(), "a bench that did not run leaves no report")

    def test_interrupted_it_reports_what_it_measured(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.json"
            process = subprocess.Popen([str(BINARY), "bench", "throughput", "--duration", "1h", "--warm-up", "0s", "--verify",
                                        "--server", self.server.address, "--json", str(path)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            wait_until(lambda: self.topics() == ["bench-throughput"], "the bench has begun")
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130, said.decode())
            found = json.loads(path.read_text())
        self.assertTrue(found["interrupted"])
        self.check_run(found["runs"][0], 1024, found["options"]["records_per_request"])
        self.assertTrue(found["runs"][0]["verification"]["is_clean"])
        self.assertEqual(self.topics(), [])

    def test_a_loss_is_found(self) -> None:
        """The journal of what a bench wrote is there, and then its first records are deleted while it runs."""
        self.create("lossy", 1)
        process = subprocess.Popen([str(BINARY), "bench", "latency", "--topic", "lossy", "--connections", "4", "--duration", "4s",
                                    "--verify", "--json", "--server", self.server.address],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.watermarks("lossy", 0)[1] > 200, "records are there")
        self.delete("lossy")
        wait_until(lambda: "lossy" not in self.topics(), "it is gone")
        self.create("lossy", 1)
        printed, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        verified = json.loads(printed)["runs"][0]["verification"]
        self.assertFalse(verified["is_clean"], verified)
        self.assertGreater(verified["lost"], 200)
        self.delete("lossy")
