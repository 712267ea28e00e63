// What happened in each second of a run.
#pragma once

#include <cstdint>
#include <vector>

#include "app/bench/latency_histogram.h"

namespace logstore::app::bench {

/// One second, or what was left of it at the end. Plain value.
struct series_point {
    /// Since the start of the measurement.
    env::duration begins{0};
    env::duration lasts{0};
    std::uint64_t requests = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failed = 0;
    /// Of the requests answered in it; 0 of none.
    env::duration p50{0}, p99{0}, max{0};
};

/// Counts by the second in which an answer came. A second without any answer is there too, with zeros: that
/// is how a stall looks. One thread. Memory: a point a second, and one histogram.
class time_series {
  public:
    static constexpr env::duration point_length = std::chrono::seconds(1);

    /// Once, before the rest.
    void begin(env::monotonic_time now) { point_begins_ = start_ = now; }
    /// `now` never goes back.
    void add(env::monotonic_time now, env::duration latency, std::uint64_t records, std::uint64_t bytes);
    /// Of what has no latency: a batch that was read.
    void add(env::monotonic_time now, std::uint64_t records, std::uint64_t bytes);
    void add_failure(env::monotonic_time now);
    /// Closes the last point. Nothing is added afterwards.
    void finish(env::monotonic_time now);

    const std::vector<series_point>& points() const { return points_; }

  private:
    void close_points(env::monotonic_time now);
    void close_point(env::monotonic_time ends);

    env::monotonic_time start_;
    env::monotonic_time point_begins_;
    series_point open_;
    latency_histogram latencies_;
    std::vector<series_point> points_;
};

}  // namespace logstore::app::bench
