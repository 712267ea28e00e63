// Which record of a batch has a timestamp.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore {

/// Of a compressed batch at most so much is looked at. Some ten milliseconds of one thread at the worst,
/// and twice this in memory.
inline constexpr std::size_t lookup_decompressed_bytes_max = 8 * 1024 * 1024;

struct timed_record {
    offset record_offset;
    timestamp_ms timestamp;
};

/// The first record of the batch, compressed or not, with a timestamp of at least `wanted`. The batch's base
/// offset and base timestamp where the records cannot be looked at: contents that do not parse or lie outside
/// the batch's offsets, a codec that is none, more than lookup_decompressed_bytes_max bytes decompressed. A
/// reader from there misses nothing. Pure; any thread. It decompresses, which takes too long for a shard's
/// thread. REQUIRES: a whole batch whose maximum timestamp is at least `wanted`.
timed_record first_record_not_before(bytes_view batch, timestamp_ms wanted);

/// The same among the records from `from` on, which lies in the batch; nothing when all of those are older.
/// Where the records cannot be looked at, `from`.
std::optional<timed_record> first_record_not_before(bytes_view batch, timestamp_ms wanted, offset from);

/// The first with the largest timestamp among the records from `from` on, which lies in the batch. `from` and
/// the batch's maximum where they cannot be looked at.
timed_record latest_record(bytes_view batch, offset from);

}  // namespace logstore
