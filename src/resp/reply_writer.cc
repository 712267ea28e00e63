#include "resp/reply_writer.h"

#include <fmt/format.h>

namespace logstore::resp {

void reply_writer::begin(char mark, std::size_t number) {
    const fmt::format_int digits(number);
    to_ += mark;
    to_.append(digits.data(), digits.size());
    to_ += "\r\n";
}

void reply_writer::simple(std::string_view text) {
    to_ += '+';
    to_ += text;
    to_ += "\r\n";
}

void reply_writer::error(std::string_view text) {
    to_ += '-';
    for (const char c : text) to_ += c == '\r' || c == '\n' ? ' ' : c;
    to_ += "\r\n";
}

void reply_writer::integer(std::int64_t number) {
    const fmt::format_int digits(number);
    to_ += ':';
    to_.append(digits.data(), digits.size());
    to_ += "\r\n";
}

void reply_writer::bulk(std::string_view bytes) {
    begin('$', bytes.size());
    to_ += bytes;
    to_ += "\r\n";
}

void reply_writer::null() {
    to_ += is_3_ ? "_\r\n" : "$-1\r\n";
}

void reply_writer::null_array() {
    to_ += is_3_ ? "_\r\n" : "*-1\r\n";
}

void reply_writer::text(std::string_view lines) {
    if (!is_3_) return bulk(lines);
    constexpr std::string_view kind = "txt:";
    begin('=', kind.size() + lines.size());
    to_ += kind;
    to_ += lines;
    to_ += "\r\n";
}

}  // namespace logstore::resp
