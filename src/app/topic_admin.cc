#include "app/topic_admin.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/server_access.h"
#include "app/text_table.h"
#include "base/json_writer.h"
#include "kafka/client/admin.h"
#include "kafka/client/broker_error.h"
#include "kafka/protocol/messages/delete_records.h"

namespace logstore::app {
namespace {

using kafka::config_origin;
using config = kafka::describe_configs_response::config;
using folder = kafka::describe_log_dirs_response::folder;

/// How long a server is tried that does not answer, or is not ready.
constexpr env::duration patience = std::chrono::seconds(5);

/// A cluster to administer. REQUIRES: close() before it goes.
struct session {
    session(env::environment world, const server_choice& target)
        : cluster(world, options_of(target)), calls(cluster, {.timeout = patience}) {}

    static kafka::cluster_options options_of(const server_choice& target) {
        kafka::cluster_options options;
        options.bootstrap = {target.server};
        options.connection = command_connection_options();
        return options;
    }

    kafka::cluster_view cluster;
    kafka::admin calls;
};

std::string plural(std::int64_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// --- add-partitions

env::task<exit_code> add_partitions(session* on, console* out, add_partitions_command asked) {
    const std::string doing = fmt::format("adding partitions to topic '{}'", asked.name);
    kafka::new_partitions wanted;
    wanted.topic = asked.name;
    wanted.count = asked.partitions;
    wanted.validate_only = asked.dry_run;
    const auto grown = co_await on->calls.create_partitions(std::move(wanted));
    if (!grown) co_return report_failure(*out, doing, grown.error());
    if (asked.target.json) {
        json_writer json;
        json.begin_object().field("name", asked.name).field("partitions", asked.partitions);
        out->print(json.field("done", !asked.dry_run).end_object().finish());
    } else {
        const char* verb = asked.dry_run ? "could have" : "has";
        out->print(
            fmt::format("topic '{}' {} {}\n", asked.name, verb, plural(asked.partitions, "partition")));
    }
    co_return exit_code::success;
}

// --- config

std::string_view origin_name(config_origin from) {
    switch (from) {
        case config_origin::topic: return "topic";
        case config_origin::broker:
        case config_origin::all_brokers:
        case config_origin::static_broker: return "server";
        case config_origin::program: return "default";
        default: return "unknown";
    }
}

std::string configs_json(const topic_config_command& asked, const std::vector<config>& configs) {
    json_writer json;
    json.begin_object().field("name", asked.name).key("configs").begin_list();
    for (const config& one : configs) {
        json.begin_object().field("name", one.name);
        if (one.value)
            json.field("value", *one.value);
        else
            json.key("value").null();
        json.field("source", origin_name(one.origin)).field("read_only", one.is_read_only);
        if (one.documentation) json.field("documentation", *one.documentation);
        json.end_object();
    }
    return json.end_list().end_object().finish();
}

std::string configs_text(const std::vector<config>& configs, bool with_meaning) {
    std::vector<std::vector<std::string>> rows{{"NAME", "VALUE", "SET BY"}};
    if (with_meaning) rows[0].push_back("MEANING");
    for (const config& one : configs) {
        auto& row = rows.emplace_back();
        row = {one.name, one.value.value_or("(secret)"), std::string(origin_name(one.origin))};
        if (with_meaning) row.push_back(one.documentation.value_or(""));
    }
    return text_table(rows);
}

env::task<exit_code> topic_config(session* on, console* out, topic_config_command asked) {
    const std::string doing = fmt::format("reading the configuration of topic '{}'", asked.name);
    kafka::config_question question;
    question.name = asked.name;
    question.keys = asked.keys;
    question.with_documentation = asked.explain;
    auto configs = co_await on->calls.describe_configs(std::move(question));
    if (!configs) co_return report_failure(*out, doing, configs.error());
    for (const std::string& key : asked.keys) {
        if (std::ranges::find(*configs, key, &config::name) != configs->end()) continue;
        out->say(fmt::format("{}: there is no topic configuration {}", doing, key));
        co_return exit_code::not_found;
    }
    std::ranges::sort(*configs, {}, &config::name);
    out->print(asked.target.json ? configs_json(asked, *configs) : configs_text(*configs, asked.explain));
    co_return exit_code::success;
}

// --- trim

bool may_trim(console& out, const trim_topic_command& asked) {
    const std::string what =
        asked.before
            ? fmt::format("Delete all records of topic '{}' below offset {}", asked.name, *asked.before)
            : fmt::format("Delete all records that topic '{}' has now", asked.name);
    return out.ask(fmt::format("{} on {}?", what, asked.target.server.text()));
}

/// Those that were named, or all that there are.
env::task<result<std::map<partition_id, offset>>> partitions_to_trim(session* on, trim_topic_command asked) {
    const offset up_to = asked.before ? offset(*asked.before) : kafka::delete_records_request::high_watermark;
    std::map<partition_id, offset> wanted;
    for (const std::int32_t one : asked.partitions) wanted.emplace(partition_id(one), up_to);
    if (!wanted.empty()) co_return wanted;
    std::vector<std::string> names{asked.name};
    const auto metadata = co_await on->calls.describe_topics(std::move(names));
    if (!metadata) co_return std::unexpected(metadata.error());
    for (const auto& topic : metadata->topics) {
        if (topic.error != kafka::error_code::none)
            co_return std::unexpected(kafka::broker_error(topic.error));
        for (const auto& one : topic.partitions) wanted.emplace(one.index, up_to);
    }
    co_return wanted;
}

void print_trimmed(console& out, const trim_topic_command& asked,
                   const kafka::by_partition<offset>& trimmed) {
    json_writer json;
    json.begin_object().field("name", asked.name).key("partitions").begin_list();
    std::vector<std::vector<std::string>> rows{{"PARTITION", "FIRST OFFSET"}};
    for (const auto& [partition, first] : trimmed) {
        json.begin_object().field("partition", partition.value());
        if (first)
            json.field("first_offset", first->value());
        else
            json.field("error", first.error().message());
        json.end_object();
        rows.push_back({std::to_string(partition.value()), first ? std::to_string(first->value()) : "?"});
    }
    out.print(asked.target.json ? json.end_list().end_object().finish() : text_table(rows));
}

env::task<exit_code> trim(session* on, console* out, trim_topic_command asked) {
    const std::string doing = fmt::format("deleting records of topic '{}'", asked.name);
    auto wanted = co_await partitions_to_trim(on, asked);
    if (!wanted) co_return report_failure(*out, doing, wanted.error());
    const auto trimmed = co_await on->calls.delete_records(asked.name, std::move(*wanted));
    if (!trimmed) co_return report_failure(*out, doing, trimmed.error());
    exit_code code = exit_code::success;
    for (const auto& [partition, first] : *trimmed) {
        if (first) continue;
        const std::string of_it = fmt::format("{}, partition {}", doing, partition);
        code = report_failure(*out, of_it, first.error());
    }
    print_trimmed(*out, asked, *trimmed);
    co_return code;
}

// --- sizes

/// A broker, and the folders on it.
using folders = std::map<broker_id, std::vector<folder>>;

env::task<result<folders>> find_folders(session* on, std::vector<std::string> topics) {
    const bool is_for_all = topics.empty();
    std::optional<std::vector<std::string>> names;
    if (!is_for_all) names = std::move(topics);
    const auto metadata = co_await on->calls.describe_topics(std::move(names));
    if (!metadata) co_return std::unexpected(metadata.error());
    std::map<std::string, std::vector<partition_id>> wanted;
    for (const auto& topic : metadata->topics) {
        if (topic.error != kafka::error_code::none)
            co_return std::unexpected(
                kafka::broker_error(topic.error, fmt::format("topic '{}'", topic.name.value_or(""))));
        auto& partitions = wanted[topic.name.value_or("")];
        for (const auto& one : topic.partitions) partitions.push_back(one.index);
    }
    folders found;
    for (const auto& broker : metadata->brokers) {
        auto asked = is_for_all ? std::nullopt : std::optional(wanted);
        auto told = co_await on->calls.describe_log_dirs(broker.id, std::move(asked));
        if (!told) co_return std::unexpected(std::move(told).error());
        found.emplace(broker.id, std::move(*told));
    }
    co_return found;
}

std::int64_t bytes_in(const folder& of) {
    std::int64_t sum = 0;
    for (const auto& topic : of.topics)
        for (const auto& one : topic.partitions) sum += one.size_bytes;
    return sum;
}

std::string bytes_text(std::int64_t bytes) {
    return bytes < 0 ? "?" : std::to_string(bytes);
}

void write_bytes(json_writer& json, std::string_view name, std::int64_t bytes) {
    if (bytes < 0)
        json.key(name).null();
    else
        json.field(name, bytes);
}

std::string sizes_text(const folders& all) {
    std::vector<std::vector<std::string>> rows{{"TOPIC", "PARTITION", "BROKER", "BYTES"}};
    std::vector<std::vector<std::string>> sums{{"FOLDER", "BROKER", "BYTES", "FREE BYTES", "OF BYTES"}};
    for (const auto& [broker, its] : all) {
        for (const folder& one : its) {
            sums.push_back({one.path, std::to_string(broker.value()), std::to_string(bytes_in(one)),
                            bytes_text(one.usable_bytes), bytes_text(one.total_bytes)});
            for (const auto& topic : one.topics)
                for (const auto& part : topic.partitions)
                    rows.push_back({topic.name, std::to_string(part.index.value()),
                                    std::to_string(broker.value()), std::to_string(part.size_bytes)});
        }
    }
    return (rows.size() > 1 ? text_table(rows) + "\n" : "") + text_table(sums);
}

std::string sizes_json(const folders& all) {
    json_writer json;
    json.begin_object().key("folders").begin_list();
    for (const auto& [broker, its] : all) {
        for (const folder& one : its) {
            json.begin_object()
                .field("broker", broker.value())
                .field("path", one.path)
                .field("bytes", bytes_in(one));
            write_bytes(json, "free_bytes", one.usable_bytes);
            write_bytes(json, "total_bytes", one.total_bytes);
            json.key("partitions").begin_list();
            for (const auto& topic : one.topics) {
                for (const auto& part : topic.partitions) {
                    json.begin_object().field("topic", topic.name).field("partition", part.index.value());
                    json.field("bytes", part.size_bytes).end_object();
                }
            }
            json.end_list().end_object();
        }
    }
    return json.end_list().end_object().finish();
}

env::task<exit_code> topic_sizes(session* on, console* out, topic_sizes_command asked) {
    const std::string_view doing = "asking for sizes";
    auto found = co_await find_folders(on, asked.names);
    if (!found) co_return report_failure(*out, doing, found.error());
    exit_code code = exit_code::success;
    for (auto& [broker, its] : *found) {
        for (folder& one : its) {
            std::ranges::sort(one.topics, {}, &kafka::describe_log_dirs_response::topic::name);
            for (auto& topic : one.topics)
                std::ranges::sort(topic.partitions, {}, &kafka::describe_log_dirs_response::partition::index);
            if (one.error == kafka::error_code::none) continue;
            const error why = kafka::broker_error(one.error, "not everything in it could be read");
            code =
                report_failure(*out, fmt::format("{}, folder {} of broker {}", doing, one.path, broker), why);
        }
    }
    out->print(asked.target.json ? sizes_json(*found) : sizes_text(*found));
    co_return code;
}

/// Runs `what` with a cluster of its own.
template <class Command>
env::task<exit_code> with_session(env::environment world, console* out, Command asked,
                                  env::task<exit_code> (*what)(session*, console*, Command)) {
    session on(world, asked.target);
    const exit_code code = co_await what(&on, out, std::move(asked));
    co_await on.cluster.close();
    co_return code;
}

}  // namespace

env::task<exit_code> run_add_partitions(env::environment world, console* out, add_partitions_command asked) {
    return with_session(world, out, std::move(asked), &add_partitions);
}

env::task<exit_code> run_topic_config(env::environment world, console* out, topic_config_command asked) {
    return with_session(world, out, std::move(asked), &topic_config);
}

env::task<exit_code> run_trim_topic(env::environment world, console* out, trim_topic_command asked) {
    if (!asked.confirmed && !out->can_ask()) {
        out->say(
            fmt::format("no record of topic '{}' was deleted: nobody can be asked here. Confirm with --yes.",
                        asked.name));
        co_return exit_code::wrong_usage;
    }
    if (!asked.confirmed && !may_trim(*out, asked)) {
        out->say(fmt::format("no record of topic '{}' was deleted", asked.name));
        co_return exit_code::failed;
    }
    co_return co_await with_session(world, out, std::move(asked), &trim);
}

env::task<exit_code> run_topic_sizes(env::environment world, console* out, topic_sizes_command asked) {
    return with_session(world, out, std::move(asked), &topic_sizes);
}

}  // namespace logstore::app
