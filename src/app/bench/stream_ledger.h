// What was sent of each stream, and what of it was not acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/check.h"
#include "model/numbers.h"

namespace logstore::app::bench {

/// Records [from, to) of one stream. Plain value.
struct sequence_range {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t count() const { return to - from; }
    bool operator==(const sequence_range&) const = default;
};

/// One thread. Memory: an entry a stream, and one for each run of unacknowledged records of it; ranges_max of
/// those in all.
class stream_ledger {
  public:
    struct stream {
        partition_id partition;
        std::uint64_t sent = 0;
        /// In rising order, none adjacent.
        std::vector<sequence_range> unacknowledged;
    };
    static constexpr std::size_t ranges_max = std::size_t(1) << 20;

    /// A new stream; answers its number.
    std::uint32_t add(partition_id to) {
        streams_.push_back({to, 0, {}});
        return static_cast<std::uint32_t>(streams_.size() - 1);
    }
    /// The first of `records` more of the stream.
    std::uint64_t take(std::uint32_t of, std::uint32_t records) {
        stream& one = streams_.at(of);
        const std::uint64_t first = one.sent;
        one.sent += records;
        return first;
    }
    /// Those that take() gave last were not sent at all.
    void give_back(std::uint32_t of, std::uint32_t records) {
        stream& one = streams_.at(of);
        CHECK(one.sent >= records);
        one.sent -= records;
    }
    /// REQUIRES: of one stream in rising order.
    void not_acknowledged(std::uint32_t of, std::uint64_t first, std::uint32_t records) {
        std::vector<sequence_range>& ranges = streams_.at(of).unacknowledged;
        unacknowledged_ += records;
        if (!ranges.empty() && ranges.back().to == first) {
            ranges.back().to += records;
            return;
        }
        if (ranges_ == ranges_max) return void(is_overfull_ = true);
        ++ranges_;
        ranges.push_back({first, first + records});
    }

    const std::deque<stream>& streams() const { return streams_; }
    std::uint64_t unacknowledged() const { return unacknowledged_; }
    /// Some of what was not acknowledged is not listed.
    bool is_overfull() const { return is_overfull_; }

  private:
    std::deque<stream> streams_;
    std::uint64_t unacknowledged_ = 0;
    std::size_t ranges_ = 0;
    bool is_overfull_ = false;
};

}  // namespace logstore::app::bench
