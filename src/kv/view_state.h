// What a view knows of itself; changes with every batch it applies, in the same write.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/numbers.h"
#include "model/topic_partition.h"

namespace logstore::kv {

/// Plain values. Which tablet a view is of, how far it is, and what holds for its keys.
struct view_state {
    tablet_id tablet;
    /// The first offset that is not in the view.
    next_offset applied{0};
    /// Keys in the database: those with a value, and those whose record has left the log since `swept`.
    std::uint64_t key_count = 0;
    /// No key's record lies below.
    offset swept{0};
    /// The partitions the topic had when the flags below were last true of all keys.
    std::int32_t partition_count = 0;
    /// Every key applied so far lies where Java's, or librdkafka's, default partitioner puts it.
    bool holds_murmur2 = true;
    bool holds_crc32 = true;

    static constexpr std::size_t stored_bytes = 50;
    void store(mutable_bytes to) const;
    /// Nothing when `stored` is none of this version.
    static std::optional<view_state> read(bytes_view stored);

    bool operator==(const view_state&) const = default;
};

}  // namespace logstore::kv
