#include "config/quantity.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <span>

namespace logstore::config {
namespace {

struct suffix {
    std::string_view text;
    std::int64_t factor;
};

constexpr std::array byte_suffixes{
    suffix{"B", 1},
    suffix{"KiB", std::int64_t(1) << 10},
    suffix{"MiB", std::int64_t(1) << 20},
    suffix{"GiB", std::int64_t(1) << 30},
    suffix{"TiB", std::int64_t(1) << 40},
};
constexpr std::array time_suffixes{
    suffix{"ms", 1},        suffix{"s", 1000},       suffix{"min", 60'000},
    suffix{"h", 3'600'000}, suffix{"d", 86'400'000},
};

std::span<const suffix> suffixes_of(unit counts) {
    switch (counts) {
        case unit::none: return {};
        case unit::bytes: return byte_suffixes;
        case unit::milliseconds: return time_suffixes;
    }
    return {};
}

std::optional<std::int64_t> factor_of(unit counts, std::string_view text) {
    if (text.empty()) return 1;
    for (const suffix& known : suffixes_of(counts)) {
        if (known.text == text) return known.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_quantity(unit counts, std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{}) return std::nullopt;
    std::string_view suffix_text(rest, static_cast<std::size_t>(end - rest));
    if (suffix_text.size() > 1 && suffix_text.front() == ' ') suffix_text.remove_prefix(1);
    const auto factor = factor_of(counts, suffix_text);
    if (!factor) return std::nullopt;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(number, *factor, &product)) return std::nullopt;
    return product;
}

std::string readable_number(unit counts, std::int64_t number) {
    suffix largest{"", 1};
    for (const suffix& known : suffixes_of(counts)) {
        if (number != 0 && number % known.factor == 0) largest = known;
    }
    std::string out = std::to_string(number / largest.factor);
    if (number < 0 || largest.text.empty()) return out;
    return out.append(" ").append(largest.text);
}

}  // namespace logstore::config
