// Stored batches, record by record.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "env/environment.h"
#include "kafka/protocol/record.h"
#include "shard/read.h"

namespace logstore::resp {

/// Told of each record, in order. Views are valid during the call only.
class record_sink {
  public:
    virtual ~record_sink() = default;
    /// False: no more.
    virtual bool on_record(offset at, timestamp_ms when, const kafka::record& one) = 0;
};

struct walked {
    /// Where to go on.
    offset next;
    /// Why it ended where it did, as an error; empty when it did not fail.
    std::string why;
};

/// Goes over the records of `batches` (read_outcome::records) that are not below `from`, until the sink has enough.
/// Compressed batches are decompressed by the world's workers. Control records are passed over. Everything pointed to
/// outlives the task.
env::task<walked> walk_records(env::environment* world, std::vector<env::shared_bytes> batches, offset from,
                               std::size_t decompressed_bytes_max, record_sink* sink);

}  // namespace logstore::resp
