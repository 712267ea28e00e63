// Why a key view did not do something. A code exists where some caller acts on it.
#pragma once

#include <system_error>

namespace logstore::kv {

enum class errc {
    would_block = 1,  ///< not without waiting for the disk; nothing was done, worth asking again where that may be
    corrupt,          ///< what is stored is damaged: the view is deleted and built anew
    no_space,         ///< no room on disk
    failed,           ///< reading or writing failed; the view is opened anew
};

const std::error_category& error_category();
inline std::error_code make_error_code(errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace logstore::kv

template <>
struct std::is_error_code_enum<logstore::kv::errc> : std::true_type {};
