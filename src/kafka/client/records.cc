#include "kafka/client/records.h"

#include <limits>

#include <fmt/format.h>

#include "kafka/client/broker_error.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/produce.h"

namespace logstore::kafka {
namespace {

/// What fits in the field of a request.
std::int32_t milliseconds_of(env::duration time) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return static_cast<std::int32_t>(std::min<std::int64_t>(count, std::numeric_limits<std::int32_t>::max()));
}

/// The only partition of an answer about one; null when it is about anything else.
template <class Response>
const auto* only_partition(const Response& answer) {
    using partition = std::remove_cvref_t<decltype(answer.topics.front().partitions.front())>;
    const bool is_one = answer.topics.size() == 1 && answer.topics.front().partitions.size() == 1;
    return is_one ? &answer.topics.front().partitions.front() : static_cast<const partition*>(nullptr);
}

std::unexpected<error> about_others() {
    return fail(client_errc::bad_response, "an answer about other partitions than the one asked for");
}

produce_request request_for(const topic_partition& to, bytes_view batch, required_acks acks,
                            env::duration timeout) {
    produce_request request;
    request.acks = static_cast<std::int16_t>(acks);
    request.timeout_ms = milliseconds_of(timeout);
    produce_request::topic& topic = request.topics.emplace_back();
    topic.name = to.topic;
    topic.partitions.push_back({to.partition, record_bytes(batch)});
    return request;
}

result<appended> outcome_of(const produce_response& answer) {
    const produce_response::partition* one = only_partition(answer);
    if (one == nullptr) return about_others();
    if (one->error != error_code::none) return std::unexpected(broker_error(one->error, one->error_message));
    return appended{one->base_offset, one->log_append_time};
}

}  // namespace

env::task<result<appended>> append_batch(client_connection* connection, topic_partition to, bytes_view batch,
                                         required_acks acks) {
    produce_request request = request_for(to, batch, acks, connection->options().request_timeout);
    auto answer = co_await connection->call<produce_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return outcome_of(answer->message);
}

result<> append_produce_frame(byte_vector& out, const client_connection& connection,
                              std::int32_t correlation_id, const topic_partition& to, bytes_view batch,
                              required_acks acks) {
    const auto version = connection.versions().choose(api_key::produce);
    if (!version) return std::unexpected(version.error());
    const connection_options& options = connection.options();
    const produce_request request = request_for(to, batch, acks, options.request_timeout);
    return append_request(out, *version, correlation_id, options.client_id, request);
}

result<appended> read_produce_answer(bytes_view frame, api_version version) {
    const auto answer = decode_response<produce_response>(frame, version);
    if (!answer) return fail(client_errc::bad_response, answer.error().message());
    return outcome_of(*answer);
}

env::task<result<fetched>> fetch_batches(client_connection* connection, topic_partition of, offset from,
                                         fetch_options options) {
    fetch_request request;
    request.max_wait_ms = milliseconds_of(options.wait_max);
    request.min_bytes = 1;
    request.max_bytes = options.bytes_max;
    fetch_request::topic& topic = request.topics.emplace_back();
    topic.name = of.topic;
    fetch_request::partition& partition = topic.partitions.emplace_back();
    partition.index = of.partition;
    partition.fetch_offset = from;
    partition.max_bytes = options.bytes_max;

    auto answer = co_await connection->call<fetch_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const fetch_response& message = answer->message;
    if (message.error != error_code::none) co_return std::unexpected(broker_error(message.error));
    const fetch_response::partition* one = only_partition(message);
    if (one == nullptr) co_return about_others();
    if (one->error != error_code::none) co_return std::unexpected(broker_error(one->error));
    fetched got;
    got.batches = one->records.bytes();
    got.high_watermark = one->high_watermark;
    got.log_start_offset = one->log_start_offset;
    got.frame = std::move(answer->frame);
    co_return got;
}

env::task<result<std::vector<partition_offset>>> list_offsets(client_connection* connection,
                                                              std::string topic,
                                                              std::vector<partition_id> partitions,
                                                              timestamp_ms timestamp) {
    list_offsets_request request;
    list_offsets_request::topic& asked = request.topics.emplace_back();
    asked.name = topic;
    for (const partition_id index : partitions)
        asked.partitions.push_back({index, no_leader_epoch, timestamp});

    auto answer = co_await connection->call<list_offsets_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    std::vector<partition_offset> found;
    for (const auto& one_topic : answer->message.topics)
        for (const auto& one : one_topic.partitions)
            found.push_back({one.index, one.error, one.found_offset});
    co_return found;
}

}  // namespace logstore::kafka
