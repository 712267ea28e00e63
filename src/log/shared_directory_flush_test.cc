// Who asks for a flush of a directory gets one that began after its change, and shares it.
#include "log/shared_directory_flush.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "env/gate.h"
#include "env/testing/sim_world.h"

namespace logstore {
namespace {

class directory_flushes : public ::testing::Test {
  protected:
    env::task<> make_one(int number, std::chrono::microseconds delay, result<>* outcome) {
        co_await env::sleep(world_.loop(), delay);
        const std::string path = "/names/" + std::to_string(number);
        auto made = co_await world_.shard().files.make_directory(path);
        EXPECT_TRUE(made);
        *outcome = co_await shared_.flush();
        const auto durable = world_.disk().durable_names("/names");
        if (*outcome) EXPECT_NE(std::ranges::find(durable, std::to_string(number)), durable.end()) << number;
    }
    env::task<> make_many(std::chrono::microseconds apart) {
        env::gate together;
        for (int number = 0; number < count; ++number)
            env::spawn(together, make_one(number, apart * number, &outcomes_[static_cast<std::size_t>(number)]));
        co_await together.close();
    }
    std::uint64_t flushes() const {
        std::uint64_t seen = 0;
        for (const auto& one : world_.disk().trace())
            seen += one.kind == env::sim_disk_operation_kind::sync_directory && one.path == "/names" ? 1 : 0;
        return seen;
    }
    void SetUp() override {
        ASSERT_TRUE(world_.run(world_.shard().files.make_directory("/names")));
        ASSERT_TRUE(world_.run(world_.shard().files.sync_directory("/")));
    }

    static constexpr int count = 300;
    mutable env::sim_world world_{5};
    shared_directory_flush shared_{world_.shard(), "/names"};
    std::array<result<>, count> outcomes_;
};

TEST_F(directory_flushes, every_caller_finds_its_name_durable_whenever_it_asks) {
    world_.run(make_many(std::chrono::microseconds(7)));
    for (const auto& outcome : outcomes_) EXPECT_TRUE(outcome);
    EXPECT_LT(flushes(), std::uint64_t{count} / 3);
}

TEST_F(directory_flushes, all_who_ask_at_once_share_a_few) {
    world_.run(make_many(std::chrono::microseconds(0)));
    EXPECT_LE(flushes(), 3u);
}

TEST_F(directory_flushes, one_that_fails_fails_for_all_who_waited_for_it_and_no_more) {
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::sync_directory, "/names"),
                                std::errc::io_error);
    world_.run(make_many(std::chrono::microseconds(7)));
    EXPECT_TRUE(outcomes_.back());
    const auto failed = std::ranges::count_if(outcomes_, [](const result<>& one) { return !one; });
    EXPECT_GT(failed, 0);
    EXPECT_LT(failed, count / 3);
}

}  // namespace
}  // namespace logstore
