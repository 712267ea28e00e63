// Patterns of keys.
#pragma once

#include <string_view>

namespace logstore::resp {

/// What every match begins with: the part of `pattern` before its first special character.
std::string_view literal_prefix(std::string_view pattern);
/// As Redis matches: "*", "?", "[a-z]", "[^a]", "\" in front of what stands for itself. Takes no more steps than the
/// product of both lengths.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace logstore::resp
