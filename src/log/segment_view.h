// One segment as a reader sees it at one moment.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "log/live_segment.h"
#include "model/topic_partition.h"

namespace logstore {

/// Which bytes of which segment may be read. `live` is set while some of the segment may be in memory.
struct segment_view {
    tablet_id tablet;
    offset base;
    /// Readers stop here: the end of a sealed segment, the durable end of another.
    std::uint64_t limit = 0;
    /// No record of this segment has an offset from here on.
    next_offset end{std::numeric_limits<std::int64_t>::max()};
    std::string path;
    std::shared_ptr<live_segment> live;
    /// Of a sealed segment, when known.
    timestamp_ms max_timestamp = no_timestamp;
};

}  // namespace logstore
