#include "resp/glob.h"

#include <cstddef>
#include <utility>

namespace logstore::resp {
namespace {

/// Whether the class at the front of `pattern`, which begins with "[", has `c`; takes it from `pattern`.
bool take_class(std::string_view& pattern, char c) {
    pattern.remove_prefix(1);
    const bool is_negated = pattern.starts_with('^');
    if (is_negated) pattern.remove_prefix(1);
    bool has = false;
    // As in Redis, a class that does not end goes to the end of the pattern.
    while (!pattern.empty() && pattern.front() != ']') {
        if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
        char low = pattern.front();
        char high = low;
        pattern.remove_prefix(1);
        if (pattern.size() >= 2 && pattern.front() == '-') {
            high = pattern[1];
            pattern.remove_prefix(2);
            if (low > high) std::swap(low, high);
        }
        has = has || (low <= c && c <= high);
    }
    if (!pattern.empty()) pattern.remove_prefix(1);
    return has != is_negated;
}

/// Whether one character of the pattern, which is not "*", is for `c`; takes it.
bool take_one(std::string_view& pattern, char c) {
    if (pattern.front() == '[') return take_class(pattern, c);
    const bool is_any = pattern.front() == '?';
    if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    const bool is_for = is_any || pattern.front() == c;
    pattern.remove_prefix(1);
    return is_for;
}

}  // namespace

std::string_view literal_prefix(std::string_view pattern) {
    return pattern.substr(0, pattern.find_first_of("*?[\\"));
}

bool matches(std::string_view pattern, std::string_view text) {
    // After a "*": what follows it, and the text that it has not taken. Only the last one matters.
    std::string_view after_star, untaken;
    bool has_star = false;
    for (;;) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            after_star = pattern;
            untaken = text;
            has_star = true;
            continue;
        }
        if (text.empty()) return pattern.empty();
        if (!pattern.empty() && take_one(pattern, text.front())) {
            text.remove_prefix(1);
            continue;
        }
        if (!has_star || untaken.empty()) return false;
        untaken.remove_prefix(1);
        text = untaken;
        pattern = after_star;
    }
}

}  // namespace logstore::resp
