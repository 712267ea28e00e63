#include "kafka/client/compression.h"

#include <gtest/gtest.h>

#include "kafka/protocol/decompression.h"

namespace logstore::kafka {
namespace {

constexpr compression_codec all_codecs[] = {compression_codec::none, compression_codec::gzip,
                                            compression_codec::snappy, compression_codec::lz4,
                                            compression_codec::zstd};

/// Half of it compresses, half does not.
byte_vector content_of(std::size_t size) {
    byte_vector made(size);
    std::uint64_t state = 88172645463325252u;
    for (std::size_t i = 0; i < size / 2; ++i) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        made[i] = static_cast<std::byte>(state);
    }
    return made;
}

TEST(compression, every_codec_gives_back_what_went_in) {
    for (const compression_codec codec : all_codecs) {
        for (const std::size_t size : {1u, 100u, 32u * 1024, 32u * 1024 + 1, 3u * 1024 * 1024}) {
            const byte_vector content = content_of(size);
            const byte_vector compressed = compress_records(codec, content);
            const auto back = decompress_records(codec, compressed, size);
            ASSERT_TRUE(back.has_value()) << codec_name(codec) << " " << back.error().message();
            EXPECT_EQ(*back, content) << codec_name(codec) << " " << size;
        }
    }
}

TEST(compression, all_but_none_make_zeros_small) {
    const byte_vector zeros(100'000);
    for (const compression_codec codec : all_codecs) {
        const std::size_t size = compress_records(codec, zeros).size();
        EXPECT_EQ(size < zeros.size() / 10, codec != compression_codec::none) << codec_name(codec);
    }
}

TEST(compression, codecs_have_the_names_that_kafka_gives_them) {
    for (const compression_codec codec : all_codecs) EXPECT_EQ(codec_of_name(codec_name(codec)), codec);
    EXPECT_EQ(codec_of_name("zstd"), compression_codec::zstd);
    EXPECT_EQ(codec_of_name("brotli"), std::nullopt);
}

}  // namespace
}  // namespace logstore::kafka
