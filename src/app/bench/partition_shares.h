// Which connection writes to which partitions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "env/stream.h"
#include "model/numbers.h"

namespace logstore::app::bench {

/// What one connection does. Plain value.
struct partition_share {
    env::socket_address leader;
    /// In turn; one at least.
    std::vector<partition_id> partitions;
};

/// Connection i writes to partition i modulo their number. Where there are more partitions than connections,
/// a connection writes to several in turn, and the first connections go to different leaders. All partitions
/// of a connection have its leader. Fails where a leader would be left without a connection. REQUIRES: a
/// partition and a connection.
result<std::vector<partition_share>> share_partitions(const std::vector<env::socket_address>& leaders,
                                                      std::uint32_t connections);

std::uint32_t distinct_leaders(const std::vector<env::socket_address>& leaders);

}  // namespace logstore::app::bench
