// Recovery points: per tablet, what its files hold durably and from which journal group on a replay is needed.
// docs/formats/recovery-points.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "env/environment.h"
#include "model/numbers.h"
#include "model/topic_partition.h"

namespace logstore {

struct recovery_point {
    tablet_id tablet;
    offset log_start{0};
    /// The active segment and how much of it is durable in its file. A last block that is not full is padded with zeros.
    offset segment_base{0};
    std::uint64_t segment_bytes = 0;
    /// Where the log ends with those bytes; when `has_journal_tail`, where it ends with what the journal holds of them.
    next_offset next{0};
    /// Journal groups up to here add nothing to the files.
    journal_sequence covered{0};
    /// More of this segment is in durable journal groups above `covered`: it must be found.
    bool has_journal_tail = false;
    /// The file ends with the segment's bytes: a clean stop has cut what was reserved, and nothing was written since.
    bool has_exact_length = false;
    /// No batch of this segment up to `next` has a larger timestamp. no_timestamp: not known without reading it.
    timestamp_ms max_timestamp = no_timestamp;
};

/// One file of recovery points: those of one shard, or after a recovery those of the whole store.
struct recovery_point_file {
    boot_number boot;             ///< the start of the store that wrote it; a later boot's point of a tablet counts
    journal_sequence floor{0};    ///< groups below are needed by no tablet in this file
    std::uint32_t shards = 0;     ///< 0: the whole store, written by recovery; every journal of earlier boots is obsolete
    shard_id shard;
    /// In every journal group of that start of the store.
    std::uint64_t journal_salt = 0;
    std::vector<recovery_point> points;
};

byte_vector encode_recovery_points(const recovery_point_file& file);
/// Total; corrupt, truncated or newer_format.
result<recovery_point_file> decode_recovery_points(bytes_view from);

env::task<result<recovery_point_file>> read_recovery_points(env::file_system* files, std::string path);

/// `<boot>-<shard>.points`, and `<boot>-store.points` for what recovery writes.
std::string recovery_points_name(boot_number boot, shard_id shard);
std::string store_recovery_points_name(boot_number boot);
bool is_recovery_points_name(std::string_view name);

}  // namespace logstore
