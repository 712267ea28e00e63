// The report of a bench, as data and as JSON. docs/bench.md says what each number means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/bench/load_tally.h"
#include "app/bench/metrics_watch.h"
#include "app/bench/verifier.h"
#include "base/json_writer.h"
#include "model/numbers.h"

namespace logstore::app::bench {

/// A name and a value, as the JSON has them.
struct fact {
    std::string name;
    std::variant<std::monostate, std::int64_t, double, bool, std::string> value;
};

/// One measurement.
struct run_report {
    /// For people: "1,000 tablets, round 2".
    std::string name;
    /// What distinguishes it from the other runs.
    std::vector<fact> parameters;
    load_tally tally;
    std::optional<verification> verified;
    /// By the name that the JSON has for them.
    std::vector<std::pair<std::string, latency_histogram>> more_latencies;
    /// Of the server, where it was asked.
    std::vector<group_point> groups;
};

/// What several runs come to.
struct summary_row {
    std::vector<fact> facts;
    /// Of all of them; nothing where there is none.
    std::optional<latency_histogram> latencies;
};

/// What a command found.
struct bench_report {
    /// "latency".
    std::string bench;
    timestamp_ms started_at;
    std::vector<fact> options;
    std::vector<run_report> runs;
    std::vector<summary_row> rows;
    bool was_interrupted = false;
};

inline constexpr std::pair<const char*, double> report_quantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

/// One bar of a distribution: latencies up to `up_to`, above those of the bar before.
struct distribution_bar {
    env::duration up_to{0};
    std::uint64_t count = 0;
};
/// Bars of equal width on a logarithmic scale, `bars_a_decade` for each power of ten; those before the first
/// and behind the last latency are left out.
std::vector<distribution_bar> distribution_of(const latency_histogram& latencies, int bars_a_decade);

std::string report_json(const bench_report& report);

double milliseconds(env::duration time);
double seconds(env::duration time);
/// 0 of none.
double median_of(std::vector<double> values);
/// A second; 0 of no time.
double rate_of(std::uint64_t count, env::duration time);

}  // namespace logstore::app::bench
