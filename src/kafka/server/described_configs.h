// The configs of a topic or of the broker in the words of DescribeConfigs.
#pragma once

#include <string_view>
#include <vector>

#include "cluster/topic_config.h"
#include "kafka/protocol/messages/describe_configs.h"
#include "kafka/server/broker_config.h"

namespace logstore::kafka {

/// What a client wants to know.
struct config_selection {
    /// All when it is empty. Names that there are not are passed over, as Kafka does.
    const std::vector<std::string_view>* keys = nullptr;
    bool with_synonyms = false;
    bool with_documentation = false;

    bool has(std::string_view name) const;
};

/// In the order of the table, which is by name. `defaults` are the broker's.
std::vector<describe_configs_response::config> describe_topic(const cluster::topic_configs& set,
                                                              const cluster::topic_settings& defaults,
                                                              const config_selection& wanted);

std::vector<describe_configs_response::config> describe_broker(const std::vector<broker_config>& all,
                                                               const config_selection& wanted);

}  // namespace logstore::kafka
