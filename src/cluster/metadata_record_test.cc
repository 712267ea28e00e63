#include "cluster/metadata_record.h"

#include <gtest/gtest.h>

namespace logstore::cluster {
namespace {

TEST(metadata_record, reads_back_what_was_written) {
    const std::string stored =
        encode_metadata_record(metadata_revision(3), metadata_revision(70'000'000'000), bytes_of("value"));
    const auto entry = decode_metadata_record(metadata_entry_key("key"), stored);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->key, "key");
    EXPECT_EQ(text_of(entry->value), "value");
    EXPECT_EQ(entry->created, metadata_revision(3));
    EXPECT_EQ(entry->modified, metadata_revision(70'000'000'000));
}

TEST(metadata_record, has_the_documented_layout) {
    EXPECT_EQ(encode_metadata_record(metadata_revision(1), metadata_revision(258), bytes_of("v")),
              std::string("\x01"
                          "\0\0\0\0\0\0\0\x01"
                          "\0\0\0\0\0\0\x01\x02"
                          "v",
                          18));
    EXPECT_EQ(metadata_entry_key("a"),
              "\x01"
              "a");
    EXPECT_EQ(encode_metadata_format(), "logstore metadata\x01");
}

TEST(metadata_record, what_was_cut_or_cannot_be_is_corrupt) {
    const std::string good = encode_metadata_record(metadata_revision(1), metadata_revision(2), {});
    const std::string key = metadata_entry_key("key");
    ASSERT_TRUE(decode_metadata_record(key, good));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(decode_metadata_record(key, good.substr(0, size)).error().code, errc::corrupt) << size;
    }
    std::string wrong = good;
    wrong[0] = 2;
    EXPECT_FALSE(decode_metadata_record(key, wrong));
    wrong = good;
    wrong[8] = 0;  // created 0
    EXPECT_FALSE(decode_metadata_record(key, wrong));
    wrong = good;
    wrong[8] = 3;  // created after modified
    EXPECT_FALSE(decode_metadata_record(key, wrong));
    wrong = good;
    wrong[9] = '\x80';  // modified negative
    EXPECT_FALSE(decode_metadata_record(key, wrong));
    EXPECT_FALSE(decode_metadata_record("", good));
    EXPECT_FALSE(decode_metadata_record("key", good));
}

TEST(metadata_record, a_newer_format_is_told_from_a_foreign_one) {
    EXPECT_TRUE(check_metadata_format(encode_metadata_format()));
    EXPECT_EQ(check_metadata_format("logstore metadata\x02").error().code, errc::unsupported_version);
    EXPECT_EQ(check_metadata_format("logstore metadata").error().code, errc::corrupt);
    EXPECT_EQ(check_metadata_format("something else   \x01").error().code, errc::corrupt);
    EXPECT_EQ(check_metadata_format("").error().code, errc::corrupt);
}

TEST(metadata_record, a_stored_revision_is_eight_bytes) {
    EXPECT_EQ(decode_metadata_revision(encode_metadata_revision(metadata_revision(77))),
              metadata_revision(77));
    EXPECT_FALSE(decode_metadata_revision("1234567"));
    EXPECT_FALSE(decode_metadata_revision("123456789"));
    EXPECT_FALSE(
        decode_metadata_revision("\xFF"
                                 "2345678"));
}

}  // namespace
}  // namespace logstore::cluster
