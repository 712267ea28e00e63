#include "cluster/topic.h"

#include <gtest/gtest.h>

#include "env/testing/sim_random.h"

namespace logstore::cluster {
namespace {

topic example() {
    topic t;
    t.name = "payments.eu-west_1";
    t.id = topic_id::from_random_bits(1, 2);
    t.partition_count = 12;
    t.configs = {{"retention.ms", "-1"}, {"segment.bytes", "65536"}};
    return t;
}

metadata_entry entry_of(const std::string& key, byte_vector value) {
    return {key, std::move(value), metadata_revision(3), metadata_revision(5)};
}

TEST(topic, reads_back_what_was_written) {
    const topic before = example();
    const auto after = decode_topic(entry_of(topic_key(before.name), encode_topic(before)));
    ASSERT_TRUE(after) << after.error().message();
    EXPECT_EQ(after->name, before.name);
    EXPECT_EQ(after->id, before.id);
    EXPECT_EQ(after->partition_count, 12);
    EXPECT_EQ(after->configs, before.configs);
    EXPECT_EQ(after->created, metadata_revision(3));
    EXPECT_EQ(after->modified, metadata_revision(5));
}

TEST(topic, a_deleted_one_reads_back_what_was_written) {
    const deleted_topic before{"gone", topic_id::from_random_bits(7, 8), 3};
    const auto after =
        decode_deleted_topic(entry_of(deleted_topic_key(before.id), encode_deleted_topic(before)));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->name, "gone");
    EXPECT_EQ(after->id, before.id);
    EXPECT_EQ(after->partition_count, 3);
    EXPECT_EQ(id_in_deleted_topic_key(deleted_topic_key(before.id)), before.id);
    EXPECT_EQ(id_in_deleted_topic_key(topic_key("gone")), std::nullopt);
}

TEST(topic, has_the_documented_layout) {
    topic t;
    t.name = "a.b";
    t.id = topic_id::from_random_bits(0, 2);
    t.partition_count = 3;
    t.configs = {{"retention.ms", "-1"}};
    const std::string expected(
        "\x01\0\3a.b\0\0\0\0\0\0\x40\0\x80\0\0\0\0\0\0\2\0\0\0\3\0\1\0\x0Cretention.ms\0\2-1", 46);
    EXPECT_EQ(text_of(encode_topic(t)), expected);
    EXPECT_EQ(topic_key("a.b"), "topics/live/a_b");
    EXPECT_EQ(deleted_topic_key(t.id), "topics/deleted/AAAAAAAAQACAAAAAAAAAAg");
}

TEST(topic, names_that_differ_in_dots_and_underscores_share_a_key) {
    EXPECT_EQ(topic_key("a.b_c"), topic_key("a_b.c"));
    EXPECT_NE(topic_key("a.b"), topic_key("a-b"));
    EXPECT_TRUE(topic_key("x").starts_with(topics_prefix));
    EXPECT_TRUE(deleted_topic_key({}).starts_with(topics_prefix));
    EXPECT_FALSE(is_deleted_topic_key(topic_key("deleted")));
}

TEST(topic, a_cut_or_longer_value_is_corrupt) {
    const byte_vector good = encode_topic(example());
    const std::string key = topic_key(example().name);
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto refused =
            decode_topic(entry_of(key, byte_vector(good.begin(), good.begin() + static_cast<long>(size))));
        ASSERT_FALSE(refused) << size;
        EXPECT_EQ(refused.error().code, errc::corrupt) << size;
    }
    byte_vector longer = good;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode_topic(entry_of(key, longer)));
}

TEST(topic, an_impossible_topic_is_corrupt) {
    const auto refused = [](const topic& wrong, const std::string& key) {
        const auto read = decode_topic(entry_of(key, encode_topic(wrong)));
        return !read && read.error().code == errc::corrupt;
    };
    const topic good = example();
    EXPECT_FALSE(refused(good, topic_key(good.name)));
    EXPECT_TRUE(refused(good, topic_key("another")));
    topic wrong = good;
    wrong.partition_count = 0;
    EXPECT_TRUE(refused(wrong, topic_key(good.name)));
    wrong = good;
    wrong.id = {};
    EXPECT_TRUE(refused(wrong, topic_key(good.name)));
    wrong = good;
    wrong.name = "../escape";
    EXPECT_TRUE(refused(wrong, topic_key(wrong.name)));
}

TEST(topic, a_newer_version_is_told_from_damage) {
    byte_vector newer = encode_topic(example());
    newer.front() = std::byte{2};
    EXPECT_EQ(decode_topic(entry_of(topic_key(example().name), newer)).error().code,
              errc::unsupported_version);
    newer.front() = std::byte{0};
    EXPECT_EQ(decode_topic(entry_of(topic_key(example().name), newer)).error().code, errc::corrupt);
}

TEST(topic, no_damage_does_more_than_refuse) {
    env::sim_random random(1);
    const byte_vector good = encode_topic(example());
    const byte_vector good_deleted = encode_deleted_topic({"gone", topic_id::from_random_bits(7, 8), 3});
    for (int round = 0; round < 20'000; ++round) {
        byte_vector bad = random.coin() ? good : good_deleted;
        for (int i = 0; i < 3; ++i) bad[random.below(bad.size())] = static_cast<std::byte>(random.next());
        if (random.coin()) bad.resize(random.below(bad.size() * 2));
        (void)decode_topic(entry_of(topic_key(example().name), bad));
        (void)decode_deleted_topic(entry_of(deleted_topic_key(topic_id::from_random_bits(7, 8)), bad));
    }
}

}  // namespace
}  // namespace logstore::cluster
