// Waiting for bytes of a budget in a coroutine.
#pragma once

#include <coroutine>
#include <utility>

#include "env/task.h"
#include "shard/byte_budget.h"
#include "shard/wait_signal.h"

namespace logstore::kafka {

/// `co_await budget_take(from, bytes, cancel)`: true when the bytes are taken in the caller's name; false,
/// and nothing is taken, when `cancel` was set before. With 0 bytes: waits until the budget is below its
/// limit. Lives in the awaiting frame; `from` and `cancel` outlive it.
class budget_take final : private budget_waiter {
  public:
    budget_take(budget_share& from, std::size_t bytes, wait_signal& cancel)
        : from_(from), bytes_(bytes), cancel_(cancel) {}

    bool await_ready() {
        if (cancel_.is_set()) return true;
        is_granted_ = from_.take_or_wait(bytes_, *this);
        return is_granted_;
    }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        cancel_.when_set([this] {
            from_.cancel(*this);
            std::exchange(waiting_, {}).resume();
        });
    }
    bool await_resume() const { return is_granted_; }

  private:
    void on_granted() override {
        is_granted_ = true;
        cancel_.when_set(nullptr);
        std::exchange(waiting_, {}).resume();
    }

    budget_share& from_;
    const std::size_t bytes_;
    wait_signal& cancel_;
    std::coroutine_handle<> waiting_;
    bool is_granted_ = false;
};

}  // namespace logstore::kafka
