#include "kafka/server/growing_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace logstore::kafka {

growing_buffer::growing_buffer(growing_buffer&& other) noexcept
    : data_(std::move(other.data_)),
      room_bytes_(std::exchange(other.room_bytes_, 0)),
      filled_bytes_(std::exchange(other.filled_bytes_, 0)),
      whole_bytes_(std::exchange(other.whole_bytes_, 0)) {}

growing_buffer& growing_buffer::operator=(growing_buffer&& other) noexcept {
    data_ = std::move(other.data_);
    room_bytes_ = std::exchange(other.room_bytes_, 0);
    filled_bytes_ = std::exchange(other.filled_bytes_, 0);
    whole_bytes_ = std::exchange(other.whole_bytes_, 0);
    return *this;
}

void growing_buffer::make_room(std::size_t bytes) {
    CHECK(bytes >= room_bytes_);
    CHECK(bytes <= whole_bytes_);
    if (bytes == room_bytes_) return;
    // Large blocks are moved by the kernel's page tables, not by copying.
    auto* larger = static_cast<std::byte*>(std::realloc(data_.get(), bytes));
    CHECK(larger != nullptr, "out of memory for {} bytes", bytes);
    std::ignore = data_.release();
    data_.reset(larger);
    room_bytes_ = bytes;
}

void growing_buffer::note_filled(std::size_t count) {
    CHECK(count <= room_bytes_ - filled_bytes_);
    filled_bytes_ += count;
}

std::size_t growing_buffer::take_from(bytes_view bytes) {
    const mutable_bytes room = space();
    const std::size_t count = std::min(room.size(), bytes.size());
    if (count > 0) std::memcpy(room.data(), bytes.data(), count);
    note_filled(count);
    return count;
}

}  // namespace logstore::kafka
