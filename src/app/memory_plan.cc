#include "app/memory_plan.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "http/connection.h"
#include "http/options.h"
#include "kafka/server/connection.h"
#include "kafka/server/request_context.h"
#include "log/log_context.h"
#include "resp/connection.h"
#include "resp/options.h"
#include "tablet/record_times.h"

namespace logstore::app {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t(1) << 20;
constexpr std::uint64_t kibibyte = std::uint64_t(1) << 10;
/// The program itself, its threads, the metadata store.
constexpr std::uint64_t program_bytes = 64 * mebibyte;
/// Of each shard: journal groups under way, the buffers of its loop.
constexpr std::uint64_t shard_bytes = 8 * mebibyte;
/// An idle partition, with its share of the topic.
constexpr std::uint64_t partition_bytes = 6 * kibibyte;
/// A connection of either door, besides its floor.
constexpr std::uint64_t connection_bytes = 4 * kibibyte;

/// What is made smaller, and how small at the least.
struct scaled_limit {
    std::string_view name;
    std::int64_t least;
};
constexpr std::int64_t in_mebibytes(std::int64_t count) { return count << 20; }
constexpr std::array scaled_limits{
    scaled_limit{"kafka.connections_max", 100},
    scaled_limit{"kafka.connections_per_address_max", 50},
    scaled_limit{"kafka.frame_bytes_max", in_mebibytes(4)},
    scaled_limit{"kafka.in_flight_bytes", in_mebibytes(4)},
    scaled_limit{"kafka.assembly_bytes_per_shard", in_mebibytes(4)},
    scaled_limit{"kafka.request_list_bytes_max", in_mebibytes(1) / 4},
    scaled_limit{"kafka.answer_bytes_in_flight", in_mebibytes(4)},
    scaled_limit{"http.connections_max", 100},
    scaled_limit{"http.request_bytes_in_flight", in_mebibytes(4)},
    scaled_limit{"http.answer_bytes_in_flight", in_mebibytes(16)},
    scaled_limit{"resp.connections_max", 100},
    scaled_limit{"resp.request_bytes_in_flight", in_mebibytes(4)},
    scaled_limit{"resp.answer_bytes_in_flight", in_mebibytes(16)},
    scaled_limit{"topics.topics_max", 1000},
    scaled_limit{"topics.partitions_max", 1000},
    scaled_limit{"storage.pinned_bytes_max", in_mebibytes(8)},
    scaled_limit{"storage.tail_cache_bytes", in_mebibytes(2)},
    scaled_limit{"storage.index_cache_bytes", in_mebibytes(1)},
    scaled_limit{"kv.memory_bytes", in_mebibytes(16)},
};

config::server_options scaled(const config::server_options& from, std::uint64_t thousandths) {
    config::server_options to = from;
    const config::server_options defaults;
    for (const scaled_limit& limit : scaled_limits) {
        const auto table = config::server_option_table();
        const auto at = std::ranges::find(table, limit.name, &config::server_option::name);
        CHECK(at != table.end(), "there is no option {}", limit.name);
        const std::int64_t value = std::get<std::int64_t>(at->read(from));
        if (value != std::get<std::int64_t>(at->read(defaults))) continue;
        const auto smaller = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) / 1000 * thousandths);
        at->assign(to, std::clamp(smaller, std::min(limit.least, value), value));
    }
    // What was set to be large stays possible.
    to.frame_bytes_max = std::max(to.frame_bytes_max, static_cast<std::uint32_t>(to.message_bytes_max));
    to.in_flight_bytes = std::max<std::uint64_t>(to.in_flight_bytes, to.frame_bytes_max);
    return to;
}

}  // namespace

std::uint64_t memory_of_limits(const config::server_options& limits, std::uint32_t shards) {
    const std::uint64_t assembly =
        std::max<std::uint64_t>(limits.assembly_bytes_per_shard,
                                limits.assembly_bytes_per_shard / 4 * 3 + limits.frame_bytes_max);
    // The one request of a shard that may go above the limit, and its decoded form.
    const std::uint64_t one_request =
        limits.frame_bytes_max + limits.request_list_bytes_max * kafka::request_context::growth_of_lists;
    const std::uint64_t of_shard = shard_bytes + read_ahead_bytes_max + limits.pinned_bytes_max + limits.tail_cache_bytes +
                                   limits.index_cache_bytes + assembly + one_request;
    // Requests once more as batches.
    const std::uint64_t of_http =
        limits.http_listen.empty() ? 0
                                   : 2 * limits.http_request_bytes_in_flight + limits.http_answer_bytes_in_flight +
                                         limits.http_connections_max * (http::connection::floor_bytes + connection_bytes);
    const std::uint64_t of_resp =
        limits.resp_listen.empty() ? 0
                                   : 2 * limits.resp_request_bytes_in_flight + limits.resp_answer_bytes_in_flight +
                                         limits.resp_connections_max * (resp::connection::floor_bytes + connection_bytes);
    // Each of the threads that block, with what it makes and what that is copied to.
    const std::uint64_t decompressed_bytes_max =
        limits.http_listen.empty() && limits.resp_listen.empty()
            ? lookup_decompressed_bytes_max
            : std::max(http::server_options().decompressed_bytes_max, resp::server_options().decompressed_bytes_max);
    const std::uint64_t of_decompression = limits.worker_threads * std::uint64_t(2) * decompressed_bytes_max;
    return program_bytes + shards * of_shard + limits.in_flight_bytes / 8 * 9 +
           limits.answer_bytes_in_flight +
           limits.connections_max * (kafka::connection::floor_bytes + connection_bytes) +
           limits.partitions_max * partition_bytes + limits.kv_memory_bytes + of_decompression + of_http + of_resp;
}

memory_plan plan_memory(config::server_options options, std::uint32_t shards, std::uint64_t usable_bytes) {
    memory_plan plan;
    plan.memory_bytes = options.memory_max > 0 ? options.memory_max : usable_bytes;
    const std::uint64_t most = plan.memory_bytes / 5 * 4;
    plan.options = std::move(options);
    plan.limits_bytes = memory_of_limits(plan.options, shards);
    // A search rather than a formula: some limits have a least.
    const config::server_options whole = plan.options;
    for (std::uint64_t thousandths = 995; plan.limits_bytes > most && thousandths > 0; thousandths -= 5) {
        plan.options = scaled(whole, thousandths);
        plan.limits_bytes = memory_of_limits(plan.options, shards);
        plan.is_scaled = true;
    }
    return plan;
}

std::string describe(const memory_plan& plan) {
    const auto in_mebi = [](std::uint64_t bytes) { return (bytes + mebibyte - 1) / mebibyte; };
    if (!plan.is_scaled) {
        return fmt::format("the limits add up to {} MiB of {} MiB", in_mebi(plan.limits_bytes),
                           in_mebi(plan.memory_bytes));
    }
    const config::server_options& to = plan.options;
    return fmt::format(
        "the limits add up to {} MiB of {} MiB, made smaller where they were not set: {} connections ({} of an "
        "address), {} topics, {} partitions, requests of {} MiB, {} MiB of requests and {} MiB of answers in flight",
        in_mebi(plan.limits_bytes), in_mebi(plan.memory_bytes), to.connections_max, to.connections_per_address_max,
        to.topics_max, to.partitions_max, in_mebi(to.frame_bytes_max), in_mebi(to.in_flight_bytes),
        in_mebi(to.answer_bytes_in_flight));
}

}  // namespace logstore::app
