#include "app/bench/topic_reader.h"

#include "app/server_access.h"
#include "kafka/client/find_offsets.h"

namespace logstore::app::bench {
namespace {

constexpr env::duration patience = std::chrono::seconds(10);

kafka::cluster_options cluster_options_of(env::socket_address server) {
    kafka::cluster_options options;
    options.bootstrap = {std::move(server)};
    options.connection = command_connection_options();
    return options;
}

kafka::consumer_options skipping(kafka::consumer_options options) {
    options.out_of_range = kafka::out_of_range_policy::earliest;
    return options;
}

}  // namespace

topic_reader::topic_reader(env::environment world, env::socket_address server, std::string topic,
                           kafka::consumer_options options)
    : world_(world),
      topic_(std::move(topic)),
      cluster_(world, cluster_options_of(std::move(server))),
      consumer_(cluster_, skipping(options)) {}

env::task<result<>> topic_reader::open() {
    const env::monotonic_time give_up_at = world_.time().now() + patience;
    co_return co_await cluster_.wait_for_topic(topic_, give_up_at);
}

env::task<result<partition_offsets>> topic_reader::offsets_at(timestamp_ms when) {
    std::vector<partition_id> partitions;
    for (std::size_t i = 0; i < cluster_.find(topic_)->leaders.size(); ++i)
        partitions.push_back(partition_id(static_cast<std::int32_t>(i)));
    const env::monotonic_time give_up_at = world_.time().now() + patience;
    co_return co_await kafka::find_offsets(&cluster_, topic_, std::move(partitions), when, give_up_at);
}

bool topic_reader::is_behind(partition_id which, const partition_offsets& ends) const {
    const auto end = ends.find(which);
    if (end == ends.end()) return false;
    const auto position = consumer_.position({topic_, which});
    return position && *position >= end->second;
}

env::task<result<>> topic_reader::read(partition_offsets from, partition_offsets to,
                                       std::function<void(const kafka::record_block&)> visit) {
    for (const auto& [which, start] : from) {
        const auto end = to.find(which);
        if (end == to.end() || start < end->second) consumer_.add({topic_, which}, start);
    }
    while (consumer_.partition_count() > 0) {
        const auto block = co_await consumer_.next();
        if (!block) co_return std::unexpected(block.error());
        if (*block) {
            visit(**block);
            const partition_id which = (*block)->from().partition;
            if (is_behind(which, to)) consumer_.remove({topic_, which});
            continue;
        }
        for (const auto& [which, unused] : from)
            if (is_behind(which, to)) consumer_.remove({topic_, which});
    }
    co_return result<>();
}

void topic_reader::stop() {
    consumer_.stop();
    cluster_.shut();
}

env::task<void> topic_reader::close() {
    stop();
    co_await consumer_.close();
    co_await cluster_.close();
}

}  // namespace logstore::app::bench
