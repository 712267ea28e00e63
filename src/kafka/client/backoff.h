// How long to wait before trying again.
#pragma once

#include <algorithm>

#include "env/clock.h"
#include "env/random.h"

namespace logstore::kafka {

/// Doubles with each failure in a row, up to a limit, a fifth more or less at random, so that many clients do
/// not come back at the same time. Plain value.
struct backoff {
    env::duration first;
    env::duration most;

    /// REQUIRES: failures > 0.
    env::duration after(std::uint32_t failures, env::random_source& random) const {
        constexpr std::uint32_t doublings_max = 20;
        constexpr std::int64_t jitter_parts = 5;
        const std::uint32_t doublings = std::min(failures - 1, doublings_max);
        const std::int64_t wait = std::min(first.count() << doublings, most.count());
        const std::int64_t spread = std::max<std::int64_t>(wait / jitter_parts, 1);
        const auto by = static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(2 * spread + 1));
        return env::duration(wait - spread + by);
    }
};

}  // namespace logstore::kafka
