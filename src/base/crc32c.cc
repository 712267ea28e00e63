#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace logstore {

std::uint32_t crc32c(bytes_view bytes, std::uint32_t before) {
    // ISA-L takes an int length and leaves the pre- and post-inversion to the caller.
    constexpr std::size_t piece_bytes_max = std::size_t(1) << 30;
    std::uint32_t state = ~before;
    while (!bytes.empty()) {
        const std::size_t piece = std::min(bytes.size(), piece_bytes_max);
        auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
        state = crc32_iscsi(data, static_cast<int>(piece), state);
        bytes = bytes.subspan(piece);
    }
    return ~state;
}

}  // namespace logstore
