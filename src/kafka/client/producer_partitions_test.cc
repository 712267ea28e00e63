// To which partitions records go, and how the batches of several travel together.
#include <set>

#include <gtest/gtest.h>

#include "kafka/client/producer.h"
#include "kafka/client/testing/log_content.h"
#include "kafka/client/testing/producer_stage.h"
#include "kafka/protocol/key_placement.h"

namespace logstore::kafka {
namespace {

using testing::append_many;
using testing::producer_stage;
using testing::record_of;
using testing::run_on_stage;
using testing::values_in;

env::task<void> keyed(producer_stage* on) {
    for (int i = 0; i < 100; ++i) {
        const std::string key = "k" + std::to_string(i);
        new_record one = record_of(key);
        one.key = bytes_of(key);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    for (std::int32_t i = 0; i < 5; ++i) {
        for (const std::string& key : values_in(on->partition(static_cast<std::size_t>(i))))
            EXPECT_EQ(murmur2_partition(bytes_of(key), 5), partition_id(i));
    }
    EXPECT_EQ(on->out.counters().acknowledged, 100u);
}
TEST(producer_partitions, a_key_decides_the_partition) {
    run_on_stage(keyed, {}, 5);
}

env::task<void> keyless(producer_stage* on) {
    co_await append_many(on, 2000);
    (void)co_await on->out.flush();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto values = values_in(on->partition(i));
        EXPECT_GT(values.size(), 100u) << i;
        seen.insert(values.begin(), values.end());
    }
    EXPECT_EQ(seen.size(), 2000u);
    // As many batches as their size demands, and not one for each record.
    EXPECT_LT(on->told.all.size(), 50u);
}
TEST(producer_partitions, records_without_a_key_fill_one_batch_after_the_other) {
    run_on_stage(keyless, {.batch_bytes = 1000}, 4);
}

env::task<void> together(producer_stage* on) {
    for (int i = 0; i < 64; ++i) {
        new_record one = record_of("v");
        one.partition = partition_id(i);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().acknowledged, 64u);
    EXPECT_LE(on->memory.produce_requests, 3u);
}
TEST(producer_partitions, batches_of_many_partitions_go_in_one_request) {
    run_on_stage(together, {}, 64);
}

}  // namespace
}  // namespace logstore::kafka
