#include "app/bench_report.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"

namespace logstore::app {
namespace {

double milliseconds(env::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}
double seconds(env::duration time) {
    return std::chrono::duration<double>(time).count();
}

double throughput(const loop_tally& tally) {
    return tally.elapsed.count() <= 0 ? 0 : static_cast<double>(tally.succeeded) / seconds(tally.elapsed);
}

constexpr std::pair<const char*, double> quantiles[] = {
    {"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};

}  // namespace

std::string bench_report_text(const loop_tally& tally) {
    std::string out;
    out += fmt::format("Total requests sent: {}\n", tally.sent);
    out += fmt::format("Successful requests: {}\n", tally.succeeded);
    out += fmt::format("Failed requests: {}\n", tally.failed);
    out += fmt::format("Average successful latency: {:.2f} ms\n", tally.latencies.average_ms());
    out += fmt::format("Total test duration: {:.2f} seconds\n", seconds(tally.elapsed));
    out += fmt::format("Throughput: {:.2f} requests/second\n", throughput(tally));
    for (const auto& [name, q] : quantiles) {
        out += fmt::format("{} latency: {:.2f} ms\n", name, milliseconds(tally.latencies.quantile(q)));
    }
    out += fmt::format("max latency: {:.2f} ms\n", milliseconds(tally.latencies.max()));
    return out;
}

std::string bench_report_json(const loop_tally& tally) {
    json_writer json;
    json.begin_object()
        .field("sent", tally.sent)
        .field("successful", tally.succeeded)
        .field("failed", tally.failed);
    json.field("average_latency_ms", tally.latencies.average_ms())
        .field("duration_seconds", seconds(tally.elapsed));
    json.field("requests_per_second", throughput(tally)).key("latency_ms").begin_object();
    for (const auto& [name, q] : quantiles) json.field(name, milliseconds(tally.latencies.quantile(q)));
    return json.field("max", milliseconds(tally.latencies.max())).end_object().end_object().finish();
}

}  // namespace logstore::app
