#include "app/bench/load_setup.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/server_access.h"
#include "env/gate.h"

namespace logstore::app::bench {
namespace {

/// Connections that are being made at the same time.
constexpr std::uint32_t connecting_max = 64;
constexpr std::size_t unsent_bytes_max = std::size_t(256) << 20;
/// Of all requests that are kept or under way.
constexpr std::uint64_t request_bytes_max = std::uint64_t(2) << 30;

}  // namespace

std::uint32_t records_per_request(const bench_load& asked) {
    return asked.batch_bytes == 0 ? 1 : kafka_requests::records_in(asked.batch_bytes, asked.value_bytes);
}

load_setup::load_setup(env::environment world, const bench_load& asked, const bench_topic& topic,
                       std::uint32_t run)
    : world_(world),
      asked_(asked),
      topic_(topic),
      run_(run),
      values_(world.random, asked.value_bytes, records_per_request(asked),
              asked.codec != compression_codec::none),
      loop_(world, plan(), ledger_) {
    const auto marked_run = asked_.verify ? std::optional(run_) : std::nullopt;
    if (asked_.protocol == bench_protocol::http)
        http_requests_.emplace(asked_.http_server->text(), topic_.name(), marked_run, values_);
    else
        kafka_requests_.emplace(world_, kafka_requests::shape{topic_.name(), asked_.codec, marked_run},
                                values_);
}

load_setup::~load_setup() = default;

load_plan load_setup::plan() const {
    load_plan made;
    made.requests = asked_.requests;
    made.duration = asked_.duration;
    made.warm_up = asked_.warm_up;
    made.in_flight = asked_.in_flight;
    made.rate = asked_.rate;
    made.records_per_request = values_.records_per_request();
    made.bytes_per_request = std::uint64_t(values_.records_per_request()) * asked_.value_bytes;
    return made;
}

result<> load_setup::check_memory() const {
    const std::uint64_t under_way = std::uint64_t(asked_.connections) * asked_.in_flight;
    const auto kept = static_cast<std::uint64_t>(topic_.partition_count());
    const std::uint64_t a_request = std::uint64_t(values_.records_per_request()) * asked_.value_bytes;
    const std::uint64_t needed = a_request * (asked_.verify ? under_way : kept);
    if (needed <= request_bytes_max) return {};
    return fail(
        std::make_error_code(std::errc::invalid_argument),
        fmt::format(
            "its requests would take {} MiB of memory, and {} are allowed; use smaller batches, or fewer {}",
            needed >> 20, request_bytes_max >> 20, asked_.verify ? "connections" : "partitions"));
}

env::task<result<>> load_setup::connect(interruption* stop) {
    const auto fits = check_memory();
    if (!fits) co_return fits;
    std::vector<env::socket_address> leaders = topic_.leaders();
    if (asked_.protocol == bench_protocol::http) leaders.assign(leaders.size(), *asked_.http_server);
    const auto shares = share_partitions(leaders, asked_.connections);
    if (!shares) co_return std::unexpected(shares.error());
    std::size_t next = 0;
    result<> outcome;
    env::gate connecting;
    for (std::uint32_t i = 0; i < std::min(connecting_max, asked_.connections); ++i)
        env::spawn(connecting, connect_some(&*shares, &next, stop, &outcome));
    co_await connecting.close();
    co_return outcome;
}

env::task<void> load_setup::connect_some(const std::vector<partition_share>* shares, std::size_t* next,
                                         interruption* stop, result<>* outcome) {
    while (*next < shares->size() && *outcome && !stop->is_requested()) {
        const partition_share& share = (*shares)[(*next)++];
        env::socket_address leader = share.leader;
        auto connected = co_await connect_one(std::move(leader));
        if (!connected) {
            *outcome = std::unexpected(std::move(connected).error());
            co_return;
        }
        std::vector<std::uint32_t> streams;
        for (const partition_id which : share.partitions) streams.push_back(ledger_.add(which));
        loop_.add(std::move(*connected), std::move(streams));
    }
}

env::task<result<std::unique_ptr<lane>>> load_setup::connect_one(env::socket_address leader) {
    if (http_requests_) {
        http_requests* requests = &*http_requests_;
        co_return co_await http_lane::connect(world_, std::move(leader), requests);
    }
    kafka::connection_options options = command_connection_options();
    options.unsent_bytes_max = unsent_bytes_max;
    auto connected =
        co_await kafka::client_connection::connect(world_, std::move(leader), std::move(options));
    if (!connected) co_return std::unexpected(std::move(connected).error());
    const auto version = (*connected)->versions().choose(kafka::api_key::produce);
    if (!version) co_return std::unexpected(version.error());
    co_return std::make_unique<kafka_lane>(std::move(*connected), *kafka_requests_);
}

}  // namespace logstore::app::bench
