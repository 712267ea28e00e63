// Kafka's codes for what the topic directory refuses.
#pragma once

#include "base/result.h"
#include "kafka/protocol/error_code.h"

namespace logstore::kafka {

/// For CreateTopics, and for topics that Metadata makes. A code that says "not made" stands only where that
/// is certain.
error_code create_topic_error(const error& why);
/// For CreatePartitions. The same.
error_code create_partitions_error(const error& why);
/// For DeleteTopics.
error_code delete_topic_error(const error& why);

}  // namespace logstore::kafka
