#include "app/bench/payload.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace logstore::app::bench {
namespace {

constexpr std::size_t pool_bytes_min = std::size_t(1) << 20;
/// Of the pieces of a compressible value that are alike, and of those between.
constexpr std::size_t piece_bytes = 16;
constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(characters.size() == 64);

constexpr std::string_view hexadecimal = "0123456789abcdef";
constexpr std::size_t number_32_digits = 8, number_64_digits = 16;
static_assert(2 * number_32_digits + number_64_digits == mark_bytes);

std::byte* write_digits(std::byte* to, std::uint64_t value, std::size_t digits) {
    for (std::size_t i = 0; i < digits; ++i)
        to[i] = static_cast<std::byte>(hexadecimal[(value >> (4 * (digits - 1 - i))) & 15]);
    return to + digits;
}

constexpr std::uint8_t no_digit = 255;
constexpr std::array<std::uint8_t, 256> digit_values = [] {
    std::array<std::uint8_t, 256> values;
    values.fill(no_digit);
    for (std::size_t i = 0; i < hexadecimal.size(); ++i)
        values[static_cast<std::uint8_t>(hexadecimal[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

std::optional<std::uint64_t> read_digits(bytes_view from) {
    std::uint64_t value = 0;
    for (const std::byte one : from) {
        const std::uint8_t digit = digit_values[static_cast<std::uint8_t>(one)];
        if (digit == no_digit) return std::nullopt;
        value = value << 4 | digit;
    }
    return value;
}

}  // namespace

void write_mark(std::byte* to, const record_mark& mark) {
    to = write_digits(to, mark.run, number_32_digits);
    to = write_digits(to, mark.stream, number_32_digits);
    write_digits(to, mark.sequence, number_64_digits);
}

std::optional<record_mark> read_mark(bytes_view value) {
    if (value.size() < mark_bytes) return std::nullopt;
    const auto run = read_digits(value.first(number_32_digits));
    const auto stream = read_digits(value.subspan(number_32_digits, number_32_digits));
    const auto sequence = read_digits(value.subspan(2 * number_32_digits, number_64_digits));
    if (!run || !stream || !sequence) return std::nullopt;
    return record_mark{static_cast<std::uint32_t>(*run), static_cast<std::uint32_t>(*stream), *sequence};
}

payload::payload(env::random_source& random, std::uint32_t value_bytes, std::uint32_t records_per_request,
                 bool is_compressible)
    : value_bytes_(value_bytes), records_per_request_(records_per_request) {
    CHECK(value_bytes > 0 && records_per_request > 0);
    pool_.resize(std::max(pool_bytes_min, 2 * std::size_t(value_bytes)));
    constexpr std::size_t characters_a_number = 10;  // of 6 bits each
    for (std::size_t i = 0; i < pool_.size(); i += characters_a_number) {
        std::uint64_t bits = random.next();
        for (std::size_t k = i; k < std::min(i + characters_a_number, pool_.size()); ++k, bits >>= 6)
            pool_[k] = is_compressible && (k / piece_bytes) % 2 == 1 ? characters[k % piece_bytes]
                                                                     : characters[bits & 63];
    }
}

bytes_view payload::body(std::uint64_t place) const {
    const std::uint64_t starts = pool_.size() - value_bytes_;
    return bytes_of(pool_).subspan(place * value_bytes_ % starts, value_bytes_);
}

bool payload::is_intact(bytes_view value, const record_mark& mark) const {
    const bytes_view made = body(mark.sequence % records_per_request_);
    return value.size() == made.size() &&
           std::ranges::equal(value.subspan(mark_bytes), made.subspan(mark_bytes));
}

}  // namespace logstore::app::bench
