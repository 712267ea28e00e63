// The numbers of a partitioned log, one type each. Kafka's terms; inclusive or exclusive is decided here, once.
#pragma once

#include <cstdint>

#include "base/named_number.h"

namespace logstore {

/// Offset of one record (inclusive). Base offset of a batch, last offset, log start offset.
using offset = named_number<std::int64_t, struct offset_tag>;

/// One past a record: where the next one goes (exclusive). Log end offset, high watermark.
using next_offset = named_number<std::int64_t, struct next_offset_tag>;

constexpr next_offset next_after(offset last) { return next_offset(last.value() + 1); }
/// The record that `next` names as the next one: the first that is not below `next`.
constexpr offset first_not_below(next_offset next) { return offset(next.value()); }
constexpr bool is_below(offset record, next_offset next) { return record.value() < next.value(); }

/// Grows with every leadership of a partition; never goes back.
using leader_epoch = named_number<std::int32_t, struct leader_epoch_tag>;
inline constexpr leader_epoch no_leader_epoch{-1};

using partition_id = named_number<std::int32_t, struct partition_id_tag>;
using broker_id = named_number<std::int32_t, struct broker_id_tag>;
using producer_id = named_number<std::int64_t, struct producer_id_tag>;
inline constexpr producer_id no_producer_id{-1};

/// Milliseconds since 1970, UTC: record timestamps and retention only, never timers.
using timestamp_ms = named_number<std::int64_t, struct timestamp_ms_tag>;
inline constexpr timestamp_ms no_timestamp{-1};

/// Byte position in a segment file.
using byte_position = named_number<std::uint64_t, struct byte_position_tag>;

/// Number of a journal group: grows by one a group, over all of a shard's journal files and over restarts.
using journal_sequence = named_number<std::uint64_t, struct journal_sequence_tag>;

/// Index of a shard (thread) of this process.
using shard_id = named_number<std::uint32_t, struct shard_id_tag>;

/// Counts the starts of a store; the leader epoch of a single node.
using boot_number = named_number<std::int32_t, struct boot_number_tag>;

}  // namespace logstore
