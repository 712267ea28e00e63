// Records compressed as clients do it.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "model/record_batch.h"

namespace logstore::kafka::testing {

/// Snappy as one block; lz4 in linked blocks and zstd without its content size, as streaming clients write
/// them.
byte_vector compressed_by(compression_codec codec, bytes_view plain);
/// Snappy as the Java library frames it, in blocks of `chunk_bytes`.
byte_vector xerial_snappy(bytes_view plain, std::size_t chunk_bytes);
/// `mebibytes` MiB of zeros, made without having them. The end may be missing.
byte_vector compressed_zeros(compression_codec codec, std::size_t mebibytes);

}  // namespace logstore::kafka::testing
