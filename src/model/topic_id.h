// Topic ids: what tells a recreated topic from its namesake.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace logstore {

/// A 128-bit UUID, made once when a topic is created and never reused. All zero = none.
struct topic_id {
    std::array<std::byte, 16> bytes{};

    constexpr auto operator<=>(const topic_id&) const = default;
    bool is_none() const { return *this == topic_id{}; }

    /// Kafka's text form: URL-safe base64 without padding, 22 characters.
    std::string text() const;
    static std::optional<topic_id> from_text(std::string_view text);
    /// A version-4 UUID from 128 random bits.
    static topic_id from_random_bits(std::uint64_t high, std::uint64_t low);
};

}  // namespace logstore

template <>
struct std::hash<logstore::topic_id> {
    std::size_t operator()(const logstore::topic_id& id) const noexcept {
        std::uint64_t halves[2];
        std::memcpy(halves, id.bytes.data(), sizeof halves);
        return halves[0] ^ (halves[1] * 0x9E3779B97F4A7C15ull);
    }
};
