// CreatePartitions: more partitions for topics that exist.
#include "kafka/protocol/messages/create_partitions.h"

#include <unordered_map>

#include <fmt/format.h>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/topic_errors.h"

namespace logstore::kafka {
namespace {

using asked_topic = create_partitions_request::topic;
using answered_topic = create_partitions_response::topic;

void refuse(answered_topic& answer, error_code code, std::string why) {
    answer.error = code;
    answer.error_message = std::move(why);
}

/// What the directory of topics does not look at. The new partitions can only be on this broker.
void check(const asked_topic& asked, const cluster::topic* known, broker_id here, answered_topic& answer) {
    if (known == nullptr) return refuse(answer, error_code::unknown_topic_or_partition, "no such topic");
    if (asked.count <= known->partition_count) {
        return refuse(
            answer, error_code::invalid_partitions,
            fmt::format("the topic has {} partitions, and can only get more", known->partition_count));
    }
    if (!asked.assignments) return;
    const auto more = static_cast<std::size_t>(asked.count - known->partition_count);
    if (asked.assignments->size() != more) {
        return refuse(answer, error_code::invalid_replica_assignment,
                      fmt::format("{} assignments for {} new partitions", asked.assignments->size(), more));
    }
    for (const auto& one : *asked.assignments) {
        if (one.brokers.size() == 1 && one.brokers[0] == here) continue;
        return refuse(answer, error_code::invalid_replica_assignment,
                      fmt::format("partitions can only be assigned to broker {}", here));
    }
}

env::task<void> create_for(request_context* context, const asked_topic* asked, bool validate_only,
                           answered_topic* answer) {
    const cluster::topic_ptr known = context->target().topics()->find(asked->name);
    check(*asked, known.get(), context->target().node(), *answer);
    if (answer->error != error_code::none) co_return;
    const auto grown =
        co_await context->target().add_partitions(std::string(asked->name), asked->count, validate_only);
    if (!grown) refuse(*answer, create_partitions_error(grown.error()), grown.error().message());
}

}  // namespace

env::task<result<>> serve_create_partitions(request_context* context) {
    const auto request = context->decode<create_partitions_request>();
    if (!request) co_return std::unexpected(request.error());
    std::unordered_map<std::string_view, int> times_named;
    for (const asked_topic& asked : request->topics) ++times_named[asked.name];
    create_partitions_response response;
    response.topics.reserve(times_named.size());
    for (const asked_topic& asked : request->topics) {
        const int times = std::exchange(times_named[asked.name], 0);
        if (times == 0) continue;  // answered already
        if (context->is_turn_over()) co_await context->next_turn();
        answered_topic& answer = response.topics.emplace_back();
        answer.name = asked.name;
        if (times == 1)
            co_await create_for(context, &asked, request->validate_only, &answer);
        else
            refuse(answer, error_code::invalid_request, "the request names this topic more than once");
        context->with.metrics.count(answer.error);
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
