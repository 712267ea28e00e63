// Byte ranges and the endian conversions of our formats: the wire and segments are big-endian (Kafka's), the journal too.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logstore {

using bytes_view = std::span<const std::byte>;
using mutable_bytes = std::span<std::byte>;
using byte_vector = std::vector<std::byte>;

inline bytes_view bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view text_of(bytes_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a big-endian integer at `from`. REQUIRES: sizeof(T) readable bytes.
template <std::integral T>
T load_big(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
    return value;
}

/// Writes `value` big-endian at `to`. REQUIRES: sizeof(T) writable bytes.
template <std::integral T>
void store_big(std::byte* to, T value) {
    if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}

/// Size of a disk block: alignment and length unit of every O_DIRECT transfer.
inline constexpr std::size_t block_bytes = 4096;

constexpr std::uint64_t round_up_to_block(std::uint64_t n) { return (n + block_bytes - 1) & ~std::uint64_t(block_bytes - 1); }
constexpr std::uint64_t round_down_to_block(std::uint64_t n) { return n & ~std::uint64_t(block_bytes - 1); }
constexpr bool is_block_aligned(std::uint64_t n) { return (n & (block_bytes - 1)) == 0; }

}  // namespace logstore
