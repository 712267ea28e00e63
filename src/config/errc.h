// Why a configuration was refused. One code: every caller does the same, say the sentence and stop.
#pragma once

#include <system_error>

namespace logstore::config {

enum class errc {
    invalid_configuration = 1,  ///< the detail names the place, the option and what is wrong
};

const std::error_category& error_category();
inline std::error_code make_error_code(errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace logstore::config

template <>
struct std::is_error_code_enum<logstore::config::errc> : std::true_type {};
