#include "app/start_position.h"

#include <charconv>
#include <chrono>
#include <string>

#include "config/quantity.h"

namespace logstore::app {
namespace {

/// Digits of a fixed count, and what must stand between them.
class digit_reader {
  public:
    explicit digit_reader(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        const bool is_there = rest_.size() >= digits;
        const char* const end = rest_.data() + (is_there ? digits : 0);
        const auto [stop, failed] = std::from_chars(rest_.data(), end, value);
        failed_ |= !is_there || failed != std::errc{} || stop != end || rest_.front() == '-';
        rest_.remove_prefix(is_there ? digits : 0);
        return value;
    }
    void expect(char wanted) { failed_ |= !take(wanted); }
    bool take(char wanted) {
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at_end() const { return rest_.empty(); }
    bool failed() const { return failed_; }
    bool next_is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Digits behind the point, beyond the third one left out.
int read_milliseconds(digit_reader& in) {
    int value = 0, weight = 100;
    if (!in.next_is_digit()) in.expect('0');
    while (in.next_is_digit()) {
        value += in.number(1) * weight;
        weight /= 10;
    }
    return value;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    return config::parse_quantity(config::unit::none, text);
}

}  // namespace

std::optional<timestamp_ms> parse_time(std::string_view text) {
    using namespace std::chrono;
    digit_reader in(text);
    const int year_number = in.number(4);
    in.expect('-');
    const int month_number = in.number(2);
    in.expect('-');
    const int day_number = in.number(2);
    const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                              day(static_cast<unsigned>(day_number))};
    if (in.failed() || !date.ok()) return std::nullopt;
    std::int64_t since_midnight_ms = 0;
    if (!in.at_end()) {
        in.expect('T');
        const int hour = in.number(2);
        in.expect(':');
        const int minute = in.number(2);
        in.expect(':');
        const int second = in.number(2);
        const int fraction = in.take('.') ? read_milliseconds(in) : 0;
        int ahead_minutes = 0;
        if (!in.take('Z')) {
            const int sign = in.take('-') ? -1 : 1;
            if (sign > 0) in.expect('+');
            const int ahead_hours = in.number(2);
            in.expect(':');
            ahead_minutes = sign * (ahead_hours * 60 + in.number(2));
        }
        if (in.failed() || !in.at_end() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
        since_midnight_ms =
            ((hour * 60 + minute - ahead_minutes) * 60 + second) * std::int64_t(1000) + fraction;
    }
    const auto midnight = duration_cast<milliseconds>(sys_days(date).time_since_epoch());
    return timestamp_ms(midnight.count() + since_midnight_ms);
}

std::optional<start_position> start_position::parse(std::string_view text) {
    if (text == "beginning") return start_position{kind::beginning};
    if (text == "end") return start_position{kind::end};
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, colon), value = text.substr(colon + 1);
    if (name == "offset" || name == "last") {
        const auto number = whole_number(value);
        if (!number || *number < 0) return std::nullopt;
        return start_position{name == "last" ? kind::last : kind::offset, *number};
    }
    if (name != "time") return std::nullopt;
    if (value.starts_with('-')) {
        // As people write it; where options are configured "min" leaves no doubt.
        std::string length(value.substr(1));
        if (length.size() > 1 && length.back() == 'm') length += "in";
        const auto ago = config::parse_quantity(config::unit::milliseconds, length);
        if (!ago || *ago < 0) return std::nullopt;
        return start_position{kind::ago, *ago};
    }
    const auto when = parse_time(value);
    if (!when || *when < timestamp_ms(0)) return std::nullopt;
    return start_position{kind::time, when->value()};
}

}  // namespace logstore::app
