// A response that is encoded piece by piece, for one whose parts together would be too much to hold.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "kafka/protocol/codec.h"

namespace logstore::kafka {

/// Appends a whole frame, as append_response() does: the response's fields in the order of its description,
/// its lists element by element, then finish(). Nobody else changes `out` meanwhile. Not for responses with
/// tagged fields of their own; their elements may have some.
class response_stream {
  public:
    response_stream(byte_vector& out, api_key api, api_version v, std::int32_t correlation_id)
        : start_(out.size()),
          api_(api),
          version_(v),
          is_flexible_(api_of(api).is_flexible(v)),
          writer_(out),
          io_(writer_, v, is_flexible_) {
        io_(std::int32_t(0), correlation_id);
        if (response_header_is_flexible(api, v)) writer_.unsigned_varint(0);
    }

    template <class... Fields>
    void fields(const Fields&... fields) {
        io_(fields...);
    }
    /// So many calls of element() follow.
    void begin_list(std::size_t count) { io_.list_length(count); }
    template <struct_field T>
    void element(const T& one) {
        io_.structure(one);
    }
    /// What was appended so far.
    std::size_t size() const { return writer_.size() - start_; }

    /// Once. On failure `out` is as before.
    result<> finish() {
        if (is_flexible_) writer_.unsigned_varint(0);
        const bool is_whole = !io_.failed() && detail::close_frame(writer_, start_, 0);
        if (!is_whole) writer_.truncate(start_);
        writer_.finish();
        return is_whole ? result<>() : fail_encoding(api_, version_);
    }

  private:
    const std::size_t start_;
    const api_key api_;
    const api_version version_;
    const bool is_flexible_;
    wire_writer writer_;
    encoder io_;
};

}  // namespace logstore::kafka
