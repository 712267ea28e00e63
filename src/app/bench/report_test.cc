#include "app/bench/report.h"

#include <gtest/gtest.h>

#include "app/bench/report_text.h"

namespace logstore::app::bench {
namespace {

load_tally example() {
    load_tally tally;
    tally.sent = 4;
    tally.succeeded = 3;
    tally.failed = 1;
    tally.elapsed = std::chrono::milliseconds(1500);
    for (const int ms : {1, 2, 6}) tally.latencies.record(std::chrono::milliseconds(ms));
    return tally;
}

TEST(report, the_first_lines_are_as_scripts_expect_them) {
    const std::string text = latency_text(bench_load(), example());
    EXPECT_EQ(text.substr(0, text.find("Closed loop")),
              "Total requests sent: 4\n"
              "Successful requests: 3\n"
              "Failed requests: 1\n"
              "Average successful latency: 3.00 ms\n"
              "Total test duration: 1.50 seconds\n"
              "Throughput: 2.00 requests/second\n"
              "p50 latency: 2.00 ms\n"
              "p95 latency: 6.00 ms\n"
              "p99 latency: 6.00 ms\n"
              "p99.9 latency: 6.00 ms\n"
              "max latency: 6.00 ms\n");
}

TEST(report, a_run_without_a_request_divides_by_nothing) {
    EXPECT_NE(latency_text(bench_load(), load_tally()).find("Throughput: 0.00 requests/second"),
              std::string::npos);
    EXPECT_NE(throughput_text(bench_load(), load_tally()).find("Throughput: 0 records/s, 0.0 MB/s"),
              std::string::npos);
}

TEST(report, the_text_says_what_kind_of_loop_it_was) {
    bench_load load;
    EXPECT_NE(latency_text(load, example()).find("\nClosed loop: "), std::string::npos);
    load.rate = 5000;
    EXPECT_NE(latency_text(load, example()).find("\nOpen loop, 5,000 requests/s: "), std::string::npos);
}

TEST(report, numbers_have_commas) {
    EXPECT_EQ(with_commas(std::uint64_t(0)), "0");
    EXPECT_EQ(with_commas(std::uint64_t(999)), "999");
    EXPECT_EQ(with_commas(std::uint64_t(1000)), "1,000");
    EXPECT_EQ(with_commas(1'234'566.7), "1,234,567");
}

TEST(report, the_json_says_the_same) {
    bench_report made;
    made.bench = "latency";
    made.started_at = timestamp_ms(1'700'000'000'000);
    made.options = {
        {"connections", std::int64_t(7)}, {"rate_per_second", {}}, {"protocol", std::string("kafka")}};
    made.runs.push_back({"latency", {{"tablets", std::int64_t(10)}}, example(), {}, {}, {}});
    const std::string json = report_json(made);
    for (const char* part :
         {"{\"bench\":\"latency\",\"format\":1,", "\"started_at_ms\":1700000000000,",
          "\"options\":{\"connections\":7,\"rate_per_second\":null,\"protocol\":\"kafka\"},\"interrupted\":"
          "false,",
          "{\"name\":\"latency\",\"tablets\":10,\"requests\":{\"sent\":4,\"acknowledged\":3,\"failed\":1,"
          "\"overdue\":0},",
          "\"seconds\":1.5,\"requests_per_second\":2,",
          "\"latency_ms\":{\"average\":3,\"p50\":2.00089,\"p90\":6,"})
        EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
}

TEST(report, the_bars_of_a_distribution_hold_every_latency_once) {
    latency_histogram latencies;
    for (int us = 1; us <= 20'000; us += 7) latencies.record(std::chrono::microseconds(us));
    const auto bars = distribution_of(latencies, 10);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bars.size(); ++i) {
        sum += bars[i].count;
        if (i > 0) EXPECT_GT(bars[i].up_to, bars[i - 1].up_to);
    }
    EXPECT_EQ(sum, latencies.count());
    EXPECT_GE(bars.back().up_to, latencies.max());
    EXPECT_EQ(bars.front().up_to, std::chrono::microseconds(1));
    EXPECT_TRUE(distribution_of(latency_histogram(), 10).empty());
}

}  // namespace
}  // namespace logstore::app::bench
