// The hash by which Kafka's clients choose a partition for a key.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore::kafka {

/// MurmurHash2 with the seed of Kafka's Java client.
std::uint32_t murmur2(bytes_view bytes);

/// Where the Java client puts a record with this key. REQUIRES: partition_count > 0.
partition_id partition_of_key(bytes_view key, std::int32_t partition_count);

}  // namespace logstore::kafka
