// Background work that is counted and can be waited for.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "env/task.h"

namespace logstore::env {

/// Counts the coroutines an object has started, so that the object can wait for them before it goes. One thread.
/// After close() has begun, enter() answers false. The destructor checks that nothing is inside.
class gate {
  public:
    gate() = default;
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    ~gate() { CHECK(inside_ == 0, "{} coroutines outlive their owner", inside_); }

    bool enter() {
        if (closed_) return false;
        ++inside_;
        return true;
    }
    void leave() {
        CHECK(inside_ > 0);
        if (--inside_ == 0 && waiter_) std::exchange(waiter_, {}).resume();
    }
    bool is_closed() const { return closed_; }
    std::size_t inside() const { return inside_; }

    /// Admits nobody from now on and completes when everybody has left. Awaited at most once.
    auto close() {
        struct awaiter {
            gate& self;
            bool await_ready() const noexcept { return self.inside_ == 0; }
            void await_suspend(std::coroutine_handle<> waiting) noexcept { self.waiter_ = waiting; }
            void await_resume() const noexcept {}
        };
        closed_ = true;
        return awaiter{*this};
    }

  private:
    std::size_t inside_ = 0;
    bool closed_ = false;
    std::coroutine_handle<> waiter_;
};

namespace detail {
struct spawned {
    struct promise_type {
        spawned get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};
inline spawned run_inside(gate& owner, task<void> work) {
    {
        task<void> inside = std::move(work);
        co_await std::move(inside);
    }  // its frame and parameters go first: the owner may go as soon as the gate is left
    owner.leave();
}
}  // namespace detail

/// Starts `work` at once, up to its first suspension, inside `owner`. When the gate is closed the work is dropped unrun and the
/// answer is false. The only way this project starts a coroutine that nobody awaits.
inline bool spawn(gate& owner, task<void> work) {
    if (!owner.enter()) return false;
    detail::run_inside(owner, std::move(work));
    return true;
}

}  // namespace logstore::env
