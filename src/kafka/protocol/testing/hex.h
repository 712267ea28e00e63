// Bytes as a test writes them.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace logstore::kafka::testing {

/// "0012 ff 'abc'": hexadecimal digits in pairs, and text in quotes; blanks are skipped.
inline byte_vector bytes_from(std::string_view text) {
    byte_vector bytes;
    std::string digits;
    bool quoted = false;
    for (char c : text) {
        if (c == '\'') {
            quoted = !quoted;
        } else if (quoted) {
            bytes.push_back(static_cast<std::byte>(c));
        } else if (std::isxdigit(static_cast<unsigned char>(c))) {
            digits += c;
            if (digits.size() < 2) continue;
            bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
            digits.clear();
        }
    }
    return bytes;
}

/// The same without quotes, for messages of failed tests.
inline std::string hex_of(bytes_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::byte b : bytes) {
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

}  // namespace logstore::kafka::testing
