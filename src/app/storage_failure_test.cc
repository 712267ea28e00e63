#include "app/storage_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace logstore::app {
namespace {

using testing::HasSubstr;

error disk_error() { return {std::error_code(EIO, std::generic_category()), "flushing /data/journal/0-0.journal"}; }

TEST(storage_failure, the_process_ends_with_one_line_that_says_what_failed_and_what_to_do) {
    EXPECT_EXIT(end_process(disk_error()), testing::ExitedWithCode(1),
                "flushing /data/journal/0-0.journal .Input/output error.*restart it");
}

TEST(storage_failure, a_start_that_a_disk_refuses_says_what_to_do) {
    EXPECT_THAT(with_advice(disk_error()), testing::AllOf(HasSubstr("Input/output error"), HasSubstr("then restart")));
}

TEST(storage_failure, advice_about_disks_is_given_for_disks_alone) {
    EXPECT_EQ(with_advice({std::make_error_code(std::errc::address_in_use), "cannot listen"}),
              "cannot listen (Address already in use)");
}

}  // namespace
}  // namespace logstore::app
