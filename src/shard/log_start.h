// Moving the first offset of a tablet's log because somebody asked.
#pragma once

#include <optional>

#include "model/numbers.h"
#include "model/topic_partition.h"
#include "tablet/tablet_errc.h"

namespace logstore {

struct log_start_request {
    tablet_id tablet;
    /// Nothing below is to be read any more; none = everything that is there, up to the high watermark.
    std::optional<offset> to;
};

/// offset_out_of_range: negative, or above the high watermark. storage_unavailable and stopping: nothing
/// moved. storage_error: it may have.
struct log_start_outcome {
    tablet_errc code = tablet_errc::ok;
    /// From now on, and after every restart; where it was when that is further on than what was asked.
    offset log_start{-1};
};

}  // namespace logstore
