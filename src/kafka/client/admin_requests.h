// The requests behind admin.h, one attempt each, on one connection.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client/admin.h"

// The connection of each call outlives it. Errors: errc.h, and broker_error.h for what the broker refuses.
namespace logstore::kafka {

using log_dirs_question = std::optional<std::map<std::string, std::vector<partition_id>>>;

env::task<result<>> request_partitions(client_connection* connection, new_partitions wanted);
env::task<result<std::vector<describe_configs_response::config>>> request_configs(
    client_connection* connection, config_question asked);
env::task<result<describe_cluster_response>> request_cluster(client_connection* connection,
                                                             bool with_authorized_operations);
env::task<result<std::vector<describe_log_dirs_response::folder>>> request_log_dirs(
    client_connection* connection, log_dirs_question topics);
env::task<result<by_partition<offset>>> request_deletion(client_connection* connection, std::string topic,
                                                         std::map<partition_id, offset> up_to);
env::task<result<by_partition<found_epoch_end>>> request_epoch_ends(
    client_connection* connection, std::string topic, std::map<partition_id, leader_epoch> epochs);

}  // namespace logstore::kafka
