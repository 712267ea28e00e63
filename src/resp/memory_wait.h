// Waiting for memory of the process.
#pragma once

#include <cstddef>
#include <utility>

#include "env/completion.h"
#include "env/task.h"
#include "shard/byte_budget.h"

namespace logstore::resp {

/// Bytes of a budget, held while this lives. One shard.
class memory_hold {
  public:
    explicit memory_hold(budget_share& from) : from_(from) {}
    ~memory_hold() { from_.give_back(held_bytes_); }
    memory_hold(const memory_hold&) = delete;
    memory_hold& operator=(const memory_hold&) = delete;

    bool is_held() const { return held_bytes_ > 0; }
    /// Waits until there is room. REQUIRES: nothing is held.
    env::task<void> take(std::size_t bytes) {
        struct waiter final : budget_waiter {
            void on_granted() override { granted.set(true); }
            env::completion<bool> granted;
        };
        waiter one;
        if (!from_.take_or_wait(bytes, one)) co_await one.granted;
        held_bytes_ = bytes;
    }

  private:
    budget_share& from_;
    std::size_t held_bytes_ = 0;
};

}  // namespace logstore::resp
