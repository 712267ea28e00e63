#include "resp/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace logstore::resp {
namespace {

TEST(glob, matches_as_redis_does) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("*", "anything"));
    EXPECT_TRUE(matches("a*c", "abbc"));
    EXPECT_FALSE(matches("a*c", "abbd"));
    EXPECT_TRUE(matches("a?c", "abc"));
    EXPECT_FALSE(matches("a?c", "ac"));
    EXPECT_TRUE(matches("[a-c]x", "bx"));
    EXPECT_FALSE(matches("[^a-c]x", "bx"));
    EXPECT_TRUE(matches("[^a-c]x", "dx"));
    EXPECT_TRUE(matches("a\\*", "a*"));
    EXPECT_FALSE(matches("a\\*", "ab"));
    EXPECT_TRUE(matches("*a*b*c", "xxaxxbxxc"));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_TRUE(matches("", ""));
    EXPECT_TRUE(matches("[a", "a"));
}

TEST(glob, a_pattern_of_many_stars_costs_no_more_than_its_length_times_the_texts) {
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "*a";
    EXPECT_FALSE(matches(pattern + "b", std::string(100'000, 'a')));
}

TEST(glob, the_prefix_ends_before_what_is_special) {
    EXPECT_EQ(literal_prefix("user:*"), "user:");
    EXPECT_EQ(literal_prefix("user"), "user");
    EXPECT_EQ(literal_prefix("*"), "");
    EXPECT_EQ(literal_prefix("a\\*b"), "a");
}

}  // namespace
}  // namespace logstore::resp
