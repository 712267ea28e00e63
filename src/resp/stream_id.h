// Ids of records in a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/numbers.h"

namespace logstore::resp {

/// "<offset>-0".
std::string stream_id_of(offset at);

/// Bounds of a range of ids, as offsets; both are within it. Nothing when the text is none. "-" and "+" are the first
/// and the last there is; a "(" in front excludes; without "-<number>" the whole offset is meant.
std::optional<std::int64_t> first_offset_in(std::string_view text);
std::optional<std::int64_t> last_offset_in(std::string_view text);

/// The first offset behind the id that a reader has seen. Only "0" is before the first record: "0-0" is that record.
std::optional<std::int64_t> next_offset_behind(std::string_view text);

}  // namespace logstore::resp
