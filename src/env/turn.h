// One at a time, among the coroutines of one thread.
#pragma once

#include <coroutine>
#include <deque>

#include "base/check.h"
#include "env/executor.h"

namespace logstore::env {

/// Coroutines take turns, first come first served: `co_await t.take(); …; t.give();`. Not a lock of threads: one executor.
class turn {
  public:
    explicit turn(executor& loop) : loop_(loop) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { CHECK(!taken_ && waiting_.empty(), "a turn is given back before it goes"); }

    bool is_taken() const { return taken_; }

    auto take() {
        struct awaiter {
            turn& self;
            bool await_ready() noexcept {
                if (self.taken_) return false;
                self.taken_ = true;
                return true;
            }
            void await_suspend(std::coroutine_handle<> next) { self.waiting_.push_back(next); }
            void await_resume() const noexcept {}
        };
        return awaiter{*this};
    }

    /// Passes the turn to the longest waiting, which runs later on this thread.
    void give() {
        CHECK(taken_);
        if (waiting_.empty()) {
            taken_ = false;
            return;
        }
        loop_.post([next = waiting_.front()] { next.resume(); });
        waiting_.pop_front();
    }

  private:
    executor& loop_;
    bool taken_ = false;
    std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace logstore::env
