#include "shard/shard.h"

namespace logstore {

shard_figures shard::figures() const {
    shard_figures now;
    now.loop = world_.loop.usage();
    now.appends = counters_;
    now.appends_in_flight = pending_.size();
    now.appends_waiting = waiting_.size();
    now.refuses_appends = context_.is_full || is_low_on_space_;

    now.journal = journal_.counters();
    now.journal_used_bytes = journal_.used_bytes();
    now.journal_capacity_bytes = journal_.capacity_bytes();
    now.journal_groups_waiting = journal_.groups_in_line();
    now.is_journal_writing = journal_.is_writing();

    now.storage = context_.counters;
    now.tablets = tablets_.size();
    now.write_behinds = write_behinds_;
    now.pinned_bytes = context_.pinned_bytes;
    now.pinned_bytes_max = options_.pinned_bytes_max;
    now.tail_memory_bytes = context_.tail_memory_bytes;
    now.tail_cache_bytes_max = context_.tail_cache_bytes_max;
    now.read_ahead_bytes = context_.ahead.memory_bytes();
    now.read_ahead_bytes_max = context_.ahead.bytes_max();
    now.read_ahead_taken = context_.ahead.pieces_taken();
    now.read_ahead_dropped = context_.ahead.pieces_dropped();
    now.index_bytes = context_.indexes.size_bytes();
    now.index_bytes_max = context_.indexes.limit_bytes();
    now.open_files = context_.files.open_count();
    now.open_files_max = context_.files.open_max();
    now.damaged_ranges = context_.damage.size();
    now.damaged_bytes = context_.damage.size_bytes();
    return now;
}

}  // namespace logstore
