#include "resp/scan_cursor.h"

#include "resp/words.h"

namespace logstore::resp {
namespace {

/// More partitions than a topic may have; the rest is for offsets. Some clients take a cursor for a signed number.
constexpr unsigned partition_bits = 17;
constexpr unsigned cursor_bits = 63;

}  // namespace

std::uint64_t scan_cursor::number() const {
    const std::uint64_t place = after ? static_cast<std::uint64_t>(*after) + 1 : 0;
    return place << partition_bits | static_cast<std::uint64_t>(partition);
}

std::optional<scan_cursor> scan_cursor::of(std::string_view text) {
    const auto number = number_in<std::uint64_t>(text);
    if (!number || *number >> cursor_bits != 0) return std::nullopt;
    scan_cursor found;
    found.partition = static_cast<std::int32_t>(*number & ((std::uint64_t(1) << partition_bits) - 1));
    const std::uint64_t place = *number >> partition_bits;
    if (place > 0) found.after = static_cast<std::int64_t>(place - 1);
    return found;
}

}  // namespace logstore::resp
