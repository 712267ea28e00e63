#define ZLIB_CONST
#include "kafka/protocol/decompression.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string_view>

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/check.h"
#include "kafka/protocol/errc.h"

namespace logstore::kafka {
namespace {

constexpr std::size_t first_room_bytes = 64 * 1024;

std::unexpected<error> no_memory() {
    return fail(std::make_error_code(std::errc::not_enough_memory), "for a codec");
}

/// Grows by doubling, to one byte above the bound: a codec that has filled less than that byte has come to
/// its end.
class bounded_output {
  public:
    explicit bounded_output(std::size_t bytes_max)
        : max_(bytes_max),
          limit_(bytes_max + (bytes_max < std::numeric_limits<std::size_t>::max() ? 1 : 0)) {}

    std::size_t left() const { return max_ - used_; }
    bool is_over() const { return used_ > max_; }

    /// Room behind what was written. REQUIRES: !is_over(), at_least <= left() + 1.
    mutable_bytes room(std::size_t at_least = 1) {
        CHECK(used_ <= max_ && at_least <= limit_ - used_);
        if (bytes_.size() - used_ < at_least) {
            const std::size_t doubled = bytes_.size() > limit_ / 2 ? limit_ : bytes_.size() * 2;
            const std::size_t size =
                std::min(limit_, std::max({doubled, used_ + at_least, first_room_bytes}));
            bytes_.reserve(size);  // resize() alone may take twice as much
            bytes_.resize(size);
        }
        return mutable_bytes(bytes_).subspan(used_);
    }
    void wrote(std::size_t count) { used_ += count; }

    byte_vector take() {
        bytes_.resize(used_);
        return std::move(bytes_);
    }

  private:
    const std::size_t max_;
    const std::size_t limit_;
    byte_vector bytes_;
    std::size_t used_ = 0;
};

struct inflate_end {
    void operator()(z_stream* stream) const { inflateEnd(stream); }
};

result<byte_vector> decompress_gzip(bytes_view compressed, std::size_t bytes_max) {
    constexpr int gzip_of_any_window = 16 + MAX_WBITS;
    constexpr std::size_t call_bytes_max = std::size_t(1) << 30;  // zlib counts in 32 bits
    z_stream stream{};
    if (inflateInit2(&stream, gzip_of_any_window) != Z_OK) return no_memory();
    const std::unique_ptr<z_stream, inflate_end> ending(&stream);
    bounded_output out(bytes_max);
    bytes_view rest = compressed;
    for (;;) {
        const mutable_bytes room = out.room();
        const std::size_t given = std::min(rest.size(), call_bytes_max);
        const std::size_t offered = std::min(room.size(), call_bytes_max);
        stream.next_in = reinterpret_cast<const Bytef*>(rest.data());
        stream.avail_in = static_cast<uInt>(given);
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(offered);
        const int code = inflate(&stream, Z_NO_FLUSH);
        rest = rest.subspan(given - stream.avail_in);
        out.wrote(offered - stream.avail_out);
        if (out.is_over()) return fail(protocol_errc::too_large, "gzip");
        if (code == Z_STREAM_END) {
            if (rest.empty()) return out.take();
            if (inflateReset(&stream) != Z_OK) return fail(protocol_errc::bad_compression, "gzip");
        } else if (code == Z_BUF_ERROR) {  // there was room, so it is input that lacks
            return fail(protocol_errc::truncated, "gzip");
        } else if (code == Z_MEM_ERROR) {
            return no_memory();
        } else if (code != Z_OK) {
            return fail(protocol_errc::bad_compression, "gzip");
        }
    }
}

result<> append_snappy_block(bytes_view block, bounded_output& out) {
    // No element gives more than 64 bytes for 3.
    constexpr std::size_t ratio_max = 22;
    const char* const data = reinterpret_cast<const char*>(block.data());
    std::size_t declared = 0;
    if (!snappy::GetUncompressedLength(data, block.size(), &declared))
        return fail(protocol_errc::bad_compression, "snappy: no length");
    if (declared > out.left()) return fail(protocol_errc::too_large, "snappy");
    if (declared / ratio_max > block.size())
        return fail(protocol_errc::bad_compression, "snappy: too great a length");
    const mutable_bytes room = out.room(std::max<std::size_t>(declared, 1));
    if (!snappy::RawUncompress(data, block.size(), reinterpret_cast<char*>(room.data())))
        return fail(protocol_errc::bad_compression, "snappy");
    out.wrote(declared);
    return {};
}

//   xerial = header chunk…   header = magic int32 int32 (versions)   chunk = int32 length, block
// A header may come again where a chunk could: streams that were joined. No block can begin with the magic,
// whose second part would be a copy of nothing.
constexpr std::array<unsigned char, 8> xerial_magic{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t xerial_header_bytes = xerial_magic.size() + 2 * sizeof(std::int32_t);

bool begins_xerial(bytes_view bytes) {
    return bytes.size() >= xerial_magic.size() &&
           std::memcmp(bytes.data(), xerial_magic.data(), xerial_magic.size()) == 0;
}

result<byte_vector> decompress_snappy(bytes_view compressed, std::size_t bytes_max) {
    bounded_output out(bytes_max);
    if (!begins_xerial(compressed)) {
        LOGSTORE_TRY(append_snappy_block(compressed, out));
        return out.take();
    }
    for (bytes_view rest = compressed; !rest.empty();) {
        if (begins_xerial(rest)) {
            if (rest.size() < xerial_header_bytes) return fail(protocol_errc::truncated, "snappy: a header");
            rest = rest.subspan(xerial_header_bytes);
            continue;
        }
        if (rest.size() < sizeof(std::int32_t))
            return fail(protocol_errc::truncated, "snappy: a chunk's length");
        const auto length = load_big<std::int32_t>(rest.data());
        rest = rest.subspan(sizeof length);
        if (length <= 0) return fail(protocol_errc::bad_length, "snappy: a chunk");
        if (static_cast<std::size_t>(length) > rest.size())
            return fail(protocol_errc::truncated, "snappy: a chunk");
        LOGSTORE_TRY(append_snappy_block(rest.first(static_cast<std::size_t>(length)), out));
        rest = rest.subspan(static_cast<std::size_t>(length));
    }
    return out.take();
}

struct lz4_free {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

result<byte_vector> decompress_lz4(bytes_view compressed, std::size_t bytes_max) {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION))) return no_memory();
    const std::unique_ptr<LZ4F_dctx, lz4_free> context(made);
    bounded_output out(bytes_max);
    bytes_view rest = compressed;
    for (;;) {
        const mutable_bytes room = out.room();
        std::size_t written = room.size();
        std::size_t taken = rest.size();
        const std::size_t hint =
            LZ4F_decompress(context.get(), room.data(), &written, rest.data(), &taken, nullptr);
        if (LZ4F_isError(hint)) return fail(protocol_errc::bad_compression, "lz4");
        rest = rest.subspan(taken);
        out.wrote(written);
        if (out.is_over()) return fail(protocol_errc::too_large, "lz4");
        if (hint == 0) {
            if (rest.empty()) return out.take();
            return fail(protocol_errc::trailing_bytes, "lz4");
        }
        if (taken == 0 && written == 0)
            return fail(rest.empty() ? protocol_errc::truncated : protocol_errc::bad_compression, "lz4");
    }
}

struct zstd_free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// In one call, again with more room where it did not fit: a stream would need memory for the window that the
/// frame declares, which at the highest levels is far above any bound on the content.
result<byte_vector> decompress_zstd(bytes_view compressed, std::size_t bytes_max) {
    constexpr std::size_t growth = 4;
    const unsigned long long declared = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
    if (declared == ZSTD_CONTENTSIZE_ERROR) return fail(protocol_errc::bad_compression, "zstd: no frame");
    const bool is_known = declared != ZSTD_CONTENTSIZE_UNKNOWN;
    if (is_known && declared > bytes_max) return fail(protocol_errc::too_large, "zstd");
    const std::unique_ptr<ZSTD_DCtx, zstd_free> context(ZSTD_createDCtx());
    if (!context) return no_memory();
    std::size_t room = std::min(bytes_max, std::max({is_known ? static_cast<std::size_t>(declared) : 0,
                                                     first_room_bytes, compressed.size()}));
    for (;;) {
        byte_vector out(room);
        const std::size_t size =
            ZSTD_decompressDCtx(context.get(), out.data(), out.size(), compressed.data(), compressed.size());
        if (!ZSTD_isError(size)) {
            out.resize(size);
            return out;
        }
        const ZSTD_ErrorCode code = ZSTD_getErrorCode(size);
        if (code == ZSTD_error_srcSize_wrong) return fail(protocol_errc::truncated, "zstd");
        if (code == ZSTD_error_memory_allocation) return no_memory();
        if (code != ZSTD_error_dstSize_tooSmall) return fail(protocol_errc::bad_compression, "zstd");
        if (room == bytes_max) return fail(protocol_errc::too_large, "zstd");
        room = room > bytes_max / growth ? bytes_max : room * growth;
    }
}

}  // namespace

result<byte_vector> decompress_records(compression_codec codec, bytes_view compressed,
                                       std::size_t decompressed_bytes_max) {
    if (codec != compression_codec::none && compressed.empty())
        return fail(protocol_errc::truncated, "no compressed bytes");
    switch (codec) {
        case compression_codec::none:
            if (compressed.size() > decompressed_bytes_max) return fail(protocol_errc::too_large, "records");
            return byte_vector(compressed.begin(), compressed.end());
        case compression_codec::gzip: return decompress_gzip(compressed, decompressed_bytes_max);
        case compression_codec::snappy: return decompress_snappy(compressed, decompressed_bytes_max);
        case compression_codec::lz4: return decompress_lz4(compressed, decompressed_bytes_max);
        case compression_codec::zstd: return decompress_zstd(compressed, decompressed_bytes_max);
    }
    return fail(protocol_errc::bad_compression, "a codec of an unknown number");
}

}  // namespace logstore::kafka
