// Numbers with a unit, as people write them: "64MiB", "10 s".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/option.h"

namespace logstore::config {

/// The number `text` stands for, in the base unit of `counts` (bytes, milliseconds): digits, an optional
/// minus, and a suffix that fits: B, KiB, MiB, GiB, TiB; ms, s, min, h, d. Nothing when it is anything else
/// or does not fit into 64 bits.
std::optional<std::int64_t> parse_quantity(unit counts, std::string_view text);

}  // namespace logstore::config
