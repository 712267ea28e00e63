#include "app/bench/page.h"

#include <regex>

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

load_tally example() {
    load_tally tally;
    tally.series.begin(env::monotonic_time());
    for (int i = 0; i < 3000; ++i) {
        const auto latency = std::chrono::microseconds(500 + (i * 37) % 900);
        tally.latencies.record(latency);
        tally.series.add(env::monotonic_time(i * 1ms), latency, 10, 1000);
    }
    tally.series.finish(env::monotonic_time(3s));
    tally.elapsed = 3s;
    tally.sent = tally.succeeded = 3000;
    tally.records = 30'000;
    tally.bytes = 3'000'000;
    return tally;
}

bench_report report_of(std::string bench) {
    bench_report made;
    made.bench = std::move(bench);
    made.started_at = timestamp_ms(1'795'402'001'249);
    made.options = {{"server", std::string("a<b:9092")},
                    {"protocol", std::string("kafka")},
                    {"loop", std::string("closed")},
                    {"rate_per_second", {}}};
    return made;
}

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

void expect_sound(const std::string& page) {
    EXPECT_TRUE(page.starts_with("<!doctype html>"));
    EXPECT_TRUE(page.ends_with("</html>\n"));
    for (const char* never :
         {"http://", "https://", "<script", "<link", "<img", "url(", "@import", "a<b", "nan", "inf\""})
        EXPECT_EQ(count_of(page, never), 0u) << never;
    for (const char* tag : {"svg", "figure", "table", "div", "h2", "p", "tr", "text", "title"}) {
        const std::regex open("<" + std::string(tag) + "[ >]");
        const auto opened = std::distance(std::sregex_iterator(page.begin(), page.end(), open), {});
        EXPECT_EQ(static_cast<std::size_t>(opened), count_of(page, "</" + std::string(tag) + ">")) << tag;
    }
}

TEST(page, a_load_has_its_charts_and_numbers) {
    bench_report made = report_of("throughput");
    made.runs.push_back({"throughput", {}, example(), {}, {}, {{1s, 100, 12, 2}, {2s, 100, 14, 2}}});
    const std::string page = report_page(made);
    expect_sound(page);
    EXPECT_EQ(count_of(page, "<svg"), 5u);
    for (const char* part :
         {"2026-11-23 02:46:41 UTC", "server a&lt;b:9092 (kafka)", ">10,000</b><span>records/s<",
          ">1.0</b><span>MB/s of values<", "How many requests took how long", "Latency by percentile",
          "Latency in each second", "Records in each second", "Appends that shared a flush",
          "The loop was closed", "prefers-color-scheme:dark", "@media print"})
        EXPECT_EQ(count_of(page, part) > 0, true) << part;
    EXPECT_EQ(count_of(page, "Failures"), 0u);
    made.runs[0].groups.clear();
    EXPECT_EQ(count_of(report_page(made), "<svg"), 4u) << "no group size where the server was not asked";
}

TEST(page, tablets_are_compared) {
    bench_report made = report_of("tablets");
    for (const std::int64_t tablets : {1, 10, 100}) {
        made.runs.push_back({"x", {{"tablets", tablets}, {"round", std::int64_t(1)}}, example(), {}, {}, {}});
        made.rows.push_back({{{"tablets", tablets},
                              {"requests_per_second", 1000.0},
                              {"megabytes_per_second", 1.0},
                              {"first_touch_ms", 3.0}},
                             example().latencies});
    }
    const std::string page = report_page(made);
    expect_sound(page);
    EXPECT_EQ(count_of(page, "<svg"), 4u);
    EXPECT_EQ(count_of(page, "By number of tablets"), 1u);
}

TEST(page, reading_has_rounds_and_a_tail) {
    bench_report made = report_of("read");
    made.runs.push_back({"read, round 1",
                         {{"kind", std::string("read")}, {"round", std::int64_t(1)}},
                         example(),
                         {},
                         {},
                         {}});
    made.runs.push_back({"tail",
                         {{"kind", std::string("tail")}},
                         example(),
                         {},
                         {{"acknowledgement_ms", example().latencies}},
                         {}});
    made.rows.push_back({{{"records_per_second", 5e6}, {"megabytes_per_second", 500.0}}, {}});
    const std::string page = report_page(made);
    expect_sound(page);
    EXPECT_EQ(count_of(page, "<svg"), 4u);
    EXPECT_EQ(count_of(page, ">5,000,000</b><span>records/s read, median<"), 1u);
    EXPECT_EQ(count_of(page, "tail, sent to acknowledged"), 1u);
}

TEST(page, what_went_wrong_is_shown) {
    bench_report made = report_of("latency");
    made.was_interrupted = true;
    load_tally tally = example();
    tally.failed = 3;
    tally.errors.add({"NOT_LEADER", "not <here>", false}, 3);
    verification found;
    found.lost = 7;
    found.examples = {"partition 0: 7 & more"};
    made.runs.push_back({"latency", {}, tally, found, {}, {}});
    const std::string page = report_page(made);
    expect_sound(page);
    for (const char* part : {"interrupted", "Failures", "not &lt;here&gt;", "7 lost", "7 &amp; more"})
        EXPECT_EQ(count_of(page, part), 1u) << part;
}

TEST(page, a_run_in_which_nothing_happened_is_a_page_too) {
    bench_report made = report_of("latency");
    made.runs.push_back({"latency", {}, {}, {}, {}, {}});
    const std::string page = report_page(made);
    expect_sound(page);
    EXPECT_EQ(count_of(page, "There is nothing to draw."), 4u);
}

}  // namespace
}  // namespace logstore::app::bench
