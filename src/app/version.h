// Which logstore this is.
#pragma once

#include <string_view>

namespace logstore::app {

/// "0.1.0".
std::string_view version_number();
/// "release"; "debug, address,undefined".
std::string_view build_kind();
/// "logstore 0.1.0 (release)".
std::string_view version_text();

}  // namespace logstore::app
