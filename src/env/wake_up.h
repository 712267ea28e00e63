// How coroutines of one executor wait for something to change.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "env/executor.h"

namespace logstore::env {

/// Wakes the one coroutine that waits, or that will wait next. Nothing is resumed inside tell(). One
/// executor; outlives the waiting coroutine.
class wake_up {
  public:
    explicit wake_up(executor& loop) : loop_(loop) {}
    wake_up(const wake_up&) = delete;
    wake_up& operator=(const wake_up&) = delete;
    ~wake_up() { CHECK(!waiter_, "a coroutine still waits"); }

    void tell() {
        if (std::exchange(told_, true) || !waiter_) return;
        if (timer_) loop_.cancel_timer(*std::exchange(timer_, std::nullopt));
        loop_.post([this] { resume(); });
    }

    /// `co_await wake.wait(until)`: completes when told since the last wait, or at `until`.
    auto wait(std::optional<monotonic_time> until = {}) {
        struct awaiter {
            wake_up& self;
            std::optional<monotonic_time> until;
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiting) { self.suspend(waiting, until); }
            void await_resume() const noexcept { self.told_ = false; }
        };
        return awaiter{*this, until};
    }

  private:
    void suspend(std::coroutine_handle<> waiting, std::optional<monotonic_time> until) {
        CHECK(!waiter_, "one coroutine waits at a time");
        waiter_ = waiting;
        if (told_) return loop_.post([this] { resume(); });
        if (!until) return;
        timer_ = loop_.start_timer(*until, [this] {
            timer_.reset();
            resume();
        });
    }
    void resume() { std::exchange(waiter_, {}).resume(); }

    executor& loop_;
    bool told_ = false;
    std::coroutine_handle<> waiter_;
    std::optional<timer_id> timer_;
};

/// Wakes all coroutines that wait; those that begin to wait later wait for the next time. They look again at
/// what they wait for. One executor; outlives the waiting coroutines.
class change_signal {
  public:
    explicit change_signal(executor& loop) : loop_(loop) {}
    change_signal(const change_signal&) = delete;
    change_signal& operator=(const change_signal&) = delete;
    ~change_signal() { CHECK(waiting_.empty(), "{} coroutines still wait", waiting_.size()); }

    bool is_awaited() const { return !waiting_.empty(); }
    void tell() {
        for (const std::coroutine_handle<> one : std::exchange(waiting_, {}))
            loop_.post([one] { one.resume(); });
    }
    auto wait() {
        struct awaiter {
            change_signal& self;
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiting) { self.waiting_.push_back(waiting); }
            void await_resume() const noexcept {}
        };
        return awaiter{*this};
    }

  private:
    executor& loop_;
    std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace logstore::env
