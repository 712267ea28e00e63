#include "kafka/server/byte_budget.h"

#include <list>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::kafka {
namespace {

struct waiting_holder final : budget_waiter {
    void on_granted() override { granted = true; }
    bool granted = false;
};

class byte_budget_test : public ::testing::Test {
  protected:
    env::sim_world world{1, 2};
    byte_budget budget{100, {&world.loop(0), &world.loop(1)}};
    budget_share& one = budget.share(0);
    budget_share& other = budget.share(1);
};

TEST_F(byte_budget_test, a_holder_is_let_in_while_fewer_than_the_limit_are_held) {
    waiting_holder waiter;
    EXPECT_TRUE(one.take_or_wait(99, waiter));
    EXPECT_TRUE(one.take_or_wait(500, waiter));  // larger than the limit, and alone above it
    EXPECT_FALSE(one.take_or_wait(1, waiter));
    EXPECT_EQ(budget.held_bytes(), 599u);
    one.give_back(500);
    world.run_until_idle();
    EXPECT_TRUE(waiter.granted);
    EXPECT_EQ(budget.held_bytes(), 100u);
    one.give_back(100);
}

TEST_F(byte_budget_test, waiters_are_served_in_order) {
    std::list<waiting_holder> waiters(4);
    ASSERT_TRUE(one.take_or_wait(100, waiters.front()));
    for (auto& waiter : waiters) EXPECT_FALSE(one.take_or_wait(60, waiter));
    one.give_back(100);
    world.run_until_idle();
    std::vector<bool> granted;
    for (auto& waiter : waiters) granted.push_back(waiter.granted);
    EXPECT_EQ(granted, (std::vector<bool>{true, true, false, false}));
    waiting_holder late;
    one.give_back(30);
    EXPECT_FALSE(one.take_or_wait(1, late));  // not past those who wait
    world.run_until_idle();
    EXPECT_TRUE(waiters.back().granted == false && std::next(waiters.begin(), 2)->granted);
    one.cancel(waiters.back());
    one.cancel(late);
    one.give_back(150);
}

TEST_F(byte_budget_test, bytes_given_back_on_one_shard_wake_another) {
    waiting_holder here, there;
    ASSERT_TRUE(one.take_or_wait(100, here));
    EXPECT_FALSE(other.take_or_wait(10, there));
    world.run_until_idle();
    EXPECT_FALSE(there.granted);
    one.give_back(100);
    EXPECT_FALSE(there.granted);  // not on this thread
    world.run_until_idle();
    EXPECT_TRUE(there.granted);
    other.give_back(10);
}

TEST_F(byte_budget_test, one_who_cancels_is_forgotten) {
    waiting_holder holder, gone, next;
    ASSERT_TRUE(one.take_or_wait(100, holder));
    EXPECT_FALSE(one.take_or_wait(10, gone));
    EXPECT_FALSE(one.take_or_wait(10, next));
    one.cancel(gone);
    one.cancel(gone);
    one.give_back(100);
    world.run_until_idle();
    EXPECT_FALSE(gone.granted);
    EXPECT_TRUE(next.granted);
    one.give_back(10);
}

TEST_F(byte_budget_test, a_waiter_that_comes_just_after_the_bytes_came_back_is_not_forgotten) {
    waiting_holder holder, first, second;
    ASSERT_TRUE(one.take_or_wait(100, holder));
    EXPECT_FALSE(one.take_or_wait(100, first));
    one.give_back(100);  // the wake-up is under way
    EXPECT_FALSE(one.take_or_wait(100, second));
    world.run_until_idle();
    EXPECT_TRUE(first.granted);
    EXPECT_FALSE(second.granted);
    one.give_back(100);
    world.run_until_idle();
    EXPECT_TRUE(second.granted);
    one.give_back(100);
    EXPECT_EQ(budget.held_bytes(), 0u);
}

}  // namespace
}  // namespace logstore::kafka
