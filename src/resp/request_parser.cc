#include "resp/request_parser.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace logstore::resp {
namespace {

constexpr std::string_view line_end = "\r\n";
/// What a bulk takes at the least: "$0", its line end, its own.
constexpr std::size_t bulk_bytes_min = 6;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char unescaped(char c) {
    switch (c) {
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'b': return '\b';
        case 'a': return '\a';
        default: return c;
    }
}

/// Takes a quoted word, with its quotes, from the front of `line`. False: it does not end, or something follows it.
bool take_quoted(std::string_view& line, std::string& word) {
    const char quote = line.front();
    std::size_t at = 1;
    for (; at < line.size() && line[at] != quote; ++at) {
        if (line[at] != '\\' || at + 1 >= line.size()) {
            word += line[at];
        } else if (quote == '\'') {
            // Only the quote itself can be escaped between single ones.
            if (line[at + 1] == '\'') ++at;
            word += line[at];
        } else if (line[at + 1] == 'x' && at + 3 < line.size() && hex_digit(line[at + 2]) >= 0 &&
                   hex_digit(line[at + 3]) >= 0) {
            word += static_cast<char>(hex_digit(line[at + 2]) * 16 + hex_digit(line[at + 3]));
            at += 3;
        } else {
            word += unescaped(line[++at]);
        }
    }
    if (at >= line.size()) return false;
    line.remove_prefix(at + 1);
    return line.empty() || is_blank(line.front());
}

}  // namespace

void request_parser::start_again() {
    args_.clear();
    places_.clear();
    words_.clear();
    problem_.clear();
    at_ = scanned_ = missing_bytes_ = 0;
    count_ = bulk_bytes_ = -1;
    is_inline_ = false;
}

request_parser::verdict request_parser::fail(std::string_view why) {
    problem_ = why;
    return verdict::bad;
}

request_parser::verdict request_parser::parse(std::string_view bytes) {
    missing_bytes_ = 0;
    if (!problem_.empty()) return verdict::bad;
    if (bytes.empty()) return verdict::need_bytes;
    return bytes.front() == '*' ? parse_array(bytes) : parse_inline(bytes);
}

request_parser::verdict request_parser::take_number(std::string_view bytes, std::string_view if_too_long,
                                                    std::string_view if_no_number, std::int64_t& number) {
    const std::size_t end = bytes.find('\r', std::max(at_, scanned_));
    const std::size_t line_bytes = (end == std::string_view::npos ? bytes.size() : end) - at_;
    if (line_bytes > limits_.line_bytes_max) return fail(if_too_long);
    scanned_ = at_ + line_bytes;
    if (end == std::string_view::npos || end + 1 >= bytes.size()) return verdict::need_bytes;
    // Behind the mark. Redis does not look at what follows the CR either.
    const std::string_view digits = bytes.substr(at_ + 1, line_bytes - 1);
    const auto [last, why] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (why != std::errc() || last != digits.data() + digits.size()) return fail(if_no_number);
    at_ = scanned_ = end + line_end.size();
    return verdict::whole;
}

request_parser::verdict request_parser::parse_array(std::string_view bytes) {
    if (count_ < 0) {
        std::int64_t count = 0;
        const verdict taken = take_number(bytes, "Protocol error: too big mbulk count string",
                                          "Protocol error: invalid multibulk length", count);
        if (taken != verdict::whole) return taken;
        if (count > static_cast<std::int64_t>(limits_.args_max))
            return fail("Protocol error: invalid multibulk length");
        count_ = std::max<std::int64_t>(count, 0);
    }
    while (places_.size() < static_cast<std::size_t>(count_)) {
        if (const verdict taken = take_bulk(bytes); taken != verdict::whole) return taken;
    }
    args_.reserve(places_.size());
    for (const place& one : places_) args_.push_back(bytes.substr(one.at, one.bytes));
    return verdict::whole;
}

request_parser::verdict request_parser::take_bulk(std::string_view bytes) {
    if (bulk_bytes_ < 0) {
        if (at_ >= bytes.size()) return verdict::need_bytes;
        if (bytes[at_] != '$') return fail(fmt::format("Protocol error: expected '$', got '{}'", bytes[at_]));
        std::int64_t length = 0;
        const verdict taken = take_number(bytes, "Protocol error: too big bulk count string",
                                          "Protocol error: invalid bulk length", length);
        if (taken != verdict::whole) return taken;
        // With the least that the bulks behind it take.
        const std::size_t behind = (static_cast<std::size_t>(count_) - places_.size() - 1) * bulk_bytes_min;
        const std::size_t room = limits_.request_bytes_max;
        if (length < 0 || static_cast<std::uint64_t>(length) > room ||
            at_ + static_cast<std::size_t>(length) + line_end.size() + behind > room) {
            return fail("Protocol error: invalid bulk length");
        }
        bulk_bytes_ = length;
    }
    const auto length = static_cast<std::size_t>(bulk_bytes_);
    const std::size_t end = at_ + length + line_end.size();
    if (end > bytes.size()) {
        missing_bytes_ = end - bytes.size();
        return verdict::need_bytes;
    }
    places_.push_back({static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(length)});
    at_ = scanned_ = end;
    bulk_bytes_ = -1;
    return verdict::whole;
}

request_parser::verdict request_parser::parse_inline(std::string_view bytes) {
    const std::size_t end = bytes.find('\n', scanned_);
    const std::size_t line_bytes = end == std::string_view::npos ? bytes.size() : end;
    if (line_bytes > limits_.line_bytes_max) return fail("Protocol error: too big inline request");
    scanned_ = line_bytes;
    if (end == std::string_view::npos) return verdict::need_bytes;
    is_inline_ = true;
    if (!split_words(bytes.substr(0, line_bytes))) return fail("Protocol error: unbalanced quotes in request");
    args_.assign(words_.begin(), words_.end());
    at_ = end + 1;
    return verdict::whole;
}

bool request_parser::split_words(std::string_view line) {
    for (;;) {
        while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
        if (line.empty()) return true;
        std::string& word = words_.emplace_back();
        while (!line.empty() && !is_blank(line.front())) {
            if (line.front() == '"' || line.front() == '\'') {
                if (!take_quoted(line, word)) return false;
            } else {
                word += line.front();
                line.remove_prefix(1);
            }
        }
    }
}

}  // namespace logstore::resp
