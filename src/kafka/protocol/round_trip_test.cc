// Every message in every version, with random content.
#include <cstdlib>

#include <gtest/gtest.h>

#include "kafka/protocol/codec.h"
#include "kafka/protocol/messages/all.h"
#include "kafka/protocol/testing/hex.h"
#include "kafka/protocol/testing/random_message.h"

namespace logstore::kafka {
namespace {

using testing::hex_of;
using testing::random_message;

/// Calls `visit.operator()<Message>(version)` for every request and response in every version served.
template <class Visit>
void for_each_message(Visit visit) {
    all_apis::for_each([&]<class Api>(Api) {
        const api_info& info = api_of(Api::api);
        for (std::int16_t v = info.served_min; v <= info.advertised_max; ++v) {
            visit.template operator()<typename Api::request>(api_version(v));
            visit.template operator()<typename Api::response>(api_version(v));
        }
    });
}

template <message T>
byte_vector random_body(random_message& source, api_version v) {
    byte_vector bytes;
    const auto encoded = encode_body(bytes, source.make<T>(v), v);
    EXPECT_TRUE(encoded) << api_name(T::api) << " " << v.value();
    return bytes;
}

TEST(round_trip, random_messages_come_back_byte_for_byte) {
    for_each_message([]<message T>(api_version v) {
        random_message source(static_cast<std::uint64_t>(v.value()));
        for (int i = 0; i < 100; ++i) {
            const byte_vector bytes = random_body<T>(source, v);
            const auto decoded = decode_body<T>(bytes, v);
            ASSERT_TRUE(decoded) << api_name(T::api) << " " << v.value() << " " << decoded.error().message()
                                 << " " << hex_of(bytes);
            byte_vector again;
            ASSERT_TRUE(encode_body(again, *decoded, v));
            ASSERT_EQ(hex_of(again), hex_of(bytes)) << api_name(T::api) << " " << v.value();
        }
    });
}

TEST(round_trip, no_part_of_a_message_passes_for_the_whole) {
    for_each_message([]<message T>(api_version v) {
        random_message source(static_cast<std::uint64_t>(v.value()) + 1000);
        for (int i = 0; i < 10; ++i) {
            const byte_vector bytes = random_body<T>(source, v);
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                // A copy of the exact size, so that a sanitizer sees a read past its end.
                const byte_vector part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
                ASSERT_FALSE(decode_body<T>(part, v))
                    << api_name(T::api) << " " << v.value() << " at " << length;
            }
        }
    });
}

TEST(round_trip, bytes_after_the_end_are_refused) {
    for_each_message([]<message T>(api_version v) {
        random_message source(static_cast<std::uint64_t>(v.value()) + 2000);
        byte_vector bytes = random_body<T>(source, v);
        bytes.push_back(std::byte(0));
        const auto decoded = decode_body<T>(bytes, v);
        ASSERT_FALSE(decoded);
        EXPECT_EQ(decoded.error().code, protocol_errc::trailing_bytes);
    });
}

TEST(round_trip, flipped_bytes_do_no_harm) {
    for_each_message([]<message T>(api_version v) {
        random_message source(static_cast<std::uint64_t>(v.value()) + 3000);
        for (int i = 0; i < 200; ++i) {
            byte_vector bytes = random_body<T>(source, v);
            if (bytes.empty()) continue;
            for (int flips = 0; flips < 3; ++flips)
                bytes[source.below(bytes.size())] = static_cast<std::byte>(source.number());
            const auto decoded = decode_body<T>(bytes, v);
            if (!decoded) continue;
            byte_vector again;
            ASSERT_TRUE(encode_body(again, *decoded, v)) << "what was decoded can be encoded";
        }
    });
}

TEST(round_trip, whole_frames_come_back) {
    all_apis::for_each([]<class Api>(Api) {
        using request = typename Api::request;
        using response = typename Api::response;
        const api_info& info = api_of(Api::api);
        for (std::int16_t number = info.served_min; number <= info.advertised_max; ++number) {
            const api_version v(number);
            random_message source(static_cast<std::uint64_t>(number) + 4000);
            byte_vector frame;
            ASSERT_TRUE(append_request(frame, v, 77, "me", source.make<request>(v)));
            const auto taken = decode_request_frame(bytes_view(frame).subspan(4));
            ASSERT_TRUE(taken) << taken.error().message();
            EXPECT_EQ(taken->header.api, Api::api);
            EXPECT_EQ(taken->header.correlation_id, 77);
            EXPECT_TRUE(decode_body<request>(taken->body, v));

            frame.clear();
            ASSERT_TRUE(append_response(frame, v, 78, source.make<response>(v)));
            EXPECT_EQ(response_correlation_id(bytes_view(frame).subspan(4)), 78);
            EXPECT_TRUE(decode_response<response>(bytes_view(frame).subspan(4), v));
        }
    });
}

}  // namespace
}  // namespace logstore::kafka
