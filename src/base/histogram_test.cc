#include "base/histogram.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

using small = histogram<3, 3>;

TEST(histogram, bounds_grow_by_about_a_half) {
    const std::uint64_t bounds[] = {8, 12, 16, 24, 32, 48, 64};
    ASSERT_EQ(small::bound_count, std::size(bounds));
    for (std::size_t i = 0; i < small::bound_count; ++i) EXPECT_EQ(small::bound(i), bounds[i]) << i;
}

TEST(histogram, a_value_goes_to_the_first_bound_that_is_not_below_it) {
    for (std::uint64_t value = 0; value < 100; ++value) {
        std::size_t wanted = 0;
        while (wanted < small::bound_count && small::bound(wanted) < value) ++wanted;
        EXPECT_EQ(small::index_of(value), wanted) << value;
    }
    EXPECT_EQ(small::index_of(~std::uint64_t(0)), small::bound_count);
    using ones = histogram<1, 4>;
    EXPECT_EQ(ones::index_of(1), 0u);
    EXPECT_EQ(ones::index_of(3), 1u);
    EXPECT_EQ(ones::index_of(4), 2u);
}

TEST(histogram, sums_and_counts_add_up) {
    small one, other;
    one.observe(8);
    one.observe(9);
    other.observe(9);
    other.observe(1000);
    one += other;
    EXPECT_EQ(one.count(), 4u);
    EXPECT_EQ(one.sum(), 1026u);
    EXPECT_EQ(one.count_in(0), 1u);
    EXPECT_EQ(one.count_in(1), 2u);
    EXPECT_EQ(one.count_in(small::bound_count), 1u);
}

}  // namespace
}  // namespace logstore
