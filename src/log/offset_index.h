// Sparse index of one segment: from offsets and timestamps to positions. Kafka's files; docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/numbers.h"

namespace logstore {

/// An entry about every this many bytes of the segment.
inline constexpr std::size_t index_interval_bytes = 4096;

/// Grows with its segment; entries name the last offset of a batch and where that batch begins, and the largest timestamp so
/// far. One shard.
class offset_index {
  public:
    /// `start`: batches before this position are not in the index.
    explicit offset_index(offset segment_base, std::uint64_t start = 0) : base_(segment_base), start_(start) {}

    /// Notes a batch. REQUIRES: batches come in order.
    void add_batch(offset last_offset, std::uint64_t position, std::size_t batch_bytes, timestamp_ms batch_max_timestamp);

    /// A position of a batch at or before the one that holds `wanted`.
    std::uint64_t position_before(offset wanted) const;
    /// A position of a batch before which every timestamp is smaller than `wanted`.
    std::uint64_t position_before(timestamp_ms wanted) const;
    /// The largest batch start in the index that is ≤ `position`, or the start of the index.
    std::uint64_t batch_start_before(std::uint64_t position) const;

    timestamp_ms max_timestamp() const { return max_timestamp_; }
    /// Last offset of the first batch that has max_timestamp().
    offset max_timestamp_offset() const { return max_timestamp_offset_; }
    std::size_t memory_bytes() const { return entries_.capacity() * sizeof(entry) + times_.capacity() * sizeof(time_entry); }

    /// Takes the entries of `later`, the index of what follows in the same segment.
    void extend(const offset_index& later);

    /// Forgets entries at or behind `position`.
    void truncate(std::uint64_t position);

    /// Kafka's `.index` and `.timeindex` content.
    byte_vector encode_offsets() const;
    byte_vector encode_times() const;
    /// Total: entries that are not in order, or lie beyond `segment_bytes`, are corrupt.
    static result<offset_index> decode(offset segment_base, bytes_view offsets, bytes_view times, std::uint64_t segment_bytes);

  private:
    struct entry {
        std::int32_t relative_offset;
        std::uint32_t position;
    };
    struct time_entry {
        std::int64_t timestamp;
        std::int32_t relative_offset;
    };

    offset base_;
    std::uint64_t start_ = 0;
    std::uint64_t bytes_since_entry_ = 0;
    timestamp_ms max_timestamp_ = no_timestamp;
    offset max_timestamp_offset_{-1};
    std::vector<entry> entries_;
    std::vector<time_entry> times_;
};

}  // namespace logstore
