// What tablets say they take on disk.
#include <gtest/gtest.h>

#include "shard/shard.h"
#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

constexpr std::int32_t partitions = 8;
constexpr std::size_t batch_bytes = 1000;

class shard_sizes : public ::testing::Test {
  protected:
    shard_sizes() {
        topic_.id = topic_id::from_random_bits(1, 1);
        topic_.name = "t";
        topic_.partitions = partitions;
        topic_.settings.log.segment_bytes = 4 * 1024;
        options_.shards = 2;
    }
    std::unique_ptr<shard_rig> start() {
        auto rig = std::make_unique<shard_rig>(world_, boot_number(++boot_), options_);
        EXPECT_TRUE(world_.run(rig->start({topic_})));
        return rig;
    }
    tablet_id tablet(std::int32_t index) const { return {topic_.id, partition_id(index)}; }
    std::vector<tablet_size> sizes(shard_rig& rig, std::vector<tablet_id> of) {
        return world_.run(rig.at(0).sizes(std::move(of)));
    }
    std::vector<tablet_id> all() const {
        std::vector<tablet_id> tablets;
        for (std::int32_t i = 0; i < partitions; ++i) tablets.push_back(tablet(i));
        return tablets;
    }
    /// i batches to partition i: the later ones have sealed segments.
    void append_to_all(shard_rig& rig) {
        for (std::int32_t i = 0; i < partitions; ++i)
            for (std::int32_t n = 0; n < i; ++n)
                ASSERT_EQ(world_.run(rig.append(tablet(i), make_test_batch(batch_bytes))).code, tablet_errc::ok);
    }
    void expect_sizes(const std::vector<tablet_size>& found) {
        ASSERT_EQ(found.size(), static_cast<std::size_t>(partitions));
        for (std::int32_t i = 0; i < partitions; ++i) {
            const tablet_size& one = found[static_cast<std::size_t>(i)];
            EXPECT_EQ(one.tablet, tablet(i));
            EXPECT_EQ(one.code, tablet_errc::ok);
            EXPECT_EQ(one.bytes, static_cast<std::size_t>(i) * batch_bytes);
            EXPECT_EQ(one.log_start, offset(0));
            EXPECT_EQ(one.high_watermark, next_offset(i));
        }
    }

    env::sim_world world_{5, 2};
    hosted_topic topic_;
    shard_rig::options options_;
    int boot_ = 0;
};

TEST_F(shard_sizes, of_all_shards_come_in_the_order_asked_before_and_after_a_start) {
    auto rig = start();
    append_to_all(*rig);
    expect_sizes(sizes(*rig, all()));
    ASSERT_TRUE(world_.run(rig->stop()));
    rig = start();
    expect_sizes(sizes(*rig, all()));
    const auto some = sizes(*rig, {tablet(5), tablet(2), tablet(5)});
    ASSERT_EQ(some.size(), 3u);
    EXPECT_EQ(some[0].bytes, 5 * batch_bytes);
    EXPECT_EQ(some[1].bytes, 2 * batch_bytes);
    EXPECT_EQ(some[2].bytes, 5 * batch_bytes);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST_F(shard_sizes, list_the_files_of_a_tablet_once) {
    auto rig = start();
    append_to_all(*rig);
    ASSERT_TRUE(world_.run(rig->stop()));
    rig = start();
    sizes(*rig, all());
    const std::uint64_t before = world_.disk().operations();
    sizes(*rig, all());
    EXPECT_EQ(world_.disk().operations(), before);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST_F(shard_sizes, of_a_tablet_that_there_is_not_are_said_to_be_unknown) {
    auto rig = start();
    const auto found = sizes(*rig, {{topic_id::from_random_bits(9, 9), partition_id(0)}, tablet(partitions), tablet(1)});
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].code, tablet_errc::unknown_tablet);
    EXPECT_EQ(found[1].code, tablet_errc::unknown_tablet);
    EXPECT_EQ(found[2].code, tablet_errc::ok);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST_F(shard_sizes, ask_a_shard_that_stops_in_vain) {
    auto rig = start();
    ASSERT_TRUE(world_.run(rig->stop()));
    for (const tablet_size& one : sizes(*rig, all())) EXPECT_EQ(one.code, tablet_errc::stopping);
}

TEST_F(shard_sizes, the_room_is_that_of_the_folder_of_the_tablets) {
    auto rig = start();
    const auto room = world_.run(rig->at(1).space());
    ASSERT_TRUE(room);
    EXPECT_GT(room->total_bytes, 0u);
    EXPECT_LE(room->free_bytes, room->total_bytes);
    ASSERT_TRUE(world_.run(rig->stop()));
}

}  // namespace
}  // namespace logstore
