// Running coroutines from the body of a test.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "env/task.h"
#include "env/testing/sim_scheduler.h"

namespace logstore::env {

namespace detail {

/// The frame at the root of a chain of tasks, owned by sim_running: destroying it destroys the chain.
struct sim_root {
    struct promise_type {
        sim_root get_return_object() noexcept {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> frame;
};

struct sim_nothing {};

template <class T>
using sim_value = std::conditional_t<std::is_void_v<T>, sim_nothing, T>;

template <class T>
sim_root sim_store(task<T> work, std::optional<sim_value<T>>* into) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(work);
        into->emplace();
    } else {
        into->emplace(co_await std::move(work));
    }
}

}  // namespace detail

/// A task that was started on a simulated executor and goes on while the scheduler runs. Destroying it before
/// the task is done destroys the suspended frames, as the death of a process does; what would resume them
/// must be gone by then or never come: sim_executor::drop_work() takes care of timers and posted work, disk
/// operations take care of themselves.
template <class T>
class sim_running {
  public:
    sim_running(sim_executor& on, task<T> work) : state_(std::make_unique<state>()) {
        state_->root = detail::sim_store<T>(std::move(work), &state_->value);
        on.post([root = state_->root.frame] { root.resume(); });
    }

    bool done() const { return state_->value.has_value(); }
    /// REQUIRES: done().
    T take() {
        CHECK(done(), "the task has not finished");
        if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
    }

  private:
    struct state {
        std::optional<detail::sim_value<T>> value;
        detail::sim_root root;
        ~state() { root.frame.destroy(); }
    };
    std::unique_ptr<state> state_;
};

/// Starts `work` on `on`; it runs when the scheduler does.
template <class T>
[[nodiscard]] sim_running<T> start(sim_executor& on, task<T> work) {
    return sim_running<T>(on, std::move(work));
}

/// Runs the world until `work` is done and gives its value. CHECKs that it finishes within an hour of
/// simulated time.
template <class T>
T run(sim_executor& on, task<T> work) {
    sim_running<T> running(on, std::move(work));
    CHECK(on.scheduler().run_until([&running] { return running.done(); }), "the task does not finish");
    return running.take();
}

/// Keeps an object, and the suspended coroutines that refer to it, for the rest of the process: for what
/// cannot be taken apart after a simulated crash because its coroutines never go on.
template <class T>
void bury(T object) {
    static auto* const graves = new std::vector<std::shared_ptr<void>>;
    graves->push_back(std::make_shared<T>(std::move(object)));
}

}  // namespace logstore::env
