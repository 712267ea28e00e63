#include "kafka/protocol/record.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kafka/protocol/errc.h"
#include "kafka/protocol/testing/hex.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;

std::error_code refusal(std::string_view text, std::int32_t count = 1) {
    const byte_vector bytes = bytes_from(text);
    record_reader reader(bytes, count);
    for (std::int32_t i = 0; i <= std::max(count, 0); ++i) {
        const auto next = reader.next();
        if (!next) return next.error().code;
        if (!*next) return {};
    }
    return {};
}

TEST(record, reads_bytes_written_by_hand) {
    const byte_vector bytes =
        bytes_from("22 00 04 02 02 'k' 06 'val' 04 02 'h' 02 'v' 02 'n' 01   0c 00 00 04 01 01 00");
    record_reader reader(bytes, 2);
    const auto first = reader.next();
    ASSERT_TRUE(first) << first.error().message();
    const record& one = first->value();
    EXPECT_EQ(one.timestamp_delta, 2);
    EXPECT_EQ(one.offset_delta, 1);
    EXPECT_EQ(text_of(one.key.value()), "k");
    EXPECT_EQ(text_of(one.value.value()), "val");
    std::vector<std::string> headers;
    one.headers.for_each([&](const record_header& header) {
        headers.push_back(std::string(header.key) + "=" +
                          (header.value ? std::string(text_of(*header.value)) : "null"));
    });
    EXPECT_EQ(headers, (std::vector<std::string>{"h=v", "n=null"}));
    EXPECT_EQ(one.headers.count(), 2u);
    const auto second = reader.next();
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_FALSE(second->value().key.has_value());
    EXPECT_FALSE(second->value().value.has_value());
    const auto end = reader.next();
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_FALSE(end->has_value());
}

TEST(record, malformed_ones_are_refused) {
    EXPECT_EQ(refusal("0c 00 00 00 01 01 00"), std::error_code());
    EXPECT_EQ(refusal("0e 00 00 00 01 01 00 00"), protocol_errc::bad_record) << "longer than its fields";
    EXPECT_EQ(refusal("0a 00 00 00 01 01 00"), protocol_errc::truncated) << "shorter than its fields";
    EXPECT_EQ(refusal("0c 00 00 00 01 01"), protocol_errc::truncated);
    EXPECT_EQ(refusal("01"), protocol_errc::bad_length);
    EXPECT_EQ(refusal("0c 00 00 00 03 01 00"), protocol_errc::bad_length) << "a key of length -2";
    EXPECT_EQ(refusal("0c 00 00 00 01 01 01"), protocol_errc::bad_count) << "-1 headers";
    EXPECT_EQ(refusal("0e 00 00 00 01 01 04 00"), protocol_errc::bad_count) << "two headers in one byte";
    EXPECT_EQ(refusal("10 00 00 00 01 01 02 01 01"), protocol_errc::null_not_allowed)
        << "a header without a key";
    EXPECT_EQ(refusal("0c 00 00 00 01 01 00 00"), protocol_errc::trailing_bytes);
    EXPECT_EQ(refusal("0c 00 00 00 01 01 00", 2), protocol_errc::truncated) << "fewer than the batch says";
    EXPECT_EQ(refusal("", -1), protocol_errc::bad_count);
    EXPECT_EQ(refusal("", 0x7fffffff), protocol_errc::truncated);
}

TEST(record, after_a_failure_nothing_more_comes) {
    const byte_vector bytes = bytes_from("01 0c 00 00 00 01 01 00");
    record_reader reader(bytes, 2);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next());
}

TEST(record_batch_builder, builds_what_the_reader_reads) {
    record_batch_builder builder(
        {.producer = producer_id(9), .producer_epoch = 2, .base_sequence = 5, .is_transactional = true});
    const std::string big(300, 'x');
    const std::vector<record_header> headers{{"a", bytes_of("1")}, {"b", std::nullopt}, {"", bytes_of(big)}};
    builder.append(timestamp_ms(1000), bytes_of("k"), bytes_of("v"));
    builder.append(timestamp_ms(2000), std::nullopt, bytes_of(big), headers);
    builder.append(timestamp_ms(900), bytes_of(""), std::nullopt);
    const byte_vector batch = builder.finish();
    EXPECT_EQ(batch.size(), builder.size_bytes());

    const auto header = read_record_batch_header(batch);
    ASSERT_TRUE(header.has_value());
    EXPECT_TRUE(record_batch_crc_holds(*header, batch));
    EXPECT_EQ(header->base_offset, offset(0));
    EXPECT_EQ(header->epoch, no_leader_epoch);
    EXPECT_EQ(header->record_count, 3);
    EXPECT_EQ(header->last_offset_delta, 2);
    EXPECT_EQ(header->base_timestamp, timestamp_ms(1000));
    EXPECT_EQ(header->max_timestamp, timestamp_ms(2000));
    EXPECT_EQ(header->producer, producer_id(9));
    EXPECT_EQ(header->producer_epoch, 2);
    EXPECT_EQ(header->base_sequence, 5);
    EXPECT_TRUE(header->is_transactional());
    EXPECT_FALSE(header->is_control());

    auto reader = record_reader::of_batch(batch);
    ASSERT_TRUE(reader);
    const auto first = reader->next().value().value();
    EXPECT_EQ(text_of(*first.key), "k");
    const auto second = reader->next().value().value();
    EXPECT_FALSE(second.key.has_value());
    EXPECT_EQ(text_of(*second.value), big);
    EXPECT_EQ(record_offset(*header, second), offset(1));
    EXPECT_EQ(record_timestamp(*header, second), timestamp_ms(2000));
    EXPECT_EQ(second.headers.count(), 3u);
    const auto third = reader->next().value().value();
    EXPECT_EQ(third.key.value().size(), 0u);
    EXPECT_FALSE(third.value.has_value());
    EXPECT_EQ(record_timestamp(*header, third), timestamp_ms(900));
    EXPECT_FALSE(reader->next().value().has_value());
}

TEST(record_batch_builder, a_batch_cut_anywhere_is_not_read) {
    record_batch_builder builder;
    builder.append(timestamp_ms(1), bytes_of("key"), bytes_of("value"));
    const byte_vector batch = builder.finish();
    for (std::size_t length = 0; length < batch.size(); ++length) {
        EXPECT_FALSE(record_reader::of_batch(bytes_view(batch).first(length))) << length;
    }
}

TEST(record_batch_builder, a_compressed_batch_is_not_read_as_records) {
    record_batch_builder builder;
    builder.append(timestamp_ms(1), std::nullopt, bytes_of("value"));
    const auto refused =
        record_reader::of_batch(builder.finish(compression_codec::zstd, bytes_of("compressed")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, protocol_errc::compressed);
}

TEST(record, the_brokers_timestamp_is_that_of_all_records) {
    record_batch_builder builder;
    builder.append(timestamp_ms(1), std::nullopt, bytes_of("value"));
    byte_vector batch = builder.finish();
    stamp_log_append_time(batch, timestamp_ms(55));
    const auto header = read_record_batch_header(batch);
    const auto one = record_reader::of_batch(batch)->next().value().value();
    EXPECT_EQ(record_timestamp(*header, one), timestamp_ms(55));
}

}  // namespace
}  // namespace logstore::kafka
