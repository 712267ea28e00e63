#include "app/descriptor_budget.h"

#include <algorithm>

namespace logstore::app {
namespace {

/// The metadata's database (64 tables, its log and others), standard streams, locks, folders that are being flushed.
constexpr std::uint64_t process_descriptors = 112;
/// Event loop, wake-ups, ring, listener.
constexpr std::uint64_t shard_descriptors = 8;
/// Files that a shard works on at the same time, whether they are in its cache or not.
constexpr std::uint64_t files_in_use = 64;
constexpr std::uint64_t files_min_of_shard = 16;
constexpr std::uint64_t connections_min = 16;

}  // namespace

descriptor_budget share_descriptors(std::uint64_t limit, const descriptor_demand& demand) {
    const std::uint64_t shards = std::max<std::uint32_t>(demand.shards, 1);
    const std::uint64_t fixed = process_descriptors + shards * (shard_descriptors + demand.journal_files);
    const std::uint64_t left = limit > fixed ? limit - fixed : 0;
    const std::uint64_t shared = left - std::min(left / 4, shards * files_in_use);
    descriptor_budget budget;
    // Who wants less than half of it leaves the rest to the other.
    const std::uint64_t files_share = std::max(shared / 2, shared - std::min(shared, demand.connections));
    budget.files = std::max(std::min(demand.files, files_share), shards * files_min_of_shard);
    budget.connections = std::max(std::min(demand.connections, shared - std::min(shared, budget.files)), connections_min);
    budget.is_reduced = budget.files < demand.files || budget.connections < demand.connections;
    return budget;
}

}  // namespace logstore::app
