#include "app/prometheus_text.h"

#include <iterator>

#include <fmt/format.h>

namespace logstore::app {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

/// Exact, without an exponent and without zeros at the end: 0.000016384.
void append_seconds(std::string& out, std::uint64_t nanoseconds) {
    fmt::format_to(std::back_inserter(out), "{}", nanoseconds / nanoseconds_per_second);
    std::uint64_t rest = nanoseconds % nanoseconds_per_second;
    if (rest == 0) return;
    int digits = 9;
    for (; rest % 10 == 0; rest /= 10) --digits;
    fmt::format_to(std::back_inserter(out), ".{:0{}}", rest, digits);
}

}  // namespace

std::string label(std::string_view name, std::string_view value) {
    return fmt::format("{}=\"{}\"", name, value);
}
std::string label(std::string_view name, std::uint64_t value) {
    return fmt::format("{}=\"{}\"", name, value);
}

void prometheus_text::begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void prometheus_text::write_name(std::string_view suffix, std::string_view labels) {
    out_.append(name_).append(suffix);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_ += ' ';
}

void prometheus_text::write_value(std::uint64_t value, bool is_time) {
    if (is_time) {
        append_seconds(out_, value);
    } else {
        fmt::format_to(std::back_inserter(out_), "{}", value);
    }
    out_ += '\n';
}

void prometheus_text::write_bucket(std::string_view labels, const std::uint64_t* bound, bool is_time,
                                   std::uint64_t count) {
    out_.append(name_).append("_bucket{").append(labels);
    out_.append(labels.empty() ? "le=\"" : ",le=\"");
    if (bound == nullptr) {
        out_ += "+Inf";
    } else if (is_time) {
        append_seconds(out_, *bound);
    } else {
        fmt::format_to(std::back_inserter(out_), "{}", *bound);
    }
    fmt::format_to(std::back_inserter(out_), "\"}} {}\n", count);
}

void prometheus_text::sample(std::string_view labels, std::uint64_t value) {
    write_name("", labels);
    write_value(value, false);
}

void prometheus_text::seconds(std::string_view labels, std::uint64_t nanoseconds) {
    write_name("", labels);
    write_value(nanoseconds, true);
}

}  // namespace logstore::app
