// How long things of the simulated world take.
#pragma once

#include <cmath>

#include "env/clock.h"
#include "env/testing/sim_random.h"

namespace logstore::env {

/// The least time something takes, and what comes on top of it: exponentially distributed, with this mean.
struct sim_latency {
    duration least{0};
    duration mean_extra{0};

    duration draw(sim_random& random) const {
        const double extra = -std::log1p(-random.fraction()) * static_cast<double>(mean_extra.count());
        return least + duration(static_cast<duration::rep>(extra));
    }
};

}  // namespace logstore::env
