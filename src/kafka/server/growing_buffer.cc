#include "kafka/server/growing_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace logstore::kafka {

growing_buffer::growing_buffer(std::size_t whole_bytes, std::size_t first_bytes) : whole_bytes_(whole_bytes) {
    CHECK(first_bytes <= whole_bytes);
    reallocate(first_bytes);
}

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

void growing_buffer::reallocate(std::size_t bytes) {
    if (bytes == 0) return;
    // Large blocks are moved by the kernel's page tables, not by copying.
    auto* larger = static_cast<std::byte*>(std::realloc(data_.get(), bytes));
    CHECK(larger != nullptr, "out of memory for {} bytes", bytes);
    std::ignore = data_.release();
    data_.reset(larger);
    room_bytes_ = bytes;
}

mutable_bytes growing_buffer::space() {
    if (filled_bytes_ == room_bytes_ && !is_full()) {
        constexpr std::size_t room_bytes_min = 1024;
        reallocate(std::min(whole_bytes_, std::max(room_bytes_ * growth, room_bytes_min)));
    }
    return {data_.get() + filled_bytes_, room_bytes_ - filled_bytes_};
}

void growing_buffer::note_filled(std::size_t count) {
    CHECK(count <= room_bytes_ - filled_bytes_);
    filled_bytes_ += count;
}

std::size_t growing_buffer::take_from(bytes_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !is_full()) {
        const mutable_bytes room = space();
        const std::size_t count = std::min(room.size(), bytes.size() - taken);
        std::memcpy(room.data(), bytes.data() + taken, count);
        note_filled(count);
        taken += count;
    }
    return taken;
}

}  // namespace logstore::kafka
