#include "app/consume.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/server_access.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/consumer.h"
#include "kafka/client/find_offsets.h"

namespace logstore::app {
namespace {

using offsets = std::map<partition_id, offset>;

/// How long a server that cannot be reached at the start is tried.
constexpr env::duration first_contact_max = std::chrono::seconds(5);
/// Text that is not handed over yet.
constexpr std::size_t text_bytes_max = 64 * 1024;

kafka::cluster_options cluster_options_of(const consume_command& asked) {
    kafka::cluster_options options;
    options.bootstrap = {asked.target.server};
    options.connection = command_connection_options();
    return options;
}

kafka::consumer_options consumer_options_of(const consume_command& asked) {
    kafka::consumer_options options;
    options.patience = asked.timeout;
    // What retention takes away while it is read is passed over.
    options.out_of_range = kafka::out_of_range_policy::earliest;
    return options;
}

/// One run, from finding the topic to the last record.
class record_printer {
  public:
    record_printer(env::environment world, console& out, interruption& stop, const consume_command& asked)
        : world_(world),
          out_(out),
          stop_(stop),
          asked_(asked),
          cluster_(world, cluster_options_of(asked)),
          consumer_(cluster_, consumer_options_of(asked)) {}

    env::task<exit_code> run();

  private:
    env::task<exit_code> read();
    exit_code choose_partitions();
    env::task<result<>> choose_offsets();
    env::task<result<>> find(timestamp_ms when, offsets* into);
    result<> start_at(partition_id which);
    env::task<exit_code> print_all();
    /// False when nothing more should be printed.
    bool print(const kafka::record_block& block);
    bool hand_over();
    void drop_finished(const topic_partition& of);
    exit_code report(const error& why);

    env::environment world_;
    console& out_;
    interruption& stop_;
    const consume_command& asked_;
    kafka::cluster_view cluster_;
    kafka::consumer consumer_;
    std::vector<partition_id> partitions_;
    offsets first_, end_, wanted_;
    env::monotonic_time give_up_at_;
    std::uint64_t printed_ = 0;
    std::string text_;
};

env::task<exit_code> record_printer::run() {
    stop_.listen([this] {
        consumer_.stop();
        cluster_.shut();
    });
    exit_code code = exit_code::interrupted;
    if (!stop_.is_requested()) code = co_await read();
    stop_.listen({});
    cluster_.shut();
    co_await consumer_.close();
    co_await cluster_.close();
    co_return stop_.is_requested() ? exit_code::interrupted : code;
}

exit_code record_printer::report(const error& why) {
    return report_failure(out_, fmt::format("consuming topic '{}'", asked_.topic), why);
}

env::task<exit_code> record_printer::read() {
    const env::duration patience = std::min<env::duration>(first_contact_max, asked_.timeout);
    give_up_at_ = world_.time().now() + patience;
    const auto known = co_await cluster_.wait_for_topic(asked_.topic, give_up_at_);
    if (stop_.is_requested()) co_return exit_code::interrupted;
    if (!known) {
        const std::string doing = fmt::format("consuming topic '{}'", asked_.topic);
        co_return report_no_topic(out_, doing, asked_.topic, known.error(), patience);
    }
    const exit_code chosen = choose_partitions();
    if (chosen != exit_code::success) co_return chosen;
    const auto ready = co_await choose_offsets();
    if (stop_.is_requested()) co_return exit_code::interrupted;
    if (!ready) co_return report(ready.error());
    co_return co_await print_all();
}

// --- where to begin and where to end

exit_code record_printer::choose_partitions() {
    const auto count = static_cast<std::int32_t>(cluster_.find(asked_.topic)->leaders.size());
    for (const std::int32_t one : asked_.partitions) {
        if (one >= count) {
            out_.say(fmt::format("topic '{}' has {} partition{}, numbered from 0; there is no partition {}",
                                 asked_.topic, count, count == 1 ? "" : "s", one));
            return exit_code::wrong_usage;
        }
        partitions_.push_back(partition_id(one));
    }
    for (std::int32_t i = 0; i < count && asked_.partitions.empty(); ++i)
        partitions_.push_back(partition_id(i));
    return exit_code::success;
}

env::task<result<>> record_printer::find(timestamp_ms when, offsets* into) {
    auto found = co_await kafka::find_offsets(&cluster_, asked_.topic, partitions_, when, give_up_at_);
    if (!found) co_return std::unexpected(std::move(found).error());
    *into = std::move(*found);
    co_return result<>();
}

env::task<result<>> record_printer::choose_offsets() {
    auto found = co_await find(kafka::earliest_timestamp, &first_);
    // The end comes last: what is found by time is not behind it.
    if (found &&
        (asked_.from.what == start_position::kind::time || asked_.from.what == start_position::kind::ago)) {
        const bool is_absolute = asked_.from.what == start_position::kind::time;
        const std::int64_t now = world_.time().wall_now().value();
        const timestamp_ms when(is_absolute ? asked_.from.number
                                            : std::max<std::int64_t>(now - asked_.from.number, 0));
        found = co_await find(when, &wanted_);
    }
    if (found) found = co_await find(kafka::latest_timestamp, &end_);
    for (const partition_id one : partitions_)
        if (found) found = start_at(one);
    co_return found;
}

result<> record_printer::start_at(partition_id which) {
    const offset first = first_.at(which), end = end_.at(which);
    offset start = first;
    switch (asked_.from.what) {
        case start_position::kind::beginning: break;
        case start_position::kind::end: start = end; break;
        case start_position::kind::offset: start = offset(asked_.from.number); break;
        case start_position::kind::last: start = std::max(first, end - asked_.from.number); break;
        case start_position::kind::time:
        case start_position::kind::ago: start = wanted_.at(which); break;
    }
    if (start < first || start > end) {
        return std::unexpected(kafka::broker_error(
            kafka::error_code::offset_out_of_range,
            fmt::format("partition {} has no offset {}: it begins at {} and ends before {}", which, start,
                        first, end)));
    }
    if (asked_.follow || start < end) consumer_.add({asked_.topic, which}, start);
    return {};
}

// --- records

env::task<exit_code> record_printer::print_all() {
    while (consumer_.partition_count() > 0) {
        if (consumer_.is_waiting() && !hand_over()) co_return exit_code::success;
        const auto block = co_await consumer_.next();
        if (!block && block.error().code == kafka::client_errc::closed) break;
        if (!block) {
            hand_over();
            co_return report(block.error());
        }
        if (*block && !print(**block)) break;
        if (*block) {
            drop_finished((*block)->from());
        } else {
            for (const partition_id one : partitions_) drop_finished({asked_.topic, one});
        }
    }
    hand_over();
    co_return exit_code::success;
}

bool record_printer::print(const kafka::record_block& block) {
    const topic_partition& from = block.from();
    const offset end = end_.at(from.partition);
    bool goes_on = true;
    block.for_each([&](const kafka::consumed_record& one) {
        if (!asked_.follow && one.offset >= end) return false;
        asked_.format.append(text_, from, one);
        if (text_.size() >= text_bytes_max) goes_on = hand_over();
        if (asked_.count && ++printed_ >= *asked_.count) goes_on = false;
        return goes_on;
    });
    return goes_on;
}

bool record_printer::hand_over() {
    out_.print(text_);
    text_.clear();
    return out_.flush();
}

void record_printer::drop_finished(const topic_partition& of) {
    const auto position = consumer_.position(of);
    if (!asked_.follow && position && *position >= end_.at(of.partition)) consumer_.remove(of);
}

}  // namespace

env::task<exit_code> run_consume(env::environment world, console* out, interruption* stop,
                                 consume_command asked) {
    record_printer run(world, *out, *stop, asked);
    co_return co_await run.run();
}

}  // namespace logstore::app
