// Pieces that are read before a sequential reader asks for them.
#include "log/read_ahead.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore {
namespace {

class read_aheads : public ::testing::Test {
  protected:
    static constexpr std::size_t piece_bytes = 10'000;
    static constexpr std::size_t file_bytes = 100'100;

    void SetUp() override {
        content_.resize(file_bytes);
        for (std::size_t i = 0; i < file_bytes; ++i) content_[i] = static_cast<std::byte>(i * 7 + i / 256);
        auto file = world_.run(world_.shard().files.open("/f", env::open_options::read_write().creating()));
        ASSERT_TRUE(file);
        ASSERT_TRUE(world_.run((*file)->write(0, content_)));
        ASSERT_TRUE(world_.run((*file)->flush()));
    }
    void TearDown() override {
        world_.disk().release();
        world_.run(ahead_.close());
    }

    static read_ahead::range at(std::uint64_t position, std::size_t bytes = piece_bytes, int tablet = 0) {
        const tablet_id whose{topic_id{}, partition_id(tablet)};
        return {{whose, offset(0), position}, std::min<std::uint64_t>(position + bytes, file_bytes), "/f"};
    }
    read_ahead::piece read(std::uint64_t position, std::size_t bytes = piece_bytes) {
        auto got = world_.run(ahead_.read(at(position, bytes)));
        EXPECT_TRUE(got);
        const std::size_t expected = std::min(bytes, file_bytes - static_cast<std::size_t>(position));
        EXPECT_EQ(got->content.bytes.size(), expected);
        EXPECT_TRUE(std::ranges::equal(got->content.bytes, bytes_view(content_).subspan(position, expected)));
        return *got;
    }
    std::uint64_t reads() { return world_.disk().operations(); }

    env::sim_world world_{7};
    file_cache files_{world_.shard().files, 8};
    read_ahead ahead_{files_, 5 * 12'288};
    byte_vector content_;
};

TEST_F(read_aheads, give_the_bytes_of_any_position_to_the_end_of_the_file) {
    for (const std::uint64_t position : {0, 1, 4095, 4096, 50'001, 99'000, 100'099}) {
        EXPECT_FALSE(read(position).is_sequential);
        read(position, 1);
    }
}

TEST_F(read_aheads, of_a_sequential_reader_are_there_before_it_asks) {
    read(0);
    ahead_.expect(at(9'990), false);
    EXPECT_TRUE(read(9'990).is_sequential);
    EXPECT_EQ(ahead_.pieces_taken(), 0u);
    ahead_.expect(at(19'980), true);
    world_.advance(std::chrono::milliseconds(10));
    const std::uint64_t before = reads();
    EXPECT_TRUE(read(19'980).is_sequential);
    EXPECT_EQ(reads(), before);
    EXPECT_EQ(ahead_.pieces_taken(), 1u);
    EXPECT_EQ(ahead_.memory_bytes(), 0u);
}

TEST_F(read_aheads, are_waited_for_when_they_are_on_their_way) {
    ahead_.expect(at(4096), true);
    const std::uint64_t opened = reads();
    EXPECT_TRUE(read(4096).is_sequential);
    EXPECT_EQ(reads(), opened + 1);
    EXPECT_EQ(ahead_.pieces_taken(), 1u);
}

TEST_F(read_aheads, serve_one_reader_and_the_next_one_reads_by_itself) {
    ahead_.expect(at(0), true);
    EXPECT_TRUE(read(0).is_sequential);
    EXPECT_FALSE(read(0).is_sequential);
}

TEST_F(read_aheads, serve_a_reader_that_wants_less_and_one_that_wants_more) {
    ahead_.expect(at(0), true);
    read(0, 100);
    ahead_.expect(at(20'000, 100), true);
    auto less = world_.run(ahead_.read(at(20'000)));
    ASSERT_TRUE(less);
    EXPECT_EQ(less->content.bytes.size(), 100u);
}

TEST_F(read_aheads, never_take_more_memory_than_they_may_and_the_oldest_go_first) {
    world_.disk().hold(env::sim_disk_operations(env::sim_disk_operation_kind::read));
    for (int i = 0; i < 20; ++i) {
        ahead_.expect(at(static_cast<std::uint64_t>(i) * 4096), true);
        EXPECT_LE(ahead_.memory_bytes(), ahead_.bytes_max());
    }
    world_.disk().release();
    world_.advance(std::chrono::milliseconds(10));
    ahead_.expect(at(1), true);
    ahead_.expect(at(2), true);
    EXPECT_GT(ahead_.memory_bytes(), 0u);
    EXPECT_LE(ahead_.memory_bytes(), ahead_.bytes_max());
    EXPECT_GT(ahead_.pieces_dropped(), 0u);
    read(1);
}

TEST_F(read_aheads, that_failed_are_read_again_when_they_are_asked_for) {
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::read), std::errc::io_error);
    ahead_.expect(at(8192), true);
    world_.advance(std::chrono::milliseconds(10));
    EXPECT_TRUE(read(8192).is_sequential);
    EXPECT_EQ(ahead_.pieces_taken(), 0u);
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::read), std::errc::io_error);
    EXPECT_FALSE(world_.run(ahead_.read(at(0))));
}

TEST_F(read_aheads, of_a_tablet_that_is_gone_are_forgotten) {
    ahead_.expect(at(0, piece_bytes, 1), true);
    ahead_.expect(at(0, piece_bytes, 2), true);
    const std::size_t both = ahead_.memory_bytes();
    ahead_.forget({topic_id{}, partition_id(1)});
    EXPECT_EQ(ahead_.memory_bytes(), both / 2);
    EXPECT_FALSE(world_.run(ahead_.read(at(0, piece_bytes, 1)))->is_sequential);
    EXPECT_TRUE(world_.run(ahead_.read(at(0, piece_bytes, 2)))->is_sequential);
}

TEST_F(read_aheads, end_before_they_are_closed) {
    ahead_.expect(at(0), true);
    world_.run(ahead_.close());
    EXPECT_EQ(ahead_.memory_bytes(), 0u);
    ahead_.expect(at(0), true);
    EXPECT_EQ(ahead_.memory_bytes(), 0u);
}

}  // namespace
}  // namespace logstore
