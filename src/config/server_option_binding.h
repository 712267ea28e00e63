// What the files of the option table are written with: sizes, times, and the tie between an option and its
// member.
#pragma once

#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "config/server_options.h"

namespace logstore::config {

constexpr std::int64_t operator""_KiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 10);
}
constexpr std::int64_t operator""_MiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 20);
}
constexpr std::int64_t operator""_GiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 30);
}
constexpr std::int64_t operator""_TiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 40);
}

inline constexpr std::int64_t second_ms = 1000;
inline constexpr std::int64_t hour_ms = 3600 * second_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;
/// Further than any clock reaches; leaves room to add to a timestamp.
inline constexpr std::int64_t duration_max_ms = 36'500 * day_ms;
inline constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

template <auto Member>
using member_type = std::remove_cvref_t<decltype(std::declval<server_options>().*Member)>;

template <auto Member>
option_value read_member(const server_options& from) {
    using type = member_type<Member>;
    if constexpr (std::same_as<type, bool> || std::same_as<type, std::string>)
        return from.*Member;
    else
        return static_cast<std::int64_t>(from.*Member);
}

template <auto Member>
void assign_member(server_options& to, const option_value& value) {
    using type = member_type<Member>;
    if constexpr (std::same_as<type, bool> || std::same_as<type, std::string>)
        to.*Member = std::get<type>(value);
    else
        to.*Member = static_cast<type>(std::get<std::int64_t>(value));
}

/// Joins a description and its member; a bound that the member's type cannot hold does not compile.
template <auto Member>
consteval server_option bound(option about) {
    using type = member_type<Member>;
    if constexpr (std::integral<type> && !std::same_as<type, bool>) {
        if (!about.is_number()) throw "a number's default must be a number";
        if (!std::in_range<type>(about.min) || !std::in_range<type>(about.max))
            throw "bounds exceed the member's type";
    } else if constexpr (std::same_as<type, bool>) {
        if (!about.is_switch()) throw "a switch's default must be true or false";
    } else if (std::is_enum_v<type> != about.is_choice()) {
        throw "choices belong to enumerations";
    }
    return {about, &read_member<Member>, &assign_member<Member>};
}

}  // namespace logstore::config
