// Where Kafka's clients put a record by its key, unless they are told otherwise.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore::kafka {

/// MurmurHash2 with the seed of Kafka's Java client.
std::uint32_t murmur2(bytes_view bytes);

/// Where the Java client puts a record with this key. REQUIRES: partition_count > 0.
partition_id murmur2_partition(bytes_view key, std::int32_t partition_count);
/// Where librdkafka does ("consistent_random", its default; empty keys it puts anywhere), by zlib's CRC-32.
/// REQUIRES: partition_count > 0.
partition_id crc32_partition(bytes_view key, std::int32_t partition_count);

}  // namespace logstore::kafka
