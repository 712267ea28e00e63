#include "app/bench/bench_topic.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/server_access.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/topics.h"

namespace logstore::app::bench {
namespace {

using kafka::error_code;
using kafka::metadata_response;

constexpr auto leader_wait_max = std::chrono::seconds(10);
constexpr auto leader_poll_interval = std::chrono::milliseconds(50);
constexpr std::int32_t port_max = 65'535;

}  // namespace

bench_topic::bench_topic(env::environment world, const bench_place& asked)
    : world_(world),
      server_(asked.server),
      name_(asked.topic),
      partitions_(asked.partitions),
      partitions_when_made_(asked.partitions_when_made) {}

env::task<result<>> bench_topic::connect() {
    env::socket_address to = server_;
    auto connected = co_await connect_to_server(world_, std::move(to));
    if (!connected) co_return std::unexpected(std::move(connected).error());
    control_ = std::move(*connected);
    co_return result<>();
}

env::task<result<>> bench_topic::find_or_make(interruption* stop) {
    const auto connected = co_await connect();
    if (!connected) co_return connected;
    const auto metadata = co_await describe();
    if (!metadata) co_return std::unexpected(metadata.error());
    const metadata_response::topic& found = metadata->topics.front();
    if (found.error == error_code::unknown_topic_or_partition) co_return co_await make(stop);
    const auto count = static_cast<std::int32_t>(found.partitions.size());
    if (partitions_ && *partitions_ != count) {
        co_return fail(
            std::make_error_code(std::errc::invalid_argument),
            fmt::format("it has {} partitions, not {}; leave --partitions out or choose another --topic",
                        count, *partitions_));
    }
    co_return co_await wait_for_leaders(stop);
}

env::task<result<>> bench_topic::make(interruption* stop) {
    kafka::new_topic topic;
    topic.name = name_;
    topic.partition_count = partitions_.value_or(partitions_when_made_);
    const auto made = co_await kafka::create_topic(control_.get(), std::move(topic));
    // Somebody else may have made it meanwhile: then it is theirs.
    const bool is_theirs =
        !made && kafka::broker_error_code(made.error()) == error_code::topic_already_exists;
    if (!made && !is_theirs) co_return std::unexpected(made.error());
    was_made_ = !is_theirs;
    co_return co_await wait_for_leaders(stop);
}

env::task<result<metadata_response>> bench_topic::describe() {
    std::vector<std::string> names{name_};
    auto metadata = co_await kafka::fetch_metadata(control_.get(), std::move(names));
    if (metadata && metadata->topics.size() != 1) {
        co_return fail(kafka::client_errc::bad_response, "metadata of other topics than the one asked for");
    }
    co_return metadata;
}

result<> bench_topic::read_leaders(const metadata_response& metadata) {
    const metadata_response::topic& topic = metadata.topics.front();
    if (topic.error != error_code::none) return std::unexpected(kafka::broker_error(topic.error));
    if (topic.partitions.empty())
        return std::unexpected(kafka::broker_error(error_code::leader_not_available));
    leaders_.assign(topic.partitions.size(), {});
    for (const auto& partition : topic.partitions) {
        const auto broker =
            std::ranges::find(metadata.brokers, partition.leader, &metadata_response::broker::id);
        const auto index = static_cast<std::size_t>(partition.index.value());
        if (broker == metadata.brokers.end() || index >= leaders_.size()) {
            return std::unexpected(kafka::broker_error(error_code::leader_not_available));
        }
        if (broker->port <= 0 || broker->port > port_max) {
            return fail(kafka::client_errc::bad_response,
                        fmt::format("broker {} on port {}", broker->id, broker->port));
        }
        leaders_[index].host = broker->host;
        leaders_[index].port = static_cast<std::uint16_t>(broker->port);
    }
    return {};
}

env::task<result<>> bench_topic::wait_for_leaders(interruption* stop) {
    const env::monotonic_time give_up = world_.time().now() + leader_wait_max;
    while (true) {
        const auto metadata = co_await describe();
        if (!metadata) co_return std::unexpected(metadata.error());
        auto read = read_leaders(*metadata);
        if (read) co_return read;
        const auto code = kafka::broker_error_code(read.error());
        const bool passes = code && kafka::is_retriable(*code);
        if (!passes || stop->is_requested() || world_.time().now() >= give_up) co_return read;
        co_await env::sleep(world_.loop, leader_poll_interval);
    }
}

env::task<void> bench_topic::remove_if_made(console* out) {
    if (!was_made_) co_return;
    const std::string doing = fmt::format("deleting topic '{}'", name_);
    if (!control_->is_open()) {
        // A long run: servers close connections that are idle.
        const auto connected = co_await connect();
        if (!connected) co_return void(report_failure(*out, doing, connected.error()));
    }
    const auto deleted = co_await kafka::delete_topic(control_.get(), name_);
    if (!deleted) report_failure(*out, doing, deleted.error());
}

}  // namespace logstore::app::bench
