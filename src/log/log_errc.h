// Why storage refuses. One code only where some caller acts on it.
#pragma once

#include <cstdint>
#include <system_error>

namespace logstore {

enum class log_errc : std::uint8_t {
    /// Stored bytes that should hold are damaged. Never repaired silently.
    corrupt = 1,
    /// The bytes end before the structure does.
    truncated,
    /// Written by a newer version.
    newer_format,
    /// The data directory belongs to something else.
    foreign_directory,
    /// Another process uses the data directory.
    in_use,
    /// The file or range is not there.
    not_found,
};

const std::error_category& log_category();
inline std::error_code make_error_code(log_errc code) { return {static_cast<int>(code), log_category()}; }

}  // namespace logstore

template <>
struct std::is_error_code_enum<logstore::log_errc> : std::true_type {};
