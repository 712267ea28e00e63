// Reading a tablet: what is asked and what comes back.
#pragma once

#include <cstddef>
#include <vector>

#include "env/stream.h"
#include "log/epoch_history.h"
#include "model/numbers.h"
#include "model/topic_partition.h"
#include "tablet/tablet_errc.h"

namespace logstore {

struct read_request {
    tablet_id tablet;
    offset from;
    /// At most about this many bytes; at least one whole batch comes when `at_least_one` and there is one.
    std::size_t bytes_max = 0;
    bool at_least_one = true;
    /// no_leader_epoch = not checked.
    leader_epoch current_epoch = no_leader_epoch;

    read_request() {}
};

/// Whole batches, back to back, starting with the one that holds `from`; they lie in one or more pieces.
struct read_outcome {
    tablet_errc code = tablet_errc::ok;
    next_offset high_watermark{-1};
    offset log_start_offset{-1};
    leader_epoch epoch = no_leader_epoch;
    std::vector<env::shared_bytes> records;
    std::size_t bytes = 0;
};

/// What ListOffsets asks.
enum class offset_query : std::uint8_t { earliest, latest, by_timestamp, max_timestamp };

struct list_offset_request {
    tablet_id tablet;
    offset_query query = offset_query::latest;
    timestamp_ms timestamp = no_timestamp;
    leader_epoch current_epoch = no_leader_epoch;
    list_offset_request() {}
};

/// offset −1 with code ok: no record qualifies.
struct list_offset_outcome {
    tablet_errc code = tablet_errc::ok;
    std::int64_t found_offset = -1;
    timestamp_ms timestamp = no_timestamp;
    leader_epoch epoch = no_leader_epoch;
};

/// What OffsetForLeaderEpoch asks: where `wanted` ends, or the largest epoch below it.
struct epoch_end_request {
    tablet_id tablet;
    leader_epoch wanted = no_leader_epoch;
    /// no_leader_epoch = not checked.
    leader_epoch current_epoch = no_leader_epoch;
};

/// No epoch with code ok: there is none that far down, or `wanted` is above the leader's.
struct epoch_end_outcome {
    tablet_errc code = tablet_errc::ok;
    epoch_end end;
};

/// A tablet and the high watermark the reader has seen.
struct seen_tablet {
    tablet_id tablet;
    next_offset high_watermark;
};

}  // namespace logstore
