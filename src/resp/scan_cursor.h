// Where a scan of keys goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logstore::resp {

/// A place between two keys of a topic, as one number that clients keep: a partition, and the offset of the record of
/// the key before. No server keeps anything for it, so that it is good on any connection, also after a restart, as
/// long as that record is in the log, be it the latest of its key or not.
struct scan_cursor {
    std::int32_t partition = 0;
    /// Nothing: before the first key of the partition.
    std::optional<std::int64_t> after;

    /// 0 is the beginning, and in answers the end.
    std::uint64_t number() const;
    /// Nothing when there can be no such cursor.
    static std::optional<scan_cursor> of(std::string_view text);
};

}  // namespace logstore::resp
