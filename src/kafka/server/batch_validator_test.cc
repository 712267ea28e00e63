#include "kafka/server/batch_validator.h"

#include <functional>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "env/testing/sim_random.h"
#include "kafka/protocol/record.h"
#include "kafka/protocol/wire_reader.h"
#include "kafka/server/testing/requests.h"

namespace logstore::kafka {
namespace {

using testing::batch_of;

constexpr std::size_t magic_at = 16, attributes_at = 21, last_delta_at = 23, producer_at = 43,
                      sequence_at = 53, count_at = 57;

error_code verdict(bytes_view batch, batch_rules rules = {true, 1 << 20}) {
    return check_produced_batch(record_bytes(batch), rules).error;
}

/// A batch whose header was changed, with a CRC that fits.
byte_vector changed(const std::function<void(std::byte*)>& change, byte_vector batch = batch_of(3)) {
    change(batch.data());
    store_big(batch.data() + 17, crc32c(bytes_view(batch).subspan(record_batch_crc_start)));
    return batch;
}
byte_vector with_codec(compression_codec codec, std::int32_t count = 1) {
    const byte_vector content(20, std::byte(9));
    record_batch_builder builder;
    builder.append(timestamp_ms(1), std::nullopt, std::nullopt);
    return changed(
        [&](std::byte* b) {
            store_big(b + last_delta_at, count - 1);
            store_big(b + count_at, count);
        },
        builder.finish(codec, content));
}

TEST(batch_validator, what_a_producer_sends_passes) {
    EXPECT_EQ(verdict(batch_of(1)), error_code::none);
    EXPECT_EQ(verdict(batch_of(500, 100)), error_code::none);
    EXPECT_EQ(verdict(batch_of(1, 0)), error_code::none);
    for (const auto codec : {compression_codec::gzip, compression_codec::snappy, compression_codec::lz4,
                             compression_codec::zstd}) {
        EXPECT_EQ(verdict(with_codec(codec)), error_code::none);
    }
}

TEST(batch_validator, no_records_are_invalid) {
    EXPECT_EQ(check_produced_batch(record_bytes(), {true, 1000}).error, error_code::invalid_record);
    EXPECT_EQ(verdict({}), error_code::invalid_record);
}

TEST(batch_validator, a_batch_that_is_cut_anywhere_is_refused) {
    const byte_vector batch = batch_of(3);
    for (std::size_t length = 1; length < batch.size(); ++length) {
        EXPECT_EQ(verdict(bytes_view(batch).first(length)), error_code::corrupt_message) << length;
    }
}

TEST(batch_validator, every_flipped_bit_is_noticed) {
    const byte_vector good = batch_of(2);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        const std::size_t at = bit / 8;
        const bool is_brokers_own = at >= 12 && at < 16;  // the leader epoch, which the broker writes
        byte_vector bad = good;
        bad[at] ^= std::byte(1 << bit % 8);
        if (!is_brokers_own) EXPECT_NE(verdict(bad), error_code::none) << bit;
    }
    byte_vector last = good;
    last.back() ^= std::byte(1);
    EXPECT_EQ(verdict(last), error_code::corrupt_message);
}

TEST(batch_validator, exactly_one_batch_is_wanted) {
    EXPECT_EQ(verdict(testing::concatenated({batch_of(1), batch_of(1)})), error_code::invalid_record);
    EXPECT_EQ(verdict(testing::concatenated({batch_of(1), byte_vector(1)})), error_code::invalid_record);
}

TEST(batch_validator, old_message_sets_are_invalid_and_other_magics_corrupt) {
    for (const int magic : {0, 1}) {
        EXPECT_EQ(verdict(changed([&](std::byte* b) { b[magic_at] = std::byte(magic); })),
                  error_code::invalid_record);
        EXPECT_EQ(
            verdict(bytes_view(changed([&](std::byte* b) { b[magic_at] = std::byte(magic); })).first(30)),
            error_code::invalid_record);
    }
    EXPECT_EQ(verdict(changed([](std::byte* b) { b[magic_at] = std::byte(3); })),
              error_code::corrupt_message);
    EXPECT_EQ(verdict(changed([](std::byte* b) { b[magic_at] = std::byte(0xff); })),
              error_code::corrupt_message);
}

TEST(batch_validator, a_length_below_the_header_is_corrupt) {
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + 8, std::int32_t(48)); })),
              error_code::corrupt_message);
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + 8, std::int32_t(-1)); })),
              error_code::corrupt_message);
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + 8, std::int32_t(0x7fffffff)); })),
              error_code::corrupt_message);
}

TEST(batch_validator, a_batch_above_the_limit_is_too_large) {
    const byte_vector batch = batch_of(10);
    EXPECT_EQ(verdict(batch, {true, batch.size()}), error_code::none);
    EXPECT_EQ(verdict(batch, {true, batch.size() - 1}), error_code::message_too_large);
}

TEST(batch_validator, zstd_needs_a_version_that_knows_it) {
    EXPECT_EQ(verdict(with_codec(compression_codec::zstd), {false, 1000}),
              error_code::unsupported_compression_type);
    EXPECT_EQ(verdict(with_codec(compression_codec::lz4), {false, 1000}), error_code::none);
    EXPECT_EQ(verdict(with_codec(compression_codec(5))), error_code::unsupported_compression_type);
}

TEST(batch_validator, offsets_must_start_at_0_and_fit_the_count) {
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b, std::int64_t(1)); })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + last_delta_at, std::int32_t(3)); })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + count_at, std::int32_t(0)); })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) {
                  store_big(b + count_at, std::int32_t(0));
                  store_big(b + last_delta_at, std::int32_t(-1));
              })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) {
                  store_big(b + count_at, std::int32_t(-0x7fffffff - 1));
                  store_big(b + last_delta_at, std::int32_t(0x7fffffff));
              })),
              error_code::invalid_record);
}

TEST(batch_validator, records_must_fill_the_batch_as_the_header_says) {
    const auto with_count = [](std::int32_t count) {
        return changed([&](std::byte* b) {
            store_big(b + count_at, count);
            store_big(b + last_delta_at, count - 1);
        });
    };
    EXPECT_EQ(verdict(with_count(3)), error_code::none);
    EXPECT_EQ(verdict(with_count(2)), error_code::invalid_record);
    EXPECT_EQ(verdict(with_count(4)), error_code::invalid_record);
    EXPECT_EQ(verdict(with_count(0x7fffffff)), error_code::invalid_record);
    for (const int length : {0, 1, 5, 0x3f, 0x40, 0xff}) {
        EXPECT_EQ(verdict(changed([&](std::byte* b) { b[record_batch_header_bytes] = std::byte(length); })),
                  error_code::invalid_record)
            << length;
    }
}

/// The plain way from length to length.
bool fills(bytes_view records, std::int32_t count) {
    wire_reader in(records);
    for (std::int32_t i = 0; i < count && !in.failed(); ++i) {
        const std::int32_t length = in.signed_varint();
        if (length < 6) return false;
        in.take(static_cast<std::size_t>(length));
    }
    return !in.failed() && in.remaining() == 0;
}

TEST(batch_validator, records_of_any_sizes_are_walked_and_damage_is_found_as_the_plain_way_finds_it) {
    env::sim_random random(7);
    for (int round = 0; round < 300; ++round) {
        record_batch_builder builder;
        const bool is_uniform = random.coin();
        const std::size_t size = random.below(200);
        for (std::uint64_t i = 0, count = 1 + random.below(20); i < count; ++i) {
            const byte_vector value(is_uniform ? size : random.below(random.one_in(10) ? 20'000 : 130));
            builder.append(timestamp_ms(1000), std::nullopt, bytes_view(value));
        }
        const byte_vector batch = builder.finish();
        EXPECT_EQ(verdict(batch), error_code::none);
        for (int damage = 0; damage < 20; ++damage) {
            const byte_vector bad = changed(
                [&](std::byte* b) {
                    const std::size_t records = batch.size() - record_batch_header_bytes;
                    b[record_batch_header_bytes + random.below(std::min<std::size_t>(records, 400))] =
                        std::byte(random.next());
                },
                batch);
            const bool expected =
                fills(bytes_view(bad).subspan(record_batch_header_bytes), builder.record_count());
            EXPECT_EQ(verdict(bad), expected ? error_code::none : error_code::invalid_record);
        }
    }
}

TEST(batch_validator, compressed_records_are_believed_within_reason) {
    EXPECT_EQ(verdict(with_codec(compression_codec::lz4, 2000)), error_code::none);
    EXPECT_EQ(verdict(with_codec(compression_codec::lz4, 0x7fffffff)), error_code::invalid_record);
}

TEST(batch_validator, control_and_transactional_batches_are_refused) {
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + attributes_at, std::int16_t(32)); })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) {
                  store_big(b + attributes_at, std::int16_t(16));
                  store_big(b + producer_at, std::int64_t(5));
                  store_big(b + sequence_at, std::int32_t(0));
              })),
              error_code::invalid_txn_state);
}

TEST(batch_validator, a_producer_id_needs_a_sequence) {
    EXPECT_EQ(verdict(changed([](std::byte* b) { store_big(b + producer_at, std::int64_t(5)); })),
              error_code::invalid_record);
    EXPECT_EQ(verdict(changed([](std::byte* b) {
                  store_big(b + producer_at, std::int64_t(5));
                  store_big(b + sequence_at, std::int32_t(0));
              })),
              error_code::none);
}

}  // namespace
}  // namespace logstore::kafka
