#include "log/log_context.h"

namespace logstore {

void log_context::cache_written(const std::shared_ptr<live_segment>& segment, std::uint64_t position) {
    cached_.push_back({segment, position});
    while (tail_memory_bytes - pinned_bytes > tail_cache_bytes_max && !cached_.empty()) {
        const cached_run oldest = std::move(cached_.front());
        cached_.pop_front();
        if (const auto held = oldest.segment.lock()) tail_memory_bytes -= held->drop_memory_below(oldest.position);
    }
}

}  // namespace logstore
