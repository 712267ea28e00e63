#include "shard/journal_budget.h"

#include <gtest/gtest.h>

#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

constexpr std::uint64_t MiB = std::uint64_t(1) << 20;
constexpr std::uint64_t GiB = std::uint64_t(1) << 30;

TEST(journal_budget, what_fits_is_as_it_was_asked_for) {
    const journal_sizes asked{64 * MiB, 4, 4};
    for (const std::uint64_t disk : {16 * GiB, 17 * GiB, std::uint64_t(0)}) {
        const auto chosen = choose_journals(asked, disk, "/data");
        ASSERT_TRUE(chosen);
        EXPECT_EQ(chosen->sizes.file_bytes, 64 * MiB);
        EXPECT_EQ(chosen->why_smaller, "");
    }
}

TEST(journal_budget, all_journals_take_at_most_one_gibibyte) {
    const auto chosen = choose_journals({64 * MiB, 4, 16}, 1000 * GiB, "/data");
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->sizes.file_bytes, 16 * MiB);
    EXPECT_EQ(chosen->sizes.total_bytes(), journal_bytes_max);
    EXPECT_EQ(chosen->why_smaller,
              "journals are 4 x 16 MiB for each of 16 shards, not of 64 MiB: all journals take at most 1024 "
              "MiB; a batch has at "
              "most 8380416 bytes");
}

TEST(journal_budget, on_a_small_disk_they_take_a_sixteenth_of_it) {
    for (std::uint64_t disk_mib = 1030; disk_mib < 16'384; disk_mib += 613) {
        for (const std::uint32_t shards : {1u, 2u, 4u}) {
            const auto chosen = choose_journals({64 * MiB, 4, shards}, disk_mib * MiB, "/data");
            ASSERT_TRUE(chosen) << disk_mib;
            EXPECT_LE(chosen->sizes.total_bytes(), disk_mib * MiB / 16);
            EXPECT_GE(chosen->sizes.file_bytes, journal_file_bytes_min);
            EXPECT_EQ(chosen->sizes.files, 4u);
            EXPECT_EQ(chosen->sizes.shards, shards);
            EXPECT_EQ(chosen->sizes.file_bytes % MiB, 0u);
            // Not smaller than it has to be.
            const bool is_largest = (chosen->sizes.file_bytes + MiB) * 4 * shards > disk_mib * MiB / 16;
            EXPECT_TRUE(is_largest || chosen->sizes.file_bytes == 64 * MiB) << disk_mib;
        }
    }
    const auto chosen = choose_journals({64 * MiB, 4, 2}, 1 * GiB, "/data");
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->why_smaller,
              "journals are 4 x 8 MiB for each of 2 shards, not of 64 MiB: all journals take at most a "
              "sixteenth of the file "
              "system of /data, which has 1024 MiB; a batch has at most 4186112 bytes");
}

TEST(journal_budget, what_fits_in_no_way_is_refused_with_what_to_do) {
    const auto small_disk = choose_journals({64 * MiB, 4, 2}, 511 * MiB, "/data");
    ASSERT_FALSE(small_disk);
    EXPECT_EQ(small_disk.error().code, std::errc::no_space_on_device);
    EXPECT_EQ(small_disk.error().detail,
              "all journals take at most a sixteenth of the file system of /data, which has 511 MiB, and 4 x "
              "4 MiB for each of 2 "
              "shards are the least: give fewer --shards, a lower storage.journal_files, or a --data-dir on "
              "a larger disk");
    EXPECT_TRUE(choose_journals({64 * MiB, 4, 2}, 512 * MiB, "/data"));
    EXPECT_TRUE(choose_journals({64 * MiB, 3, 2}, 511 * MiB, "/data"));
    EXPECT_TRUE(choose_journals({64 * MiB, 4, 1}, 511 * MiB, "/data"));

    const auto many_shards = choose_journals({64 * MiB, 4, 65}, 1000 * GiB, "/data");
    ASSERT_FALSE(many_shards);
    EXPECT_NE(many_shards.error().detail.find("at most 1024 MiB, and"), std::string::npos)
        << many_shards.error().detail;
}

TEST(journal_budget, files_that_were_asked_to_be_tiny_stay_so) {
    const auto chosen = choose_journals({64 * 1024, 4, 2}, 16 * MiB, "/data");
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->sizes.file_bytes, 64u * 1024);
    EXPECT_FALSE(choose_journals({64 * 1024, 4, 2}, 7 * MiB, "/data"));
}

TEST(journal_budget, as_many_shards_as_fit_any_disk) {
    EXPECT_EQ(shards_max_of_journals(64 * MiB, 4), 64u);
    EXPECT_TRUE(choose_journals({64 * MiB, 4, 64}, 1000 * GiB, "/data"));
    EXPECT_EQ(shards_max_of_journals(1 * MiB, 4), 256u);
    EXPECT_EQ(shards_max_of_journals(1 * GiB, 64), 4u);
}

TEST(journal_budget, a_store_on_a_small_disk_works_with_what_was_chosen) {
    env::sim_world_options small;
    small.disk.total_bytes = 256 * MiB;
    env::sim_world world(small);
    const auto chosen = world.run(choose_journals_in(world.shard(0), "/", "/", {64 * MiB, 3, 1}));
    ASSERT_TRUE(chosen) << chosen.error().message();
    EXPECT_EQ(chosen->sizes.file_bytes, 5 * MiB);

    hosted_topic topic;
    topic.id = topic_id::from_random_bits(1, 1);
    topic.name = "t";
    topic.partitions = 1;
    shard_rig::options options;
    options.journal_file_bytes = chosen->sizes.file_bytes;
    options.journal_files = chosen->sizes.files;
    options.pinned_bytes_max = 64 * MiB;
    const std::size_t largest = journal_batch_bytes_max(chosen->sizes.file_bytes);
    topic.settings.batch_bytes_max = largest;
    shard_rig rig(world, boot_number(1), options);
    ASSERT_TRUE(world.run(rig.start({topic})));
    const tablet_id tablet{topic.id, partition_id(0)};
    // Several times around the journal, by the largest batches that it takes.
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(world.run(rig.append(tablet, make_test_batch(largest))).code, tablet_errc::ok) << i;
    EXPECT_LE(rig.at(0).appends().capacity_bytes(), 16 * MiB);
    ASSERT_TRUE(world.run(rig.stop()));
}

}  // namespace
}  // namespace logstore
