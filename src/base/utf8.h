// Whether bytes are text.
#pragma once

#include <cstddef>
#include <string_view>

namespace logstore {

/// Bytes of the UTF-8 character at the start of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text);

/// Whether all of `text` is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace logstore
