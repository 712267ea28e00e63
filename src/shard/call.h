// Running a coroutine on another shard and having its value here.
#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "env/executor.h"
#include "env/gate.h"

namespace logstore {

namespace detail {

template <class Function, class Value>
class remote_call final : public env::remote_message {
  public:
    remote_call(env::executor& home, env::executor& target, env::gate& target_gate, Function function)
        : home_(home), target_(target), target_gate_(target_gate), function_(std::move(function)) {}

    void run() override {
        if (answered_) return waiter_.resume();
        // A closed gate means that the shard stops: the value stays empty.
        if (!env::spawn(target_gate_, execute(this))) answer();
    }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiter_ = waiting;
        target_.send(this);
    }
    std::optional<Value> await_resume() { return std::move(value_); }

  private:
    static env::task<> execute(remote_call* self) {
        self->value_.emplace(co_await self->function_());
        self->answer();
    }
    void answer() {
        answered_ = true;
        home_.send(this);
    }

    env::executor& home_;
    env::executor& target_;
    env::gate& target_gate_;
    Function function_;
    std::optional<Value> value_;
    std::coroutine_handle<> waiter_;
    bool answered_ = false;
};

}  // namespace detail

/// Runs `function() -> env::task<Value>` on `target`, inside its gate, and resumes on `home` with the value; nothing when the
/// target has closed its gate. What the function captures is used on the other thread.
template <class Function>
auto call_on(env::executor& home, env::executor& target, env::gate& target_gate, Function function)
    -> env::task<std::optional<decltype(function().operator co_await().await_resume())>> {
    using value = decltype(function().operator co_await().await_resume());
    detail::remote_call<Function, value> call(home, target, target_gate, std::move(function));
    co_return co_await call;
}

}  // namespace logstore
