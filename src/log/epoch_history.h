// Which leader epoch wrote which offsets of a log.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/numbers.h"

namespace logstore {

/// The first batch that a leader appended in an epoch.
struct epoch_start {
    leader_epoch epoch;
    offset start;
    bool operator==(const epoch_start&) const = default;
};

/// Where an epoch ends: what Kafka's OffsetForLeaderEpoch answers.
struct epoch_end {
    leader_epoch epoch = no_leader_epoch;
    next_offset end{-1};
    bool operator==(const epoch_end&) const = default;
};

/// A pure value. Invariant: epochs and starts both ascend strictly; an epoch without a batch has no entry.
class epoch_history {
  public:
    /// The newest that are kept: on one node each start of the store that appends adds one. See the format's
    /// page.
    static constexpr std::size_t entries_max = std::size_t(1) << 16;

    std::span<const epoch_start> starts() const { return starts_; }
    bool is_empty() const { return starts_.empty(); }

    /// A batch of `epoch` is at `start`. Entries that contradict it go: what is in the log is right. False:
    /// nothing changed.
    bool note(leader_epoch epoch, offset start);
    /// Takes an entry as it is; false when it does not ascend or is one too many.
    bool append(epoch_start entry);
    /// Forgets epochs that end at or below the log start; the one that holds it begins there from now on.
    /// True when an entry went.
    bool trim_start(offset log_start);
    /// Forgets epochs that begin at or behind the log's end. True when an entry went.
    bool cut_end(next_offset log_end);
    /// Whether every offset of [log_start, log_end) has its epoch.
    bool covers(offset log_start, next_offset log_end) const;

    /// The largest epoch not above `wanted` and where it ends, the last one with the log; as in Kafka, an
    /// epoch before the first ends where the first begins. No epoch when there is no entry.
    epoch_end end_of(leader_epoch wanted, next_offset log_end) const;
    /// The epoch of the batch that holds `wanted`; no_leader_epoch below the first entry.
    leader_epoch epoch_at(offset wanted) const;

    bool operator==(const epoch_history&) const = default;

  private:
    std::vector<epoch_start> starts_;
};

}  // namespace logstore
