#include "env/testing/sim_scheduler.h"

#include <algorithm>

#include "base/check.h"

namespace logstore::env {

namespace {
// Work that posts itself for ever would keep time from passing; no sane world does so much at one instant.
constexpr std::uint64_t max_steps_at_one_instant = 20'000'000;
}  // namespace

sim_scheduler::sim_scheduler(std::uint64_t seed, sim_ties ties)
    : random_(sim_random::for_part(seed, "scheduler")), ties_(ties) {}

sim_scheduler::event_id sim_scheduler::add(monotonic_time when, sim_executor* on, work what,
                                           bool of_the_world) {
    const event_id id = ++last_event_;
    const event_key key{std::max(when, now_), ties_ == sim_ties::seeded ? random_.next() : 0, id};
    events_.emplace(key, event{on, std::move(what), of_the_world});
    event_keys_.emplace(id, key);
    if (of_the_world) ++world_events_;
    return id;
}

sim_scheduler::event sim_scheduler::take(std::map<event_key, event>::iterator which) {
    event taken = std::move(which->second);
    if (taken.of_the_world) --world_events_;
    event_keys_.erase(which->first.id);
    events_.erase(which);
    return taken;
}

void sim_scheduler::cancel(event_id id) {
    const auto key = event_keys_.find(id);
    if (key == event_keys_.end()) return;
    // The work is destroyed at the end of the statement, when the queue is whole again: its captures may come
    // back here.
    take(events_.find(key->second));
}

void sim_scheduler::forget(sim_executor& which, bool also_the_world) {
    std::vector<event> forgotten;
    for (auto at = events_.begin(); at != events_.end();) {
        const auto next = std::next(at);
        if (at->second.on == &which && (also_the_world || !at->second.of_the_world))
            forgotten.push_back(take(at));
        at = next;
    }
}

sim_executor* sim_scheduler::choose_ready() {
    ready_.clear();
    for (auto* candidate : executors_) {
        if (!candidate->queue_.empty()) ready_.push_back(candidate);
    }
    if (ready_.empty()) return nullptr;
    if (ties_ == sim_ties::seeded)
        return ready_.size() == 1 ? ready_[0] : ready_[random_.below(ready_.size())];
    return *std::ranges::min_element(ready_, {},
                                     [](const sim_executor* one) { return one->queue_.front().order; });
}

void sim_scheduler::run(sim_executor* on, work what) {
    CHECK(!running_, "the scheduler is run from inside something it runs");
    CHECK(++steps_at_this_instant_ < max_steps_at_one_instant, "the world does not come to rest");
    ++steps_;
    running_ = true;
    current_ = on;
    what();
    running_ = false;
    current_ = nullptr;
}

bool sim_scheduler::step(time_passes when) {
    const bool event_is_due = !events_.empty() && events_.begin()->first.when <= now_;
    sim_executor* ready = choose_ready();
    if (ready != nullptr && !(event_is_due && ties_ == sim_ties::seeded && random_.coin())) {
        work what = std::move(ready->queue_.front().what);
        ready->queue_.pop_front();
        run(ready, std::move(what));
        return true;
    }
    if (!event_is_due) {
        if (events_.empty() || when == time_passes::no) return false;
        if (when == time_passes::for_the_world && world_events_ == 0) return false;
        now_ = events_.begin()->first.when;
        steps_at_this_instant_ = 0;
    }
    event next = take(events_.begin());
    run(next.on, std::move(next.what));
    return true;
}

bool sim_scheduler::step() {
    return step(time_passes::always);
}

void sim_scheduler::run_until_idle() {
    while (step(time_passes::for_the_world)) {
    }
}

void sim_scheduler::advance(duration how_long) {
    const monotonic_time end = now_ + how_long;
    for (;;) {
        while (step(time_passes::no)) {
        }
        if (events_.empty() || events_.begin()->first.when > end) break;
        step(time_passes::always);
    }
    now_ = std::max(now_, end);
    steps_at_this_instant_ = 0;
}

bool sim_scheduler::run_until(const std::function<bool()>& done, duration limit) {
    const monotonic_time end = now_ + limit;
    while (!done()) {
        if (step(time_passes::no)) continue;
        if (events_.empty() || events_.begin()->first.when > end) return false;
        step(time_passes::always);
    }
    return true;
}

sim_executor::sim_executor(sim_scheduler& scheduler, const clock& time) : scheduler_(scheduler), time_(time) {
    scheduler_.executors_.push_back(this);
}

sim_executor::~sim_executor() {
    std::erase(scheduler_.executors_, this);
    scheduler_.forget(*this, true);
}

void sim_executor::post(work what) {
    queue_.push_back({++scheduler_.posted_, std::move(what)});
}

timer_id sim_executor::start_timer(monotonic_time when, work what) {
    return scheduler_.add(when, this, std::move(what), false);
}

void sim_executor::send(remote_message* message) noexcept {
    post([message] { message->run(); });
}

void sim_executor::drop_work() {
    scheduler_.forget(*this, false);
    // Destroying work may post more of it; that is dropped as well.
    while (!queue_.empty()) {
        const posted_work dropped = std::move(queue_.front());
        queue_.pop_front();
    }
}

}  // namespace logstore::env
