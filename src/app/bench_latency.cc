#include "app/bench_latency.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/bench_report.h"
#include "app/closed_loop.h"
#include "app/server_access.h"
#include "env/gate.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/topics.h"
#include "kafka/protocol/record.h"

namespace logstore::app {
namespace {

using kafka::client_connection;
using kafka::error_code;
using kafka::metadata_response;

constexpr auto leader_wait_max = std::chrono::seconds(10);
constexpr auto leader_poll_interval = std::chrono::milliseconds(50);
constexpr auto progress_interval = std::chrono::milliseconds(500);
/// Connections that are being made at the same time.
constexpr std::uint32_t connecting_max = 64;
constexpr std::int32_t port_max = 65'535;

/// Where the partitions of the topic are led from.
struct bench_topic {
    std::vector<env::socket_address> leaders;
    bool was_made = false;
};

/// One run, from finding the topic to deleting it.
class latency_bench {
  public:
    latency_bench(env::environment world, console& out, interruption& stop,
                  const bench_latency_command& asked)
        : world_(world), out_(out), stop_(stop), asked_(asked), loop_(world, asked.requests) {}

    env::task<exit_code> run();

  private:
    env::task<result<>> find_topic();
    env::task<result<>> make_topic();
    env::task<result<metadata_response>> describe_topic();
    /// Fills topic_.leaders; an error with a retriable code while a partition has none.
    result<> read_leaders(const metadata_response& metadata);
    env::task<result<>> wait_for_leaders();

    env::task<result<>> connect_all();
    env::task<void> connect_some(std::uint32_t* next, result<>* outcome);
    byte_vector make_batch();

    env::task<exit_code> measure();
    void show_progress();
    exit_code report();
    env::task<void> delete_topic();

    env::environment world_;
    console& out_;
    interruption& stop_;
    const bench_latency_command& asked_;
    closed_loop loop_;
    std::unique_ptr<client_connection> control_;
    bench_topic topic_;
    byte_vector batch_;
    std::optional<env::timer_id> progress_timer_;
    std::uint64_t shown_before_ = 0;
};

// --- the topic

env::task<result<>> latency_bench::find_topic() {
    const auto metadata = co_await describe_topic();
    if (!metadata) co_return std::unexpected(metadata.error());
    const metadata_response::topic& found = metadata->topics.front();
    if (found.error == error_code::unknown_topic_or_partition) co_return co_await make_topic();
    const auto count = static_cast<std::int32_t>(found.partitions.size());
    if (asked_.partitions && *asked_.partitions != count) {
        co_return fail(
            std::make_error_code(std::errc::invalid_argument),
            fmt::format("it has {} partitions, not {}; leave --partitions out or choose another --topic",
                        count, *asked_.partitions));
    }
    co_return co_await wait_for_leaders();
}

env::task<result<>> latency_bench::make_topic() {
    kafka::new_topic topic;
    topic.name = asked_.topic;
    topic.partition_count = asked_.partitions.value_or(1);
    const auto made = co_await kafka::create_topic(control_.get(), std::move(topic));
    // Somebody else may have made it meanwhile: then it is theirs.
    const bool is_theirs =
        !made && kafka::broker_error_code(made.error()) == error_code::topic_already_exists;
    if (!made && !is_theirs) co_return std::unexpected(made.error());
    topic_.was_made = !is_theirs;
    co_return co_await wait_for_leaders();
}

env::task<result<metadata_response>> latency_bench::describe_topic() {
    std::vector<std::string> names{asked_.topic};
    auto metadata = co_await kafka::fetch_metadata(control_.get(), std::move(names));
    if (metadata && metadata->topics.size() != 1) {
        co_return fail(kafka::client_errc::bad_response, "metadata of other topics than the one asked for");
    }
    co_return metadata;
}

result<> latency_bench::read_leaders(const metadata_response& metadata) {
    const metadata_response::topic& topic = metadata.topics.front();
    if (topic.error != error_code::none) return std::unexpected(kafka::broker_error(topic.error));
    if (topic.partitions.empty())
        return std::unexpected(kafka::broker_error(error_code::leader_not_available));
    topic_.leaders.assign(topic.partitions.size(), {});
    for (const auto& partition : topic.partitions) {
        const auto broker =
            std::ranges::find(metadata.brokers, partition.leader, &metadata_response::broker::id);
        const auto index = static_cast<std::size_t>(partition.index.value());
        if (broker == metadata.brokers.end() || index >= topic_.leaders.size()) {
            return std::unexpected(kafka::broker_error(error_code::leader_not_available));
        }
        if (broker->port <= 0 || broker->port > port_max) {
            return fail(kafka::client_errc::bad_response,
                        fmt::format("broker {} on port {}", broker->id, broker->port));
        }
        topic_.leaders[index].host = broker->host;
        topic_.leaders[index].port = static_cast<std::uint16_t>(broker->port);
    }
    return {};
}

env::task<result<>> latency_bench::wait_for_leaders() {
    const env::monotonic_time give_up = world_.time().now() + leader_wait_max;
    while (true) {
        const auto metadata = co_await describe_topic();
        if (!metadata) co_return std::unexpected(metadata.error());
        auto read = read_leaders(*metadata);
        if (read) co_return read;
        const auto code = kafka::broker_error_code(read.error());
        const bool passes = code && kafka::is_retriable(*code);
        if (!passes || stop_.is_requested() || world_.time().now() >= give_up) co_return read;
        co_await env::sleep(world_.loop, leader_poll_interval);
    }
}

env::task<void> latency_bench::delete_topic() {
    const std::string doing = fmt::format("deleting topic '{}'", asked_.topic);
    if (!control_->is_open()) {
        // A long run: servers close connections that are idle.
        auto connected = co_await connect_to_server(world_, asked_.target.server);
        if (!connected) co_return void(report_failure(out_, doing, connected.error()));
        control_ = std::move(*connected);
    }
    const auto deleted = co_await kafka::delete_topic(control_.get(), asked_.topic);
    if (!deleted) report_failure(out_, doing, deleted.error());
}

// --- connections

byte_vector latency_bench::make_batch() {
    byte_vector value(asked_.value_bytes);
    for (std::byte& one : value) one = static_cast<std::byte>(world_.random.next());
    kafka::record_batch_builder builder;
    builder.append(world_.time().wall_now(), std::nullopt, value);
    return builder.finish();
}

env::task<result<>> latency_bench::connect_all() {
    batch_ = make_batch();
    std::uint32_t next = 0;
    result<> outcome;
    env::gate connecting;
    for (std::uint32_t i = 0; i < std::min(connecting_max, asked_.connections); ++i) {
        env::spawn(connecting, connect_some(&next, &outcome));
    }
    co_await connecting.close();
    co_return outcome;
}

env::task<void> latency_bench::connect_some(std::uint32_t* next, result<>* outcome) {
    while (*next < asked_.connections && *outcome && !stop_.is_requested()) {
        const std::size_t partition = (*next)++ % topic_.leaders.size();
        env::socket_address leader = topic_.leaders[partition];
        auto connection = co_await connect_to_server(world_, std::move(leader));
        if (!connection) {
            *outcome = std::unexpected(std::move(connection).error());
            co_return;
        }
        const topic_partition to{asked_.topic, partition_id(static_cast<std::int32_t>(partition))};
        const auto added = loop_.add(std::move(*connection), to, batch_);
        if (!added) *outcome = added;
    }
}

// --- the run

env::task<exit_code> latency_bench::run() {
    const std::string doing = fmt::format("the bench on topic '{}'", asked_.topic);
    auto connected = co_await connect_to_server(world_, asked_.target.server);
    if (!connected) co_return report_failure(out_, doing, connected.error());
    control_ = std::move(*connected);

    auto ready = co_await find_topic();
    if (ready && !stop_.is_requested()) ready = co_await connect_all();
    exit_code code = exit_code::interrupted;
    if (!ready)
        code = report_failure(out_, doing, ready.error());
    else if (!stop_.is_requested())
        code = co_await measure();
    if (topic_.was_made && !asked_.keep_topic) co_await delete_topic();
    co_return code;
}

env::task<exit_code> latency_bench::measure() {
    stop_.listen([this] { loop_.stop(); });
    show_progress();
    co_await loop_.run();
    stop_.listen({});
    world_.loop.cancel_timer(*progress_timer_);
    out_.show_progress({});
    co_return report();
}

void latency_bench::show_progress() {
    const std::uint64_t done = loop_.tally().succeeded + loop_.tally().failed;
    const double rate =
        static_cast<double>(done - shown_before_) / std::chrono::duration<double>(progress_interval).count();
    if (done > 0) out_.show_progress(fmt::format("{} of {} requests, {:.0f}/s", done, asked_.requests, rate));
    shown_before_ = done;
    progress_timer_ =
        world_.loop.start_timer(world_.time().now() + progress_interval, [this] { show_progress(); });
}

exit_code latency_bench::report() {
    const loop_tally& tally = loop_.tally();
    out_.print(asked_.target.json ? bench_report_json(tally) : bench_report_text(tally));
    if (tally.connections_lost > 0) {
        out_.say(fmt::format("{} of {} connections were lost", tally.connections_lost, asked_.connections));
    }
    if (tally.failed > 0) out_.say("the first failed request: " + tally.first_failure);
    if (stop_.is_requested()) return exit_code::interrupted;
    return tally.succeeded == asked_.requests ? exit_code::success : exit_code::failed;
}

}  // namespace

env::task<exit_code> run_bench_latency(env::environment world, console* out, interruption* stop,
                                       bench_latency_command asked) {
    latency_bench bench(world, *out, *stop, asked);
    co_return co_await bench.run();
}

}  // namespace logstore::app
