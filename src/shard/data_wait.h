// A reader that waits for data in tablets of any shard.
#pragma once

#include <atomic>
#include <coroutine>
#include <memory>

#include "env/executor.h"
#include "shard/wait_signal.h"
#include "tablet/tablet.h"

namespace logstore {

/// Lives on its home shard; tablets of other shards hold it weakly and fire it across. Completes once.
class data_wait final : public tablet_watcher, public std::enable_shared_from_this<data_wait> {
  public:
    explicit data_wait(env::executor& home) : home_(home) {}

    /// From any shard: wakes the waiter soon.
    void on_tablet_changed() override;
    /// On the home shard: completes now, or does nothing when it has completed.
    void finish();
    bool is_finished() const { return finished_; }

    /// On the home shard: waits until something changed, `until`, or `cancel`. Once.
    env::task<> wait(env::monotonic_time until, wait_signal* cancel);

  private:
    env::executor& home_;
    std::atomic<bool> fired_{false};
    bool finished_ = false;
    env::timer_id timer_ = 0;
    std::coroutine_handle<> waiter_;
};

}  // namespace logstore
