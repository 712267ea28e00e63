#include "app/bench/report_text.h"

#include <cmath>

#include <fmt/format.h>

#include "app/bench/report.h"

namespace logstore::app::bench {
namespace {

constexpr double megabyte = 1e6;

constexpr std::pair<const char*, double> text_quantiles[] = {
    {"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};

}  // namespace

std::string with_commas(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return digits;
}
std::string with_commas(double rate) {
    return with_commas(static_cast<std::uint64_t>(std::llround(rate)));
}

std::string loop_text(const bench_load& asked) {
    if (asked.rate) {
        return fmt::format("Open loop, {} requests/s: a latency begins when its request was due",
                           with_commas(*asked.rate));
    }
    return "Closed loop: a connection that waits sends nothing, so no latency shows what would have waited "
           "with it "
           "(--rate does)";
}

std::string latencies_text(std::string_view of, const latency_histogram& latencies) {
    std::string out = fmt::format("{}, ms: average {:.2f}", of, latencies.average_ms());
    for (const auto& [name, q] : text_quantiles)
        out += fmt::format(", {} {:.2f}", name, milliseconds(latencies.quantile(q)));
    return out + fmt::format(", max {:.2f}\n", milliseconds(latencies.max()));
}

std::string verification_text(const verification& found) {
    std::string out =
        fmt::format("Read back: {} of {} acknowledged records",
                    with_commas(found.found - found.unacknowledged_found), with_commas(found.acknowledged));
    if (found.is_clean()) return out + ", each once, in order, byte for byte\n";
    return out + fmt::format("; {} lost, {} doubled, {} changed, {} out of order\n", with_commas(found.lost),
                             with_commas(found.doubled), with_commas(found.changed),
                             with_commas(found.out_of_order));
}

std::string latency_text(const bench_load& asked, const load_tally& tally) {
    std::string out;
    out += fmt::format("Total requests sent: {}\n", tally.sent);
    out += fmt::format("Successful requests: {}\n", tally.succeeded);
    out += fmt::format("Failed requests: {}\n", tally.failed);
    out += fmt::format("Average successful latency: {:.2f} ms\n", tally.latencies.average_ms());
    out += fmt::format("Total test duration: {:.2f} seconds\n", seconds(tally.elapsed));
    out += fmt::format("Throughput: {:.2f} requests/second\n", rate_of(tally.succeeded, tally.elapsed));
    for (const auto& [name, q] : text_quantiles)
        out += fmt::format("{} latency: {:.2f} ms\n", name, milliseconds(tally.latencies.quantile(q)));
    out += fmt::format("max latency: {:.2f} ms\n", milliseconds(tally.latencies.max()));
    return out + loop_text(asked) + "\n";
}

std::string throughput_text(const bench_load& asked, const load_tally& tally) {
    const std::uint64_t a_request = tally.succeeded == 0 ? 0 : tally.records / tally.succeeded;
    std::string out = fmt::format("Records acknowledged: {} in {:.2f} s, {} a request\n",
                                  with_commas(tally.records), seconds(tally.elapsed), with_commas(a_request));
    out += fmt::format("Failed requests: {}\n", with_commas(tally.failed));
    out += fmt::format("Throughput: {} records/s, {:.1f} MB/s, {} requests/s\n",
                       with_commas(rate_of(tally.records, tally.elapsed)),
                       rate_of(tally.bytes, tally.elapsed) / megabyte,
                       with_commas(rate_of(tally.succeeded, tally.elapsed)));
    out += latencies_text("Latency of a request", tally.latencies);
    return out + loop_text(asked) + "\n";
}

}  // namespace logstore::app::bench
