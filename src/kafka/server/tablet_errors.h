// Kafka's codes for what tablets answer.
#pragma once

#include "cluster/topic.h"
#include "kafka/protocol/error_code.h"
#include "model/numbers.h"
#include "tablet/tablet_errc.h"

namespace logstore::kafka {

/// Whether `of`, which may be null, has this partition; where not, the code is unknown_topic_or_partition.
inline bool has_partition(const cluster::topic* of, partition_id index) {
    return of != nullptr && index.value() >= 0 && index.value() < of->partition_count;
}

/// For an append. REQUIRES: not ok, and not outcome_unknown, for which there is none.
error_code produce_error(tablet_errc code);
/// For DeleteRecords. A code that says "nothing moved" stands only where that is certain.
error_code log_start_error(tablet_errc code);
/// For Fetch, ListOffsets and OffsetForLeaderEpoch.
error_code read_error(tablet_errc code);

}  // namespace logstore::kafka
