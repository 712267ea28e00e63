// The bridge from callbacks to coroutines: a value that is set once and awaited once.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/check.h"

namespace logstore::env {

/// One value on its way to one coroutine of the same thread. `set` resumes the waiter at once, inside the call.
/// The object must outlive both; it is neither copied nor moved.
template <class T>
class completion {
  public:
    completion() = default;
    completion(const completion&) = delete;
    completion& operator=(const completion&) = delete;

    bool is_set() const { return value_.has_value(); }

    void set(T value) {
        CHECK(!value_.has_value(), "a completion is set once");
        value_.emplace(std::move(value));
        if (waiter_) std::exchange(waiter_, {}).resume();
    }

    auto operator co_await() noexcept {
        struct awaiter {
            completion& self;
            bool await_ready() const noexcept { return self.value_.has_value(); }
            void await_suspend(std::coroutine_handle<> waiting) noexcept { self.waiter_ = waiting; }
            T await_resume() { return std::move(*self.value_); }
        };
        return awaiter{*this};
    }

  private:
    std::optional<T> value_;
    std::coroutine_handle<> waiter_;
};

}  // namespace logstore::env
