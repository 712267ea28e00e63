#include "app/bench/partition_shares.h"

#include <map>

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::app::bench {

result<std::vector<partition_share>> share_partitions(const std::vector<env::socket_address>& leaders,
                                                      std::uint32_t connections) {
    CHECK(!leaders.empty() && connections > 0);
    struct team {
        std::vector<std::size_t> connections;
        std::size_t turn = 0;
    };
    std::vector<partition_share> shares;
    std::map<std::string, team> teams;
    for (std::uint32_t i = 0; i < connections; ++i) {
        const std::size_t partition = i % leaders.size();
        shares.push_back({leaders[partition], {partition_id(static_cast<std::int32_t>(partition))}});
        teams[leaders[partition].text()].connections.push_back(i);
    }
    for (std::size_t partition = connections; partition < leaders.size(); ++partition) {
        team& of = teams[leaders[partition].text()];
        if (of.connections.empty()) {
            return fail(std::make_error_code(std::errc::invalid_argument),
                        fmt::format("{} connections do not reach all leaders of {} partitions; use more",
                                    connections, leaders.size()));
        }
        const std::size_t chosen = of.connections[of.turn++ % of.connections.size()];
        shares[chosen].partitions.push_back(partition_id(static_cast<std::int32_t>(partition)));
    }
    return shares;
}

}  // namespace logstore::app::bench
