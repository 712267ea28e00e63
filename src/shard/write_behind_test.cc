// Write-behind beside appends that are not durable yet.
#include <gtest/gtest.h>

#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

TEST(write_behind, waits_without_turning_round_while_nothing_more_is_durable) {
    // More than a megabyte is unwritten, which is reason to write behind at once, but a slow disk has not
    // made it durable: there is nothing to write, and asking again and again would take the whole processor
    // from everybody else.
    env::sim_world world(1);
    hosted_topic topic;
    topic.id = topic_id::from_random_bits(1, 1);
    topic.name = "t";
    topic.partitions = 1;
    shard_rig::options options;
    options.journal_file_bytes = 4 << 20;
    options.pinned_bytes_max = 16 << 20;
    shard_rig rig(world, boot_number(1), options);
    ASSERT_TRUE(world.run(rig.start({topic})));
    const tablet_id tablet{topic.id, partition_id(0)};

    // The first group becomes durable, those behind it hang.
    int groups = 0;
    const auto is_group = env::sim_disk_operations(env::sim_disk_operation_kind::write_durably, ".journal");
    world.disk().hold([&](const env::sim_disk_operation& one) { return is_group(one) && ++groups > 1; });
    std::vector<env::sim_running<append_outcome>> appends;
    appends.push_back(world.start(rig.append(tablet, make_test_batch(64 << 10))));
    world.advance(std::chrono::microseconds(10));
    for (int i = 0; i < 24; ++i)
        appends.push_back(world.start(rig.append(tablet, make_test_batch(64 << 10))));
    world.advance(std::chrono::milliseconds(10));
    ASSERT_TRUE(appends[0].done());
    ASSERT_FALSE(appends[1].done());
    EXPECT_EQ(rig.at(0).storage().counters.segment_bytes_written,
              64u << 10);  // what is durable was written behind

    const std::uint64_t steps_before = world.scheduler().steps();
    world.advance(std::chrono::milliseconds(400));
    EXPECT_LT(world.scheduler().steps() - steps_before, 20u);

    world.disk().release();
    world.advance(std::chrono::milliseconds(100));
    for (auto& one : appends) EXPECT_EQ(one.take().code, tablet_errc::ok);
    EXPECT_LT(rig.at(0).storage().pinned_bytes, 1u << 20);  // the rest followed by itself
    ASSERT_TRUE(world.run(rig.stop()));
}

}  // namespace
}  // namespace logstore
