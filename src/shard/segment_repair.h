// Damage in the segments of a store that is not running: finding it, and giving up what it took.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "env/environment.h"
#include "log/recovery_points.h"

namespace logstore {

using tablet_points = std::unordered_map<tablet_id, recovery_point>;

struct segment_findings {
    /// A sentence each: the file, the bytes, the records.
    std::vector<std::string> damage;
    std::size_t damaged_segments = 0;
    std::uint64_t bytes_read = 0;
};

/// Reads every byte that the points say is in segments and checks each batch. Changes nothing. Where the journal holds more of
/// a tablet's last segment, damage at its end is not counted: a replay writes that again. Says from time to time how far it is.
env::task<result<segment_findings>> find_segment_damage(env::environment world, std::string logs_folder,
                                                        const tablet_points* points);

/// The same over points without a tail in the journal, and writes the damaged segments anew without what is damaged: offsets
/// leave a gap there, which consumers step over. Each file is replaced whole or not at all; `points` follow. Safe to repeat.
env::task<result<segment_findings>> drop_segment_damage(env::environment world, std::string logs_folder, tablet_points* points);

}  // namespace logstore
