#include "kafka/protocol/messages/api_versions.h"

#include "kafka/server/dispatch.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class api_versions : public connection_fixture {
  protected:
    static api_versions_request named(std::string_view name = "tester", std::string_view version = "1.0") {
        return {name, version};
    }
    static bool has(const api_versions_response& response, api_key key, int min, int max) {
        return std::ranges::any_of(response.apis, [&](const auto& one) {
            return one.key == key && one.min == min && one.max == max;
        });
    }
};

TEST_F(api_versions, every_version_lists_what_is_served) {
    for (int version = 0; version <= 4; ++version) {
        const auto response = ask<api_versions_response>(named(), version);
        EXPECT_EQ(response.error, error_code::none);
        EXPECT_EQ(response.apis, served_apis());
        // Old librdkafka compresses only when Produce 0 is offered; the other floors are those of clients in
        // use.
        EXPECT_TRUE(has(response, api_key::produce, 0, 10));
        EXPECT_TRUE(has(response, api_key::fetch, 4, 12));
        EXPECT_TRUE(has(response, api_key::metadata, 0, 12));
        EXPECT_TRUE(has(response, api_key::list_offsets, 1, 8));
        EXPECT_TRUE(has(response, api_key::find_coordinator, 0, 4));
        EXPECT_TRUE(response.supported_features.empty());
    }
}

TEST_F(api_versions, every_listed_api_is_served) {
    for (const auto& one : served_apis())
        EXPECT_TRUE(one.key == api_key::produce || handler_of(one.key) != nullptr);
    EXPECT_EQ(handler_of(api_key::vote), nullptr);
}

TEST_F(api_versions, a_version_above_ours_is_answered_in_version_0_with_error_35_and_all_keys) {
    stream_end& client = connect();
    byte_vector frame(14);
    store_big(frame.data(), std::int32_t(10));
    store_big(frame.data() + 4, static_cast<std::int16_t>(api_key::api_versions));
    store_big(frame.data() + 6, std::int16_t(99));
    store_big(frame.data() + 8, std::int32_t(1234));
    frame[12] = frame[13] = std::byte(0xee);  // a body that nobody may look at
    const byte_vector sent = exchange(client, frame);
    const auto frames = frames_in(sent);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(*response_correlation_id(frames[0]), 1234);
    const auto response = answer_in<api_versions_response>(frames[0], 0);
    EXPECT_EQ(response.error, error_code::unsupported_version);
    EXPECT_EQ(response.apis, served_apis());
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(correlation_ids_in(exchange(client, frame_of(named(), 3, 6))), std::vector<std::int32_t>{6});
}

TEST_F(api_versions, from_version_3_on_a_bad_software_name_is_an_invalid_request) {
    for (const auto& bad : {named("", "1"), named("tester", ""), named("te ster", "1"), named("tester", "-1"),
                            named("a\n", "1")}) {
        const auto response = ask<api_versions_response>(bad, 3);
        EXPECT_EQ(response.error, error_code::invalid_request);
        EXPECT_TRUE(response.apis.empty());
    }
    EXPECT_EQ(ask<api_versions_response>(named("", ""), 2).error, error_code::none);
}

}  // namespace
}  // namespace logstore::kafka
