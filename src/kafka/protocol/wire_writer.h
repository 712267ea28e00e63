// Writes the primitive notations of the protocol to the end of a byte vector.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace logstore::kafka {

/// Appends to `out`, which holds room beyond what is written until finish(). REQUIRES: nobody else changes
/// `out` until then.
class wire_writer {
  public:
    explicit wire_writer(byte_vector& out) : out_(out), start_(out.size()), size_(start_) {}
    wire_writer(const wire_writer&) = delete;
    wire_writer& operator=(const wire_writer&) = delete;
    ~wire_writer() { finish(); }

    /// Bytes in `out`, with those that were there before.
    std::size_t size() const { return size_; }
    void finish() { out_.resize(size_); }
    /// Takes back what was written after `size`.
    void truncate(std::size_t size) { size_ = size; }

    template <std::integral T>
    void fixed(T value) {
        store_big(grow(sizeof(T)), value);
    }
    /// Overwrites what fixed() wrote at `position`.
    template <std::integral T>
    void patch(std::size_t position, T value) {
        store_big(out_.data() + position, value);
    }
    void bytes(bytes_view content) {
        if (!content.empty()) std::memcpy(grow(content.size()), content.data(), content.size());
    }

    void unsigned_varint(std::uint64_t value) {
        std::byte groups[10];
        std::size_t count = 0;
        for (; value >= 0x80; value >>= 7) groups[count++] = static_cast<std::byte>(value | 0x80);
        groups[count++] = static_cast<std::byte>(value);
        bytes({groups, count});
    }
    /// Zigzag notation, as in records; the same for 32 and 64 bits.
    void signed_varint(std::int64_t value) { unsigned_varint(zigzag(value)); }

    static constexpr std::size_t unsigned_varint_size(std::uint64_t value) {
        return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
    }
    static constexpr std::size_t signed_varint_size(std::int64_t value) {
        return unsigned_varint_size(zigzag(value));
    }

    /// Puts the length of what was written after `start` in front of it, as an unsigned varint.
    void insert_length(std::size_t start) {
        const std::size_t length = size_ - start;
        unsigned_varint(length);
        const auto first = out_.begin() + static_cast<std::ptrdiff_t>(start);
        std::rotate(first, first + static_cast<std::ptrdiff_t>(length),
                    out_.begin() + static_cast<std::ptrdiff_t>(size_));
    }

  private:
    static constexpr std::uint64_t zigzag(std::int64_t value) {
        return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    }
    std::byte* grow(std::size_t count) {
        if (out_.size() - size_ < count) [[unlikely]] {
            // In proportion to what this writer wrote: many small messages may share one large vector.
            constexpr std::size_t room_bytes_min = 256;
            out_.resize(size_ + std::max({count, size_ - start_, room_bytes_min}));
        }
        std::byte* at = out_.data() + size_;
        size_ += count;
        return at;
    }

    byte_vector& out_;
    const std::size_t start_;
    std::size_t size_;
};

}  // namespace logstore::kafka
