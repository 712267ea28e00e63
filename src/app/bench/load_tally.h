// What came of a load.
#pragma once

#include <cstdint>

#include "app/bench/error_counts.h"
#include "app/bench/latency_histogram.h"
#include "app/bench/series.h"

namespace logstore::app::bench {

/// Of the measurement; what the warm-up sent is not in it.
struct load_tally {
    std::uint64_t sent = 0;
    std::uint64_t succeeded = 0;  ///< acknowledged without an error
    std::uint64_t failed = 0;     ///< everything else that was sent
    /// Of the succeeded ones; bytes are those of values.
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    /// Open loop: due before the end, and not sent because all connections were busy.
    std::uint64_t overdue = 0;
    /// Also of the warm-up.
    std::uint32_t connections_lost = 0;
    error_counts errors;
    /// Of the succeeded ones.
    latency_histogram latencies;
    /// The longest of the first requests to each partition, warm-up included.
    env::duration first_touch{0};
    time_series series;
    /// From the first request to the last answer.
    env::duration elapsed{0};
};

}  // namespace logstore::app::bench
