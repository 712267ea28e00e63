// Stored batches as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "env/environment.h"
#include "http/api_error.h"
#include "kafka/protocol/record.h"
#include "shard/read.h"

namespace logstore::http {

/// Writes one record as an object. Bytes that are no UTF-8 come as base64, with "key_encoding" or
/// "value_encoding" beside them; with `is_base64` all keys and values do, without a mark.
void write_record(json_writer& json, offset at, timestamp_ms when, const kafka::record& one, bool is_base64);

struct record_limits {
    std::size_t json_bytes_max = 0;
    std::size_t records_max = std::numeric_limits<std::size_t>::max();
    /// A batch that expands to more is not read.
    std::size_t decompressed_bytes_max = 0;
};

/// Told of each record, in order.
class record_sink {
  public:
    virtual ~record_sink() = default;
    virtual void on_record(offset at, timestamp_ms when, const kafka::record& one) = 0;
    /// Of what was written so far.
    virtual std::size_t size_bytes() const = 0;
};

/// What became of a walk.
struct walked {
    std::size_t records = 0;
    /// Where to go on.
    offset next;
};

/// Goes over the records of `batches` (read_outcome::records) that are not below `from`, until a limit is
/// reached: one record comes whatever its size. Compressed batches are decompressed by the world's workers.
/// Control records are passed over. Everything pointed to outlives the task.
env::task<api_result<walked>> walk_records(env::environment* world, std::vector<env::shared_bytes> batches,
                                           offset from, record_limits limits, record_sink* sink);

}  // namespace logstore::http
