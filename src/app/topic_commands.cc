#include "app/topic_commands.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "app/server_access.h"
#include "app/text_table.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/records.h"
#include "kafka/client/topics.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace logstore::app {
namespace {

using kafka::metadata_response;

std::string broker_list(const std::vector<broker_id>& brokers) {
    std::string out;
    for (const broker_id one : brokers) out += (out.empty() ? "" : ",") + std::to_string(one.value());
    return out;
}

void write_broker_list(json_writer& json, std::string_view name, const std::vector<broker_id>& brokers) {
    json.key(name).begin_list();
    for (const broker_id one : brokers) json.number(one.value());
    json.end_list();
}

/// By partition; absent = the leader could not say.
using offsets = std::map<std::int32_t, std::int64_t>;

/// The first or next offset of each partition, as far as the server we speak to leads it.
env::task<offsets> find_offsets(kafka::client_connection* connection, metadata_response::topic topic,
                                timestamp_ms place) {
    std::vector<partition_id> partitions;
    for (const auto& one : topic.partitions) partitions.push_back(one.index);
    auto answer =
        co_await kafka::list_offsets(connection, topic.name.value_or(""), std::move(partitions), place);
    offsets found;
    if (!answer) co_return found;
    for (const auto& one : *answer)
        if (one.error == kafka::error_code::none) found.emplace(one.partition.value(), one.found.value());
    co_return found;
}

std::string offset_text(const offsets& from, std::int32_t partition) {
    const auto found = from.find(partition);
    return found == from.end() ? "?" : std::to_string(found->second);
}

void write_offset(json_writer& json, std::string_view name, const offsets& from, std::int32_t partition) {
    const auto found = from.find(partition);
    if (found == from.end())
        json.key(name).null();
    else
        json.field(name, found->second);
}

std::string topic_json(const metadata_response::topic& topic, const offsets& first, const offsets& next) {
    json_writer json;
    json.begin_object()
        .field("name", topic.name.value_or(""))
        .field("id", topic.id.text())
        .key("partitions")
        .begin_list();
    for (const auto& one : topic.partitions) {
        json.begin_object().field("partition", one.index.value()).field("leader", one.leader.value());
        json.field("leader_epoch", one.epoch.value());
        write_broker_list(json, "replicas", one.replicas);
        write_broker_list(json, "in_sync_replicas", one.in_sync_replicas);
        write_offset(json, "first_offset", first, one.index.value());
        write_offset(json, "next_offset", next, one.index.value());
        json.end_object();
    }
    return json.end_list().end_object().finish();
}

std::string topic_text(const metadata_response::topic& topic, const offsets& first, const offsets& next) {
    std::vector<std::vector<std::string>> rows{
        {"PARTITION", "LEADER", "EPOCH", "REPLICAS", "IN SYNC", "FIRST OFFSET", "NEXT OFFSET"}};
    for (const auto& one : topic.partitions) {
        rows.push_back({std::to_string(one.index.value()), std::to_string(one.leader.value()),
                        std::to_string(one.epoch.value()), broker_list(one.replicas),
                        broker_list(one.in_sync_replicas), offset_text(first, one.index.value()),
                        offset_text(next, one.index.value())});
    }
    return fmt::format("topic       {}\nid          {}\npartitions  {}\n\n{}", topic.name.value_or(""),
                       topic.id.text(), topic.partitions.size(), text_table(rows));
}

std::string topic_list_text(const std::vector<metadata_response::topic>& topics) {
    std::vector<std::vector<std::string>> rows{{"NAME", "PARTITIONS", "ID"}};
    for (const auto& topic : topics) {
        rows.push_back({topic.name.value_or(""), std::to_string(topic.partitions.size()), topic.id.text()});
    }
    return text_table(rows);
}

std::string topic_list_json(const std::vector<metadata_response::topic>& topics) {
    json_writer json;
    json.begin_object().key("topics").begin_list();
    for (const auto& topic : topics) {
        json.begin_object().field("name", topic.name.value_or("")).field("id", topic.id.text());
        json.field("partitions", topic.partitions.size()).field("internal", topic.is_internal).end_object();
    }
    return json.end_list().end_object().finish();
}

}  // namespace

env::task<exit_code> run_create_topic(env::environment world, console* out, create_topic_command asked) {
    const std::string doing = fmt::format("creating topic '{}'", asked.name);
    auto connection = co_await connect_to_server(world, asked.target.server);
    if (!connection) co_return report_failure(*out, doing, connection.error());
    kafka::new_topic topic;
    topic.name = asked.name;
    topic.partition_count = asked.partitions;
    topic.configs = asked.configs;
    const auto created = co_await kafka::create_topic(connection->get(), std::move(topic));
    if (!created) co_return report_failure(*out, doing, created.error());

    if (asked.target.json) {
        json_writer json;
        json.begin_object().field("name", asked.name).field("id", created->id.text());
        if (created->partition_count) json.field("partitions", *created->partition_count);
        out->print(json.end_object().finish());
    } else if (created->partition_count) {
        out->print(fmt::format("created topic '{}' with {} partition{}\n", asked.name,
                               *created->partition_count, *created->partition_count == 1 ? "" : "s"));
    } else {
        out->print(fmt::format("created topic '{}'\n", asked.name));
    }
    co_return exit_code::success;
}

env::task<exit_code> run_list_topics(env::environment world, console* out, list_topics_command asked) {
    const std::string_view doing = "listing the topics";
    auto connection = co_await connect_to_server(world, asked.target.server);
    if (!connection) co_return report_failure(*out, doing, connection.error());
    auto metadata = co_await kafka::fetch_metadata(connection->get(), std::nullopt);
    if (!metadata) co_return report_failure(*out, doing, metadata.error());

    std::ranges::sort(metadata->topics, {}, &metadata_response::topic::name);
    if (asked.target.json)
        out->print(topic_list_json(metadata->topics));
    else if (metadata->topics.empty())
        out->say("there is no topic yet; 'logstore topic create NAME' makes one");
    else
        out->print(topic_list_text(metadata->topics));
    co_return exit_code::success;
}

env::task<exit_code> run_describe_topic(env::environment world, console* out, describe_topic_command asked) {
    const std::string doing = fmt::format("describing topic '{}'", asked.name);
    auto connection = co_await connect_to_server(world, asked.target.server);
    if (!connection) co_return report_failure(*out, doing, connection.error());
    std::vector<std::string> names{asked.name};
    auto metadata = co_await kafka::fetch_metadata(connection->get(), std::move(names));
    if (!metadata) co_return report_failure(*out, doing, metadata.error());
    if (metadata->topics.size() != 1) {
        const error about_others(kafka::client_errc::bad_response, "an answer about other topics");
        co_return report_failure(*out, doing, about_others);
    }
    metadata_response::topic& topic = metadata->topics.front();
    if (topic.error != kafka::error_code::none)
        co_return report_failure(*out, doing, kafka::broker_error(topic.error));

    std::ranges::sort(topic.partitions, {}, &metadata_response::partition::index);
    const offsets first = co_await find_offsets(connection->get(), topic, kafka::earliest_timestamp);
    const offsets next = co_await find_offsets(connection->get(), topic, kafka::latest_timestamp);
    out->print(asked.target.json ? topic_json(topic, first, next) : topic_text(topic, first, next));
    co_return exit_code::success;
}

env::task<exit_code> run_delete_topic(env::environment world, console* out, delete_topic_command asked) {
    if (!asked.confirmed && !out->can_ask()) {
        out->say(fmt::format("topic '{}' was not deleted: nobody can be asked here. Confirm with --yes.",
                             asked.name));
        co_return exit_code::wrong_usage;
    }
    if (!asked.confirmed && !out->ask(fmt::format("Delete topic '{}' on {} with all its records?", asked.name,
                                                  asked.target.server.text()))) {
        out->say(fmt::format("topic '{}' was not deleted", asked.name));
        co_return exit_code::failed;
    }
    const std::string doing = fmt::format("deleting topic '{}'", asked.name);
    auto connection = co_await connect_to_server(world, asked.target.server);
    if (!connection) co_return report_failure(*out, doing, connection.error());
    const auto deleted = co_await kafka::delete_topic(connection->get(), asked.name);
    if (!deleted) co_return report_failure(*out, doing, deleted.error());
    if (asked.target.json)
        out->print(json_writer().begin_object().field("deleted", asked.name).end_object().finish());
    else
        out->print(fmt::format("deleted topic '{}'\n", asked.name));
    co_return exit_code::success;
}

}  // namespace logstore::app
