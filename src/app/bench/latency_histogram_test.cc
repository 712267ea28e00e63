#include "app/bench/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

using env::duration;

/// The definition, by sorting.
duration true_quantile(std::vector<std::int64_t> values, double q) {
    std::ranges::sort(values);
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()) - 1e-6));
    return duration(values[std::max<std::size_t>(rank, 1) - 1]);
}

TEST(latency_histogram, nothing_recorded_is_all_zero) {
    const latency_histogram empty;
    EXPECT_EQ(empty.count(), 0u);
    EXPECT_EQ(empty.average_ms(), 0);
    EXPECT_EQ(empty.quantile(0.5), duration(0));
    EXPECT_EQ(empty.max(), duration(0));
}

TEST(latency_histogram, one_value_is_every_quantile_exactly) {
    for (const std::int64_t ns :
         {0LL, 1LL, 2047LL, 2048LL, 1'234'567LL, 987'654'321'012LL, 10'000'000'000'000LL}) {
        latency_histogram one;
        one.record(duration(ns));
        EXPECT_EQ(one.quantile(0.5), duration(ns));
        EXPECT_EQ(one.quantile(1), duration(ns));
        EXPECT_EQ(one.max(), duration(ns));
        EXPECT_DOUBLE_EQ(one.average_ms(), static_cast<double>(ns) / 1e6);
    }
}

TEST(latency_histogram, short_latencies_have_exact_quantiles) {
    latency_histogram histogram;
    for (int ns = 1; ns <= 1000; ++ns) histogram.record(duration(ns));
    EXPECT_EQ(histogram.quantile(0.5), duration(500));
    EXPECT_EQ(histogram.quantile(0.95), duration(950));
    EXPECT_EQ(histogram.quantile(0.99), duration(990));
    EXPECT_EQ(histogram.quantile(0.999), duration(999));
    EXPECT_EQ(histogram.quantile(1), duration(1000));
}

TEST(latency_histogram, quantiles_are_never_below_the_truth_and_at_most_a_thousandth_above) {
    std::vector<std::int64_t> values;
    latency_histogram histogram;
    std::uint64_t state = 1;
    std::int64_t sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const auto ns = static_cast<std::int64_t>((state >> 33) >> (state >> 59));
        values.push_back(ns);
        sum += ns;
        histogram.record(duration(ns));
    }
    for (const double q : {0.0001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
        const auto truth = true_quantile(values, q);
        const auto found = histogram.quantile(q);
        EXPECT_GE(found, truth) << q;
        EXPECT_LE(static_cast<double>(found.count()), static_cast<double>(truth.count()) * 1.001) << q;
    }
    EXPECT_EQ(histogram.max(), duration(*std::ranges::max_element(values)));
    EXPECT_NEAR(histogram.average_ms(), static_cast<double>(sum) / 1e5 / 1e6, 1e-9);
}

TEST(latency_histogram, two_halves_added_are_the_whole) {
    latency_histogram whole, first, second;
    for (int i = 1; i <= 10'000; ++i) {
        const duration latency(i * i);
        whole.record(latency);
        (i % 3 == 0 ? first : second).record(latency);
    }
    first.add(second);
    EXPECT_EQ(first.count(), whole.count());
    EXPECT_EQ(first.max(), whole.max());
    EXPECT_EQ(first.average_ms(), whole.average_ms());
    for (const double q : {0.1, 0.5, 0.99, 1.0}) EXPECT_EQ(first.quantile(q), whole.quantile(q));
    first.clear();
    EXPECT_EQ(first.count(), 0u);
    EXPECT_EQ(first.quantile(1), duration(0));
}

TEST(latency_histogram, counts_what_is_not_above) {
    latency_histogram histogram;
    for (int ns = 1; ns <= 1000; ++ns) histogram.record(duration(ns));
    EXPECT_EQ(histogram.count_up_to(duration(-1)), 0u);
    EXPECT_EQ(histogram.count_up_to(duration(0)), 0u);
    EXPECT_EQ(histogram.count_up_to(duration(250)), 250u);
    EXPECT_EQ(histogram.count_up_to(duration(1000)), 1000u);
    EXPECT_EQ(histogram.count_up_to(duration(1'000'000)), 1000u);
}

TEST(latency_histogram, powers_of_two_and_their_neighbours_fall_into_buckets_that_hold_them) {
    for (int bits = 1; bits < 42; ++bits) {
        for (const std::int64_t delta : {-1, 0, 1}) {
            const std::int64_t ns = (std::int64_t(1) << bits) + delta;
            latency_histogram histogram;
            histogram.record(duration(ns));
            histogram.record(duration(std::int64_t(1) << 41));
            EXPECT_GE(histogram.quantile(0.5), duration(ns));
            EXPECT_LE(static_cast<double>(histogram.quantile(0.5).count()), static_cast<double>(ns) * 1.001);
        }
    }
}

}  // namespace
}  // namespace logstore::app::bench
