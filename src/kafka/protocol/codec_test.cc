#include "kafka/protocol/codec.h"

#include <gtest/gtest.h>

#include "kafka/protocol/api_versions.h"
#include "kafka/protocol/messages/all.h"

namespace logstore::kafka {
namespace {

TEST(codec, a_fetch_response_leaves_room_for_stored_batches) {
    fetch_response answer;
    auto& topic = answer.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().records = record_bytes::placeholder(7, 1000);
    topic.partitions.emplace_back().index = partition_id(1);

    byte_vector out;
    std::vector<insertion> insertions;
    ASSERT_TRUE(append_scattered_response(out, insertions, api_version(11), 5, answer));
    ASSERT_EQ(insertions.size(), 1u);
    EXPECT_EQ(insertions[0].index, 7u);
    EXPECT_EQ(insertions[0].byte_count, 1000u);
    EXPECT_EQ(static_cast<std::size_t>(load_big<std::int32_t>(out.data())), out.size() - 4 + 1000);

    byte_vector whole(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(insertions[0].position));
    whole.insert(whole.end(), 1000, std::byte(0x5a));
    whole.insert(whole.end(), out.begin() + static_cast<std::ptrdiff_t>(insertions[0].position), out.end());
    const auto decoded = decode_response<fetch_response>(bytes_view(whole).subspan(4), api_version(11));
    ASSERT_TRUE(decoded) << decoded.error().message();
    const auto& partitions = decoded->topics.at(0).partitions;
    ASSERT_EQ(partitions.size(), 2u);
    EXPECT_EQ(partitions[0].records.size(), 1000u);
    EXPECT_EQ(partitions[0].records.bytes().data(), whole.data() + insertions[0].position);
    EXPECT_EQ(partitions[1].index, partition_id(1));
    EXPECT_EQ(partitions[1].records.size(), 0u);
}

template <class Message>
void round_trip_of_defaults(api_version v) {
    byte_vector first;
    ASSERT_TRUE(encode_body(first, Message{}, v)) << api_name(Message::api) << " " << v.value();
    const auto decoded = decode_body<Message>(first, v);
    ASSERT_TRUE(decoded) << decoded.error().message();
    byte_vector second;
    ASSERT_TRUE(encode_body(second, *decoded, v));
    EXPECT_EQ(first, second);
}

TEST(codec, default_messages_survive_every_version) {
    all_apis::for_each([]<class Api>(Api) {
        const api_info& info = api_of(Api::api);
        for (std::int16_t v = std::max<std::int16_t>(info.served_min, 1); v <= info.advertised_max; ++v) {
            round_trip_of_defaults<typename Api::request>(api_version(v));
            round_trip_of_defaults<typename Api::response>(api_version(v));
        }
    });
}

}  // namespace
}  // namespace logstore::kafka
