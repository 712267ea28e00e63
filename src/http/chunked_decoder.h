// The body of a request that comes in chunks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "http/api_error.h"

namespace logstore::http {

/// Takes the chunked coding off a body, byte range by byte range. Strict where readers are known to differ:
/// sizes are hexadecimal digits alone, lines end in CR LF, an extension holds no control bytes. Trailers are
/// read and dropped.
class chunked_decoder {
  public:
    /// Of the content; what is larger is refused with 413.
    explicit chunked_decoder(std::size_t content_bytes_max) : content_bytes_max_(content_bytes_max) {}

    /// Decodes what it can of `bytes`, appends the content to `out`, and returns how many bytes it has used
    /// up. To be called again with the rest and what came after it. REQUIRES: not is_done().
    api_result<std::size_t> decode(bytes_view bytes, byte_vector& out);
    bool is_done() const { return state_ == state::done; }

    /// Of one size line, and of all trailers.
    static constexpr std::size_t line_bytes_max = 1024;
    static constexpr std::size_t trailer_bytes_max = 8192;

  private:
    enum class state : std::uint8_t { size, data, data_end, trailer, done };

    api_result<std::size_t> decode_line(bytes_view bytes);
    std::size_t line_bytes_left() const;
    api_result<> take_size(std::string_view line, std::size_t content_bytes);

    std::size_t content_bytes_max_;
    state state_ = state::size;
    std::size_t chunk_left_ = 0;
    std::size_t content_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace logstore::http
