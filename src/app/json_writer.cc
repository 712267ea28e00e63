#include "app/json_writer.h"

#include <fmt/format.h>

namespace logstore::app {
namespace {

/// Bytes of the UTF-8 character at the start of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        const bool overlong = first == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = first == 0xED && byte(1) >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        const bool overlong = first == 0xF0 && byte(1) < 0x90;
        const bool too_high = first == 0xF4 && byte(1) >= 0x90;
        return overlong || too_high ? 0 : 4;
    }
    return 0;
}

}  // namespace

json_writer& json_writer::key(std::string_view name) {
    separate();
    append_quoted(name);
    out_ += ':';
    needs_comma_ = false;
    return *this;
}

json_writer& json_writer::text(std::string_view value) {
    separate();
    append_quoted(value);
    return *this;
}

json_writer& json_writer::number(std::int64_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
}

json_writer& json_writer::decimal(double value) {
    separate();
    out_ += fmt::format("{:.6g}", value);
    return *this;
}

json_writer& json_writer::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
}

json_writer& json_writer::null() {
    separate();
    out_ += "null";
    return *this;
}

json_writer& json_writer::open(char bracket) {
    separate();
    out_ += bracket;
    needs_comma_ = false;
    return *this;
}

json_writer& json_writer::close(char bracket) {
    out_ += bracket;
    needs_comma_ = true;
    return *this;
}

void json_writer::separate() {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
}

void json_writer::append_quoted(std::string_view value) {
    out_ += '"';
    while (!value.empty()) {
        const std::size_t length = utf8_length(value);
        const auto first = static_cast<unsigned char>(value.front());
        if (length == 0)
            out_ += "\\ufffd";
        else if (first == '"' || first == '\\')
            out_.append({'\\', value.front()});
        else if (first < 0x20 || first == 0x7f)
            out_ += fmt::format("\\u{:04x}", first);
        else
            out_ += value.substr(0, length);
        value.remove_prefix(length == 0 ? 1 : length);
    }
    out_ += '"';
}

}  // namespace logstore::app
