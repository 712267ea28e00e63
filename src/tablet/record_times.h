// Which record of a batch has a timestamp.
#pragma once

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore {

struct timed_record {
    offset record_offset;
    timestamp_ms timestamp;
};

/// The first record of the batch with a timestamp of at least `wanted`. Where the records cannot be looked at (a codec this
/// build does not know, or contents that do not parse) the batch's base offset answers: a reader from there misses nothing.
/// REQUIRES: a whole batch whose maximum timestamp is at least `wanted`.
timed_record first_record_not_before(bytes_view batch, timestamp_ms wanted);

}  // namespace logstore
