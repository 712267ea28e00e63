// Where `logstore consume` begins: what stands behind --from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/numbers.h"

namespace logstore::app {

/// Plain value.
struct start_position {
    enum class kind {
        beginning,
        end,
        offset,  ///< number = the offset
        last,    ///< number = how many records before the end
        time,    ///< number = milliseconds since 1970, UTC
        ago,     ///< number = milliseconds before now
    };
    kind what = kind::beginning;
    std::int64_t number = 0;

    bool operator==(const start_position&) const = default;

    /// "beginning", "end", "offset:42", "last:10", "time:2026-11-22T10:00:00Z", "time:-10m"; nothing when it
    /// is none of these.
    static std::optional<start_position> parse(std::string_view text);
};

/// "2026-11-22", "2026-11-22T10:00:00Z", with a fraction of the second, with "+01:00" for Z; nothing when it
/// is anything else.
std::optional<timestamp_ms> parse_time(std::string_view text);

}  // namespace logstore::app
