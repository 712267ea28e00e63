// Frees the journal: moves what only it holds into segments, records recovery points, lets old journal files go.
#pragma once

#include <coroutine>
#include <functional>
#include <vector>

#include "log/recovery_points.h"
#include "shard/shard.h"

namespace logstore {

/// Runs beside the appends of one shard. A checkpoint starts when the journal is at half its limit, or after the checkpoint
/// interval. Pinned bytes at half their limit are only written behind: a flush of every file is the dearest part of a
/// checkpoint, and memory does not need it. Idle tablets are settled and topics' retention is applied in between. One of
/// these at a time.
class checkpointer {
  public:
    explicit checkpointer(shard& owner) : owner_(owner) {}

    /// Until stop().
    env::task<> run();
    /// Something may be above its half.
    void wake();
    void stop();

    /// Everything into the segments with exact lengths, recovery points recorded. REQUIRES: no appends, run() is over.
    env::task<result<>> close_all();

  private:
    /// What is done to each of many tablets. Not a coroutine that captures: it may answer one of tablet_log.
    using step = std::function<env::task<result<>>(tablet_log&)>;
    struct sweep {
        step what;
        result<> outcome;
    };

    env::task<> wait_for_work();
    bool is_journal_pressed() const;
    bool is_memory_pressed() const;
    env::task<> relieve(bool is_due);
    env::task<result<>> write_behind_all();
    env::task<result<>> checkpoint(journal_sequence leave_up_to);
    /// The first failure ends it: what was begun is finished, the rest is left.
    env::task<result<>> for_each(std::vector<shard::hosted*> targets, step what);
    /// Nothing when one before it failed.
    env::task<> run_step(sweep* work, shard::hosted* target);
    /// What tablets have that is less than a block.
    std::uint64_t ragged_bytes() const;
    env::task<> settle_idle();
    env::task<> apply_retention();
    /// Whether the log start moved.
    env::task<bool> apply_retention_to(tablet_id id, timestamp_ms now);
    env::task<> look_at_space();
    env::task<result<>> record_points();
    void forget_clean();

    shard& owner_;
    std::coroutine_handle<> sleeping_;
    env::timer_id timer_ = 0;
    bool woken_ = false;
    bool stopping_ = false;
    bool tries_again_ = false;  // what there was no room for
    env::monotonic_time last_checkpoint_{};
    env::monotonic_time last_retention_{};
};

}  // namespace logstore
