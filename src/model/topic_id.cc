#include "model/topic_id.h"

namespace logstore {
namespace {
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t text_length = 22;
}  // namespace

std::string topic_id::text() const {
    std::string out;
    out.reserve(text_length);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (std::byte b : bytes) {
        bits = bits << 8 | std::to_integer<std::uint32_t>(b);
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) out += alphabet[bits >> (bit_count - 6) & 63];
    }
    out += alphabet[bits << (6 - bit_count) & 63];
    return out;
}

std::optional<topic_id> topic_id::from_text(std::string_view text) {
    if (text.size() != text_length) return std::nullopt;
    topic_id id;
    std::uint32_t bits = 0;
    int bit_count = 0;
    std::size_t at = 0;
    for (char c : text) {
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            if (at < id.bytes.size()) id.bytes[at++] = static_cast<std::byte>(bits >> bit_count & 255);
        }
    }
    return id;
}

topic_id topic_id::from_random_bits(std::uint64_t high, std::uint64_t low) {
    topic_id id;
    store_big(id.bytes.data(), (high & ~0xF000ull) | 0x4000ull);
    store_big(id.bytes.data() + 8, (low & ~(3ull << 62)) | (2ull << 62));
    return id;
}

}  // namespace logstore
