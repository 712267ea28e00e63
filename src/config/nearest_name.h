// "Did you mean …?"
#pragma once

#include <string_view>
#include <vector>

namespace logstore::config {

/// The one of `known` with the fewest single-character edits from `name`; empty when `known` is, or when none
/// is near enough to be what was meant. The first one wins a tie.
std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace logstore::config
