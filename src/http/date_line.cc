#include "http/date_line.h"

#include <array>
#include <chrono>

#include <fmt/format.h>

namespace logstore::http {

std::string date_text(std::int64_t seconds_since_1970) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::sys_seconds at{std::chrono::seconds(seconds_since_1970)};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                       days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                       months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string_view date_line::now() {
    constexpr std::int64_t second_ms = 1000;
    const std::int64_t second = time_.wall_now().value() / second_ms;
    if (second != second_) {
        second_ = second;
        line_ = "Date: " + date_text(second) + "\r\n";
    }
    return line_;
}

}  // namespace logstore::http
