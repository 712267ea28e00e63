// What the tablets of one shard share: the journal, open files, memory.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "env/environment.h"
#include "log/damaged_ranges.h"
#include "log/file_cache.h"
#include "log/index_cache.h"
#include "log/journal.h"
#include "log/live_segment.h"
#include "log/read_ahead.h"
#include "log/shared_directory_flush.h"

namespace logstore {

/// Figures of the storage of one shard since its start.
struct log_counters {
    std::uint64_t segment_bytes_written = 0;
    std::uint64_t segment_flushes = 0;
    std::uint64_t segments_sealed = 0;
    std::uint64_t segments_removed = 0;
    std::uint64_t epoch_checkpoints_written = 0;
    std::uint64_t file_bytes_read = 0;
    std::uint64_t memory_bytes_read = 0;
};

/// Of each shard, for pieces that sequential readers will want next.
inline constexpr std::size_t read_ahead_bytes_max = std::size_t(16) << 20;

/// One shard's; outlives its tablets. REQUIRES: ahead.close() before its end.
struct log_context {
    env::environment world;
    journal& appends;
    file_cache files;
    index_cache indexes;
    read_ahead ahead;
    /// Holds the tablets' directories.
    std::string folder;
    /// Makes the names of these directories durable.
    shared_directory_flush tablet_names;
    /// Bytes that only memory and the journal hold.
    std::uint64_t pinned_bytes = 0;
    /// All memory of segment tails, pinned or cached.
    std::uint64_t tail_memory_bytes = 0;
    std::uint64_t tail_cache_bytes_max;
    /// Settled blocks that will be written again, because bytes were appended behind them or their segment was rolled: the
    /// journal keeps room for the image that each needs before, so that what fills the journal can always leave it.
    std::size_t images_owed = 0;
    /// A write behind found no room; produce requests are refused until one succeeds.
    bool is_full = false;
    log_counters counters;
    damaged_ranges damage;

    log_context(env::environment the_world, journal& the_journal, std::string the_folder, std::size_t open_files_max,
                std::size_t index_cache_bytes_max, std::uint64_t the_tail_cache_bytes_max)
        : world(the_world), appends(the_journal), files(the_world.files, open_files_max), indexes(index_cache_bytes_max),
          ahead(files, read_ahead_bytes_max),
          folder(std::move(the_folder)), tablet_names(the_world, folder), tail_cache_bytes_max(the_tail_cache_bytes_max) {}

    /// Notes that `segment` has memory below `position` that its file backs, and drops the oldest such memory of the shard
    /// while there is more than the cache may hold.
    void cache_written(const std::shared_ptr<live_segment>& segment, std::uint64_t position);
    void owe_image(live_segment& segment) {
        if (!segment.has_settled_block() || std::exchange(segment.is_image_owed, true)) return;
        ++images_owed;
    }
    /// No harm when none is owed.
    void pay_image(live_segment& segment) {
        if (!std::exchange(segment.is_image_owed, false)) return;
        CHECK(images_owed > 0);
        --images_owed;
    }

  private:
    static constexpr std::size_t cached_runs_min = 1024;
    struct cached_run {
        std::weak_ptr<live_segment> segment;
        std::uint64_t position;
    };
    void sweep_cached();

    std::deque<cached_run> cached_;  // oldest first
    std::size_t sweep_at_ = cached_runs_min;
};

}  // namespace logstore
