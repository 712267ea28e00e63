#include "app/memory_plan.h"

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t(1) << 20;

TEST(memory_plan, where_there_is_enough_nothing_changes) {
    const memory_plan plan = plan_memory({}, 2, 16'384 * mebibyte);
    EXPECT_FALSE(plan.is_scaled);
    EXPECT_EQ(plan.options.in_flight_bytes, config::server_options().in_flight_bytes);
    EXPECT_EQ(plan.options.connections_max, config::server_options().connections_max);
}

TEST(memory_plan, the_defaults_fit_512_mebibytes) {
    for (const std::uint32_t shards : {1u, 2u, 4u}) {
        const memory_plan plan = plan_memory({}, shards, 512 * mebibyte);
        EXPECT_TRUE(plan.is_scaled);
        EXPECT_LE(plan.limits_bytes, 512 * mebibyte / 5 * 4) << shards;
        EXPECT_TRUE(config::check_server_options(plan.options).has_value());
        EXPECT_GE(plan.options.connections_max, 400u) << shards;
        EXPECT_GE(plan.options.partitions_max, 1000u) << shards;
    }
}

TEST(memory_plan, every_limit_that_is_left_takes_part_and_none_that_was_set) {
    config::server_options options;
    options.tail_cache_bytes = 100 * mebibyte;
    options.partitions_max = 1234;
    const memory_plan plan = plan_memory(options, 2, 1024 * mebibyte);
    EXPECT_EQ(plan.options.tail_cache_bytes, 100 * mebibyte);
    EXPECT_EQ(plan.options.partitions_max, 1234u);
    EXPECT_LT(plan.options.in_flight_bytes, options.in_flight_bytes);
    EXPECT_LT(plan.options.answer_bytes_in_flight, options.answer_bytes_in_flight);
    EXPECT_LT(plan.options.pinned_bytes_max, options.pinned_bytes_max);
    EXPECT_LT(plan.options.connections_max, options.connections_max);
    EXPECT_LT(plan.options.topics_max, options.topics_max);
}

TEST(memory_plan, memory_max_stands_above_what_is_found) {
    config::server_options options;
    options.memory_max = 1024 * mebibyte;
    EXPECT_EQ(plan_memory(options, 2, 64 * 1024 * mebibyte).memory_bytes, 1024 * mebibyte);
    EXPECT_TRUE(plan_memory(options, 2, 64 * 1024 * mebibyte).is_scaled);
}

TEST(memory_plan, where_nothing_fits_the_least_limits_remain_and_are_told) {
    const memory_plan plan = plan_memory({}, 2, 16 * mebibyte);
    EXPECT_GT(plan.limits_bytes, plan.memory_bytes);
    EXPECT_GE(plan.options.frame_bytes_max, static_cast<std::uint32_t>(plan.options.message_bytes_max));
    EXPECT_NE(describe(plan).find("of 16 MiB"), std::string::npos);
}

}  // namespace
}  // namespace logstore::app
