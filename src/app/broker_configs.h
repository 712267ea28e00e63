// The options of a server as Kafka's clients are shown them.
#pragma once

#include "config/server_options.h"
#include "kafka/server/broker_config.h"

namespace logstore::app {

/// Every option of the table with its value in `from`, under Kafka's name where there is one.
kafka::broker_configs broker_configs_of(const config::server_options& from);

}  // namespace logstore::app
