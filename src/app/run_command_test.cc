#include "app/run_command.h"

#include <gtest/gtest.h>

#include "app/exit_code.h"
#include "app/testing/recorded_console.h"
#include "app/testing/scratch_folder.h"
#include "config/option_text.h"

namespace logstore::app {
namespace {

struct ran {
    int code = 0;
    testing::recorded_console out;
};

ran run(const std::vector<std::string>& arguments) {
    ran got;
    got.code = run_command(got.out, arguments);
    return got;
}

TEST(run_command, help_goes_to_standard_output_and_usage_errors_to_standard_error) {
    const ran help = run({"topic", "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(help.out.said.empty());
    EXPECT_FALSE(help.out.printed.empty());
    const ran wrong = run({"frobnicate"});
    EXPECT_EQ(wrong.code, number_of(exit_code::wrong_usage));
    EXPECT_FALSE(wrong.out.said.empty());
    EXPECT_TRUE(wrong.out.printed.empty());
}

TEST(run_command, the_printed_configuration_is_that_of_file_and_command_line) {
    const testing::scratch_folder folder;
    const std::string file = folder.write("c.toml", bytes_of("shards = 3\n[topics]\nauto_create = false\n"));
    const ran got = run({"serve", "--config", file, "--shards", "5", "--print-config"});
    EXPECT_EQ(got.code, 0) << got.out.said;
    const auto loaded = config::load_server_options(got.out.printed, "printed");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().detail;
    EXPECT_EQ(loaded->shards, 5u);
    EXPECT_FALSE(loaded->auto_create_topics);
}

TEST(run_command, a_wrong_configuration_is_a_usage_error_that_names_its_place) {
    const testing::scratch_folder folder;
    const std::string file = folder.write("c.toml", bytes_of("shards = 3\nshardz = 4\n"));
    const ran wrong = run({"serve", "--config", file});
    EXPECT_EQ(wrong.code, number_of(exit_code::wrong_usage));
    EXPECT_NE(wrong.out.said.find(file + ":2: shardz is not an option; did you mean shards?"),
              std::string::npos)
        << wrong.out.said;
    const ran absent = run({"serve", "--config", "/absent.toml"});
    EXPECT_EQ(absent.code, number_of(exit_code::wrong_usage));
    EXPECT_NE(absent.out.said.find("/absent.toml (No such file or directory)"), std::string::npos)
        << absent.out.said;
    const ran directory = run({"serve", "--config", "/"});
    EXPECT_EQ(directory.code, number_of(exit_code::wrong_usage));
}

TEST(run_command, a_command_runs_to_its_exit_code) {
    const ran absent = run({"inspect", "segment", "/absent.log"});
    EXPECT_EQ(absent.code, number_of(exit_code::not_found));
    EXPECT_EQ(absent.out.said, "/absent.log: there is no such file\n");
    const ran unreachable = run({"topic", "list", "--server", "127.0.0.1:1"});
    EXPECT_EQ(unreachable.code, number_of(exit_code::server_unreachable));
}

}  // namespace
}  // namespace logstore::app
