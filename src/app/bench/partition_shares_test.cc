#include "app/bench/partition_shares.h"

#include <set>

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

std::vector<env::socket_address> led_by(std::initializer_list<std::uint16_t> ports) {
    std::vector<env::socket_address> leaders;
    for (const std::uint16_t port : ports) leaders.push_back({"broker", port});
    return leaders;
}

TEST(partition_shares, connections_are_dealt_over_partitions) {
    const auto shares = share_partitions(led_by({1, 1, 2}), 7);
    ASSERT_TRUE(shares);
    ASSERT_EQ(shares->size(), 7u);
    for (std::size_t i = 0; i < 7; ++i) {
        const partition_share& one = (*shares)[i];
        EXPECT_EQ(one.partitions, std::vector{partition_id(static_cast<std::int32_t>(i % 3))});
        EXPECT_EQ(one.leader.port, i % 3 == 2 ? 2 : 1);
    }
}

TEST(partition_shares, every_partition_is_written_by_a_connection_to_its_leader) {
    const auto leaders = led_by({1, 2, 1, 2, 2, 2, 2, 1, 1, 1});
    const auto shares = share_partitions(leaders, 4);
    ASSERT_TRUE(shares);
    std::set<partition_id> written;
    for (const partition_share& one : *shares) {
        EXPECT_LE(one.partitions.size(), 4u);
        for (const partition_id which : one.partitions) {
            EXPECT_TRUE(written.insert(which).second) << which.value();
            EXPECT_EQ(one.leader.port, leaders[static_cast<std::size_t>(which.value())].port);
        }
    }
    EXPECT_EQ(written.size(), leaders.size());
}

TEST(partition_shares, a_few_connections_go_to_different_leaders) {
    const auto shares = share_partitions(led_by({1, 1, 1, 2, 2}), 2);
    ASSERT_TRUE(shares);
    EXPECT_EQ((*shares)[0].leader.port, 1);
    EXPECT_EQ((*shares)[0].partitions, (std::vector{partition_id(0), partition_id(1), partition_id(2)}));
    EXPECT_EQ((*shares)[1].leader.port, 2);
    EXPECT_EQ((*shares)[1].partitions, (std::vector{partition_id(3), partition_id(4)}));
    EXPECT_EQ(distinct_leaders(led_by({1, 1, 1, 2, 2})), 2u);
}

TEST(partition_shares, a_leader_without_a_connection_is_told) {
    const auto shares = share_partitions(led_by({1, 1, 2, 3}), 2);
    ASSERT_FALSE(shares);
    EXPECT_NE(shares.error().detail.find("2 connections do not reach all 3 brokers"), std::string::npos);
}

}  // namespace
}  // namespace logstore::app::bench
