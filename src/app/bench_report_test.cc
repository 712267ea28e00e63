#include "app/bench_report.h"

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

loop_tally example() {
    loop_tally tally;
    tally.sent = 4;
    tally.succeeded = 3;
    tally.failed = 1;
    tally.elapsed = std::chrono::milliseconds(1500);
    for (const int ms : {1, 2, 6}) tally.latencies.record(std::chrono::milliseconds(ms));
    return tally;
}

TEST(bench_report, the_first_lines_are_as_scripts_expect_them) {
    EXPECT_EQ(bench_report_text(example()),
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

TEST(bench_report, a_run_without_a_request_divides_by_nothing) {
    EXPECT_NE(bench_report_text(loop_tally()).find("Throughput: 0.00 requests/second"), std::string::npos);
}

TEST(bench_report, the_json_says_the_same) {
    const std::string json = bench_report_json(example());
    EXPECT_NE(json.find("\"successful\":3,\"failed\":1,\"average_latency_ms\":3,"), std::string::npos)
        << json;
    EXPECT_NE(json.find("\"requests_per_second\":2,"), std::string::npos) << json;
}

}  // namespace
}  // namespace logstore::app
