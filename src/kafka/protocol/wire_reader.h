// Reads the primitive notations of the protocol from untrusted bytes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "kafka/protocol/errc.h"

namespace logstore::kafka {

/// A position in bytes that never passes their end. The first failure sticks: from then on nothing remains,
/// every read gives zero or nothing, and the caller may look at failed() as late as it likes, but before it
/// uses a count.
class wire_reader {
  public:
    explicit wire_reader(bytes_view bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    /// Bytes read so far; where the failure is, after one.
    std::size_t position() const { return failed_ ? failed_at_ : static_cast<std::size_t>(at_ - begin_); }
    bool failed() const { return failed_; }
    /// REQUIRES: failed().
    protocol_errc failure() const { return failure_; }

    void fail(protocol_errc why) {
        if (failed_) return;
        failed_at_ = position();
        failed_ = true;
        failure_ = why;
        at_ = end_;
    }

    template <std::integral T>
    T fixed() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            fail(protocol_errc::truncated);
            return 0;
        }
        const T value = load_big<T>(at_);
        at_ += sizeof(T);
        return value;
    }

    bytes_view take(std::size_t count) {
        if (remaining() < count) [[unlikely]] {
            fail(protocol_errc::truncated);
            return {};
        }
        const bytes_view taken(at_, count);
        at_ += count;
        return taken;
    }

    /// At most 5 bytes and 32 bits. Padding with zero groups is accepted, as everywhere else.
    std::uint32_t unsigned_varint() { return static_cast<std::uint32_t>(varint_bits<32>()); }
    /// Zigzag notation, as in records.
    std::int32_t signed_varint() {
        const auto bits = static_cast<std::uint32_t>(varint_bits<32>());
        return static_cast<std::int32_t>((bits >> 1) ^ (0u - (bits & 1)));
    }
    std::int64_t signed_varlong() {
        const std::uint64_t bits = varint_bits<64>();
        return static_cast<std::int64_t>((bits >> 1) ^ (std::uint64_t(0) - (bits & 1)));
    }

    /// What restrict_to() took away, to be given to widen_to().
    using end_mark = const std::byte*;
    /// Makes the next `count` bytes all there is. REQUIRES: count <= remaining().
    end_mark restrict_to(std::size_t count) {
        const end_mark before = end_;
        end_ = at_ + count;
        return before;
    }
    void widen_to(end_mark end) {
        end_ = end;
        if (failed_) at_ = end_;
    }

  private:
    template <int bits>
    std::uint64_t varint_bits() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < bits; shift += 7) {
            const auto byte = fixed<std::uint8_t>();
            const std::uint64_t group = byte & 0x7f;
            if (bits - shift < 7 && (group >> (bits - shift)) != 0) break;
            value |= group << shift;
            if ((byte & 0x80) == 0) return failed_ ? 0 : value;
        }
        fail(protocol_errc::bad_varint);
        return 0;
    }

    const std::byte* begin_;
    const std::byte* at_;
    const std::byte* end_;
    std::size_t failed_at_ = 0;
    bool failed_ = false;
    protocol_errc failure_{};
};

}  // namespace logstore::kafka
