// One executor and its workers in simulated time, and calls that wait for their end.
#pragma once

#include <cstdint>
#include <utility>

#include "env/testing/sim_clock.h"
#include "env/testing/sim_random.h"
#include "env/testing/sim_run.h"
#include "env/testing/sim_scheduler.h"
#include "env/testing/sim_worker_pool.h"

namespace logstore::cluster {

struct simulated_process {
    explicit simulated_process(std::uint64_t seed = 1)
        : scheduler(seed),
          clock(scheduler.now()),
          loop(scheduler, clock),
          random(seed),
          workers(scheduler, env::sim_random(seed)) {}

    template <class T>
    T wait(env::task<T> work) {
        return env::run(loop, std::move(work));
    }

    env::sim_scheduler scheduler;
    env::sim_clock clock;
    env::sim_executor loop;
    env::sim_random random;
    env::sim_worker_pool workers;
};

}  // namespace logstore::cluster
