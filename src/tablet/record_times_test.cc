#include "tablet/record_times.h"

#include <string>

#include <gtest/gtest.h>

#include "kafka/protocol/record.h"
#include "kafka/protocol/testing/compression.h"
#include "model/record_batch.h"

namespace logstore {
namespace {

constexpr compression_codec codecs[] = {compression_codec::none, compression_codec::gzip,
                                        compression_codec::snappy, compression_codec::lz4,
                                        compression_codec::zstd};
constexpr offset base{1000};

/// Records at these times.
kafka::record_batch_builder records_at(std::initializer_list<std::int64_t> times) {
    kafka::record_batch_builder builder;
    const std::string value(200, 'v');
    for (const std::int64_t time : times) builder.append(timestamp_ms(time), std::nullopt, bytes_of(value));
    return builder;
}

byte_vector stored(byte_vector batch) {
    assign_record_batch(batch.data(), base, leader_epoch(0));
    return batch;
}

byte_vector compressed_batch(const kafka::record_batch_builder& builder, compression_codec codec) {
    return stored(builder.finish(codec, kafka::testing::compressed_by(codec, builder.records())));
}

void expect_found(bytes_view batch, std::int64_t wanted, offset record_offset, std::int64_t time) {
    const timed_record found = first_record_not_before(batch, timestamp_ms(wanted));
    EXPECT_EQ(found.record_offset, record_offset) << wanted;
    EXPECT_EQ(found.timestamp, timestamp_ms(time)) << wanted;
}

TEST(record_times, the_first_record_that_is_late_enough_is_found_whatever_the_codec) {
    const auto builder = records_at({50, 10, 60, 55, 90, 90});
    for (const auto codec : codecs) {
        SCOPED_TRACE(int(codec));
        const byte_vector batch = compressed_batch(builder, codec);
        expect_found(batch, 0, base, 50);
        expect_found(batch, 50, base, 50);
        expect_found(batch, 51, base + 2, 60);
        expect_found(batch, 60, base + 2, 60);
        expect_found(batch, 61, base + 4, 90);
        expect_found(batch, 90, base + 4, 90);
    }
}

TEST(record_times, snappy_as_java_frames_it_is_read) {
    const auto builder = records_at({1, 2, 3, 4, 5});
    const byte_vector batch = stored(
        builder.finish(compression_codec::snappy, kafka::testing::xerial_snappy(builder.records(), 300)));
    expect_found(batch, 4, base + 3, 4);
}

TEST(record_times, the_brokers_timestamp_is_that_of_the_first_record) {
    for (const auto codec : codecs) {
        byte_vector batch = compressed_batch(records_at({1, 2, 3}), codec);
        stamp_log_append_time(batch, timestamp_ms(77));
        expect_found(batch, 70, base, 77);
    }
}

TEST(record_times, where_records_cannot_be_read_the_base_offset_answers) {
    const auto builder = records_at({1, 2, 3});
    for (const auto codec : codecs) {
        if (codec == compression_codec::none) continue;
        SCOPED_TRACE(int(codec));
        expect_found(stored(builder.finish(codec, bytes_of("no such stream"))), 3, base, 1);
        expect_found(
            stored(builder.finish(codec, kafka::testing::compressed_by(codec, bytes_of("no records")))), 3,
            base, 1);
    }
    expect_found(stored(builder.finish(static_cast<compression_codec>(7), builder.records())), 3, base, 1);
}

TEST(record_times, a_batch_that_decompresses_to_more_than_the_limit_is_answered_by_its_base_offset) {
    for (const std::size_t beside : {std::size_t(0), std::size_t(8192)}) {
        kafka::record_batch_builder builder;
        const std::string big(lookup_decompressed_bytes_max - 4096 + beside, 'b');
        builder.append(timestamp_ms(1), std::nullopt, bytes_of(big));
        builder.append(timestamp_ms(2), std::nullopt, bytes_of("late"));
        const bool fits = beside == 0;
        expect_found(compressed_batch(builder, compression_codec::zstd), 2, fits ? base + 1 : base,
                     fits ? 2 : 1);
    }
}

TEST(record_times, a_record_outside_of_the_batchs_offsets_is_not_believed) {
    for (const auto codec : codecs) {
        byte_vector batch = compressed_batch(records_at({1, 2, 3}), codec);
        store_big(batch.data() + 23, std::int32_t(1));  // last offset delta
        expect_found(batch, 2, base + 1, 2);
        expect_found(batch, 3, base, 1);
    }
}

}  // namespace
}  // namespace logstore
