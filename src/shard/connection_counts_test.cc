#include "shard/connection_counts.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace logstore {
namespace {

using verdict = connection_counts::verdict;

TEST(connection_counts, an_address_has_its_limit_and_all_have_one) {
    const auto counts = std::make_unique<connection_counts>(3, 2);
    EXPECT_EQ(counts->enter("1.2.3.4"), verdict::admitted);
    EXPECT_EQ(counts->enter("1.2.3.4"), verdict::admitted);
    EXPECT_EQ(counts->enter("1.2.3.4"), verdict::too_many_of_address);
    EXPECT_EQ(counts->enter("1.2.3.5"), verdict::admitted);
    EXPECT_EQ(counts->enter("1.2.3.6"), verdict::too_many);
    EXPECT_EQ(counts->total(), 3u);
    counts->leave("1.2.3.4");
    EXPECT_EQ(counts->enter("1.2.3.4"), verdict::admitted);
    EXPECT_EQ(counts->total(), 3u);
}

TEST(connection_counts, a_thousand_addresses_do_not_stand_in_each_others_way) {
    const auto counts = std::make_unique<connection_counts>(100'000, 10);
    int refused = 0;
    for (int address = 0; address < 1000; ++address) {
        for (int i = 0; i < 10; ++i)
            refused += counts->enter("10.0.0." + std::to_string(address)) == verdict::admitted ? 0 : 1;
    }
    EXPECT_LE(refused, 10 * 10);  // ten addresses at most that share both counters with others
}

TEST(connection_counts, the_port_is_no_part_of_an_address) {
    EXPECT_EQ(connection_counts::address_of("127.0.0.1:5"), "127.0.0.1");
    EXPECT_EQ(connection_counts::address_of("[::1]:5"), "[::1]");
    EXPECT_EQ(connection_counts::address_of(""), "");
}

}  // namespace
}  // namespace logstore
