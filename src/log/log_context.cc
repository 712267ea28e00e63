#include "log/log_context.h"

#include <algorithm>

namespace logstore {

void log_context::cache_written(const std::shared_ptr<live_segment>& segment, std::uint64_t position) {
    cached_.push_back({segment, position});
    CHECK(tail_memory_bytes >= pinned_bytes, "{} bytes pinned, {} in memory", pinned_bytes, tail_memory_bytes);
    while (tail_memory_bytes - pinned_bytes > tail_cache_bytes_max && !cached_.empty()) {
        const cached_run oldest = std::move(cached_.front());
        cached_.pop_front();
        if (const auto held = oldest.segment.lock()) tail_memory_bytes -= held->drop_memory_below(oldest.position);
    }
    if (cached_.size() >= sweep_at_) sweep_cached();
}

void log_context::sweep_cached() {
    // Settled and deleted tablets gave their memory back without being asked: their runs must not pile up.
    std::erase_if(cached_, [](const cached_run& run) {
        const auto held = run.segment.lock();
        return !held || held->tail().start() >= run.position || held->tail().memory_bytes() == 0;
    });
    sweep_at_ = std::max(cached_runs_min, cached_.size() * 2);
}

}  // namespace logstore
