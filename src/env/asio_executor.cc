#include "env/asio_executor.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "env/process_usage.h"

namespace logstore::env {

asio_executor::asio_executor(const clock& time) : time_(time) {}
asio_executor::~asio_executor() = default;

void asio_executor::post(work what) {
    ready_.push_back(std::move(what));
    schedule_turn();
}

void asio_executor::schedule_turn() {
    if (turn_scheduled_ || in_turn_) return;
    turn_scheduled_ = true;
    boost::asio::post(context_, [this] { run_turn(); });
}

// What is posted during a turn runs in the next one, after the reactor had its chance: work that posts itself
// for ever starves no socket.
void asio_executor::run_turn() {
    ++turns_;
    turn_scheduled_ = false;
    in_turn_ = true;
    running_.swap(ready_);
    for (auto& what : running_) {
        work taken = std::move(what);
        taken();
    }
    running_.clear();
    running_hooks_.swap(hooks_);
    for (turn_end_hook*& hook : running_hooks_) {
        if (hook == nullptr) continue;
        hook->asked_ = false;
        hook->at_turn_end();
    }
    running_hooks_.clear();
    in_turn_ = false;
    if (!ready_.empty() || !hooks_.empty()) schedule_turn();
}

loop_usage asio_executor::usage() const {
    loop_usage used;
    used.turns = turns_;
    used.busy = thread_processor_time();
    return used;
}

void asio_executor::call_at_turn_end(turn_end_hook& hook) {
    if (hook.asked_) return;
    hook.asked_ = true;
    hooks_.push_back(&hook);
    schedule_turn();
}

void asio_executor::forget(turn_end_hook& hook) {
    for (auto* hooks : {&hooks_, &running_hooks_}) {
        std::replace(hooks->begin(), hooks->end(), &hook, static_cast<turn_end_hook*>(nullptr));
    }
}

timer_id asio_executor::start_timer(monotonic_time when, work what) {
    const timer_id id = timers_.add(when, std::move(what));
    if (when < armed_for_) arm_timer();
    return id;
}

void asio_executor::arm_timer() {
    const auto earliest = timers_.earliest();
    if (!earliest) return;
    armed_for_ = *earliest;
    alarm_.expires_at(std::chrono::steady_clock::time_point(armed_for_.time_since_epoch()));
    alarm_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed) run_timers();
    });
}

void asio_executor::run_timers() {
    // An alarm that was set again in the meantime may have rung already; then there is nothing due, and that
    // is fine.
    armed_for_ = monotonic_time::min();  // timers started by this burst need no alarm of their own
    const monotonic_time now = time_.now();
    const timer_id before = timers_.next_id();
    while (work what = timers_.take_due(now, before)) what();
    armed_for_ = monotonic_time::max();
    arm_timer();
}

// An Asio post from a foreign thread costs one epoll_ctl, and nothing while this loop is awake; an eventfd
// costs a write and a read and an epoll_ctl.
void asio_executor::send(remote_message* message) noexcept {
    if (mailbox_.push(message)) boost::asio::post(context_, [this] { mailbox_.drain(); });
}

void asio_executor::run() noexcept {
    const std::thread::id maker = owner_.exchange(std::this_thread::get_id(), std::memory_order_relaxed);
    context_.run();
    CHECK(context_.stopped());
    owner_.store(maker, std::memory_order_relaxed);
}

}  // namespace logstore::env
