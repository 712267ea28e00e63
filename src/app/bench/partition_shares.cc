#include "app/bench/partition_shares.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::app::bench {
namespace {

/// All partitions, one of each leader in turn. With one leader: as they are numbered.
std::vector<std::size_t> spread_over_leaders(const std::vector<env::socket_address>& leaders) {
    std::map<std::string, std::size_t> seen;
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> by_turn;  // turn and place among leaders
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < leaders.size(); ++i) {
        const std::string leader = leaders[i].text();
        const std::size_t place = places.try_emplace(leader, places.size()).first->second;
        by_turn.emplace(std::pair(seen[leader]++, place), i);
    }
    std::vector<std::size_t> order;
    for (const auto& [unused, partition] : by_turn) order.push_back(partition);
    return order;
}

}  // namespace

std::uint32_t distinct_leaders(const std::vector<env::socket_address>& leaders) {
    std::set<std::string> distinct;
    for (const env::socket_address& one : leaders) distinct.insert(one.text());
    return static_cast<std::uint32_t>(distinct.size());
}

result<std::vector<partition_share>> share_partitions(const std::vector<env::socket_address>& leaders,
                                                      std::uint32_t connections) {
    CHECK(!leaders.empty() && connections > 0);
    struct team {
        std::vector<std::size_t> connections;
        std::size_t turn = 0;
    };
    std::vector<partition_share> shares;
    std::map<std::string, team> teams;
    const std::vector<std::size_t> order = spread_over_leaders(leaders);
    for (std::uint32_t i = 0; i < connections; ++i) {
        const std::size_t partition = connections < leaders.size() ? order[i] : i % leaders.size();
        shares.push_back({leaders[partition], {partition_id(static_cast<std::int32_t>(partition))}});
        teams[leaders[partition].text()].connections.push_back(i);
    }
    for (std::size_t i = connections; i < leaders.size(); ++i) {
        const std::size_t partition = order[i];
        team& of = teams[leaders[partition].text()];
        if (of.connections.empty()) {
            return fail(
                std::make_error_code(std::errc::invalid_argument),
                fmt::format("{} connections do not reach all {} brokers that lead its partitions; use more",
                            connections, distinct_leaders(leaders)));
        }
        const std::size_t chosen = of.connections[of.turn++ % of.connections.size()];
        shares[chosen].partitions.push_back(partition_id(static_cast<std::int32_t>(partition)));
    }
    return shares;
}

}  // namespace logstore::app::bench
