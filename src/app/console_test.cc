#include "app/console.h"

#include <csignal>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace logstore::app {
namespace {

/// In a child process: prints more than any buffer holds to `output` and ends with what finish() says.
[[noreturn]] void print_much_to(int output) {
    std::signal(SIGPIPE, SIG_IGN);
    ::dup2(output, STDOUT_FILENO);
    standard_console out;
    for (int i = 0; i < 100; ++i) out.print(std::string(10'000, 'x') + "\n");
    ::_exit(out.finish() ? 0 : 1);
}

TEST(console_death_test, a_reader_that_had_enough_is_no_failure_and_no_noise) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    EXPECT_EXIT(print_much_to(ends[1]), ::testing::ExitedWithCode(0), "^$");
    ::close(ends[1]);
}

TEST(console_death_test, output_that_cannot_be_written_is_a_failure_told_once) {
    const int full = ::open("/dev/full", O_WRONLY);
    ASSERT_GE(full, 0);
    EXPECT_EXIT(print_much_to(full), ::testing::ExitedWithCode(1),
                "^logstore: cannot write the output: No space left on device\n$");
    ::close(full);
}

TEST(console_death_test, output_that_fails_only_when_flushed_is_a_failure_too) {
    const int full = ::open("/dev/full", O_WRONLY);
    ASSERT_GE(full, 0);
    EXPECT_EXIT(
        {
            ::dup2(full, STDOUT_FILENO);
            standard_console out;
            out.print("a little\n");
            ::_exit(out.finish() ? 0 : 1);
        },
        ::testing::ExitedWithCode(1), "cannot write the output");
    ::close(full);
}

}  // namespace
}  // namespace logstore::app
