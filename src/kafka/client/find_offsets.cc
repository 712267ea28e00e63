#include "kafka/client/find_offsets.h"

#include <algorithm>

#include "kafka/client/broker_error.h"
#include "kafka/client/records.h"
#include "kafka/client/retry_rules.h"

namespace logstore::kafka {
namespace {

constexpr backoff between_questions{std::chrono::milliseconds(50), std::chrono::seconds(1)};

using offsets = std::map<partition_id, offset>;

/// One question to one broker; what it does not know stays in `missing`.
env::task<result<>> ask(cluster_view* cluster, broker_id leader, std::string topic,
                        std::vector<partition_id> of, timestamp_ms timestamp, offsets* found) {
    const auto connection = co_await cluster->connect(leader);
    if (!connection) co_return std::unexpected(connection.error());
    const auto answer = co_await list_offsets(connection->get(), std::move(topic), std::move(of), timestamp);
    if (!answer) co_return std::unexpected(answer.error());
    result<> outcome;
    for (const partition_offset& one : *answer) {
        if (one.error == error_code::none)
            found->emplace(one.partition, one.found);
        else
            outcome = std::unexpected(broker_error(one.error));
    }
    co_return outcome;
}

/// One round over the leaders of those that are not found yet.
env::task<result<>> ask_leaders(cluster_view* cluster, std::string topic,
                                std::vector<partition_id> partitions, timestamp_ms timestamp,
                                offsets* found) {
    const topic_view* view = cluster->find(topic);
    result<> outcome = std::unexpected(broker_error(error_code::leader_not_available));
    if (view == nullptr) co_return outcome;
    if (view->error != error_code::none) co_return std::unexpected(broker_error(view->error));
    std::map<broker_id, std::vector<partition_id>> by_leader;
    for (const partition_id one : partitions)
        if (!found->contains(one)) by_leader[view->leader_of(one)].push_back(one);
    outcome = {};
    for (auto& [leader, its] : by_leader) {
        if (leader == topic_view::no_broker) {
            outcome = std::unexpected(broker_error(error_code::leader_not_available));
            continue;
        }
        auto asked = co_await ask(cluster, leader, topic, std::move(its), timestamp, found);
        if (!asked) outcome = std::move(asked);
    }
    co_return outcome;
}

}  // namespace

env::task<result<std::map<partition_id, offset>>> find_offsets(cluster_view* cluster, std::string topic,
                                                               std::vector<partition_id> partitions,
                                                               timestamp_ms timestamp,
                                                               env::monotonic_time give_up_at) {
    const env::environment world = cluster->world();
    offsets found;
    for (std::uint32_t failures = 0; found.size() < partitions.size();) {
        result<> asked = co_await ask_leaders(cluster, topic, partitions, timestamp, &found);
        if (asked) asked = fail(client_errc::bad_response, "offsets of other partitions than asked for");
        if (found.size() >= partitions.size()) break;
        const env::duration wait = between_questions.after(++failures, world.random);
        const bool may_help = judge_attempt(asked.error()).is_retriable && !cluster->is_closed();
        if (!may_help || world.time().now() + wait >= give_up_at)
            co_return std::unexpected(std::move(asked).error());
        co_await env::sleep(world.loop, wait);
        (void)co_await cluster->refresh(topic);
    }
    // No record is as late: reading begins with the next one.
    std::vector<partition_id> late;
    for (const auto& [partition, at] : found)
        if (at < offset(0)) late.push_back(partition);
    if (late.empty() || timestamp == latest_timestamp) co_return found;
    auto ends = co_await find_offsets(cluster, topic, std::move(late), latest_timestamp, give_up_at);
    if (!ends) co_return std::unexpected(std::move(ends).error());
    for (const auto& [partition, at] : *ends) found[partition] = at;
    co_return found;
}

}  // namespace logstore::kafka
