#include "kafka/protocol/decompression.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "kafka/protocol/errc.h"
#include "kafka/protocol/testing/compression.h"
#include "kafka/protocol/testing/hex.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;
using testing::compressed_by;
using testing::compressed_zeros;
using testing::xerial_snappy;

constexpr compression_codec codecs[] = {compression_codec::gzip, compression_codec::snappy,
                                        compression_codec::lz4, compression_codec::zstd};
constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();

/// Neither constant nor noise.
byte_vector text_like(std::size_t size) {
    byte_vector made(size);
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < size; ++i) {
        if (i % 24 == 0) state = state * 1664525 + 1013904223;
        made[i] = static_cast<std::byte>('a' + ((state >> 16) + i % 24) % 26);
    }
    return made;
}

byte_vector joined(bytes_view a, bytes_view b) {
    byte_vector made(a.begin(), a.end());
    made.insert(made.end(), b.begin(), b.end());
    return made;
}

std::error_code refusal(compression_codec codec, bytes_view compressed, std::size_t bytes_max = 1 << 20) {
    const auto made = decompress_records(codec, compressed, bytes_max);
    return made ? std::error_code() : made.error().code;
}

TEST(decompression, gives_back_what_was_compressed) {
    for (const std::size_t size : {0u, 1u, 100u, 65535u, 65536u, 65537u, 300'000u, 5'000'000u}) {
        const byte_vector plain = text_like(size);
        for (const auto codec : codecs) {
            const byte_vector compressed = compressed_by(codec, plain);
            for (const std::size_t bound : {size, size + 1, no_bound}) {
                const auto made = decompress_records(codec, compressed, bound);
                ASSERT_TRUE(made) << int(codec) << " of " << size << ": " << made.error().message();
                EXPECT_TRUE(*made == plain) << int(codec) << " of " << size << " within " << bound;
            }
        }
    }
}

TEST(decompression, one_byte_above_the_bound_is_too_large) {
    for (const std::size_t size : {1u, 100u, 65536u, 300'000u}) {
        const byte_vector plain = text_like(size);
        for (const auto codec : codecs) {
            EXPECT_EQ(refusal(codec, compressed_by(codec, plain), size - 1), protocol_errc::too_large)
                << int(codec) << " of " << size;
            EXPECT_EQ(refusal(codec, compressed_by(codec, plain), 0), protocol_errc::too_large) << int(codec);
        }
        EXPECT_EQ(refusal(compression_codec::snappy, xerial_snappy(plain, 1000), size - 1),
                  protocol_errc::too_large);
        EXPECT_EQ(refusal(compression_codec::none, plain, size - 1), protocol_errc::too_large);
    }
}

TEST(decompression, snappy_in_xerial_frames_is_joined) {
    const byte_vector plain = text_like(100'000);
    for (const std::size_t chunk : {1u, 1000u, 32768u, 100'000u, 200'000u}) {
        const byte_vector compressed = xerial_snappy(plain, chunk);
        const auto made = decompress_records(compression_codec::snappy, compressed, plain.size());
        ASSERT_TRUE(made) << chunk << ": " << made.error().message();
        EXPECT_TRUE(*made == plain) << chunk;
    }
    const byte_vector twice = joined(xerial_snappy(plain, 7000), xerial_snappy(plain, 9000));
    EXPECT_TRUE(decompress_records(compression_codec::snappy, twice, no_bound).value() ==
                joined(plain, plain));
    EXPECT_TRUE(decompress_records(compression_codec::snappy, xerial_snappy({}, 1), 0).value().empty());
}

TEST(decompression, reads_what_was_written_by_hand) {
    // "abcd" and a copy of 4 from 4 back.
    EXPECT_EQ(
        text_of(decompress_records(compression_codec::snappy, bytes_from("08 0c 'abcd' 01 04"), 8).value()),
        "abcdabcd");
    EXPECT_EQ(
        text_of(decompress_records(
                    compression_codec::snappy,
                    bytes_from("82 'SNAPPY' 00 00000001 00000001 00000003 01 00 'x' 00000003 01 00 'y'"), 8)
                    .value()),
        "xy");
    // A frame of one stored block.
    EXPECT_EQ(
        text_of(decompress_records(compression_codec::zstd, bytes_from("28b52ffd 20 03 190000 'abc'"), 8)
                    .value()),
        "abc");
    EXPECT_EQ(text_of(decompress_records(compression_codec::lz4,
                                         bytes_from("04224d18 60 40 82 03000080 'abc' 00000000"), 8)
                          .value()),
              "abc");
}

TEST(decompression, members_and_frames_that_follow_each_other_are_one_stream) {
    const byte_vector first = text_like(70'000);
    const byte_vector second = text_like(10);
    for (const auto codec : {compression_codec::gzip, compression_codec::zstd}) {
        const byte_vector both = joined(compressed_by(codec, first), compressed_by(codec, second));
        EXPECT_TRUE(decompress_records(codec, both, 70'010).value() == joined(first, second)) << int(codec);
        EXPECT_EQ(refusal(codec, both, 70'009), protocol_errc::too_large) << int(codec);
    }
    EXPECT_EQ(
        refusal(compression_codec::lz4, joined(compressed_by(compression_codec::lz4, first), bytes_of("x"))),
        protocol_errc::trailing_bytes);
}

TEST(decompression, what_is_cut_is_refused) {
    const byte_vector plain = text_like(500);
    for (const auto codec : codecs) {
        const byte_vector whole = compressed_by(codec, plain);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_NE(refusal(codec, cut), std::error_code()) << int(codec) << " at " << size;
        }
        EXPECT_EQ(refusal(codec, {}), protocol_errc::truncated) << int(codec);
    }
    // Between two chunks nothing says that another should follow.
    const byte_vector whole = xerial_snappy(plain, 100);
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const byte_vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto made = decompress_records(compression_codec::snappy, cut, plain.size());
        if (!made) continue;
        ++accepted;
        EXPECT_TRUE(std::equal(made->begin(), made->end(), plain.begin()));
    }
    EXPECT_EQ(accepted, 5u) << "before each of the chunks";
}

TEST(decompression, any_flipped_bit_is_survived_within_the_bound) {
    constexpr std::size_t bound = 4096;
    const byte_vector plain = text_like(300);
    std::vector<std::pair<compression_codec, byte_vector>> samples;
    for (const auto codec : codecs) samples.emplace_back(codec, compressed_by(codec, plain));
    samples.emplace_back(compression_codec::snappy, xerial_snappy(plain, 90));
    for (auto& [codec, bytes] : samples) {
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            const auto mask = static_cast<std::byte>(1u << bit % 8);
            bytes[bit / 8] ^= mask;
            for (const std::size_t keep : {bytes.size(), bytes.size() - 1, bit / 8 + 1}) {
                const byte_vector input(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(keep));
                const auto made = decompress_records(codec, input, bound);
                if (made) EXPECT_LE(made->size(), bound);
            }
            bytes[bit / 8] ^= mask;
        }
    }
}

TEST(decompression, lengths_that_lie_are_refused_before_room_is_made) {
    constexpr auto snappy = compression_codec::snappy;
    EXPECT_EQ(refusal(snappy, bytes_from("ffffffff0f 00 'x'")), protocol_errc::too_large) << "4 GiB";
    EXPECT_EQ(refusal(snappy, bytes_from("ffffffff0f 00 'x'"), no_bound), protocol_errc::bad_compression)
        << "more than 7 bytes can hold";
    EXPECT_EQ(refusal(snappy, bytes_from("ffffffffff")), protocol_errc::bad_compression)
        << "an endless length";
    const std::string_view header = "82 'SNAPPY' 00 00000001 00000001 ";
    EXPECT_EQ(refusal(snappy, bytes_from(std::string(header) + "7fffffff 00")), protocol_errc::truncated);
    EXPECT_EQ(refusal(snappy, bytes_from(std::string(header) + "ffffffff 00")), protocol_errc::bad_length);
    EXPECT_EQ(refusal(snappy, bytes_from(std::string(header) + "00000000")), protocol_errc::bad_length);
    EXPECT_EQ(refusal(compression_codec::zstd, bytes_from("28b52ffd e0 ffffffffffffff00 190000 'abc'")),
              protocol_errc::too_large);
}

TEST(decompression, a_codec_that_is_none_is_refused) {
    EXPECT_EQ(refusal(static_cast<compression_codec>(5), bytes_of("x")), protocol_errc::bad_compression);
    EXPECT_EQ(refusal(static_cast<compression_codec>(255), bytes_of("x")), protocol_errc::bad_compression);
    for (const auto codec : codecs) EXPECT_NE(refusal(codec, bytes_of("no such stream")), std::error_code());
    EXPECT_EQ(text_of(decompress_records(compression_codec::none, bytes_of("plain"), 5).value()), "plain");
}

std::size_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(decompression, a_gibibyte_of_zeros_stops_at_the_bound) {
    constexpr std::size_t bound = 8 << 20;
    for (const auto codec : codecs) {
        const byte_vector bomb = compressed_zeros(codec, 1024);
        const std::size_t before = peak_memory_bytes();
        EXPECT_EQ(refusal(codec, bomb, bound), protocol_errc::too_large) << int(codec);
        EXPECT_LE(peak_memory_bytes() - before, 4 * bound) << int(codec);
    }
}

}  // namespace
}  // namespace logstore::kafka
