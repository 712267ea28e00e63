// A connection that appends are sent over.
#pragma once

#include <expected>

#include "app/bench/error_counts.h"
#include "model/numbers.h"

namespace logstore::app::bench {

/// What one request appends: the records of a stream from `first_sequence` on.
struct append_order {
    partition_id partition;
    std::uint32_t stream = 0;
    std::uint64_t first_sequence = 0;
};

/// Told what became of the appends of one lane, in the order in which they were sent.
class lane_listener {
  public:
    virtual ~lane_listener() = default;
    /// Never from inside a call of the lane. Must not destroy the lane.
    virtual void on_answer(const std::expected<void, refusal>& outcome) = 0;
};

/// One connection of one executor. Any number of appends may be under way; they are answered in their order,
/// each exactly once, when the connection is lost too.
class lane {
  public:
    virtual ~lane() = default;
    /// Queues an append until flush(). When it fails the listener is told nothing.
    virtual std::expected<void, refusal> send(const append_order& what) = 0;
    virtual void flush() = 0;
    /// Before the first send(). `told` outlives the lane.
    virtual void listen(lane_listener& told) = 0;
};

}  // namespace logstore::app::bench
