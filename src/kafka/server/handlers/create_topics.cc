// CreateTopics.
#include "kafka/protocol/messages/create_topics.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/topic_errors.h"

namespace logstore::kafka {
namespace {

/// What is asked for, in terms of the broker; or what is wrong with it.
struct creation {
    cluster::new_topic topic;
    error_code error = error_code::none;
    std::string error_message;
};

creation refused(error_code code, std::string message) {
    creation wrong;
    wrong.error = code;
    wrong.error_message = std::move(message);
    return wrong;
}

/// Partitions placed by hand: they must be 0, 1, 2, … and each on this broker, the only one.
creation with_assignments(const create_topics_request::topic& asked, broker_id here) {
    if (asked.partition_count != -1 || asked.replication_factor != -1) {
        return refused(error_code::invalid_request,
                       "partition count and replication factor must be -1 beside assignments");
    }
    std::vector<bool> seen(asked.assignments.size());
    for (const auto& one : asked.assignments) {
        const auto index = static_cast<std::size_t>(one.index.value());
        if (one.index.value() < 0 || index >= seen.size() || seen[index]) {
            return refused(error_code::invalid_replica_assignment,
                           "the assigned partitions are not 0, 1, 2 and so on");
        }
        seen[index] = true;
        if (one.brokers.size() != 1 || one.brokers[0] != here) {
            return refused(error_code::invalid_replica_assignment,
                           fmt::format("partitions can only be assigned to broker {}", here));
        }
    }
    creation wanted;
    wanted.topic.partition_count = static_cast<std::int32_t>(asked.assignments.size());
    return wanted;
}

/// Clients that know of defaults ask by version 4; but Kafka has them in all, and there are clients that rely
/// on it.
creation with_counts(const create_topics_request::topic& asked, std::int32_t partitions_default) {
    constexpr std::int32_t broker_default = -1;
    creation wanted;
    wanted.topic.partition_count = asked.partition_count;
    if (asked.partition_count == broker_default) wanted.topic.partition_count = partitions_default;
    if (*wanted.topic.partition_count <= 0)
        return refused(error_code::invalid_partitions, "a topic needs at least one partition");
    if (asked.replication_factor != 1 && asked.replication_factor != broker_default) {
        return refused(error_code::invalid_replication_factor,
                       "there is one broker: the replication factor can only be 1");
    }
    return wanted;
}

creation understand(const request_context& context, const create_topics_request::topic& asked) {
    if (!is_legal_topic_name(asked.name)) {
        return refused(error_code::invalid_topic_exception,
                       "a topic name is 1 to 249 of letters, digits, '.', '_' and '-', and not '.' or '..'");
    }
    creation wanted = asked.assignments.empty()
                          ? with_counts(asked, context.with.options.partitions_default)
                          : with_assignments(asked, context.target().node());
    if (wanted.error != error_code::none) return wanted;
    for (const auto& config : asked.configs) {
        if (!config.value) {
            return refused(error_code::invalid_config,
                           fmt::format("the config {} has no value", config.name));
        }
        wanted.topic.configs.insert_or_assign(std::string(config.name), std::string(*config.value));
    }
    return wanted;
}

void describe(const cluster::topic& made, create_topics_response::topic& answer) {
    constexpr std::int8_t set_on_topic = 1;
    answer.id = made.id;
    answer.partition_count = made.partition_count;
    answer.replication_factor = 1;
    answer.configs.emplace();
    for (const auto& [name, value] : made.configs) {
        auto& config = answer.configs->emplace_back();
        config.name = name;
        config.value = value;
        config.source = set_on_topic;
    }
}

env::task<void> create_one(request_context* context, const create_topics_request::topic* asked,
                           bool validate_only, create_topics_response::topic* answer) {
    creation wanted = understand(*context, *asked);
    if (wanted.error == error_code::none) {
        wanted.topic.name = asked->name;
        wanted.topic.validate_only = validate_only;
        const auto made = co_await context->target().create_topic(std::move(wanted.topic));
        if (made) {
            describe(*made, *answer);
            if (validate_only) answer->id = {};
            co_return;
        }
        wanted = refused(create_topic_error(made.error()), made.error().message());
    }
    answer->error = wanted.error;
    answer->error_message = std::move(wanted.error_message);
    context->with.metrics.count(wanted.error);
}

}  // namespace

env::task<result<>> serve_create_topics(request_context* context) {
    const auto request = context->decode<create_topics_request>();
    if (!request) co_return std::unexpected(request.error());
    std::unordered_map<std::string_view, int> times_named;
    for (const auto& asked : request->topics) ++times_named[asked.name];
    create_topics_response response;
    response.topics.reserve(times_named.size());
    for (const auto& asked : request->topics) {
        int& times = times_named[asked.name];
        if (times == 0) continue;  // answered already
        if (context->is_turn_over()) co_await context->next_turn();
        auto& answer = response.topics.emplace_back();
        answer.name = asked.name;
        if (times == 1) {
            co_await create_one(context, &asked, request->validate_only, &answer);
        } else {
            answer.error = error_code::invalid_request;
            answer.error_message = "the request names this topic more than once";
            context->with.metrics.count(answer.error);
        }
        times = 0;
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
