// The records of a compressed batch.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "model/record_batch.h"

namespace logstore::kafka {

/// What `compressed` (what follows a batch's header) was before `codec`:
///
///   gzip    one or more members
///   snappy  blocks framed as the Java library writes them (xerial), else one block
///   lz4     one frame
///   zstd    one or more frames, of any window size
///
/// Total. Any thread; blocks for as long as it takes, about a millisecond for a megabyte. Holds at most twice
/// `decompressed_bytes_max` and a few fixed megabytes, whatever the bytes declare. Fails with too_large where
/// there would be more than `decompressed_bytes_max`, having made no more than that; with truncated where
/// bytes are missing; with trailing_bytes where a frame ends early; with bad_compression where they are not
/// what the codec writes.
result<byte_vector> decompress_records(compression_codec codec, bytes_view compressed,
                                       std::size_t decompressed_bytes_max);

}  // namespace logstore::kafka
