// Who may have how many of the process's file descriptors.
#pragma once

#include <cstdint>

namespace logstore::app {

struct descriptor_demand {
    std::uint64_t files = 0;        ///< storage.open_files_max
    std::uint64_t connections = 0;  ///< kafka.connections_max
    std::uint32_t shards = 1;
    std::uint32_t journal_files = 0;  ///< of each shard
};

struct descriptor_budget {
    std::uint64_t files = 0;
    std::uint64_t connections = 0;
    /// Less than what was asked for.
    bool is_reduced = false;
};

/// What files and connections get of a limit (`ulimit -n`), so that clients cannot take the descriptors that a segment or the
/// metadata needs next. Journals, the metadata, rings and listeners come first, then what checkpoints hold open beside the
/// cache; the rest is shared. Some of each is left, however small the limit is.
descriptor_budget share_descriptors(std::uint64_t limit, const descriptor_demand& demand);

}  // namespace logstore::app
