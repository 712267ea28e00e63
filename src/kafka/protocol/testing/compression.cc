#define ZLIB_CONST
#include "kafka/protocol/testing/compression.h"

#include <algorithm>
#include <string>

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

namespace logstore::kafka::testing {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

void append(byte_vector& out, bytes_view more) {
    out.insert(out.end(), more.begin(), more.end());
}

/// `plain` `times` times as one stream; each but the last ends at a flush, after which the next needs nothing
/// before it.
byte_vector gzip(bytes_view plain, std::size_t times) {
    z_stream stream{};
    CHECK(deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    byte_vector out;
    byte_vector room(deflateBound(&stream, plain.size()) + 64);
    for (std::size_t i = 0; i < times; ++i) {
        stream.next_in = reinterpret_cast<const Bytef*>(plain.data());
        stream.avail_in = static_cast<uInt>(plain.size());
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        const bool is_last = i + 1 == times;
        CHECK(deflate(&stream, is_last ? Z_FINISH : Z_FULL_FLUSH) == (is_last ? Z_STREAM_END : Z_OK));
        append(out, bytes_view(room).first(room.size() - stream.avail_out));
    }
    deflateEnd(&stream);
    return out;
}

byte_vector snappy_block(bytes_view plain) {
    std::string out;
    snappy::Compress(reinterpret_cast<const char*>(plain.data()), plain.size(), &out);
    const bytes_view bytes = bytes_of(out);
    return {bytes.begin(), bytes.end()};
}

byte_vector lz4(bytes_view plain, std::size_t times) {
    LZ4F_cctx* context = nullptr;
    CHECK(!LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)));
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    byte_vector out;
    byte_vector room(LZ4F_compressBound(plain.size(), &preferences) + LZ4F_HEADER_SIZE_MAX);
    const auto keep = [&](std::size_t size) {
        CHECK(!LZ4F_isError(size));
        append(out, bytes_view(room).first(size));
    };
    keep(LZ4F_compressBegin(context, room.data(), room.size(), &preferences));
    for (std::size_t i = 0; i < times; ++i)
        keep(LZ4F_compressUpdate(context, room.data(), room.size(), plain.data(), plain.size(), nullptr));
    keep(LZ4F_compressEnd(context, room.data(), room.size(), nullptr));
    LZ4F_freeCompressionContext(context);
    return out;
}

byte_vector zstd(bytes_view plain, std::size_t times) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    CHECK(context != nullptr);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    byte_vector out;
    byte_vector room(ZSTD_compressBound(plain.size()) + 64);
    for (std::size_t i = 0; i < times; ++i) {
        ZSTD_inBuffer in{plain.data(), plain.size(), 0};
        // The first call does not say that it is the last, so that the frame cannot tell its size.
        for (const auto mode : {ZSTD_e_continue, i + 1 == times ? ZSTD_e_end : ZSTD_e_continue}) {
            std::size_t left = 0;
            do {
                ZSTD_outBuffer to{room.data(), room.size(), 0};
                left = ZSTD_compressStream2(context, &to, &in, mode);
                CHECK(!ZSTD_isError(left));
                append(out, bytes_view(room).first(to.pos));
            } while (mode == ZSTD_e_end ? left != 0 : in.pos < in.size);
        }
    }
    ZSTD_freeCCtx(context);
    return out;
}

void append_int32(byte_vector& out, std::int32_t value) {
    out.resize(out.size() + sizeof value);
    store_big(out.data() + out.size() - sizeof value, value);
}

void append_xerial_header(byte_vector& out) {
    append(out, bytes_of(std::string_view("\x82SNAPPY\0", 8)));
    append_int32(out, 1);
    append_int32(out, 1);
}

void append_xerial_chunk(byte_vector& out, bytes_view block) {
    append_int32(out, static_cast<std::int32_t>(block.size()));
    append(out, block);
}

}  // namespace

byte_vector compressed_by(compression_codec codec, bytes_view plain) {
    switch (codec) {
        case compression_codec::none: break;
        case compression_codec::gzip: return gzip(plain, 1);
        case compression_codec::snappy: return snappy_block(plain);
        case compression_codec::lz4: return lz4(plain, 1);
        case compression_codec::zstd: return zstd(plain, 1);
    }
    return {plain.begin(), plain.end()};
}

byte_vector xerial_snappy(bytes_view plain, std::size_t chunk_bytes) {
    byte_vector out;
    append_xerial_header(out);
    for (bytes_view rest = plain; !rest.empty(); rest = rest.subspan(std::min(chunk_bytes, rest.size())))
        append_xerial_chunk(out, snappy_block(rest.first(std::min(chunk_bytes, rest.size()))));
    return out;
}

byte_vector compressed_zeros(compression_codec codec, std::size_t mebibytes) {
    const byte_vector zeros(mebibyte);
    if (codec == compression_codec::gzip) return gzip(zeros, mebibytes);
    if (codec == compression_codec::lz4) return lz4(zeros, mebibytes);
    if (codec == compression_codec::zstd) return zstd(zeros, mebibytes);
    CHECK(codec == compression_codec::snappy);
    byte_vector out;
    append_xerial_header(out);
    const byte_vector block = snappy_block(zeros);
    for (std::size_t i = 0; i < mebibytes; ++i) append_xerial_chunk(out, block);
    return out;
}

}  // namespace logstore::kafka::testing
