#include "kafka/protocol/header.h"

#include <gtest/gtest.h>

#include "kafka/protocol/api_versions.h"
#include "kafka/protocol/errc.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/all.h"
#include "kafka/protocol/testing/hex.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;

std::error_code refusal(std::string_view frame) {
    const byte_vector bytes = bytes_from(frame);
    const auto decoded = decode_request_frame(bytes);
    return decoded ? std::error_code() : decoded.error().code;
}

TEST(request_frame, an_api_that_is_not_offered_is_refused) {
    EXPECT_EQ(refusal("0004 0000 00000001 0000"), protocol_errc::unknown_api);
    EXPECT_EQ(refusal("03e8 0000 00000001 0000"), protocol_errc::unknown_api);
    EXPECT_EQ(refusal("ffff 0000 00000001 0000"), protocol_errc::unknown_api);
}

TEST(request_frame, a_version_outside_what_is_served_is_refused) {
    EXPECT_EQ(refusal("0000 0002 00000001 0000"), protocol_errc::unsupported_version)
        << "Produce 2 is offered, never served";
    EXPECT_EQ(refusal("0000 000b 00000001 0000"), protocol_errc::unsupported_version);
    EXPECT_EQ(refusal("0003 ffff 00000001 0000"), protocol_errc::unsupported_version);
    EXPECT_EQ(refusal("0012 ffff 00000001 0000"), protocol_errc::unsupported_version);
}

TEST(request_frame, the_client_id_is_a_short_string_in_flexible_versions_too) {
    const byte_vector bytes = bytes_from("0012 0003 00000001 0002 'me' 00 02 'a' 02 '1' 00");
    const auto frame = decode_request_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(frame->header.client_id, "me");
    EXPECT_EQ(frame->body.size(), 5u);
}

TEST(request_frame, header_tags_are_skipped) {
    const byte_vector bytes = bytes_from("0012 0003 00000001 ffff 02 05 03 'abc' 07 00 02 'a' 02 '1' 00");
    const auto frame = decode_request_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(frame->body.size(), 5u);
}

TEST(request_frame, a_malformed_header_is_refused) {
    EXPECT_EQ(refusal(""), protocol_errc::truncated);
    EXPECT_EQ(refusal("0012 0003 000000"), protocol_errc::truncated);
    EXPECT_EQ(refusal("0012 0003 00000001 fffe"), protocol_errc::bad_length);
    EXPECT_EQ(refusal("0012 0003 00000001 0005 'abc'"), protocol_errc::truncated);
    EXPECT_EQ(refusal("0012 0003 00000001 ffff 01 00 7f"), protocol_errc::truncated);
    EXPECT_EQ(refusal("0012 0003 00000001 ffff ff7f"), protocol_errc::too_many_tags);
}

TEST(response_header, has_tags_in_flexible_versions_except_for_api_versions) {
    EXPECT_FALSE(response_header_is_flexible(api_key::metadata, api_version(8)));
    EXPECT_TRUE(response_header_is_flexible(api_key::metadata, api_version(9)));
    EXPECT_FALSE(response_header_is_flexible(api_key::api_versions, api_version(4)));
    EXPECT_FALSE(response_header_is_flexible(api_key::sasl_handshake, api_version(1)));
}

TEST(api_table, offers_exactly_the_apis_that_have_messages) {
    for (const api_info& info : api_table) {
        EXPECT_EQ(info.is_offered(), all_apis::for_key(info.key, [](auto) {})) << info.name;
        if (!info.is_offered()) continue;
        EXPECT_LE(info.advertised_min, info.served_min) << info.name;
        EXPECT_LE(info.served_min, info.advertised_max) << info.name;
    }
    EXPECT_EQ(find_api(static_cast<api_key>(-1)), nullptr);
    EXPECT_EQ(find_api(static_cast<api_key>(api_table.size())), nullptr);
}

TEST(api_versions, offers_produce_0_for_old_librdkafka) {
    const auto ranges = offered_apis();
    ASSERT_FALSE(ranges.empty());
    EXPECT_EQ(ranges[0], (api_versions_response::range{api_key::produce, api_version(0), api_version(10)}));
}

TEST(api_versions, software_names_are_letters_digits_dots_and_dashes) {
    for (std::string_view legal : {"librdkafka", "a", "apache-kafka-java", "2.0.2-rc.1"})
        EXPECT_TRUE(is_legal_software_name(legal)) << legal;
    for (std::string_view illegal : {"", "-a", "a-", ".a", "a b", "a_b", "\xc3\xa4"})
        EXPECT_FALSE(is_legal_software_name(illegal)) << illegal;
}

TEST(error_code, knows_name_sentence_and_what_clients_do) {
    EXPECT_EQ(error_name(error_code::not_leader_or_follower), "NOT_LEADER_OR_FOLLOWER");
    EXPECT_TRUE(is_retriable(error_code::not_leader_or_follower));
    EXPECT_TRUE(refreshes_metadata(error_code::not_leader_or_follower));
    EXPECT_TRUE(is_retriable(error_code::request_timed_out));
    EXPECT_FALSE(refreshes_metadata(error_code::request_timed_out));
    EXPECT_FALSE(is_retriable(error_code::unknown_server_error));
    EXPECT_FALSE(is_retriable(error_code::message_too_large));
    EXPECT_EQ(error_name(error_code::share_session_limit_reached), "SHARE_SESSION_LIMIT_REACHED");
    EXPECT_EQ(error_name(static_cast<error_code>(134)), "UNKNOWN");
    EXPECT_EQ(error_name(static_cast<error_code>(-2)), "UNKNOWN");
    EXPECT_FALSE(error_sentence(static_cast<error_code>(999)).empty());
}

}  // namespace
}  // namespace logstore::kafka
