#include "http/partition_chooser.h"

#include <cstring>

namespace logstore::http {

std::uint32_t murmur2(bytes_view bytes) {
    constexpr std::uint32_t seed = 0x9747b28c;
    constexpr std::uint32_t m = 0x5bd1e995;
    constexpr int r = 24;
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
    while (bytes.size() >= 4) {
        std::uint32_t k;
        std::memcpy(&k, bytes.data(), sizeof k);
        if constexpr (std::endian::native == std::endian::big) k = std::byteswap(k);
        k *= m;
        k ^= k >> r;
        k *= m;
        hash *= m;
        hash ^= k;
        bytes = bytes.subspan(4);
    }
    if (!bytes.empty()) {
        for (std::size_t i = bytes.size(); i-- > 0;) hash ^= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
        hash *= m;
    }
    hash ^= hash >> 13;
    hash *= m;
    hash ^= hash >> 15;
    return hash;
}

}  // namespace logstore::http
