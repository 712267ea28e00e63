// Memory that O_DIRECT accepts.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "base/check.h"

namespace logstore {

/// A block-aligned buffer whose size is a multiple of block_bytes. Contents are zero at first. Movable, not copyable.
class aligned_buffer {
  public:
    aligned_buffer() = default;
    explicit aligned_buffer(std::size_t bytes) : size_(round_up_to_block(bytes)) {
        if (size_ == 0) return;
        data_.reset(static_cast<std::byte*>(std::aligned_alloc(block_bytes, size_)));
        CHECK(data_ != nullptr, "out of memory for {} bytes", size_);
        std::memset(data_.get(), 0, size_);
    }

    std::byte* data() { return data_.get(); }
    const std::byte* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    mutable_bytes span() { return {data_.get(), size_}; }
    bytes_view span() const { return {data_.get(), size_}; }

  private:
    struct release { void operator()(std::byte* p) const { std::free(p); } };
    std::unique_ptr<std::byte, release> data_;
    std::size_t size_ = 0;
};

}  // namespace logstore
