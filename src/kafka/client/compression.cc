#define ZLIB_CONST
#include "kafka/client/compression.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

namespace logstore::kafka {
namespace {

constexpr std::array<std::pair<compression_codec, std::string_view>, 5> names{{
    {compression_codec::none, "none"},
    {compression_codec::gzip, "gzip"},
    {compression_codec::snappy, "snappy"},
    {compression_codec::lz4, "lz4"},
    {compression_codec::zstd, "zstd"},
}};

struct deflate_end {
    void operator()(z_stream* stream) const { deflateEnd(stream); }
};

byte_vector compress_gzip(bytes_view records) {
    constexpr int gzip_of_largest_window = 16 + MAX_WBITS;
    constexpr int memory_level = 8;
    CHECK(records.size() <= std::numeric_limits<uInt>::max());
    z_stream stream{};
    CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_of_largest_window, memory_level,
                       Z_DEFAULT_STRATEGY) == Z_OK,
          "no memory for gzip");
    const std::unique_ptr<z_stream, deflate_end> ending(&stream);
    byte_vector out(deflateBound(&stream, records.size()));
    stream.next_in = reinterpret_cast<const Bytef*>(records.data());
    stream.avail_in = static_cast<uInt>(records.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END, "there is room for all of it");
    out.resize(stream.total_out);
    return out;
}

//   xerial = magic, two versions of four bytes, then chunks: a length of four bytes and a snappy block
byte_vector compress_snappy(bytes_view records) {
    constexpr std::array<unsigned char, 16> header{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                   0,    0,   0,   1,   0,   0,   0,   1};
    constexpr std::size_t block_bytes_max = 32 * 1024;
    const bytes_view header_bytes = std::as_bytes(std::span(header));
    byte_vector out(header_bytes.begin(), header_bytes.end());
    while (!records.empty()) {
        const bytes_view block = records.first(std::min(records.size(), block_bytes_max));
        records = records.subspan(block.size());
        const std::size_t start = out.size();
        out.resize(start + sizeof(std::int32_t) + snappy::MaxCompressedLength(block.size()));
        std::size_t size = 0;
        snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                            reinterpret_cast<char*>(out.data() + start + sizeof(std::int32_t)), &size);
        store_big(out.data() + start, static_cast<std::int32_t>(size));
        out.resize(start + sizeof(std::int32_t) + size);
    }
    return out;
}

byte_vector compress_lz4(bytes_view records) {
    LZ4F_preferences_t preferences{};
    // What the Java client can read: independent blocks.
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    byte_vector out(LZ4F_compressFrameBound(records.size(), &preferences));
    const std::size_t size =
        LZ4F_compressFrame(out.data(), out.size(), records.data(), records.size(), &preferences);
    CHECK(!LZ4F_isError(size), "lz4: {}", LZ4F_getErrorName(size));
    out.resize(size);
    return out;
}

byte_vector compress_zstd(bytes_view records) {
    constexpr int level = 3;
    byte_vector out(ZSTD_compressBound(records.size()));
    const std::size_t size = ZSTD_compress(out.data(), out.size(), records.data(), records.size(), level);
    CHECK(!ZSTD_isError(size), "zstd: {}", ZSTD_getErrorName(size));
    out.resize(size);
    return out;
}

}  // namespace

byte_vector compress_records(compression_codec codec, bytes_view records) {
    switch (codec) {
        case compression_codec::none: break;
        case compression_codec::gzip: return compress_gzip(records);
        case compression_codec::snappy: return compress_snappy(records);
        case compression_codec::lz4: return compress_lz4(records);
        case compression_codec::zstd: return compress_zstd(records);
    }
    return {records.begin(), records.end()};
}

std::optional<compression_codec> codec_of_name(std::string_view name) {
    for (const auto& [codec, its_name] : names)
        if (name == its_name) return codec;
    return std::nullopt;
}

std::string_view codec_name(compression_codec codec) {
    for (const auto& [one, its_name] : names)
        if (one == codec) return its_name;
    return "unknown";
}

}  // namespace logstore::kafka
