#include "env/gate.h"

#include <memory>

#include <gtest/gtest.h>

#include "env/completion.h"

namespace logstore::env {
namespace {

task<void> wait_for(completion<int>& what, int& finished) {
    co_await what;
    ++finished;
}
task<void> close(gate& what, bool& closed) {
    co_await what.close();
    closed = true;
}

TEST(gate, counts_what_runs_inside) {
    gate inside;
    completion<int> first, second;
    int finished = 0;
    EXPECT_TRUE(spawn(inside, wait_for(first, finished)));
    EXPECT_TRUE(spawn(inside, wait_for(second, finished)));
    EXPECT_EQ(inside.inside(), 2u);
    first.set(0);
    EXPECT_EQ(inside.inside(), 1u);
    second.set(0);
    EXPECT_EQ(inside.inside(), 0u);
    EXPECT_EQ(finished, 2);
}

TEST(gate, close_waits_for_everybody_and_refuses_newcomers) {
    gate inside, outside;
    completion<int> first, second, late;
    int finished = 0;
    bool closed = false;
    spawn(inside, wait_for(first, finished));
    spawn(inside, wait_for(second, finished));
    spawn(outside, close(inside, closed));
    EXPECT_TRUE(inside.is_closed());
    EXPECT_FALSE(spawn(inside, wait_for(late, finished)));
    EXPECT_FALSE(inside.enter());
    first.set(0);
    EXPECT_FALSE(closed);
    second.set(0);
    EXPECT_TRUE(closed);
}

TEST(gate, close_of_an_empty_gate_is_immediate) {
    gate inside, outside;
    bool closed = false;
    spawn(outside, close(inside, closed));
    EXPECT_TRUE(closed);
}

/// Goes as soon as its work is done.
struct owner {
    gate inside;
    int uses = 0;
};
struct use {
    owner& of;
    explicit use(owner& the_owner) : of(the_owner) { ++of.uses; }
    use(use&& other) noexcept : of(other.of) { ++of.uses; }
    ~use() { --of.uses; }
};
task<void> work_with(use held, completion<int>& until) {
    co_await until;
    EXPECT_GT(held.of.uses, 0);
}
task<void> close_and_destroy(std::unique_ptr<owner>& mine, int& uses_left) {
    co_await mine->inside.close();
    uses_left = mine->uses;
    mine.reset();
}

TEST(gate, what_ran_inside_is_gone_with_its_parameters_when_close_completes) {
    gate outside;
    auto mine = std::make_unique<owner>();
    completion<int> until;
    int uses_left = -1;
    spawn(mine->inside, work_with(use(*mine), until));
    spawn(outside, close_and_destroy(mine, uses_left));
    until.set(0);
    EXPECT_EQ(uses_left, 0);
    EXPECT_EQ(mine, nullptr);
}

TEST(gate, an_owner_that_goes_before_its_coroutines_is_a_defect) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            gate inside;
            inside.enter();
        },
        "outlive");
}

}  // namespace
}  // namespace logstore::env
