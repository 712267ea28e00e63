// Where to begin to read: offsets by time, in all partitions of a topic.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kafka/client/cluster_view.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace logstore::kafka {

/// The offset that belongs to `timestamp` (or to a place: latest_timestamp, earliest_timestamp) in each of
/// `partitions`, asked of their leaders; where no record is as late as `timestamp`, the end of the partition.
/// Tries again until `give_up_at` where that may help. The cluster outlives the call.
env::task<result<std::map<partition_id, offset>>> find_offsets(cluster_view* cluster, std::string topic,
                                                               std::vector<partition_id> partitions,
                                                               timestamp_ms timestamp,
                                                               env::monotonic_time give_up_at);

}  // namespace logstore::kafka
