#include "kafka/protocol/key_placement.h"

#include <zlib.h>

#include "base/check.h"

namespace logstore::kafka {
namespace {

std::uint32_t load_little(const std::byte* from) {
    return std::byteswap(load_big<std::uint32_t>(from));
}

}  // namespace

std::uint32_t murmur2(bytes_view bytes) {
    constexpr std::uint32_t seed = 0x9747b28c;
    constexpr std::uint32_t multiplier = 0x5bd1e995;
    constexpr int shift = 24;
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
    while (bytes.size() >= sizeof(std::uint32_t)) {
        std::uint32_t word = load_little(bytes.data()) * multiplier;
        word = (word ^ (word >> shift)) * multiplier;
        hash = (hash * multiplier) ^ word;
        bytes = bytes.subspan(sizeof word);
    }
    if (!bytes.empty()) {
        std::uint32_t rest = 0;
        for (std::size_t i = bytes.size(); i-- > 0;)
            rest = (rest << 8) | std::to_integer<std::uint32_t>(bytes[i]);
        hash = (hash ^ rest) * multiplier;
    }
    hash = (hash ^ (hash >> 13)) * multiplier;
    return hash ^ (hash >> 15);
}

partition_id murmur2_partition(bytes_view key, std::int32_t partition_count) {
    CHECK(partition_count > 0);
    const auto positive = static_cast<std::int32_t>(murmur2(key) & 0x7fffffffu);
    return partition_id(positive % partition_count);
}

partition_id crc32_partition(bytes_view key, std::int32_t partition_count) {
    CHECK(partition_count > 0);
    const auto* bytes = reinterpret_cast<const Bytef*>(key.data());
    const uLong hash = crc32_z(crc32_z(0, nullptr, 0), bytes, key.size());
    return partition_id(static_cast<std::int32_t>(hash % static_cast<uLong>(partition_count)));
}

}  // namespace logstore::kafka
