// The damaged places in segments that reads have met.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/numbers.h"
#include "model/topic_partition.h"

namespace logstore {

/// Bytes [begin, end) of a segment in which no batch is whole, and the offsets [first, next) that were there.
struct damaged_range {
    tablet_id tablet;
    offset segment_base;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    offset first;
    next_offset next{0};

    std::uint64_t bytes() const { return end - begin; }
};

/// "records 5 to 9 are damaged on the disk: bytes 100 to 199 of PATH".
std::string say(const damaged_range& range, const std::string& path);

/// What is known of one shard, in memory: each range is looked for and told once. Never cut, never skipped over in silence:
/// who reads an offset of it gets an error. At most ranges_max are remembered; those beyond are found again at each read.
/// One shard.
class damaged_ranges {
  public:
    static constexpr std::size_t ranges_max = 1000;

    /// The range that begins there.
    std::optional<damaged_range> at(tablet_id tablet, offset segment_base, std::uint64_t begin) const;
    /// False when it is known already.
    bool note(const damaged_range& range);
    /// Of a tablet that goes.
    void forget(tablet_id tablet);
    /// Of a segment that goes.
    void forget(tablet_id tablet, offset segment_base);

    std::size_t size() const { return ranges_.size(); }
    std::uint64_t size_bytes() const {
        std::uint64_t sum = 0;
        for (const auto& [where, range] : ranges_) sum += range.bytes();
        return sum;
    }
    /// Ordered by tablet and place.
    std::vector<damaged_range> all() const;

  private:
    using place = std::tuple<tablet_id, offset, std::uint64_t>;
    std::map<place, damaged_range> ranges_;
};

}  // namespace logstore
