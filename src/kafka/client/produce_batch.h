// A batch of records on its way to a partition, from the first record to its outcome.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "env/clock.h"
#include "kafka/protocol/record.h"

namespace logstore::kafka {

/// Open: takes records. Sealed: bytes as they are sent. Plain data of the producer.
struct produce_batch {
    std::uint64_t number = 0;
    /// Of its first record within the batch of that number: not 0 after a split.
    std::int32_t first_index = 0;
    record_batch_builder records;
    /// Of the sealed batch; empty while it is open.
    byte_vector sealed;
    std::int32_t record_count = 0;
    env::monotonic_time begun_at;
    env::monotonic_time not_before;
    std::uint32_t attempts = 0;
    /// An attempt may have stored it.
    bool may_be_stored = false;
    /// Why the last attempt failed.
    std::optional<error> trouble;
    /// What it counts for in the producer's memory.
    std::size_t charged_bytes = 0;

    bool is_open() const { return sealed.empty(); }
    /// As large as it is now, or will be at most.
    std::size_t size_bytes() const { return is_open() ? records.size_bytes() : sealed.size(); }
    /// Compresses and closes it. REQUIRES: open, with a record.
    void seal(compression_codec codec);
};

/// Two sealed batches with the records of `whole` (as a producer sealed it), in their order; nothing when it
/// holds only one record or was not sealed here.
std::optional<std::pair<std::unique_ptr<produce_batch>, std::unique_ptr<produce_batch>>> split_batch(
    const produce_batch& whole, compression_codec codec);

}  // namespace logstore::kafka
