// What a tablet takes on disk.
#pragma once

#include <cstdint>

#include "model/numbers.h"
#include "model/topic_partition.h"
#include "tablet/tablet_errc.h"

namespace logstore {

struct tablet_size {
    tablet_id tablet;
    /// unknown_tablet, storage_error or stopping: then nothing else is set.
    tablet_errc code = tablet_errc::ok;
    /// Of the record batches in its segments: also of those that are on their way there, and of those below
    /// the log start whose segment still holds others.
    std::uint64_t bytes = 0;
    offset log_start{-1};
    next_offset high_watermark{-1};
};

}  // namespace logstore
