// Virtual time: one thread runs all executors of a simulated world, and all that happens between them.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "env/executor.h"
#include "env/testing/sim_clock.h"
#include "env/testing/sim_random.h"

namespace logstore::env {

class sim_executor;

/// How the scheduler chooses among things that may happen at the same instant.
enum class sim_ties {
    /// By the seed: another seed, another interleaving.
    seeded,
    /// The one that was asked for first.
    in_order,
};

/// The queue of everything that will happen, ordered by time. Time passes only when nothing is left to do at
/// this instant, so hours of timers run at once. Work of one executor keeps its order; which executor, timer
/// or event comes next at the same instant is chosen by the seed. It must not be destroyed, nor run, from
/// inside something it runs.
class sim_scheduler {
  public:
    using event_id = std::uint64_t;

    explicit sim_scheduler(std::uint64_t seed = 0, sim_ties ties = sim_ties::seeded);
    sim_scheduler(const sim_scheduler&) = delete;
    sim_scheduler& operator=(const sim_scheduler&) = delete;

    const monotonic_time& now() const { return now_; }

    /// Runs until no work is ready and nothing of the outside world (disk, network, workers) is under way.
    /// Time passes as that needs, and timers that come due meanwhile run; timers alone do not make time pass.
    void run_until_idle();
    /// Runs all that happens within `how_long`; the time is that much later afterwards.
    void advance(duration how_long);
    /// Runs until `done()`, passing time as needed. False when nothing is left that could happen, or `limit`
    /// has passed.
    bool run_until(const std::function<bool()>& done, duration limit = std::chrono::hours(1));
    /// Runs one thing, passing time when that is needed; false when there is none.
    bool step();

    /// Something of the outside world: `what` happens at `when` on `on` (null: on no executor).
    event_id at(monotonic_time when, sim_executor* on, work what) {
        return add(when, on, std::move(what), true);
    }
    /// It will not happen; harmless when it has happened.
    void cancel(event_id id);
    /// Things that have been run.
    std::uint64_t steps() const { return steps_; }

  private:
    friend class sim_executor;
    struct event_key {
        monotonic_time when;
        std::uint64_t tie;
        event_id id;
        auto operator<=>(const event_key&) const = default;
    };
    struct event {
        sim_executor* on;
        work what;
        bool of_the_world;
    };
    enum class time_passes { no, for_the_world, always };

    event_id add(monotonic_time when, sim_executor* on, work what, bool of_the_world);
    event take(std::map<event_key, event>::iterator which);
    void forget(sim_executor& which, bool also_the_world);
    bool step(time_passes when);
    void run(sim_executor* on, work what);
    sim_executor* choose_ready();

    monotonic_time now_{std::chrono::hours(1)};  // not 0: code that takes 0 for "never" would go unnoticed
    sim_random random_;
    sim_ties ties_;
    std::map<event_key, event> events_;
    std::unordered_map<event_id, event_key> event_keys_;
    std::size_t world_events_ = 0;
    event_id last_event_ = 0;
    std::vector<sim_executor*> executors_;
    std::vector<sim_executor*> ready_;
    std::uint64_t posted_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t steps_at_this_instant_ = 0;
    bool running_ = false;
    const sim_executor* current_ = nullptr;
};

/// One simulated thread. Messages and posted work run in the order in which they came, each as a step of its
/// own. Outside of a run (in the body of a test) is_current() is true for every executor.
class sim_executor final : public executor {
  public:
    /// Both outlive the executor.
    sim_executor(sim_scheduler& scheduler, const clock& time);
    ~sim_executor() override;

    const clock& time() const override { return time_; }
    void post(work what) override;
    timer_id start_timer(monotonic_time when, work what) override;
    void cancel_timer(timer_id id) override { scheduler_.cancel(id); }
    void send(remote_message* message) noexcept override;
    bool is_current() const override { return !scheduler_.running_ || scheduler_.current_ == this; }

    sim_scheduler& scheduler() { return scheduler_; }
    /// Forgets all work and timers without running them, as when the process is killed. Coroutines that
    /// waited for them never go on: destroy their frames (sim_run.h) or bury them.
    void drop_work();

  private:
    friend class sim_scheduler;
    struct posted_work {
        std::uint64_t order;
        work what;
    };

    sim_scheduler& scheduler_;
    const clock& time_;
    std::deque<posted_work> queue_;
};

}  // namespace logstore::env
