#include "kafka/client/admin_requests.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kafka/client/broker_error.h"
#include "kafka/protocol/messages/create_partitions.h"
#include "kafka/protocol/messages/delete_records.h"
#include "kafka/protocol/messages/offset_for_leader_epoch.h"

namespace logstore::kafka {
namespace {

/// A broker gives up on its own before the connection does.
std::int32_t timeout_ms_of(const client_connection& connection) {
    const auto whole =
        std::chrono::duration_cast<std::chrono::milliseconds>(connection.options().request_timeout);
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(whole.count() * 9 / 10, 1, std::numeric_limits<std::int32_t>::max()));
}

std::unexpected<error> about_something_else(std::string_view what) {
    return fail(client_errc::bad_response, fmt::format("an answer about other {} than asked for", what));
}

}  // namespace

env::task<result<>> request_partitions(client_connection* connection, new_partitions wanted) {
    create_partitions_request request;
    request.timeout_ms = timeout_ms_of(*connection);
    request.validate_only = wanted.validate_only;
    auto& topic = request.topics.emplace_back();
    topic.name = wanted.topic;
    topic.count = wanted.count;
    if (wanted.assignments) {
        topic.assignments.emplace();
        for (const auto& brokers : *wanted.assignments) topic.assignments->emplace_back().brokers = brokers;
    }
    const auto answer = co_await connection->call<create_partitions_response>(std::move(request));
    if (!answer) co_return std::unexpected(answer.error());
    const auto& topics = answer->message.topics;
    if (topics.size() != 1 || topics[0].name != wanted.topic) co_return about_something_else("topics");
    if (topics[0].error != error_code::none)
        co_return std::unexpected(broker_error(topics[0].error, topics[0].error_message));
    co_return result<>();
}

env::task<result<std::vector<describe_configs_response::config>>> request_configs(
    client_connection* connection, config_question asked) {
    describe_configs_request request;
    request.with_synonyms = asked.with_synonyms;
    request.with_documentation = asked.with_documentation;
    auto& resource = request.resources.emplace_back();
    resource.type = asked.type;
    resource.name = asked.name;
    if (!asked.keys.empty()) resource.keys.emplace(asked.keys.begin(), asked.keys.end());
    auto answer = co_await connection->call<describe_configs_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto& resources = answer->message.resources;
    if (resources.size() != 1 || resources[0].type != asked.type || resources[0].name != asked.name)
        co_return about_something_else("resources");
    if (resources[0].error != error_code::none)
        co_return std::unexpected(broker_error(resources[0].error, resources[0].error_message));
    co_return std::move(resources[0].configs);
}

env::task<result<describe_cluster_response>> request_cluster(client_connection* connection,
                                                             bool with_authorized_operations) {
    describe_cluster_request request;
    request.with_authorized_operations = with_authorized_operations;
    auto answer = co_await connection->call<describe_cluster_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->message.error != error_code::none)
        co_return std::unexpected(broker_error(answer->message.error, answer->message.error_message));
    co_return std::move(answer->message);
}

env::task<result<std::vector<describe_log_dirs_response::folder>>> request_log_dirs(
    client_connection* connection, log_dirs_question topics) {
    describe_log_dirs_request request;
    if (topics) {
        request.topics.emplace();
        for (const auto& [name, partitions] : *topics) request.topics->push_back({name, partitions});
    }
    auto answer = co_await connection->call<describe_log_dirs_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->message.error != error_code::none)
        co_return std::unexpected(broker_error(answer->message.error));
    co_return std::move(answer->message.folders);
}

env::task<result<by_partition<offset>>> request_deletion(client_connection* connection, std::string topic,
                                                         std::map<partition_id, offset> up_to) {
    delete_records_request request;
    request.timeout_ms = timeout_ms_of(*connection);
    auto& asked = request.topics.emplace_back();
    asked.name = topic;
    for (const auto& [partition, to] : up_to) asked.partitions.push_back({partition, to});
    const auto answer = co_await connection->call<delete_records_response>(std::move(request));
    if (!answer) co_return std::unexpected(answer.error());
    by_partition<offset> found;
    for (const auto& told : answer->message.topics) {
        if (told.name != topic) continue;
        for (const auto& one : told.partitions) {
            if (one.error == error_code::none)
                found.insert_or_assign(one.index, one.low_watermark);
            else
                found.insert_or_assign(one.index, std::unexpected(broker_error(one.error)));
        }
    }
    if (found.size() != up_to.size()) co_return about_something_else("partitions");
    co_return found;
}

env::task<result<by_partition<found_epoch_end>>> request_epoch_ends(
    client_connection* connection, std::string topic, std::map<partition_id, leader_epoch> epochs) {
    offset_for_leader_epoch_request request;
    request.replica = broker_id(-1);
    auto& asked = request.topics.emplace_back();
    asked.name = topic;
    for (const auto& [partition, epoch] : epochs) {
        auto& one = asked.partitions.emplace_back();
        one.index = partition;
        one.epoch = epoch;
    }
    const auto answer = co_await connection->call<offset_for_leader_epoch_response>(std::move(request));
    if (!answer) co_return std::unexpected(answer.error());
    by_partition<found_epoch_end> found;
    for (const auto& told : answer->message.topics) {
        if (told.name != topic) continue;
        for (const auto& one : told.partitions) {
            if (one.error == error_code::none)
                found.insert_or_assign(one.index, found_epoch_end{one.epoch, one.end});
            else
                found.insert_or_assign(one.index, std::unexpected(broker_error(one.error)));
        }
    }
    if (found.size() != epochs.size()) co_return about_something_else("partitions");
    co_return found;
}

}  // namespace logstore::kafka
