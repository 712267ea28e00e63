// What a start after a crash makes durable for each tablet, and what for all together.
#include <gtest/gtest.h>

#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

using kind = env::sim_disk_operation_kind;

std::size_t operations_below_logs(env::sim_world& world, std::uint64_t after, kind which, const std::string& path = {}) {
    std::size_t count = 0;
    for (const auto& one : world.disk().trace())
        if (one.number > after && one.kind == which && one.path.starts_with("/data/logs") && (path.empty() || one.path == path))
            ++count;
    return count;
}

TEST(recovery_flushes, four_for_each_tablet_that_only_the_journal_held_and_a_few_for_the_names_of_all) {
    constexpr std::int32_t tablets = 300;
    env::sim_world world(7);
    hosted_topic topic;
    topic.id = topic_id::from_random_bits(1, 1);
    topic.name = "t";
    topic.partitions = tablets;
    topic.settings.log.retention_ms = -1;
    shard_rig::options options;
    options.journal_file_bytes = 1 << 20;
    options.tune = [](shard_options& made) { made.checkpoint_interval = made.settle_after = std::chrono::hours(1); };
    shard_rig before(world, boot_number(1), options);
    ASSERT_TRUE(world.run(before.start({topic})));
    for (std::int32_t index = 0; index < tablets; ++index) {
        const tablet_id tablet{topic.id, partition_id(index)};
        ASSERT_EQ(world.run(before.append(tablet, make_test_batch(500))).code, tablet_errc::ok);
    }
    world.kill(1);
    before.abandon();
    const std::uint64_t operations = world.disk().operations();
    shard_rig after(world, boot_number(2), options);
    ASSERT_TRUE(world.run(after.start({topic})));
    EXPECT_EQ(after.recovered().replayed_tablets, std::size_t{tablets});
    // The bytes of partition.metadata and of the segment.
    EXPECT_EQ(operations_below_logs(world, operations, kind::flush), std::size_t{2 * tablets});
    // The names of both; the directories' own are shared.
    const std::size_t shared = operations_below_logs(world, operations, kind::sync_directory, "/data/logs");
    EXPECT_EQ(operations_below_logs(world, operations, kind::sync_directory), shared + 2 * tablets);
    EXPECT_LE(shared, std::size_t{tablets / 3});
    ASSERT_TRUE(world.run(after.stop()));
}

}  // namespace
}  // namespace logstore
