#include "log/index_cache.h"

#include <algorithm>

namespace logstore {

std::shared_ptr<const offset_index> index_cache::find(tablet_id tablet, offset segment_base) {
    const auto at = std::ranges::find_if(
        entries_, [&](const entry& e) { return e.tablet == tablet && e.segment_base == segment_base; });
    if (at == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at);
    return at->index;
}

void index_cache::put(tablet_id tablet, offset segment_base, std::shared_ptr<const offset_index> index) {
    if (find(tablet, segment_base)) return;
    const std::size_t bytes = sizeof(entry) + index->memory_bytes();
    entries_.push_front({tablet, segment_base, std::move(index), bytes});
    bytes_ += bytes;
    while (bytes_ > bytes_max_ && entries_.size() > 1) {
        bytes_ -= entries_.back().bytes;
        entries_.pop_back();
    }
}

void index_cache::forget(tablet_id tablet, offset segment_base) {
    std::erase_if(entries_, [&](const entry& e) {
        if (e.tablet != tablet || e.segment_base != segment_base) return false;
        bytes_ -= e.bytes;
        return true;
    });
}

void index_cache::forget(tablet_id tablet) {
    std::erase_if(entries_, [&](const entry& e) {
        if (e.tablet != tablet) return false;
        bytes_ -= e.bytes;
        return true;
    });
}

}  // namespace logstore
