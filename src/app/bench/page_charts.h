// The charts of a report.
#pragma once

#include <vector>

#include "app/bench/chart.h"
#include "app/bench/report.h"

namespace logstore::app::bench {

/// A distribution and the name of what it is of.
struct named_latencies {
    std::string name;
    const latency_histogram* latencies = nullptr;
};

/// How many requests took how long.
chart distribution_chart(const latency_histogram& latencies, std::string what);
/// Latency over percentile, the rare ones as wide as the common ones.
chart percentile_chart(const std::vector<named_latencies>& of);
/// p50, p99 and maximum of each second.
chart latency_over_time_chart(const time_series& series);
/// Records a second of each run, one line each.
chart throughput_over_time_chart(const std::vector<const run_report*>& runs);
chart group_size_chart(const std::vector<group_point>& points);
/// Of the rows of `bench tablets`.
chart rate_by_tablets_chart(const std::vector<summary_row>& rows);
chart latency_by_tablets_chart(const std::vector<summary_row>& rows);

}  // namespace logstore::app::bench
