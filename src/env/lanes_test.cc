#include "env/lanes.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "env/completion.h"

namespace logstore::env {
namespace {

/// Work that ends when the test says so.
struct sweep {
    std::vector<std::unique_ptr<completion<int>>> begun;
    gate owner;
    bool is_done = false;

    task<> work(std::size_t index) {
        EXPECT_EQ(index, begun.size()) << "in order";
        begun.push_back(std::make_unique<completion<int>>());
        co_await *begun.back();
    }
    task<> run(std::size_t count, std::size_t lanes) {
        co_await run_in_lanes(count, lanes, [this](std::size_t index) { return work(index); });
        is_done = true;
    }
    void start(std::size_t count, std::size_t lanes) { spawn(owner, run(count, lanes)); }
};

TEST(lanes, a_piece_begins_when_another_one_is_done_whichever_that_is) {
    sweep all;
    all.start(6, 3);
    EXPECT_EQ(all.begun.size(), 3u);
    all.begun[1]->set(0);
    EXPECT_EQ(all.begun.size(), 4u);
    for (const std::size_t index : {3u, 4u, 5u}) all.begun[index]->set(0);
    EXPECT_EQ(all.begun.size(), 6u);
    EXPECT_FALSE(all.is_done);
    all.begun[2]->set(0);
    EXPECT_FALSE(all.is_done);
    all.begun[0]->set(0);
    EXPECT_TRUE(all.is_done);
}

TEST(lanes, there_are_no_more_than_pieces_of_work) {
    sweep few;
    few.start(2, 8);
    EXPECT_EQ(few.begun.size(), 2u);
    for (const auto& one : few.begun) one->set(0);
    EXPECT_TRUE(few.is_done);
    sweep none;
    none.start(0, 8);
    EXPECT_TRUE(none.is_done);
}

TEST(lanes, ten_thousand_pieces_that_wait_for_nothing_take_no_stack) {
    struct counted {
        std::size_t done = 0;
        task<> work(std::size_t) {
            ++done;
            co_return;
        }
        task<> run() {
            co_await run_in_lanes(100'000, 4, [this](std::size_t index) { return work(index); });
        }
    } quick;
    gate owner;
    spawn(owner, quick.run());
    EXPECT_EQ(quick.done, 100'000u);
}

}  // namespace
}  // namespace logstore::env
