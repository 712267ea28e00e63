#include "base/json_writer.h"

#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"

namespace logstore {
namespace {

/// Whether a byte stands for itself in a JSON string.
bool is_plain(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= 0x20 && value < 0x7f && value != '"' && value != '\\';
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
        std::size_t plain = 0;
        while (plain < value.size() && is_plain(value[plain])) ++plain;
        out_ += value.substr(0, plain);
        value.remove_prefix(plain);
        if (value.empty()) break;
        const std::size_t length = utf8_length(value);
        const auto first = static_cast<unsigned char>(value.front());
        if (length == 0)
            out_ += "\\ufffd";
        else if (first == '"' || first == '\\')
            out_.append({'\\', value.front()});
        else if (length == 1)
            fmt::format_to(std::back_inserter(out_), "\\u{:04x}", first);
        else
            out_ += value.substr(0, length);
        value.remove_prefix(length == 0 ? 1 : length);
    }
    out_ += '"';
}

}  // namespace logstore
