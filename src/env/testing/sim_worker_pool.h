// Blocking work in a simulated world.
#pragma once

#include "env/testing/sim_scheduler.h"
#include "env/worker_pool.h"

namespace logstore::env {

/// Runs submitted work on the one thread there is, as a step of its own after a seeded delay: while a
/// blocking call is under way its caller's shard goes on with other things, as in production. Calls overlap
/// and may finish in any order.
class sim_worker_pool final : public worker_pool {
  public:
    sim_worker_pool(sim_scheduler& scheduler, sim_random random,
                    duration longest = std::chrono::milliseconds(1))
        : scheduler_(scheduler), random_(random), longest_(longest) {}

    void submit(work what) override {
        const duration delay(
            static_cast<duration::rep>(random_.between(0, static_cast<std::uint64_t>(longest_.count()))));
        scheduler_.at(scheduler_.now() + delay, nullptr, std::move(what));
    }

  private:
    sim_scheduler& scheduler_;
    sim_random random_;
    duration longest_;
};

}  // namespace logstore::env
