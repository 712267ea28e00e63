// The records that a bench writes: their values, and how a value tells which record it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "env/random.h"

namespace logstore::app::bench {

/// Which record of which run this is. A stream is what one connection writes to one partition; its records
/// are numbered from 0. Plain value.
struct record_mark {
    std::uint32_t run = 0;
    std::uint32_t stream = 0;
    std::uint64_t sequence = 0;
    bool operator==(const record_mark&) const = default;
};

/// A mark in a value: 32 hexadecimal digits, run, stream and sequence, at the front.
inline constexpr std::size_t mark_bytes = 32;

/// REQUIRES: room for mark_bytes.
void write_mark(std::byte* to, const record_mark& mark);
/// Nothing where `value` does not begin with one.
std::optional<record_mark> read_mark(bytes_view value);

/// Makes the values of one run: letters, digits, '-' and '_' by chance, so that they can stand in JSON too.
/// Those of one request differ; those at one place of all requests differ by their mark alone. Plain value of
/// about a MiB.
class payload {
  public:
    /// `is_compressible`: half of each value is alike, so that a codec has something to do.
    payload(env::random_source& random, std::uint32_t value_bytes, std::uint32_t records_per_request,
            bool is_compressible);

    std::uint32_t value_bytes() const { return value_bytes_; }
    std::uint32_t records_per_request() const { return records_per_request_; }
    bool has_room_for_mark() const { return value_bytes_ >= mark_bytes; }

    /// The value at `place` of a request, without a mark. Valid while the payload lives.
    bytes_view body(std::uint64_t place) const;
    /// Whether `value` is, byte for byte, what was made for `mark`, which was read from it.
    bool is_intact(bytes_view value, const record_mark& mark) const;

  private:
    std::uint32_t value_bytes_;
    std::uint32_t records_per_request_;
    std::string pool_;
};

}  // namespace logstore::app::bench
