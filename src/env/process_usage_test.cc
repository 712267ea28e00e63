#include "env/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "env/system_clock.h"

namespace logstore::env {
namespace {

TEST(process_usage, tells_what_the_process_takes) {
    const process_usage before = read_process_usage();
    EXPECT_GE(before.open_files, 3u);
    EXPECT_LT(before.open_files, 1000u);
    EXPECT_GT(before.resident_bytes, 1'000'000u);
    EXPECT_LT(before.resident_bytes, before.virtual_bytes);
    const auto age_ms = system_clock().wall_now() - before.started;
    EXPECT_GT(age_ms, -2000) << "the kernel's clocks differ by a second at most";
    EXPECT_LT(age_ms, 3'600'000);
    const int more = ::dup(0);
    EXPECT_EQ(read_process_usage().open_files, before.open_files + 1);
    ::close(more);
}

TEST(process_usage, processor_time_grows_with_work) {
    const duration process_before = read_process_usage().processor_time;  // first: what is between counts for the process
    const duration thread_before = thread_processor_time();
    std::uint64_t sum = 0;
    while (thread_processor_time() - thread_before < std::chrono::milliseconds(5)) ++sum;
    EXPECT_GT(sum, 0u);
    EXPECT_GE(read_process_usage().processor_time - process_before, std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace logstore::env
