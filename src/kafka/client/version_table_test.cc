#include "kafka/client/version_table.h"

#include <gtest/gtest.h>

#include "kafka/client/errc.h"

namespace logstore::kafka {
namespace {

version_table offering(std::int16_t min, std::int16_t max) {
    return version_table({{api_key::metadata, api_version(min), api_version(max)}});
}
constexpr std::int16_t our_max = api_of(api_key::metadata).advertised_max;

TEST(version_table, the_highest_common_version_is_chosen) {
    EXPECT_EQ(offering(0, 4).choose(api_key::metadata), api_version(4));
    EXPECT_EQ(offering(0, 1000).choose(api_key::metadata), api_version(our_max));
    EXPECT_EQ(offering(0, 1000).choose(api_key::metadata, api_version(3)), api_version(3));
}

TEST(version_table, ranges_that_do_not_meet_are_unsupported) {
    const auto above = offering(our_max + 1, our_max + 5).choose(api_key::metadata);
    ASSERT_FALSE(above.has_value());
    EXPECT_EQ(above.error().code, client_errc::unsupported);
    EXPECT_FALSE(offering(5, 7).choose(api_key::metadata, api_version(4)).has_value());
}

TEST(version_table, a_version_that_is_only_advertised_is_never_spoken) {
    const version_table old({{api_key::produce, api_version(0), api_version(2)}});
    EXPECT_FALSE(old.choose(api_key::produce).has_value());
}

TEST(version_table, an_api_that_the_broker_does_not_list_is_unsupported) {
    const auto absent = offering(0, 4).choose(api_key::create_topics);
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, client_errc::unsupported);
}

}  // namespace
}  // namespace logstore::kafka
