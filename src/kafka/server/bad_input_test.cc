// What clients get wrong: the right code or a closed connection, one log line, nothing appended, bounded
// memory.
#include "kafka/protocol/api_versions.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class bad_input : public connection_fixture {
  protected:
    const byte_vector batch = batch_of();

    byte_vector raw_frame(std::int32_t length, const byte_vector& content) {
        byte_vector frame(4);
        store_big(frame.data(), length);
        frame.insert(frame.end(), content.begin(), content.end());
        return frame;
    }
    byte_vector header(std::int16_t key, std::int16_t version, std::size_t rest = 0) {
        byte_vector bytes(10 + rest);
        store_big(bytes.data(), key);
        store_big(bytes.data() + 2, version);
        store_big(bytes.data() + 4, std::int32_t(77));
        store_big(bytes.data() + 8, std::int16_t(-1));
        return bytes;
    }
    byte_vector framed(const byte_vector& content) {
        return raw_frame(static_cast<std::int32_t>(content.size()), content);
    }

    /// The connection is closed without an answer and with one log line.
    void expect_refused(bytes_view bytes) {
        const std::uint64_t lines = log.written();
        stream_end& client = connect();
        EXPECT_TRUE(exchange(client, bytes).empty());
        EXPECT_TRUE(client.is_closed());
        EXPECT_EQ(log.written(), lines + 1);
        EXPECT_TRUE(broker.appended.empty());
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
    }
    void expect_code(const produce_request& request, error_code code, int version = 8) {
        const auto answered = produce(request, version);
        EXPECT_EQ(answered.error, code);
        EXPECT_EQ(answered.base_offset, offset(-1));
        EXPECT_TRUE(broker.appended.empty());
        EXPECT_EQ(metrics.of(code), 1u);
        EXPECT_FALSE(ends.back().is_closed());
    }
};

TEST_F(bad_input, a_negative_length_closes_the_connection) {
    expect_refused(raw_frame(-1, {}));
}

TEST_F(bad_input, a_length_above_the_limit_closes_the_connection) {
    expect_refused(raw_frame(static_cast<std::int32_t>(options.frame_bytes_max) + 1, {}));
}

TEST_F(bad_input, text_of_another_protocol_closes_the_connection) {
    const std::string_view text = "GET / HTTP/1.1\r\nHost: broker\r\n\r\n";
    expect_refused(bytes_of(text));
}

TEST_F(bad_input, an_empty_frame_closes_the_connection) {
    expect_refused(raw_frame(0, {}));
}

TEST_F(bad_input, a_frame_shorter_than_a_header_closes_the_connection) {
    expect_refused(framed(byte_vector(7)));
}

TEST_F(bad_input, an_unknown_api_closes_the_connection) {
    expect_refused(framed(header(999, 0)));
    expect_refused(framed(header(-1, 0)));
    expect_refused(framed(header(static_cast<std::int16_t>(api_key::join_group), 0)));
}

TEST_F(bad_input, an_unsupported_version_closes_the_connection) {
    expect_refused(framed(header(static_cast<std::int16_t>(api_key::metadata), 99)));
    expect_refused(framed(header(static_cast<std::int16_t>(api_key::metadata), -1)));
    expect_refused(framed(header(static_cast<std::int16_t>(api_key::fetch), 3)));
}

TEST_F(bad_input, produce_0_to_2_is_advertised_and_closes_the_connection) {
    for (const std::int16_t version : {0, 1, 2}) expect_refused(framed(header(0, version, 100)));
}

TEST_F(bad_input, a_body_that_is_cut_anywhere_closes_the_connection) {
    const byte_vector whole = produce_frame(1, batch);
    for (std::size_t length = 10; length < whole.size() - 4; ++length) {
        connection_fixture::log.~complaints();  // the number of lines is limited: each case with a fresh one
        new (&log) complaints("kafka", world.time());
        byte_vector content(whole.begin() + 4, whole.begin() + 4 + static_cast<std::ptrdiff_t>(length));
        expect_refused(framed(content));
    }
}

TEST_F(bad_input, bytes_after_the_body_close_the_connection) {
    byte_vector content = produce_frame(1, batch);
    content.erase(content.begin(), content.begin() + 4);
    content.push_back(std::byte(0));
    expect_refused(framed(content));
}

TEST_F(bad_input, an_absurd_count_closes_the_connection) {
    byte_vector metadata = header(static_cast<std::int16_t>(api_key::metadata), 1, 4);
    store_big(metadata.data() + 10, std::int32_t(0x7fffffff));
    expect_refused(framed(metadata));
    byte_vector produce = header(0, 7, 16);
    store_big(produce.data() + 10, std::int16_t(-1));
    store_big(produce.data() + 12, std::int16_t(-1));
    store_big(produce.data() + 18, std::int32_t(500'000'000));
    expect_refused(framed(produce));
}

TEST_F(bad_input, lists_above_their_memory_limit_close_the_connection) {
    options.request_list_bytes_max = 10'000;
    metadata_request request;
    request.topics.emplace();
    for (int i = 0; i < 1000; ++i) request.topics->emplace_back().name = "t";
    expect_refused(frame_of(request, 1));
}

TEST_F(bad_input, what_was_answered_before_it_still_leaves) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(concatenated(
        {produce_frame(1, batch), produce_frame(2, batch), framed(header(999, 0)), produce_frame(3, batch)}));
    run();
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(broker.held(), 2u);
    broker.complete_all();
    run();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1, 2}));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(bad_input, log_lines_are_limited) {
    for (int i = 0; i < 100; ++i) exchange(connect(), framed(header(999, 0)));
    EXPECT_EQ(log.written(), complaints::lines_max);
    world.advance(complaints::interval);
    exchange(connect(), framed(header(999, 0)));
    EXPECT_EQ(log.written(), complaints::lines_max + 1);
}

// --- Produce

TEST_F(bad_input, a_wrong_crc_is_corrupt_message) {
    byte_vector bad = batch;
    bad.back() ^= std::byte(1);
    expect_code(produce_of({{"events", 0, bad}}), error_code::corrupt_message);
    EXPECT_EQ(log.written(), 1u);
}

TEST_F(bad_input, an_old_magic_is_invalid_record) {
    byte_vector bad = batch;
    bad[16] = std::byte(1);
    expect_code(produce_of({{"events", 0, bad}}), error_code::invalid_record);
}

TEST_F(bad_input, null_and_empty_records_are_invalid_record) {
    produce_request request = produce_of({{"events", 0, {}}});
    expect_code(request, error_code::invalid_record);
    request.topics[0].partitions[0].records = record_bytes();
    EXPECT_EQ(produce(request).error, error_code::invalid_record);
    EXPECT_EQ(produce(request, 9).error, error_code::invalid_record);
}

TEST_F(bad_input, a_record_above_the_limit_is_message_too_large) {
    broker.batch_bytes_max = 5000;
    broker.add_topic("small");
    const byte_vector large = batch_of(1, 5000);
    expect_code(produce_of({{"small", 0, large}}), error_code::message_too_large);
}

TEST_F(bad_input, an_unknown_topic_or_partition_is_3) {
    expect_code(produce_of({{"nothing", 0, batch}}), error_code::unknown_topic_or_partition);
    for (const std::int32_t partition : {3, -1, 0x7fffffff}) {
        EXPECT_EQ(produce(produce_of({{"events", partition, batch}})).error,
                  error_code::unknown_topic_or_partition);
    }
}

TEST_F(bad_input, an_illegal_topic_name_is_3_when_produced_to) {
    expect_code(produce_of({{"../../etc", 0, batch}}), error_code::unknown_topic_or_partition);
}

TEST_F(bad_input, acks_other_than_0_1_and_all_are_21) {
    expect_code(produce_of({{"events", 0, batch}}, 2), error_code::invalid_required_acks);
    EXPECT_EQ(produce(produce_of({{"events", 0, batch}}, -2)).error, error_code::invalid_required_acks);
}

TEST_F(bad_input, a_transactional_id_is_refused) {
    produce_request request = produce_of({{"events", 0, batch}});
    request.transactional_id = "payments";
    expect_code(request, error_code::invalid_txn_state);
}

TEST_F(bad_input, zstd_below_produce_7_is_76) {
    record_batch_builder builder;
    builder.append(timestamp_ms(1), std::nullopt, std::nullopt);
    const byte_vector zstd = builder.finish(compression_codec::zstd, batch);
    expect_code(produce_of({{"events", 0, zstd}}), error_code::unsupported_compression_type, 6);
    EXPECT_EQ(produce(produce_of({{"events", 0, zstd}}), 7).error, error_code::none);
}

TEST_F(bad_input, one_bad_partition_does_not_spoil_the_others) {
    byte_vector bad = batch;
    bad.back() ^= std::byte(1);
    const auto response = ask<produce_response>(
        produce_of({{"events", 0, batch}, {"events", 1, bad}, {"nothing", 0, batch}, {"events", 2, batch}}),
        8);
    std::vector<error_code> codes;
    for (const auto& topic : response.topics) codes.push_back(topic.partitions[0].error);
    EXPECT_EQ(codes, (std::vector<error_code>{error_code::none, error_code::corrupt_message,
                                              error_code::unknown_topic_or_partition, error_code::none}));
    EXPECT_EQ(broker.appended.size(), 2u);
    EXPECT_TRUE(response.topics[1].partitions[0].error_message.has_value());
}

}  // namespace
}  // namespace logstore::kafka
