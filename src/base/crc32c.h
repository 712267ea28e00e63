// CRC-32C (Castagnoli), the checksum of record batches and of our own formats.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace logstore {

/// The CRC-32C of `bytes`; with `before`, of the bytes that `before` covers followed by `bytes`.
std::uint32_t crc32c(bytes_view bytes, std::uint32_t before = 0);

}  // namespace logstore
