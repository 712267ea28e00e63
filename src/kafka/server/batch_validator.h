// What a producer may send as the records of one partition.
#pragma once

#include <cstddef>

#include "kafka/protocol/error_code.h"
#include "kafka/protocol/record_bytes.h"
#include "model/record_batch.h"

namespace logstore::kafka {

struct batch_rules {
    /// Produce below version 7 is from before zstd.
    bool allows_zstd = true;
    /// The topic's max.message.bytes.
    std::size_t batch_bytes_max = 0;
};

/// The first rule that does not hold, or error_code::none.
struct batch_verdict {
    error_code error = error_code::none;
    /// A sentence for the client; static text.
    const char* message = nullptr;
};

/// Checks that `records` is exactly one record batch that a client may append: framing, magic, codec, size,
/// CRC, offsets, count, and for an uncompressed batch that the records fill it. Compressed records are not
/// opened.
///
/// A batch may carry a producer id: its sequence must then be at least 0, and it is appended as Kafka appends
/// one of a producer that it knows nothing of. Transactional batches are refused: there is no transaction
/// coordinator that could ever end them.
batch_verdict check_produced_batch(const record_bytes& records, const batch_rules& rules);

}  // namespace logstore::kafka
