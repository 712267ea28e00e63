// Time, behind an interface so that a simulator can own it.
#pragma once

#include <chrono>
#include <cstdint>

#include "model/numbers.h"

namespace logstore::env {

using duration = std::chrono::nanoseconds;

/// The time base of timers and latencies. Never goes back; says nothing of the date.
struct monotonic_base {
    using rep = duration::rep;
    using period = duration::period;
    using duration = env::duration;
    using time_point = std::chrono::time_point<monotonic_base>;
    static constexpr bool is_steady = true;
};
using monotonic_time = monotonic_base::time_point;

/// Any thread.
class clock {
  public:
    virtual ~clock() = default;
    virtual monotonic_time now() const = 0;
    /// The date, for record timestamps and retention only: it may jump.
    virtual timestamp_ms wall_now() const = 0;
};

}  // namespace logstore::env
