// What nobody sends by accident.
#include <gtest/gtest.h>

#include "kafka/protocol/codec.h"
#include "kafka/protocol/messages/all.h"
#include "kafka/protocol/testing/hex.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;

template <message T>
std::error_code refusal(std::string_view text, std::int16_t v, const decode_limits& limits = {}) {
    const byte_vector bytes = bytes_from(text);
    const auto decoded = decode_body<T>(bytes, api_version(v), limits);
    return decoded ? std::error_code() : decoded.error().code;
}

TEST(hostile, a_count_beyond_the_bytes_left_is_refused_before_room_is_made) {
    EXPECT_EQ(refusal<metadata_request>("7fffffff 0001 't'", 1), protocol_errc::bad_count);
    EXPECT_EQ(refusal<metadata_request>("ffffffff0f 00 00 00", 9), protocol_errc::bad_count);
    EXPECT_EQ(refusal<metadata_request>("00000002 0001 't'", 1), protocol_errc::bad_count)
        << "3 bytes cannot be two names of at least two bytes";
    EXPECT_EQ(refusal<delete_topics_request>("40000000 0001 't' 00000000", 1), protocol_errc::bad_count);
}

TEST(hostile, a_negative_count_is_refused) {
    EXPECT_EQ(refusal<metadata_request>("fffffffe", 1), protocol_errc::bad_count);
    EXPECT_EQ(refusal<metadata_request>("80000000", 1), protocol_errc::bad_count);
    EXPECT_EQ(refusal<create_topics_request>("fffffffe 00000000 00", 2), protocol_errc::bad_count);
}

TEST(hostile, a_length_out_of_bounds_is_refused) {
    EXPECT_EQ(refusal<metadata_request>("00000001 fffe", 1), protocol_errc::bad_length);
    EXPECT_EQ(refusal<metadata_request>("00000001 8000", 1), protocol_errc::bad_length);
    EXPECT_EQ(refusal<metadata_request>("00000001 7fff 't'", 1), protocol_errc::truncated);
    EXPECT_EQ(refusal<metadata_request>("02 818002 't' 00 00 00 00 00", 9), protocol_errc::bad_length)
        << "a name of 32768 bytes";
    EXPECT_EQ(refusal<produce_request>("ffff 0001 00000000 00000001 0001 't' 00000001 00000000 fffffffe", 3),
              protocol_errc::bad_length);
    EXPECT_EQ(refusal<produce_request>("ffff 0001 00000000 00000001 0001 't' 00000001 00000000 7fffffff", 3),
              protocol_errc::truncated);
}

TEST(hostile, null_is_refused_where_the_version_has_none) {
    EXPECT_EQ(refusal<metadata_request>("ffffffff", 0), protocol_errc::null_not_allowed);
    EXPECT_EQ(refusal<metadata_request>("00000001 ffff", 1), protocol_errc::null_not_allowed);
    EXPECT_EQ(refusal<metadata_request>("02 00 00 00 00 00 00", 9), protocol_errc::null_not_allowed);
    EXPECT_EQ(refusal<produce_request>("ffff 0001 00000000 ffffffff", 3), protocol_errc::null_not_allowed);
    EXPECT_EQ(refusal<metadata_request>("ffffffff", 1), std::error_code());
    EXPECT_EQ(refusal<produce_request>("ffff 0001 00000000 00000001 0001 't' 00000001 00000000 ffffffff", 3),
              std::error_code())
        << "null records are the handler's to refuse";
}

TEST(hostile, unknown_tags_are_skipped) {
    const byte_vector bytes = bytes_from("02 't' 02 'v' 02 05 03 'abc' ffffffff0f 00");
    const auto decoded = decode_body<api_versions_request>(bytes, api_version(3));
    ASSERT_TRUE(decoded) << decoded.error().message();
    EXPECT_EQ(decoded->client_software_name, "t");
    EXPECT_EQ(refusal<api_versions_request>("02 't' 02 'v' 01 05 04 'abc'", 3), protocol_errc::truncated);
}

TEST(hostile, a_known_tag_must_fill_its_size) {
    const std::string_view body = "ffffffff 00000000 00000000 00000000 00 00000000 ffffffff 01 01 01";
    const auto with = [&](std::string_view tags) { return std::string(body) + std::string(tags); };
    EXPECT_EQ(refusal<fetch_request>(with("00"), 12), std::error_code());
    EXPECT_EQ(refusal<fetch_request>(with("01 00 02 02 'c'"), 12), std::error_code());
    EXPECT_EQ(refusal<fetch_request>(with("01 00 03 02 'c' 00"), 12), protocol_errc::bad_tag);
    EXPECT_EQ(refusal<fetch_request>(with("01 00 01 02 'c'"), 12), protocol_errc::truncated);
}

TEST(hostile, tags_are_limited_in_number_and_size) {
    const decode_limits few{.tag_count_max = 2, .unknown_tag_max_bytes = 4};
    EXPECT_EQ(refusal<api_versions_request>("02 't' 02 'v' 02 05 00 06 00", 3, few), std::error_code());
    EXPECT_EQ(refusal<api_versions_request>("02 't' 02 'v' 03 05 00 06 00 07 00", 3, few),
              protocol_errc::too_many_tags);
    EXPECT_EQ(refusal<api_versions_request>("02 't' 02 'v' 02 05 02 'ab' 06 02 'ab'", 3, few),
              std::error_code());
    EXPECT_EQ(refusal<api_versions_request>("02 't' 02 'v' 02 05 02 'ab' 06 03 'abc'", 3, few),
              protocol_errc::too_many_tags);
}

TEST(hostile, memory_for_lists_is_limited) {
    byte_vector bytes = bytes_from("000186a0");
    bytes.resize(bytes.size() + 2 * 100000);
    EXPECT_TRUE(decode_body<metadata_request>(bytes, api_version(1)));
    const decode_limits little{.list_memory_max_bytes = 1 << 20};
    const auto refused = decode_body<metadata_request>(bytes, api_version(1), little);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, protocol_errc::too_large);
}

TEST(hostile, an_error_says_where) {
    const auto refused = decode_body<metadata_request>(bytes_from("00000001 0005 'abc'"), api_version(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "Metadata, at byte 6");
}

TEST(encoding, what_a_version_cannot_say_fails_and_leaves_nothing_behind) {
    byte_vector out = bytes_from("aa");
    metadata_response answer;
    answer.topics.emplace_back().name = std::nullopt;
    EXPECT_TRUE(append_response(out, api_version(12), 1, answer));
    out.resize(1);
    const auto refused = append_response(out, api_version(11), 1, answer);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, protocol_errc::not_representable);
    EXPECT_EQ(out, bytes_from("aa"));

    answer.topics[0].name = std::string(string_bytes_max + 1, 'x');
    EXPECT_FALSE(append_response(out, api_version(1), 1, answer));
    EXPECT_FALSE(append_response(out, api_version(12), 1, answer));
    answer.topics[0].name->pop_back();
    EXPECT_TRUE(append_response(out, api_version(12), 1, answer));
}

}  // namespace
}  // namespace logstore::kafka
