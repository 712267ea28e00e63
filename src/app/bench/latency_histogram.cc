#include "app/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace logstore::app::bench {
namespace {

// Values below 2^11 have a bucket each. From there on every power of two is cut into 2^10 buckets of equal
// width.
constexpr int exact_bits = 11;
constexpr int bits_max = 42;
constexpr std::uint64_t buckets_a_power = std::uint64_t(1) << (exact_bits - 1);
constexpr std::uint64_t largest_ns =
    (std::uint64_t(1) << bits_max) - 1;  // 73 minutes; what is longer counts as this
constexpr std::uint64_t bucket_count = buckets_a_power * (bits_max - exact_bits + 2);

std::uint64_t bucket_of(std::uint64_t ns) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - exact_bits);
    return static_cast<std::uint64_t>(shift) * buckets_a_power + (ns >> shift);
}

/// The largest value that falls into the bucket.
std::uint64_t upper_edge(std::uint64_t bucket) {
    const std::uint64_t shift = bucket < 2 * buckets_a_power ? 0 : bucket / buckets_a_power - 1;
    const std::uint64_t top = bucket - shift * buckets_a_power;
    return ((top + 1) << shift) - 1;
}

static_assert(largest_ns >> (bits_max - exact_bits) == 2 * buckets_a_power - 1);

}  // namespace

latency_histogram::latency_histogram() : buckets_(bucket_count) {}

void latency_histogram::record(env::duration latency) {
    const auto ns = static_cast<std::uint64_t>(std::max<env::duration::rep>(latency.count(), 0));
    ++buckets_[bucket_of(std::min(ns, largest_ns))];
    ++count_;
    sum_ns_ += ns;
    max_ = std::max(max_, env::duration(static_cast<env::duration::rep>(ns)));
}

void latency_histogram::add(const latency_histogram& other) {
    for (std::uint64_t bucket = 0; bucket < bucket_count; ++bucket)
        buckets_[bucket] += other.buckets_[bucket];
    count_ += other.count_;
    sum_ns_ += other.sum_ns_;
    max_ = std::max(max_, other.max_);
}

void latency_histogram::clear() {
    std::ranges::fill(buckets_, 0);
    count_ = 0;
    sum_ns_ = 0;
    max_ = env::duration(0);
}

double latency_histogram::average_ms() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_) / 1e6;
}

env::duration latency_histogram::quantile(double q) const {
    CHECK(q > 0 && q <= 1, "q={}", q);
    if (count_ == 0) return env::duration(0);
    // Not q * count rounded up alone: 0.999 * 1000 is a little more than 999 in binary.
    const double exact_rank = q * static_cast<double>(count_);
    const double nearest = std::round(exact_rank);
    const double rank = std::abs(exact_rank - nearest) < 1e-6 ? nearest : std::ceil(exact_rank);
    const auto wanted = std::clamp(static_cast<std::uint64_t>(rank), std::uint64_t(1), count_);
    std::uint64_t seen = 0;
    for (std::uint64_t bucket = 0; bucket < bucket_count; ++bucket) {
        seen += buckets_[bucket];
        if (seen < wanted) continue;
        const bool is_last = bucket == bucket_count - 1;  // which has no upper edge
        return is_last ? max_
                       : std::min(max_, env::duration(static_cast<env::duration::rep>(upper_edge(bucket))));
    }
    CHECK(false, "{} of {} latencies are in buckets", seen, count_);
}

std::uint64_t latency_histogram::count_up_to(env::duration latency) const {
    if (latency.count() < 0) return 0;
    if (latency >= max_) return count_;
    const std::uint64_t last = bucket_of(std::min(static_cast<std::uint64_t>(latency.count()), largest_ns));
    std::uint64_t seen = 0;
    for (std::uint64_t bucket = 0; bucket <= last; ++bucket) seen += buckets_[bucket];
    return seen;
}

}  // namespace logstore::app::bench
