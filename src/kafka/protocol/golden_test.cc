// Bytes written down by hand from the protocol's description, not from this codec.
#include <gtest/gtest.h>

#include "kafka/protocol/api_versions.h"
#include "kafka/protocol/codec.h"
#include "kafka/protocol/messages/all.h"
#include "kafka/protocol/testing/hex.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;
using testing::hex_of;

byte_vector frame_content(const byte_vector& frame) {
    EXPECT_EQ(static_cast<std::size_t>(load_big<std::int32_t>(frame.data())), frame.size() - 4);
    return byte_vector(frame.begin() + 4, frame.end());
}

TEST(golden, metadata_request_1_asks_for_one_topic) {
    const byte_vector bytes = bytes_from("0003 0001 00000007 0003 'kct'   00000001 0005 'hello'");
    const auto frame = decode_request_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_EQ(frame->header.api, api_key::metadata);
    EXPECT_EQ(frame->header.version, 1);
    EXPECT_EQ(frame->header.correlation_id, 7);
    EXPECT_EQ(frame->header.client_id, "kct");
    const auto request = decode_body<metadata_request>(frame->body, frame->header.version);
    ASSERT_TRUE(request) << request.error().message();
    ASSERT_EQ(request->topics.value().size(), 1u);
    EXPECT_EQ(request->topics->front().name, "hello");
    EXPECT_TRUE(request->allow_auto_topic_creation);

    byte_vector again;
    ASSERT_TRUE(append_request(again, api_version(1), 7, "kct", *request));
    EXPECT_EQ(hex_of(frame_content(again)), hex_of(bytes));
}

TEST(golden, metadata_request_12_asks_for_all_topics) {
    const byte_vector bytes = bytes_from("0003 000c 00000001 ffff 00   00 01 00 00");
    const auto frame = decode_request_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_FALSE(frame->header.client_id.has_value());
    const auto request = decode_body<metadata_request>(frame->body, frame->header.version);
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_TRUE(request->asks_for_all_topics(frame->header.version));
    byte_vector again;
    ASSERT_TRUE(append_request(again, api_version(12), 1, std::nullopt, *request));
    EXPECT_EQ(hex_of(frame_content(again)), hex_of(bytes));
}

metadata_response one_broker_one_topic() {
    metadata_response answer;
    answer.cluster_id = "c";
    answer.controller = broker_id(1);
    auto& broker = answer.brokers.emplace_back();
    broker.id = broker_id(1);
    broker.host = "h";
    broker.port = 9092;
    auto& topic = answer.topics.emplace_back();
    topic.name = "t";
    topic.id.bytes.fill(std::byte(0xab));
    auto& partition = topic.partitions.emplace_back();
    partition.leader = broker_id(1);
    partition.epoch = leader_epoch(5);
    partition.replicas = {broker_id(1)};
    partition.in_sync_replicas = {broker_id(1)};
    return answer;
}

TEST(golden, metadata_response_1) {
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(1), 9, one_broker_one_topic()));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from("00000009   00000001 00000001 0001 'h' 00002384 ffff   00000001"
                                "00000001 0000 0001 't' 00   00000001 0000 00000000 00000001 00000001 "
                                "00000001 00000001 00000001")));
}

TEST(golden, metadata_response_12) {
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(12), 9, one_broker_one_topic()));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from("00000009 00   00000000  02 00000001 02 'h' 00002384 00 00   02 'c' 00000001"
                                "02 0000 02 't' abababababababababababababababab 00"
                                "02 0000 00000000 00000001 00000005 02 00000001 02 00000001 01 00"
                                "80000000 00   00")));
}

TEST(golden, produce_request_3_points_into_the_frame) {
    const byte_vector bytes = bytes_from(
        "0000 0003 00000002 0000   ffff ffff 00007530 00000001 0001 't' 00000001 00000003 00000004 'data'");
    const auto frame = decode_request_frame(bytes);
    ASSERT_TRUE(frame) << frame.error().message();
    const auto request = decode_body<produce_request>(frame->body, frame->header.version);
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_FALSE(request->transactional_id.has_value());
    EXPECT_EQ(request->acks, -1);
    EXPECT_EQ(request->timeout_ms, 30000);
    const auto& partition = request->topics.at(0).partitions.at(0);
    EXPECT_EQ(request->topics[0].name, "t");
    EXPECT_EQ(partition.index, partition_id(3));
    EXPECT_EQ(text_of(partition.records.bytes()), "data");
    EXPECT_EQ(partition.records.bytes().data(), bytes.data() + bytes.size() - 4);
}

TEST(golden, a_produce_request_for_one_partition_lies_in_one_piece) {
    const byte_vector bytes =
        bytes_from("ffff ffff 00007530 00000001 0001 't' 00000001 00000003 00000004 'data'");
    const auto request = decode_body<produce_request>(bytes, api_version(3));
    ASSERT_TRUE(request) << request.error().message();
    const auto lies_within_the_request = [&](const void* part) {
        const auto* at = static_cast<const std::byte*>(part);
        const auto* start = reinterpret_cast<const std::byte*>(&*request);
        return at >= start && at < start + sizeof *request;
    };
    EXPECT_TRUE(lies_within_the_request(request->topics.data()));
    EXPECT_TRUE(lies_within_the_request(request->topics.at(0).partitions.data())) << "nothing is allocated";
}

TEST(golden, produce_request_9_is_compact) {
    const byte_vector bytes = bytes_from("00 0001 000003e8 02 02 't' 02 00000000 05 'data' 00 00 00");
    const auto request = decode_body<produce_request>(bytes, api_version(9));
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(text_of(request->topics.at(0).partitions.at(0).records.bytes()), "data");
    byte_vector again;
    ASSERT_TRUE(encode_body(again, *request, api_version(9)));
    EXPECT_EQ(hex_of(again), hex_of(bytes));
}

produce_response moved_away() {
    produce_response answer;
    auto& topic = answer.topics.emplace_back();
    topic.name = "t";
    auto& partition = topic.partitions.emplace_back();
    partition.index = partition_id(1);
    partition.error = error_code::not_leader_or_follower;
    partition.current_leader = {broker_id(2), leader_epoch(7)};
    auto& node = answer.node_endpoints.emplace_back();
    node.id = broker_id(2);
    node.host = "h";
    node.port = 9092;
    return answer;
}

TEST(golden, produce_response_10_names_the_leader_in_tags) {
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(10), 1, moved_away()));
    const byte_vector bytes = bytes_from(
        "00000001 00  02 02 't' 02 00000001 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00"
        "  01 00 09 00000002 00000007 00  00   00000000   01 00 0d 02 00000002 02 'h' 00002384 00 00");
    EXPECT_EQ(hex_of(frame_content(out)), hex_of(bytes));
    const auto back = decode_response<produce_response>(bytes, api_version(10));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->topics.at(0).partitions.at(0).current_leader,
              (leader_and_epoch{broker_id(2), leader_epoch(7)}));
    EXPECT_EQ(back->node_endpoints, moved_away().node_endpoints);
}

TEST(golden, produce_response_3) {
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(3), 1, moved_away()));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from("00000001  00000001 0001 't' 00000001 00000001 0006 ffffffffffffffff"
                                "ffffffffffffffff 00000000")));
}

TEST(golden, fetch_request_4) {
    const byte_vector bytes = bytes_from(
        "ffffffff 000001f4 00000001 00100000 01 00000001 0001 't' 00000001 00000000 000000000000002a "
        "00010000");
    const auto request = decode_body<fetch_request>(bytes, api_version(4));
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(request->max_wait_ms, 500);
    EXPECT_EQ(request->isolation, isolation_level::read_committed);
    EXPECT_EQ(request->topics.at(0).partitions.at(0).fetch_offset, offset(42));
    EXPECT_EQ(request->topics[0].partitions[0].current_epoch, no_leader_epoch);
    EXPECT_EQ(request->session_epoch, -1);
    byte_vector again;
    ASSERT_TRUE(encode_body(again, *request, api_version(4)));
    EXPECT_EQ(hex_of(again), hex_of(bytes));
}

TEST(golden, fetch_response_12_leaves_default_tags_out) {
    fetch_response answer;
    auto& topic = answer.topics.emplace_back();
    topic.name = "t";
    auto& partition = topic.partitions.emplace_back();
    partition.high_watermark = partition.last_stable_offset = next_offset(10);
    partition.log_start_offset = offset(0);
    partition.diverging_epoch = {leader_epoch(3), next_offset(8)};
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(12), 1, answer));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from(
                  "00000001 00   00000000 0000 00000000 02 02 't' 02 00000000 0000 000000000000000a "
                  "000000000000000a"
                  "0000000000000000 00 ffffffff 01   01 00 0d 00000003 0000000000000008 00   00   00")));
}

TEST(golden, list_offsets_request_1_and_response_1) {
    const byte_vector bytes = bytes_from("ffffffff 00000001 0001 't' 00000001 00000000 fffffffffffffffe");
    const auto request = decode_body<list_offsets_request>(bytes, api_version(1));
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(request->topics.at(0).partitions.at(0).timestamp, earliest_timestamp);

    list_offsets_response answer;
    auto& topic = answer.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().found_offset = offset(17);
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(1), 3, answer));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from(
                  "00000003 00000001 0001 't' 00000001 00000000 0000 ffffffffffffffff 0000000000000011")));
}

TEST(golden, api_versions_response_3_has_header_0) {
    api_versions_response answer;
    answer.apis.push_back({api_key::api_versions, api_version(0), api_version(4)});
    byte_vector out;
    ASSERT_TRUE(append_response(out, api_version(3), 2, answer));
    EXPECT_EQ(hex_of(frame_content(out)),
              hex_of(bytes_from("00000002 0000 02 0012 0000 0004 00 00000000 00")));
}

TEST(golden, api_versions_from_the_future_is_answered_in_layout_0) {
    const auto frame = decode_request_frame(bytes_from("0012 0063 00000004 fedcba9876"));
    ASSERT_TRUE(frame) << frame.error().message();
    EXPECT_TRUE(frame->is_unknown_api_versions);
    EXPECT_EQ(frame->header.correlation_id, 4);
    EXPECT_TRUE(frame->body.empty());
    byte_vector out;
    append_api_versions_too_new(out, 4, {{api_key::api_versions, api_version(0), api_version(4)}});
    EXPECT_EQ(hex_of(frame_content(out)), hex_of(bytes_from("00000004 0023 00000001 0012 0000 0004")));
}

}  // namespace
}  // namespace logstore::kafka
