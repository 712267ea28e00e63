// What a simulated file takes of its disk.
#include <algorithm>

#include "env/testing/sim_file_image.h"

namespace logstore::env {

std::uint64_t sim_file_image::affordable_bytes(std::uint64_t position, std::uint64_t length,
                                               std::uint64_t free_bytes) const {
    std::uint64_t free_pages = free_bytes / block_bytes;
    const std::uint64_t end = pages_for(position + length);
    std::uint64_t at = position / block_bytes;
    while (at < end) {
        const auto after = allocated_.upper_bound(at);
        if (after != allocated_.begin() && std::prev(after)->second > at) {
            at = std::prev(after)->second;
            continue;
        }
        const std::uint64_t hole_end = std::min(after == allocated_.end() ? end : after->first, end);
        if (hole_end - at > free_pages) {
            const std::uint64_t stop = (at + free_pages) * block_bytes;
            return stop > position ? stop - position : 0;
        }
        free_pages -= hole_end - at;
        at = hole_end;
    }
    return length;
}

void sim_file_image::allocate(std::uint64_t position, std::uint64_t length) {
    if (length == 0) return;
    std::uint64_t first = position / block_bytes;
    std::uint64_t end = pages_for(position + length);
    auto at = allocated_.upper_bound(first);
    if (at != allocated_.begin() && std::prev(at)->second >= first) --at;
    while (at != allocated_.end() && at->first <= end) {
        first = std::min(first, at->first);
        end = std::max(end, at->second);
        allocated_pages_ -= at->second - at->first;
        at = allocated_.erase(at);
    }
    allocated_.emplace(first, end);
    allocated_pages_ += end - first;
}

void sim_file_image::release_pages_from(std::uint64_t first_page) {
    auto at = allocated_.lower_bound(first_page);
    while (at != allocated_.end()) {
        allocated_pages_ -= at->second - at->first;
        at = allocated_.erase(at);
    }
    if (allocated_.empty()) return;
    auto& last = *std::prev(allocated_.end());
    if (last.second <= first_page) return;
    allocated_pages_ -= last.second - first_page;
    last.second = first_page;
}

}  // namespace logstore::env
