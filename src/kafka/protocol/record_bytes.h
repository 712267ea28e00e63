// The records field of Produce and Fetch: record batches back to back, never copied by the codec.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/check.h"

namespace logstore::kafka {

/// Null; or bytes that lie elsewhere; or, in a message to be encoded, a placeholder for bytes that the sender
/// puts in itself (codec.h, append_scattered_response). Decoding gives null or bytes within the frame.
class record_bytes {
  public:
    record_bytes() = default;
    explicit record_bytes(bytes_view bytes) : data_(bytes.data()), size_(bytes.size()), kind_(kind::bytes) {}
    static record_bytes empty() { return record_bytes(bytes_view()); }
    /// `byte_count` bytes known to the sender by `index`.
    static record_bytes placeholder(std::size_t index, std::size_t byte_count) {
        record_bytes made;
        made.size_ = byte_count;
        made.index_ = index;
        made.kind_ = kind::placeholder;
        return made;
    }

    bool is_null() const { return kind_ == kind::null; }
    bool is_placeholder() const { return kind_ == kind::placeholder; }
    std::size_t size() const { return size_; }
    /// Empty when null. REQUIRES: not a placeholder.
    bytes_view bytes() const {
        CHECK(!is_placeholder());
        return {data_, size_};
    }
    /// REQUIRES: a placeholder.
    std::size_t placeholder_index() const {
        CHECK(is_placeholder());
        return index_;
    }

  private:
    enum class kind : unsigned char { null, bytes, placeholder };

    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t index_ = 0;
    kind kind_ = kind::null;
};

}  // namespace logstore::kafka
