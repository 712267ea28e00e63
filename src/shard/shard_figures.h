// What one shard counts of its storage, at one moment.
#pragma once

#include <cstddef>
#include <cstdint>

#include "env/executor.h"
#include "log/journal.h"
#include "log/log_context.h"

namespace logstore {

/// Figures of appends and of the work behind them since the start of a shard. Written by its thread.
struct shard_counters {
    std::uint64_t appended_batches = 0;
    std::uint64_t appended_records = 0;
    std::uint64_t appended_bytes = 0;
    std::uint64_t checkpoints = 0;
    env::duration checkpoint_time{};
};

/// A copy that any thread may read. The figures are of one moment.
struct shard_figures {
    env::loop_usage loop;
    shard_counters appends;
    /// Appends whose group is not durable, and appends that wait for room in the journal or in memory.
    std::size_t appends_in_flight = 0;
    std::size_t appends_waiting = 0;
    /// There is no room on disk.
    bool refuses_appends = false;

    journal_counters journal;
    std::uint64_t journal_used_bytes = 0;
    std::uint64_t journal_capacity_bytes = 0;
    /// Sealed ones that wait for the one that is being written.
    std::size_t journal_groups_waiting = 0;
    bool is_journal_writing = false;

    log_counters storage;
    std::size_t tablets = 0;
    /// Tablets whose segments are being written behind.
    std::size_t write_behinds = 0;
    std::uint64_t pinned_bytes = 0;
    std::uint64_t pinned_bytes_max = 0;
    std::uint64_t tail_memory_bytes = 0;
    std::uint64_t tail_cache_bytes_max = 0;
    std::uint64_t read_ahead_bytes = 0;
    std::uint64_t read_ahead_bytes_max = 0;
    std::uint64_t read_ahead_taken = 0;
    std::uint64_t read_ahead_dropped = 0;
    std::uint64_t index_bytes = 0;
    std::uint64_t index_bytes_max = 0;
    std::size_t open_files = 0;
    std::size_t open_files_max = 0;
    std::size_t damaged_ranges = 0;
    std::uint64_t damaged_bytes = 0;
};

}  // namespace logstore
