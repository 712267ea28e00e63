// Arguments as words and numbers.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace logstore::resp {

inline char in_small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
inline std::string in_small(std::string_view text) {
    std::string made(text);
    for (char& c : made) c = in_small(c);
    return made;
}

/// Whatever letters `text` has. `word` is in small ones.
inline bool is_word(std::string_view text, std::string_view word) {
    if (text.size() != word.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (in_small(text[i]) != word[i]) return false;
    }
    return true;
}

/// The whole of `text`.
template <std::integral T>
std::optional<T> number_in(std::string_view text) {
    T number{};
    const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (why != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace logstore::resp
