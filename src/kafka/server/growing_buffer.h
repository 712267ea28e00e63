// Memory for a frame whose announced length nobody has proved yet.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "base/bytes.h"

namespace logstore::kafka {

/// A buffer for exactly `whole` bytes that holds only the memory its user gives it while it is filled.
/// Movable; the bytes stay where they are.
class growing_buffer {
  public:
    growing_buffer() = default;
    /// No room yet.
    explicit growing_buffer(std::size_t whole_bytes) : whole_bytes_(whole_bytes) {}
    growing_buffer(growing_buffer&& other) noexcept;
    growing_buffer& operator=(growing_buffer&& other) noexcept;

    std::size_t whole_bytes() const { return whole_bytes_; }
    std::size_t filled_bytes() const { return filled_bytes_; }
    bool is_full() const { return filled_bytes_ == whole_bytes_; }
    bytes_view filled() const { return {data_.get(), filled_bytes_}; }

    /// From now on there is room for `bytes` of the whole. REQUIRES: not less than before, and not more than
    /// the whole.
    void make_room(std::size_t bytes);
    /// Where the next bytes belong; empty when the room is used up. Valid until the next call of a function
    /// that is not const.
    mutable_bytes space() { return {data_.get() + filled_bytes_, room_bytes_ - filled_bytes_}; }
    /// The first `count` bytes of the last space() have been written.
    void note_filled(std::size_t count);
    /// Copies as much of `bytes` as there is room for; returns how much.
    std::size_t take_from(bytes_view bytes);

  private:
    struct release {
        void operator()(std::byte* p) const { std::free(p); }
    };

    std::unique_ptr<std::byte, release> data_;
    std::size_t room_bytes_ = 0;
    std::size_t filled_bytes_ = 0;
    std::size_t whole_bytes_ = 0;
};

}  // namespace logstore::kafka
