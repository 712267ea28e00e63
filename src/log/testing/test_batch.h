// Record batches for tests of storage.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"
#include "model/record_batch.h"

namespace logstore {

/// An uncompressed batch of `records` records without contents, padded to `bytes` in all; its CRC holds, its
/// records do not parse.
inline byte_vector make_test_batch(std::size_t bytes, std::int32_t records = 1, std::int64_t timestamp = 1000,
                                   std::uint8_t fill = 'x') {
    CHECK(bytes >= record_batch_header_bytes);
    byte_vector batch(bytes, std::byte{fill});
    std::byte* p = batch.data();
    std::fill_n(p, record_batch_header_bytes, std::byte{0});
    store_big(p + 8, static_cast<std::int32_t>(bytes - record_batch_length_prefix_bytes));
    store_big(p + 16, record_batch_magic);
    store_big(p + 23, static_cast<std::int32_t>(records - 1));
    store_big(p + 27, timestamp);
    store_big(p + 35, timestamp);
    store_big(p + 43, std::int64_t(-1));
    store_big(p + 51, std::int16_t(-1));
    store_big(p + 53, std::int32_t(-1));
    store_big(p + 57, records);
    store_big(p + 17, crc32c(bytes_view(batch).subspan(record_batch_crc_start)));
    return batch;
}

}  // namespace logstore
