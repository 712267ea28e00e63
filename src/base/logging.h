// The log of the process: one line an event, on stderr.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace logstore {

enum class log_level { debug, info, warning, error };

/// Lines below `level` are dropped. The default is info. Any thread.
void set_log_level(log_level level);
bool log_enabled(log_level level);

/// Writes one line: time, level, area, message. Any thread.
void write_log(log_level level, std::string_view area, std::string_view message);

/// `area` is the part that speaks ("journal", "kafka", …); the message is a sentence without a full stop.
template <class... Args>
void log_debug(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::debug)) write_log(log_level::debug, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::info)) write_log(log_level::info, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
    write_log(log_level::warning, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
    write_log(log_level::error, area, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace logstore
