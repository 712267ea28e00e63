#include "app/descriptor_budget.h"

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

descriptor_demand usual() { return {.files = 4096, .connections = 10'000, .shards = 2, .journal_files = 4}; }

TEST(descriptor_budget, a_large_limit_gives_everybody_what_he_asks_for) {
    const auto budget = share_descriptors(1 << 20, usual());
    EXPECT_EQ(budget.files, 4096u);
    EXPECT_EQ(budget.connections, 10'000u);
    EXPECT_FALSE(budget.is_reduced);
}

TEST(descriptor_budget, connections_never_take_what_files_need) {
    for (const std::uint64_t limit : {512u, 1024u, 4096u, 8192u, 14'000u}) {
        const auto budget = share_descriptors(limit, usual());
        EXPECT_TRUE(budget.is_reduced) << limit;
        // 112 of the process, 12 of each shard.
        EXPECT_LT(budget.files + budget.connections + 112 + 2 * 12, limit) << limit;
        EXPECT_GE(budget.files, limit / 8) << limit;
        EXPECT_GE(budget.connections, limit / 8) << limit;
    }
}

TEST(descriptor_budget, what_one_side_does_not_want_the_other_gets) {
    descriptor_demand few = usual();
    few.connections = 100;
    const auto budget = share_descriptors(1024, few);
    EXPECT_EQ(budget.connections, 100u);
    EXPECT_GT(budget.files, 600u);
}

TEST(descriptor_budget, some_of_each_is_left_of_any_limit) {
    for (const std::uint64_t limit : {0u, 10u, 136u, 200u}) {
        const auto budget = share_descriptors(limit, usual());
        EXPECT_GE(budget.files, 32u) << limit;
        EXPECT_GE(budget.connections, 16u) << limit;
    }
}

}  // namespace
}  // namespace logstore::app
