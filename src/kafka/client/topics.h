// Topics: finding them, creating and deleting them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/client/client_connection.h"
#include "kafka/protocol/messages/metadata.h"

// The connection of each call outlives it. Errors: errc.h, and broker_error.h for what the broker refuses.
namespace logstore::kafka {

/// Brokers, and the topics of these names (none = all topics). A topic that is not there comes with its own
/// error (unknown_topic_or_partition) and is not created by asking.
env::task<result<metadata_response>> fetch_metadata(client_connection* connection,
                                                    std::optional<std::vector<std::string>> topics);

struct new_topic {
    std::string name;
    /// Nothing = the broker's default.
    std::optional<std::int32_t> partition_count;
    /// Nothing = the broker's default.
    std::optional<std::int16_t> replication_factor;
    std::vector<std::pair<std::string, std::string>> configs;
};

struct created_topic {
    /// None when the broker is too old to say.
    topic_id id;
    /// Nothing when the broker is too old to say.
    std::optional<std::int32_t> partition_count;
};

/// topic_already_exists when there is one of that name. When the answer does not come, the topic may have
/// been created.
env::task<result<created_topic>> create_topic(client_connection* connection, new_topic topic);

/// unknown_topic_or_partition when there is none. When the answer does not come, the topic may have been
/// deleted.
env::task<result<>> delete_topic(client_connection* connection, std::string name);

}  // namespace logstore::kafka
