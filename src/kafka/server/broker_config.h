// The broker's own settings, as clients are shown them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kafka/protocol/messages/describe_configs.h"

namespace logstore::kafka {

/// One setting. It changes only with a restart.
struct broker_config {
    /// Kafka's name for it where Kafka has one, else ours.
    std::string name;
    /// Another name under which it may be asked for; may be empty.
    std::string other_name;
    std::string value;
    std::string default_value;
    config_value_type type = config_value_type::text;
    std::string documentation;
};

/// Shared by all shards; any thread reads it.
using broker_configs = std::shared_ptr<const std::vector<broker_config>>;

}  // namespace logstore::kafka
