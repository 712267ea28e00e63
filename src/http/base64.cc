#include "http/base64.h"

#include <array>
#include <cstdint>

namespace logstore::http {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}
constexpr auto values = make_values();

}  // namespace

std::string base64_of(bytes_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    while (!bytes.empty()) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size());
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < count ? static_cast<std::uint32_t>(bytes[i]) : 0);
        for (std::size_t i = 0; i < 4; ++i) text += i <= count ? alphabet[group >> (18 - 6 * i) & 63] : '=';
        bytes = bytes.subspan(count);
    }
    return text;
}

std::size_t decode_base64(std::string_view text, std::byte* out) {
    if (text.size() % 4 != 0) return not_base64;
    std::byte* const start = out;
    while (!text.empty()) {
        std::size_t digits = 4;
        if (text.size() == 4 && text[3] == '=') digits = text[2] == '=' ? 2 : 3;
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint8_t value = i < digits ? values[static_cast<unsigned char>(text[i])] : 0;
            if (value > 63) return not_base64;
            group = group << 6 | value;
        }
        const std::size_t count = digits - 1;
        if (count < 3 && (group & (0xffffffu >> (8 * count)) & 0xffffff) != 0) return not_base64;
        for (std::size_t i = 0; i < count; ++i) *out++ = static_cast<std::byte>(group >> (16 - 8 * i) & 0xff);
        text.remove_prefix(4);
    }
    return static_cast<std::size_t>(out - start);
}

}  // namespace logstore::http
