#include "kafka/protocol/response_stream.h"

#include <gtest/gtest.h>

#include "kafka/protocol/messages/describe_configs.h"
#include "kafka/protocol/testing/random_message.h"

namespace logstore::kafka {
namespace {

constexpr std::int16_t versions_max = 4;

TEST(response_stream, gives_the_bytes_of_the_whole_response_behind_what_was_there) {
    testing::random_message random(1);
    for (std::int16_t number = 1; number <= versions_max; ++number) {
        const api_version v(number);
        for (int round = 0; round < 50; ++round) {
            const auto whole = random.make<describe_configs_response>(v);
            byte_vector expected{std::byte('x')};
            ASSERT_TRUE(append_response(expected, v, 77, whole));
            byte_vector streamed{std::byte('x')};
            response_stream stream(streamed, api_key::describe_configs, v, 77);
            stream.fields(whole.throttle_time_ms);
            stream.begin_list(whole.resources.size());
            for (const auto& one : whole.resources) stream.element(one);
            EXPECT_EQ(stream.size() + (v >= 4 ? 2 : 1), expected.size());
            ASSERT_TRUE(stream.finish());
            EXPECT_EQ(streamed, expected);
        }
    }
}

TEST(response_stream, leaves_nothing_behind_when_a_part_cannot_be_said) {
    byte_vector out{std::byte('x')};
    response_stream stream(out, api_key::describe_configs, api_version(1), 1);
    stream.fields(std::int32_t(0));
    stream.begin_list(1);
    describe_configs_response::resource too_long;
    too_long.name.assign(string_bytes_max + 1, 'n');
    stream.element(too_long);
    EXPECT_FALSE(stream.finish());
    EXPECT_EQ(out, byte_vector{std::byte('x')});
}

}  // namespace
}  // namespace logstore::kafka
