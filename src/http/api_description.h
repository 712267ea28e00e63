// The description of this interface for programs.
#pragma once

#include <string_view>

namespace logstore::http {

/// docs/openapi.yaml, as it was when the program was built.
std::string_view api_description();

}  // namespace logstore::http
