#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/producer.h"
#include "kafka/client/producer_state.h"
#include "kafka/client/retry_rules.h"

// The way of batches to their brokers: what is due, requests, answers, another attempt.
namespace logstore::kafka {
namespace {

/// With acks=none: when to look again whether the kernel has taken what was sent.
constexpr auto unsent_poll_interval = std::chrono::milliseconds(2);
/// Of a batch in a request, beside its bytes and its topic's name.
constexpr std::size_t partition_overhead_bytes = 32;

std::int64_t seconds_of(env::duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

// --- the loop

env::task<void> producer::run() {
    while (true) {
        const std::optional<env::monotonic_time> next = step();
        if (closing_ && batches_ == 0 && in_flight_.empty()) co_return;
        co_await wake_.wait(next);
    }
}

void producer::wake_at(env::monotonic_time when) {
    next_step_at_ = next_step_at_ ? std::min(*next_step_at_, when) : when;
}

std::optional<env::monotonic_time> producer::step() {
    if (cluster_.is_closed() && !aborted_) abort(error(client_errc::closed, "the client is closed"));
    const env::monotonic_time now = world_.time().now();
    next_step_at_.reset();
    ready_.clear();
    // Another queue begins each time, so that none is last for ever. The listener may make more active.
    ++turn_;
    for (std::size_t i = 0, count = active_.size(); i < count; ++i)
        look_at(*active_[(turn_ + i) % count], now);
    send_all();
    std::erase_if(active_, [](partition_queue* one) {
        one->is_active = !one->batches.empty();
        return !one->is_active;
    });
    consider_metadata(now);
    return next_step_at_;
}

void producer::look_at(partition_queue& queue, env::monotonic_time now) {
    if (queue.is_in_flight) return;
    expire(queue, now);
    if (queue.batches.empty() || !is_due(queue, now)) return;
    const topic_view* view = cluster_.find(queue.name.topic);
    CHECK(view != nullptr, "the topic was opened");
    const broker_id leader = view->leader_of(queue.name.partition);
    if (view->error != error_code::none || leader == topic_view::no_broker) {
        trouble_ =
            broker_error(view->error == error_code::none ? error_code::leader_not_available : view->error);
        queue.front().trouble = trouble_;
        stale_topic_ = queue.name.topic;
        // A topic that is gone has no leader any more; one that is only refused may still have.
        if (leader == topic_view::no_broker || view->error == error_code::unknown_topic_or_partition) return;
    }
    if (cluster_.open_connection(leader)) {
        ready_[leader].push_back(&queue);
    } else if (connecting_.insert(leader).second) {
        env::spawn(inside_, connect(leader));
    }
}

bool producer::is_due(const partition_queue& queue, env::monotonic_time now) {
    const produce_batch& batch = queue.front();
    if (batch.not_before > now) {
        wake_at(batch.not_before);
        return false;
    }
    const bool is_whole =
        !batch.is_open() || queue.batches.size() > 1 || batch.size_bytes() >= queue.owner.batch_bytes;
    const env::monotonic_time lingers_until = batch.begun_at + options_.linger;
    // Whoever waits for room or for the outcome must not wait for more records.
    if (is_whole || settled_.is_awaited() || flushing_ > 0 || now >= lingers_until) return true;
    wake_at(lingers_until);
    return false;
}

void producer::expire(partition_queue& queue, env::monotonic_time now) {
    while (!queue.batches.empty()) {
        const produce_batch& batch = queue.front();
        const env::monotonic_time end = batch.begun_at + options_.delivery_timeout;
        if (end > now) return wake_at(end);
        const std::optional<error>& cause = batch.trouble ? batch.trouble : trouble_;
        const std::string late = fmt::format("not delivered in {} s", seconds_of(options_.delivery_timeout));
        const error why = cause ? error(cause->code, fmt::format("{}: {}", late, cause->detail))
                                : error(client_errc::timed_out, late);
        settle(queue, 0, batch.may_be_stored ? delivery_outcome::unknown : delivery_outcome::failed,
               offset(-1), &why);
    }
}

// --- leaders and connections

void producer::consider_metadata(env::monotonic_time now) {
    if (is_refreshing_ || closing_) return;
    std::string name = stale_topic_;
    for (const partition_queue* queue : active_)
        if (name.empty() && cluster_.is_old(queue->name.topic)) name = queue->name.topic;
    if (name.empty()) return;
    if (now < next_refresh_at_) return wake_at(next_refresh_at_);
    stale_topic_.clear();
    is_refreshing_ = true;
    env::spawn(inside_, refresh_metadata(std::move(name)));
}

env::task<void> producer::refresh_metadata(std::string name) {
    const auto refreshed = co_await cluster_.refresh(std::move(name));
    refreshes_failed_ = refreshed ? 0 : refreshes_failed_ + 1;
    if (!refreshed) trouble_ = refreshed.error();
    next_refresh_at_ =
        world_.time().now() + options_.retry.after(std::max(refreshes_failed_, 1u), world_.random);
    for (const auto& [topic_name, one] : topics_)
        if (const topic_view* view = cluster_.find(topic_name)) grow(*one, view->leaders.size());
    is_refreshing_ = false;
    wake_.tell();
}

env::task<void> producer::connect(broker_id to) {
    const auto made = co_await cluster_.connect(to);
    connecting_.erase(to);
    if (!made) could_not_reach(to, made.error());
    wake_.tell();
}

void producer::could_not_reach(broker_id who, const error& why) {
    trouble_ = why;
    const env::monotonic_time again = world_.time().now() + options_.retry.after(1, world_.random);
    for (partition_queue* queue : active_) {
        if (queue->is_in_flight || queue->batches.empty()) continue;
        const topic_view* view = cluster_.find(queue->name.topic);
        if (view == nullptr || view->leader_of(queue->name.partition) != who) continue;
        queue->front().trouble = why;
        queue->front().not_before = again;
        stale_topic_ = queue->name.topic;
    }
}

// --- requests

void producer::send_all() {
    for (const auto& [broker, queues] : ready_) send_ready(broker, queues);
}

void producer::send_ready(broker_id to, const std::vector<partition_queue*>& queues) {
    const std::shared_ptr<client_connection> connection = cluster_.open_connection(to);
    if (!connection) return wake_.tell();
    std::size_t window = window_left(to, *connection);
    draft what;
    for (partition_queue* queue : queues) {
        if (window == 0) return;
        produce_batch& batch = queue->front();
        if (batch.is_open()) {
            batch.seal(options_.codec);
            buffered_bytes_ -= batch.charged_bytes;
            batch.charged_bytes = batch.sealed.size();
            buffered_bytes_ += batch.charged_bytes;
        }
        const std::size_t size = batch.sealed.size() + queue->name.topic.size() + partition_overhead_bytes;
        if (!what.queues.empty() && what.bytes + size > options_.request_bytes_max) {
            send(to, connection, std::exchange(what, {}));
            --window;
        }
        if (window == 0) return;
        what.queues.push_back(queue);
        what.bytes += size;
    }
    if (!what.queues.empty()) send(to, connection, what);
}

std::size_t producer::window_left(broker_id to, const client_connection& connection) {
    if (options_.acks == required_acks::none) {
        const std::size_t window = options_.in_flight_max * options_.request_bytes_max;
        const std::size_t unsent = connection.unsent_bytes();
        if (unsent >= window) wake_at(world_.time().now() + unsent_poll_interval);
        return unsent >= window
                   ? 0
                   : (window - unsent + options_.request_bytes_max - 1) / options_.request_bytes_max;
    }
    const auto under_way = static_cast<std::size_t>(
        std::ranges::count(in_flight_, to, [](const auto& one) { return one->broker; }));
    return options_.in_flight_max - std::min(under_way, options_.in_flight_max);
}

result<> producer::encode(byte_vector& frame, const client_connection& connection, std::int32_t id,
                          const draft& what) const {
    const auto version = connection.versions().choose(api_key::produce);
    if (!version) return std::unexpected(version.error());
    produce_request request;
    request.acks = static_cast<std::int16_t>(options_.acks);
    request.timeout_ms = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(connection.options().request_timeout).count());
    for (const partition_queue* queue : what.queues) {
        auto found = std::ranges::find(request.topics, queue->name.topic, &produce_request::topic::name);
        if (found == request.topics.end()) {
            request.topics.emplace_back().name = queue->name.topic;
            found = request.topics.end() - 1;
        }
        found->partitions.push_back({queue->name.partition, record_bytes(queue->front().sealed)});
    }
    frame.reserve(what.bytes + what.bytes / 64 + 256);
    return append_request(frame, *version, id, connection.options().client_id, request);
}

void producer::send(broker_id to, const std::shared_ptr<client_connection>& connection, const draft& what) {
    const std::int32_t id = connection->next_correlation_id();
    byte_vector frame;
    auto sent = encode(frame, *connection, id, what);
    const bool wants_answer = options_.acks != required_acks::none;
    if (sent && wants_answer) {
        const api_version version = *connection->versions().choose(api_key::produce);
        auto request = std::make_unique<request_in_flight>(*this, to, connection, version, what.queues);
        sent = connection->send_frame(env::shared_bytes(std::move(frame)), id, *request);
        if (sent) in_flight_.push_back(std::move(request));
    } else if (sent) {
        sent = connection->send_unanswered(env::shared_bytes(std::move(frame)));
    }
    if (!sent) {
        for (partition_queue* queue : what.queues) attempt_failed(*queue, sent.error());
        return;
    }
    ++counters_.requests;
    connection->flush();
    if (!wants_answer) return sent_unanswered(connection, what);
    for (partition_queue* queue : what.queues) queue->is_in_flight = true;
}

void producer::sent_unanswered(const std::shared_ptr<client_connection>& connection, const draft& what) {
    if (std::ranges::find(unconfirmed_, connection) == unconfirmed_.end()) unconfirmed_.push_back(connection);
    for (partition_queue* queue : what.queues) settle(*queue, 0, delivery_outcome::sent, offset(-1), nullptr);
    // There may be more, and nobody will answer to wake us.
    wake_.tell();
}

// --- answers

void producer::on_answer(const request_in_flight& request, const result<received_frame>& response) {
    const auto place = std::ranges::find(in_flight_, &request, &std::unique_ptr<request_in_flight>::get);
    CHECK(place != in_flight_.end());
    const std::unique_ptr<request_in_flight> answered = std::move(*place);
    in_flight_.erase(place);

    result<> read;
    if (response)
        read = read_answer(*answered, response->bytes());
    else
        read = std::unexpected(response.error());
    for (partition_queue* queue : answered->queues) {
        if (!queue->is_in_flight) continue;
        queue->is_in_flight = false;
        attempt_failed(*queue,
                       read ? error(client_errc::bad_response, "no word of this partition") : read.error());
    }
    // It does not speak as a broker does: nothing more may be asked on this connection.
    if (response && !read) answered->connection->close();
    wake_.tell();
}

result<> producer::read_answer(const request_in_flight& request, bytes_view frame) {
    const auto answer = decode_response<produce_response>(frame, request.version);
    if (!answer) {
        return fail(client_errc::bad_response, request.connection->peer() + ": " + answer.error().message());
    }
    for (const auto& topic : answer->topics) {
        for (const auto& partition : topic.partitions) {
            const auto queue = std::ranges::find_if(request.queues, [&](const partition_queue* one) {
                return one->is_in_flight && one->name.partition == partition.index &&
                       one->name.topic == topic.name;
            });
            if (queue == request.queues.end()) continue;
            (*queue)->is_in_flight = false;
            batch_answered(**queue, partition);
        }
    }
    return {};
}

void producer::batch_answered(partition_queue& queue, const produce_response::partition& answer) {
    if (answer.error == error_code::none) {
        trouble_.reset();
        return settle(queue, 0, delivery_outcome::acknowledged, answer.base_offset, nullptr);
    }
    attempt_failed(queue, broker_error(answer.error, answer.error_message));
}

void producer::attempt_failed(partition_queue& queue, const error& why) {
    const attempt_verdict verdict = judge_attempt(why);
    produce_batch& batch = queue.front();
    ++batch.attempts;
    batch.may_be_stored |= verdict.may_be_stored;
    batch.trouble = trouble_ = why;
    if (verdict.refreshes_metadata) stale_topic_ = queue.name.topic;
    if (!aborted_ && broker_error_code(why) == error_code::message_too_large && split(queue)) return;

    const bool gives_up = verdict.may_be_stored && !options_.at_least_once;
    if (!verdict.is_retriable || gives_up || aborted_) {
        const error cause = why;
        return settle(queue, 0, batch.may_be_stored ? delivery_outcome::unknown : delivery_outcome::failed,
                      offset(-1), &cause);
    }
    ++counters_.retries;
    batch.not_before = world_.time().now() + options_.retry.after(batch.attempts, world_.random);
}

bool producer::split(partition_queue& queue) {
    auto halves = split_batch(queue.front(), options_.codec);
    if (!halves) return false;
    const produce_batch& whole = queue.front();
    // Uncompressed, what was refused says how large the next ones may be.
    if (options_.codec == compression_codec::none)
        queue.owner.batch_bytes = std::min(queue.owner.batch_bytes, whole.sealed.size() / 2);
    buffered_bytes_ -= whole.charged_bytes;
    buffered_bytes_ += halves->first->charged_bytes + halves->second->charged_bytes;
    queue.batches.pop_front();
    ++batches_;
    queue.batches.push_front(std::move(halves->second));
    queue.batches.push_front(std::move(halves->first));
    return true;
}

void producer::settle(partition_queue& queue, std::size_t position, delivery_outcome outcome,
                      offset base_offset, const error* why) {
    const auto place = queue.batches.begin() + static_cast<std::ptrdiff_t>(position);
    const std::unique_ptr<produce_batch> batch = std::move(*place);
    queue.batches.erase(place);
    buffered_bytes_ -= batch->charged_bytes;
    --batches_;

    const auto count = static_cast<std::uint64_t>(batch->record_count);
    const bool may_be_doubled = outcome == delivery_outcome::acknowledged && batch->may_be_stored;
    switch (outcome) {
        case delivery_outcome::acknowledged: counters_.acknowledged += count; break;
        case delivery_outcome::sent: counters_.sent += count; break;
        case delivery_outcome::failed: counters_.failed += count; break;
        case delivery_outcome::unknown: counters_.unknown += count; break;
    }
    if (may_be_doubled) counters_.may_be_doubled += count;
    settled_.tell();
    if (told_ == nullptr) return;
    told_->on_delivery({queue.name, batch->number, batch->first_index, batch->record_count, outcome,
                        base_offset, may_be_doubled, why});
}

}  // namespace logstore::kafka
