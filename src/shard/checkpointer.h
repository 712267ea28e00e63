// Frees the journal: moves what only it holds into segments, records recovery points, lets old journal files go.
#pragma once

#include <coroutine>
#include <vector>

#include "log/recovery_points.h"
#include "shard/shard.h"

namespace logstore {

/// Runs beside the appends of one shard. A checkpoint starts when the journal or the pinned bytes are at half their limit, or
/// after the checkpoint interval; idle tablets are settled and topics' retention is applied in between. One at a time.
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
    env::task<> wait_for_work();
    bool is_needed() const;
    env::task<result<>> checkpoint(journal_sequence leave_up_to);
    env::task<> leave_journal(shard::hosted* target, journal_sequence sequence, result<>* outcome);
    /// What tablets have that is less than a block.
    std::uint64_t ragged_bytes() const;
    env::task<> settle_idle();
    env::task<> settle_one(shard::hosted* target);
    env::task<> apply_retention();
    env::task<> look_at_space();
    env::task<result<>> record_points();
    void forget_clean();

    shard& owner_;
    std::coroutine_handle<> sleeping_;
    env::timer_id timer_ = 0;
    bool woken_ = false;
    bool stopping_ = false;
    env::monotonic_time last_checkpoint_{};
    env::monotonic_time last_retention_{};
};

}  // namespace logstore
