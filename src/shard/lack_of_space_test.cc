#include "shard/lack_of_space.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace logstore {
namespace {

env::monotonic_time at(int ms) { return env::monotonic_time{} + std::chrono::milliseconds(ms); }

TEST(lack_of_space, a_full_disk_a_used_up_quota_and_a_limit_of_file_sizes_are_lack_of_space) {
    for (const int number : {ENOSPC, EDQUOT, EFBIG}) EXPECT_TRUE(is_lack_of_space({number, std::generic_category()}));
    for (const int number : {EIO, EROFS, ENOBUFS, EMFILE}) EXPECT_FALSE(is_lack_of_space({number, std::generic_category()}));
    EXPECT_FALSE(is_lack_of_space({}));
}

TEST(lack_of_space, an_episode_is_told_once_however_often_room_is_missing) {
    space_episode episode;
    EXPECT_FALSE(episode.note_room(at(0)));
    EXPECT_TRUE(episode.note_refusal(at(0)));
    for (int ms = 500; ms < 10'000; ms += 500) {
        EXPECT_FALSE(episode.note_room(at(ms)));
        EXPECT_FALSE(episode.note_refusal(at(ms + 1)));
    }
}

TEST(lack_of_space, an_episode_ends_once_when_room_was_there_for_a_while) {
    space_episode episode;
    EXPECT_TRUE(episode.note_refusal(at(0)));
    EXPECT_FALSE(episode.note_room(at(1999)));
    EXPECT_TRUE(episode.note_room(at(2000)));
    EXPECT_FALSE(episode.note_room(at(9000)));
    EXPECT_TRUE(episode.note_refusal(at(9001)));
}

}  // namespace
}  // namespace logstore
