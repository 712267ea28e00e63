// Memory for a frame whose announced length nobody has proved yet.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "base/bytes.h"

namespace logstore::kafka {

/// A buffer for exactly `whole` bytes that holds little more memory than has arrived: it grows in steps while
/// it is filled. Movable; the bytes stay where they are.
class growing_buffer {
  public:
    growing_buffer() = default;
    /// Room for `first` of `whole` bytes. REQUIRES: first <= whole.
    growing_buffer(std::size_t whole_bytes, std::size_t first_bytes);
    growing_buffer(growing_buffer&& other) noexcept;
    growing_buffer& operator=(growing_buffer&& other) noexcept;

    std::size_t whole_bytes() const { return whole_bytes_; }
    std::size_t filled_bytes() const { return filled_bytes_; }
    bool is_full() const { return filled_bytes_ == whole_bytes_; }
    bytes_view filled() const { return {data_.get(), filled_bytes_}; }

    /// Where the next bytes belong; never empty unless full. Valid until the next call of a function that is
    /// not const.
    mutable_bytes space();
    /// The first `count` bytes of the last space() have been written.
    void note_filled(std::size_t count);
    /// Copies as much of `bytes` as belongs to the frame; returns how much.
    std::size_t take_from(bytes_view bytes);

  private:
    /// Each step makes the buffer this many times larger: few steps, and at most so much more than what
    /// arrived.
    static constexpr std::size_t growth = 4;

    struct release {
        void operator()(std::byte* p) const { std::free(p); }
    };
    void reallocate(std::size_t bytes);

    std::unique_ptr<std::byte, release> data_;
    std::size_t room_bytes_ = 0;
    std::size_t filled_bytes_ = 0;
    std::size_t whole_bytes_ = 0;
};

}  // namespace logstore::kafka
