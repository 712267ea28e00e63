#include "kafka/client/producer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/producer_state.h"
#include "kafka/client/topics.h"
#include "kafka/protocol/key_placement.h"

// What the caller sees: topics, appending, flushing. producer_sending.cc has the way to the brokers.
namespace logstore::kafka {
namespace {

/// More than the numbers of a record take.
constexpr std::size_t record_overhead_bytes_max = 40;

std::size_t content_bytes(const new_record& record) {
    std::size_t bytes = record.key ? record.key->size() : 0;
    if (record.value) bytes += record.value->size();
    for (const record_header& header : record.headers)
        bytes += header.key.size() + (header.value ? header.value->size() : 0);
    return bytes;
}

std::size_t size_max(const new_record& record, std::size_t content) {
    constexpr std::size_t header_overhead_bytes_max = 16;
    return content + record_overhead_bytes_max + record.headers.size() * header_overhead_bytes_max;
}

}  // namespace

producer::producer(cluster_view& cluster, producer_options options, delivery_listener* told)
    : world_(cluster.world()),
      cluster_(cluster),
      options_(options),
      told_(told),
      wake_(world_.loop),
      settled_(world_.loop) {
    CHECK(options_.in_flight_max > 0 && options_.batch_bytes > 0);
    CHECK(options_.record_bytes_max <= options_.buffer_bytes_max);
    env::spawn(inside_, run());
}

producer::~producer() {
    CHECK(closing_ && batches_ == 0 && in_flight_.empty(), "a producer is closed before it goes");
}

// --- topics

env::task<result<producer::topic*>> producer::open(std::string name, env::monotonic_time give_up_at) {
    auto known = co_await cluster_.wait_for_topic(name, give_up_at);
    if (!known) co_return std::unexpected(std::move(known).error());
    std::unique_ptr<topic>& made = topics_[name];
    if (!made) made = std::make_unique<topic>(name, options_.batch_bytes);
    grow(*made, cluster_.find(name)->leaders.size());
    co_return made.get();
}

void producer::grow(topic& to, std::size_t count) {
    if (to.queues.empty()) to.sticky = world_.random.next() % count;
    while (to.queues.size() < count) {
        const auto index = partition_id(static_cast<std::int32_t>(to.queues.size()));
        to.queues.push_back(std::make_unique<partition_queue>(to, topic_partition{to.name, index}));
    }
}

// --- appending

result<std::optional<record_ticket>> producer::try_append(topic& to, const new_record& record) {
    if (aborted_) return std::unexpected(*aborted_);
    CHECK(!closing_, "a record for a closed producer");
    const std::size_t content = content_bytes(record);
    const std::size_t size = size_max(record, content);
    if (size > options_.record_bytes_max) {
        const std::string what =
            fmt::format("a record of {} bytes; at most {} are sent", content, options_.record_bytes_max);
        return std::unexpected(broker_error(error_code::message_too_large, what));
    }
    if (buffered_bytes_ + size > options_.buffer_bytes_max && buffered_bytes_ > 0) return std::nullopt;
    partition_queue* queue = queue_for(to, record, size);
    if (queue == nullptr) {
        return std::unexpected(broker_error(
            error_code::unknown_topic_or_partition,
            fmt::format("topic '{}' has {} partitions, numbered from 0; there is no partition {}", to.name,
                        to.queues.size(), *record.partition)));
    }

    produce_batch& batch = batch_for(*queue, size);
    const std::size_t before = batch.size_bytes();
    batch.records.append(record.timestamp, record.key, record.value, record.headers);
    const std::size_t growth = batch.size_bytes() - before;
    batch.charged_bytes += growth;
    buffered_bytes_ += growth;
    ++counters_.appended;
    counters_.bytes += content;
    if (batch.size_bytes() >= to.batch_bytes) wake_.tell();
    return record_ticket{batch.number, batch.record_count++};
}

producer::partition_queue* producer::queue_for(topic& to, const new_record& record, std::size_t size) {
    const std::size_t count = to.queues.size();
    if (record.partition) {
        const auto at = static_cast<std::size_t>(record.partition->value());
        return record.partition->value() >= 0 && at < count ? to.queues[at].get() : nullptr;
    }
    if (record.key) {
        const partition_id chosen = murmur2_partition(*record.key, static_cast<std::int32_t>(count));
        return to.queues[static_cast<std::size_t>(chosen.value())].get();
    }
    // Each batch to another partition than the one before.
    const partition_queue& now = *to.queues[to.sticky];
    const bool has_room = !now.batches.empty() && now.batches.back()->is_open() &&
                          now.batches.back()->size_bytes() + size <= to.batch_bytes;
    if (!has_room && count > 1) to.sticky = (to.sticky + 1 + world_.random.next() % (count - 1)) % count;
    return to.queues[to.sticky].get();
}

produce_batch& producer::batch_for(partition_queue& queue, std::size_t size) {
    const bool takes_more = !queue.batches.empty() && queue.batches.back()->is_open() &&
                            queue.batches.back()->size_bytes() + size <= queue.owner.batch_bytes;
    if (takes_more) return *queue.batches.back();
    produce_batch& made = *queue.batches.emplace_back(std::make_unique<produce_batch>());
    made.number = next_batch_++;
    ++batches_;
    made.begun_at = world_.time().now();
    made.charged_bytes = made.size_bytes();
    buffered_bytes_ += made.charged_bytes;
    if (!queue.is_active) active_.push_back(&queue);
    queue.is_active = true;
    wake_.tell();
    return made;
}

env::task<void> producer::room() {
    if (batches_ == 0 || aborted_) co_return;
    wake_.tell();
    co_await settled_.wait();
}

env::task<result<record_ticket>> producer::append(topic* to, new_record record) {
    while (true) {
        const auto appended = try_append(*to, record);
        if (!appended) co_return std::unexpected(appended.error());
        if (*appended) co_return **appended;
        co_await room();
    }
}

// --- the end

env::task<result<>> producer::flush() {
    ++flushing_;
    wake_.tell();
    while (batches_ > 0) co_await settled_.wait();
    --flushing_;
    auto confirmed = co_await confirm_sent();
    co_return confirmed;
}

/// A broker serves the requests of a connection in order: the answer to one that has an answer says that
/// those before it have been taken.
env::task<result<>> producer::confirm_sent() {
    result<> outcome;
    const auto connections = std::exchange(unconfirmed_, {});
    for (const auto& connection : connections) {
        std::vector<std::string> nothing;
        const auto answer = co_await fetch_metadata(connection.get(), std::move(nothing));
        if (answer) continue;
        const std::string what = connection->peer() + " closed the connection: " + answer.error().message();
        outcome = fail(client_errc::connection_lost, what);
    }
    co_return outcome;
}

void producer::abort(const error& why) {
    if (aborted_) return;
    aborted_ = why;
    for (std::size_t i = 0; i < active_.size(); ++i) {
        partition_queue& queue = *active_[i];
        const std::size_t kept = queue.is_in_flight ? 1 : 0;
        while (queue.batches.size() > kept) {
            const std::size_t last = queue.batches.size() - 1;
            const bool was_tried = queue.batches[last]->may_be_stored;
            settle(queue, last, was_tried ? delivery_outcome::unknown : delivery_outcome::failed, offset(-1),
                   &why);
        }
    }
    wake_.tell();
}

env::task<result<>> producer::close() {
    auto flushed = co_await flush();
    closing_ = true;
    wake_.tell();
    co_await inside_.close();
    co_return flushed;
}

}  // namespace logstore::kafka
