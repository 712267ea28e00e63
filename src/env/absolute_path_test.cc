#include "env/absolute_path.h"

#include <gtest/gtest.h>

namespace logstore::env {
namespace {

TEST(absolute_path, a_path_from_the_root_stays_as_it_is) {
    EXPECT_EQ(absolute_path("/data/./logs"), "/data/./logs");
}

TEST(absolute_path, any_other_begins_at_the_root_afterwards) {
    const std::string whole = absolute_path("./data/../logs");
    EXPECT_TRUE(whole.starts_with('/')) << whole;
    EXPECT_TRUE(whole.ends_with("/logs")) << whole;
    EXPECT_EQ(whole.find("data"), std::string::npos) << whole;
}

}  // namespace
}  // namespace logstore::env
