#include "kafka/client/consumer.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/find_offsets.h"
#include "kafka/client/retry_rules.h"

namespace logstore::kafka {
namespace {

/// Answers of one partition that wait to be read: the next one is on its way while one is read.
constexpr std::size_t chunks_ahead = 2;

/// Whether the numbers of a batch can be those of a log: sums of them do not overflow.
bool is_sane(const record_batch_header& header) {
    constexpr std::int64_t offset_max = std::numeric_limits<std::int64_t>::max() - (std::int64_t(1) << 32);
    return header.base_offset >= offset(0) && header.base_offset <= offset(offset_max) &&
           header.last_offset_delta >= 0;
}

/// The whole batches at the start of `bytes`; none after one that cannot be.
bytes_view whole_batches(bytes_view bytes) {
    std::size_t size = 0;
    while (const auto header = read_record_batch_header(bytes.subspan(size))) {
        if (header->size_bytes() > bytes.size() - size || !is_sane(*header)) break;
        size += header->size_bytes();
    }
    return bytes.first(size);
}

}  // namespace

/// Shared with requests under way, which may outlive the partition's place in the consumer.
struct consumer::partition_state {
    partition_state(topic_partition what, offset from)
        : name(std::make_shared<const topic_partition>(std::move(what))),
          fetch_offset(from),
          position(from) {}

    std::shared_ptr<const topic_partition> name;
    /// Where the next request begins, and where the next block does.
    offset fetch_offset;
    offset position;
    std::size_t chunks = 0;
    bool is_removed = false;
    bool is_fetching = false;
    bool is_resetting = false;
    std::uint32_t failures = 0;
    env::monotonic_time not_before;
    /// Of the last good answer.
    env::monotonic_time good_at;
};

consumer::consumer(cluster_view& cluster, consumer_options options)
    : world_(cluster.world()), cluster_(cluster), options_(options), wake_(world_.loop), news_(world_.loop) {
    env::spawn(inside_, run());
}

consumer::~consumer() {
    CHECK(stopped_, "a consumer is closed before it goes");
}

void consumer::add(const topic_partition& what, offset from) {
    const auto [place, is_new] = partitions_.try_emplace(what, nullptr);
    CHECK(is_new && cluster_.find(what.topic) != nullptr);
    place->second = std::make_shared<partition_state>(what, from);
    place->second->good_at = world_.time().now();
    wake_.tell();
}

void consumer::remove(const topic_partition& what) {
    const auto found = partitions_.find(what);
    if (found == partitions_.end()) return;
    found->second->is_removed = true;
    std::erase_if(chunks_, [&](const chunk& one) {
        if (one.from != found->second) return false;
        buffered_bytes_ -= one.bytes;
        return true;
    });
    partitions_.erase(found);
    wake_.tell();
}

std::optional<offset> consumer::position(const topic_partition& what) const {
    const auto found = partitions_.find(what);
    if (found == partitions_.end()) return std::nullopt;
    return found->second->position;
}

// --- reading

env::task<result<std::optional<record_block>>> consumer::next() {
    while (true) {
        if (stopped_) co_return fail(client_errc::closed, "the consumer was stopped");
        while (!chunks_.empty()) {
            auto block = cut_block();
            if (!block || *block) co_return block;
        }
        if (std::exchange(has_moved_, false)) co_return std::nullopt;
        if (!failures_.empty()) {
            const error why = failures_.front();
            failures_.pop_front();
            co_return std::unexpected(why);
        }
        co_await news_.wait();
    }
}

result<std::optional<record_block>> consumer::cut_block() {
    const chunk first = chunks_.front();
    const partition_pointer& of = first.from;
    const auto header = read_record_batch_header(first.rest);
    const bytes_view batch = first.rest.first(header->size_bytes());
    chunks_.front().rest = first.rest.subspan(batch.size());
    if (chunks_.front().rest.empty()) {
        buffered_bytes_ -= first.bytes;
        --of->chunks;
        chunks_.pop_front();
        wake_.tell();
    }
    if (first_not_below(header->next()) <= of->position) return std::nullopt;
    auto block =
        record_block::read(of->name, batch, first.owner, of->position, options_.decompressed_batch_bytes_max);
    if (!block) {
        remove(topic_partition(*of->name));
        return std::unexpected(std::move(block).error());
    }
    of->position = first_not_below(block->next());
    return std::move(*block);
}

void consumer::stop() {
    stopped_ = true;
    news_.tell();
    wake_.tell();
}

env::task<void> consumer::close() {
    stop();
    co_await inside_.close();
}

// --- the loop

env::task<void> consumer::run() {
    while (!stopped_) {
        const std::optional<env::monotonic_time> next = step();
        co_await wake_.wait(next);
    }
}

void consumer::wake_at(env::monotonic_time when) {
    next_step_at_ = next_step_at_ ? std::min(*next_step_at_, when) : when;
}

std::optional<env::monotonic_time> consumer::step() {
    next_step_at_.reset();
    const env::monotonic_time now = world_.time().now();
    std::map<broker_id, std::vector<partition_pointer>> wanted;
    // Whoever has enough to be read for the moment: a question for the rest could wait there for long while
    // the reader comes to the end of what it has.
    std::set<broker_id> busy = fetching_;
    for (const auto& [name, one] : partitions_) {
        if (one->chunks >= chunks_ahead) busy.insert(cluster_.find(name.topic)->leader_of(name.partition));
        if (one->is_fetching || one->is_resetting || one->chunks >= chunks_ahead) continue;
        if (one->not_before > now) {
            wake_at(one->not_before);
            continue;
        }
        const broker_id leader = cluster_.find(name.topic)->leader_of(name.partition);
        wanted[leader].push_back(one);
    }
    const auto leaderless = wanted.extract(topic_view::no_broker);
    if (!leaderless.empty())
        for (const partition_pointer& one : leaderless.mapped())
            attempt_failed(one, broker_error(error_code::leader_not_available));
    ++turn_;
    for (auto& [leader, which] : wanted) {
        if (buffered_bytes_ >= options_.buffered_bytes_max || busy.contains(leader)) continue;
        // The first partition of a request has its batch whole and the most room: another one each time.
        std::ranges::rotate(which, which.begin() + static_cast<std::ptrdiff_t>(turn_ % which.size()));
        fetching_.insert(leader);
        for (const partition_pointer& one : which) one->is_fetching = true;
        env::spawn(inside_, fetch(leader, std::move(which)));
    }
    const bool asks_leaders = !stale_topic_.empty() && !is_refreshing_;
    if (asks_leaders && now < next_refresh_at_) wake_at(next_refresh_at_);
    if (asks_leaders && now >= next_refresh_at_) {
        is_refreshing_ = true;
        env::spawn(inside_, refresh_metadata(std::exchange(stale_topic_, {})));
    }
    // Failures of partitions that were found above.
    for (const auto& [name, one] : partitions_)
        if (one->not_before > now) wake_at(one->not_before);
    return next_step_at_;
}

env::task<void> consumer::refresh_metadata(std::string name) {
    const auto refreshed = co_await cluster_.refresh(std::move(name));
    if (!refreshed) trouble_ = refreshed.error();
    next_refresh_at_ = world_.time().now() + options_.retry.after(1, world_.random);
    is_refreshing_ = false;
    wake_.tell();
}

env::task<void> consumer::fetch(broker_id leader, std::vector<partition_pointer> which) {
    const auto connection = co_await cluster_.connect(leader);
    result<> asked;
    if (connection) {
        auto outcome = co_await ask(*connection, which);
        asked = std::move(outcome);
    } else {
        asked = std::unexpected(connection.error());
    }
    fetching_.erase(leader);
    for (const partition_pointer& one : which) {
        const bool is_unanswered = std::exchange(one->is_fetching, false);
        if (is_unanswered && !asked) attempt_failed(one, asked.error());
    }
    wake_.tell();
}

env::task<result<>> consumer::ask(std::shared_ptr<client_connection> connection,
                                  std::vector<partition_pointer> which) {
    fetch_request request;
    request.max_wait_ms = static_cast<std::int32_t>(options_.wait_max.count());
    request.min_bytes = 1;
    request.max_bytes = options_.fetch_bytes_max;
    for (const partition_pointer& one : which) {
        auto topic = std::ranges::find(request.topics, one->name->topic, &fetch_request::topic::name);
        if (topic == request.topics.end()) {
            request.topics.emplace_back().name = one->name->topic;
            topic = request.topics.end() - 1;
        }
        fetch_request::partition& asked = topic->partitions.emplace_back();
        asked.index = one->name->partition;
        asked.fetch_offset = one->fetch_offset;
        asked.max_bytes = options_.partition_bytes_max;
    }
    auto answer = co_await connection->call<fetch_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const fetch_response& message = answer->message;
    if (message.error != error_code::none) co_return std::unexpected(broker_error(message.error));
    const std::shared_ptr<const void> owner = answer->frame.owner;
    for (const auto& topic : message.topics) {
        for (const auto& got : topic.partitions) {
            const auto of = std::ranges::find_if(which, [&](const partition_pointer& one) {
                return one->is_fetching && one->name->partition == got.index &&
                       one->name->topic == topic.name;
            });
            if (of == which.end()) continue;
            (*of)->is_fetching = false;
            if (!(*of)->is_removed) take(*of, got, owner);
        }
    }
    co_return fail(client_errc::bad_response, "no word of a partition that was asked for");
}

void consumer::take(const partition_pointer& into, const fetch_response::partition& got,
                    const std::shared_ptr<const void>& owner) {
    if (got.error == error_code::offset_out_of_range) return out_of_range(into);
    if (got.error != error_code::none) return attempt_failed(into, broker_error(got.error));
    const bytes_view batches = whole_batches(got.records.bytes());
    if (batches.empty() && got.records.size() > record_batch_header_bytes) {
        const std::string what = fmt::format("partition {} of topic '{}': no whole batch at offset {}",
                                             into->name->partition, into->name->topic, into->fetch_offset);
        return attempt_failed(into, error(client_errc::bad_response, what));
    }
    into->failures = 0;
    into->good_at = world_.time().now();
    trouble_.reset();
    if (batches.empty()) return;
    offset next = into->fetch_offset;
    for (bytes_view rest = batches; !rest.empty();) {
        const auto header = read_record_batch_header(rest);
        next = std::max(next, first_not_below(header->next()));
        rest = rest.subspan(header->size_bytes());
    }
    if (next == into->fetch_offset) {
        const std::string what = fmt::format("partition {} of topic '{}': only what lies below offset {}",
                                             into->name->partition, into->name->topic, into->fetch_offset);
        return attempt_failed(into, error(client_errc::bad_response, what));
    }
    into->fetch_offset = next;
    ++into->chunks;
    buffered_bytes_ += batches.size();
    chunks_.push_back({into, owner, batches, batches.size()});
    news_.tell();
}

// --- what goes wrong

void consumer::attempt_failed(const partition_pointer& of, const error& why) {
    if (of->is_removed || stopped_) return;
    const attempt_verdict verdict = judge_attempt(why);
    trouble_ = why;
    const env::monotonic_time now = world_.time().now();
    const bool goes_on = verdict.is_retriable && now - of->good_at < options_.patience;
    if (!goes_on) {
        failures_.push_back(why);
        news_.tell();
        return remove(topic_partition(*of->name));
    }
    if (verdict.refreshes_metadata || broker_error_code(why)) stale_topic_ = of->name->topic;
    of->not_before = now + options_.retry.after(++of->failures, world_.random);
}

void consumer::out_of_range(const partition_pointer& of) {
    if (options_.out_of_range == out_of_range_policy::fail) {
        const std::string what = fmt::format("partition {} of topic '{}' has nothing at offset {}",
                                             of->name->partition, of->name->topic, of->fetch_offset);
        failures_.push_back(broker_error(error_code::offset_out_of_range, what));
        news_.tell();
        return remove(topic_partition(*of->name));
    }
    const bool to_start = options_.out_of_range == out_of_range_policy::earliest;
    of->is_resetting = true;
    env::spawn(inside_, reset(of, to_start ? earliest_timestamp : latest_timestamp));
}

env::task<void> consumer::reset(partition_pointer which, timestamp_ms to) {
    const env::monotonic_time give_up_at = world_.time().now() + options_.retry.most;
    std::vector<partition_id> one{which->name->partition};
    const auto found = co_await find_offsets(&cluster_, which->name->topic, std::move(one), to, give_up_at);
    which->is_resetting = false;
    if (!found) {
        attempt_failed(which, found.error());
    } else {
        const offset to_offset = found->begin()->second;
        which->fetch_offset = to_offset;
        // What was fetched before is still to be read.
        if (which->chunks == 0) which->position = to_offset;
        which->good_at = world_.time().now();
        has_moved_ = true;
        news_.tell();
    }
    wake_.tell();
}

}  // namespace logstore::kafka
