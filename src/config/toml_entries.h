// TOML text as a flat list of settings. The only file that includes the TOML library (it compiles slowly).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option.h"

namespace logstore::config {

/// One `key = value`; tables are joined to the key with dots.
struct toml_entry {
    std::string name;
    option_value value;
    std::uint32_t line = 0;
};

/// The settings of `toml` by line. Untrusted text: lists, dates and fractions are refused, and so is anything
/// that is not TOML; the error names `source` and the line.
result<std::vector<toml_entry>> read_toml_entries(std::string_view toml, std::string_view source);

}  // namespace logstore::config
