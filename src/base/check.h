// CHECK: broken invariants end the process at once, in release builds too. A wrong log is worse than no log.
#pragma once

#include <fmt/core.h>

#include <string>

namespace logstore {

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const std::string& message);

namespace detail {
inline std::string check_message() { return {}; }
template <class... Args>
std::string check_message(fmt::format_string<Args...> format, Args&&... args) {
    return fmt::format(format, std::forward<Args>(args)...);
}
}  // namespace detail

}  // namespace logstore

/// CHECK(a <= b) or CHECK(a <= b, "a={} b={}", a, b): aborts with file, line, condition and values when it does not hold.
#define CHECK(condition, ...)                                                                \
    do {                                                                                     \
        if (!(condition)) [[unlikely]]                                                       \
            ::logstore::check_failed(__FILE__, __LINE__, #condition,                         \
                                     ::logstore::detail::check_message(__VA_ARGS__));        \
    } while (false)
