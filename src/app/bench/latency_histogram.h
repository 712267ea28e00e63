// Latencies, counted.
#pragma once

#include <cstdint>
#include <vector>

#include "env/clock.h"

namespace logstore::app::bench {

/// Counts durations so that quantiles of any number of them cost a fixed amount of memory (a quarter of a
/// MiB). Count, sum and maximum are exact; a quantile is never below the true one and at most 0.1 % above it
/// (exact below 2 µs).
class latency_histogram {
  public:
    latency_histogram();

    void record(env::duration latency);
    /// Counts what `other` has counted too.
    void add(const latency_histogram& other);
    void clear();

    std::uint64_t count() const { return count_; }
    env::duration max() const { return max_; }
    /// 0 of none.
    double average_ms() const;
    /// The smallest latency that a share `q` of all are not above, 0 of none. REQUIRES: 0 < q <= 1.
    env::duration quantile(double q) const;
    /// How many are not above `latency`, to the precision of quantiles.
    std::uint64_t count_up_to(env::duration latency) const;

  private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    /// In nanoseconds: 2^64 of them are 584 years of waiting.
    std::uint64_t sum_ns_ = 0;
    env::duration max_{0};
};

}  // namespace logstore::app::bench
