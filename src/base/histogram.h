// How often values of each size were seen.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace logstore {

/// Counts values in buckets whose bounds grow by about a half: 2^FirstPower, 1.5 times that, twice that and so on
/// up to 2^(FirstPower + Octaves); what is larger goes into one more. A value belongs to the first bucket whose
/// bound is not below it. Plain numbers of one thread: observing costs a few instructions, a copy is a snapshot.
template <unsigned FirstPower, unsigned Octaves>
class histogram {
  public:
    static constexpr std::size_t bound_count = 2 * std::size_t(Octaves) + 1;

    void observe(std::uint64_t value) {
        ++counts_[index_of(value)];
        sum_ += value;
    }
    histogram& operator+=(const histogram& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        sum_ += other.sum_;
        return *this;
    }

    std::uint64_t sum() const { return sum_; }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t one : counts_) all += one;
        return all;
    }
    /// Of the bucket at `index`; bound_count is the one without a bound.
    std::uint64_t count_in(std::size_t index) const { return counts_[index]; }
    static constexpr std::uint64_t bound(std::size_t index) {
        const std::uint64_t power = std::uint64_t(1) << (FirstPower + (index + 1) / 2);
        return index % 2 == 0 ? power : power / 4 * 3;
    }
    static constexpr std::size_t index_of(std::uint64_t value) {
        if (value <= bound(0)) return 0;
        // Bounds belong to the bucket below them.
        const std::uint64_t below = value - 1;
        const unsigned power = static_cast<unsigned>(std::bit_width(below)) - 1;
        const std::size_t half = (below >> (power - 1)) & 1;
        const std::size_t index = 1 + 2 * std::size_t(power - FirstPower) + half;
        return index < bound_count ? index : bound_count;
    }

  private:
    static_assert(FirstPower >= 1, "half of the first bound is a number");
    std::array<std::uint64_t, bound_count + 1> counts_{};
    std::uint64_t sum_ = 0;
};

/// Of times in nanoseconds: 16 microseconds to 17 seconds.
using time_histogram = histogram<14, 20>;

}  // namespace logstore
