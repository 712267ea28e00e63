#include "log/damaged_ranges.h"

#include <limits>

#include <fmt/format.h>

namespace logstore {

std::string say(const damaged_range& range, const std::string& path) {
    if (range.next.value() <= range.first.value())
        return fmt::format("bytes {} to {} of {} are damaged on the disk and hold no record", range.begin, range.end - 1, path);
    return fmt::format("records {} to {} are damaged on the disk: bytes {} to {} of {}", range.first, range.next.value() - 1,
                       range.begin, range.end - 1, path);
}

std::optional<damaged_range> damaged_ranges::at(tablet_id tablet, offset segment_base, std::uint64_t begin) const {
    const auto found = ranges_.find({tablet, segment_base, begin});
    if (found == ranges_.end()) return std::nullopt;
    return found->second;
}

bool damaged_ranges::note(const damaged_range& range) {
    if (ranges_.size() >= ranges_max) return !at(range.tablet, range.segment_base, range.begin);
    return ranges_.emplace(place(range.tablet, range.segment_base, range.begin), range).second;
}

void damaged_ranges::forget(tablet_id tablet) {
    std::erase_if(ranges_, [&](const auto& entry) { return entry.second.tablet == tablet; });
}

void damaged_ranges::forget(tablet_id tablet, offset segment_base) {
    constexpr auto last = std::numeric_limits<std::uint64_t>::max();
    ranges_.erase(ranges_.lower_bound({tablet, segment_base, 0}), ranges_.upper_bound({tablet, segment_base, last}));
}

std::vector<damaged_range> damaged_ranges::all() const {
    std::vector<damaged_range> out;
    for (const auto& [place, range] : ranges_) out.push_back(range);
    return out;
}

}  // namespace logstore
