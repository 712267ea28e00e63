#include "shard/byte_budget.h"

#include <atomic>
#include <list>

#include <gtest/gtest.h>

#include "env/host.h"
#include "env/testing/sim_world.h"

namespace logstore {
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

/// Takes and gives back again and again, in turns of its loop.
class busy_holder final : public budget_waiter {
  public:
    busy_holder(budget_share& share, env::environment world, std::size_t bytes, std::atomic<int>& still_busy)
        : share_(share), world_(world), bytes_(bytes), still_busy_(still_busy) {}

    void go_on() {
        if (++rounds_ > rounds_max) {
            still_busy_.fetch_sub(1);
        } else if (share_.take_or_wait(bytes_, *this)) {
            hold();
        }
    }
    void on_granted() override { hold(); }

  private:
    static constexpr int rounds_max = 3000;

    void hold() {
        world_.loop.post([this] {
            share_.give_back(bytes_);
            go_on();
        });
    }

    budget_share& share_;
    env::environment world_;
    const std::size_t bytes_;
    std::atomic<int>& still_busy_;
    int rounds_ = 0;
};

// A lost wake-up would leave somebody waiting for ever.
TEST(byte_budget, nobody_is_forgotten_when_all_threads_take_and_give_back) {
    env::host_options options;
    options.shards = 4;
    options.disk = env::disk_backend::threads;
    auto made = env::host::make(options);
    ASSERT_TRUE(made.has_value());
    env::host& host = **made;
    std::vector<env::executor*> loops;
    for (std::uint32_t i = 0; i < options.shards; ++i) loops.push_back(&host.shard(i).loop);
    byte_budget budget(100, loops);

    std::list<busy_holder> holders;
    std::atomic<int> still_busy{0};
    for (std::uint32_t i = 0; i < options.shards; ++i) {
        for (const std::size_t bytes : {1u, 40u, 99u, 250u}) {
            ++still_busy;
            busy_holder& one = holders.emplace_back(budget.share(i), host.shard(i), bytes, still_busy);
            loops[i]->post([&one] { one.go_on(); });
        }
    }
    struct observer {
        static void look(env::host& on, const std::atomic<int>& busy, env::monotonic_time give_up) {
            env::executor& loop = on.shard(0).loop;
            const env::monotonic_time now = loop.time().now();
            if (busy.load() == 0 || now > give_up) return on.stop();
            loop.start_timer(now + std::chrono::milliseconds(5), [&, give_up] { look(on, busy, give_up); });
        }
    };
    const env::monotonic_time give_up = loops[0]->time().now() + std::chrono::minutes(1);
    loops[0]->post([&] { observer::look(host, still_busy, give_up); });
    host.run();
    EXPECT_EQ(still_busy.load(), 0);
    EXPECT_EQ(budget.held_bytes(), 0u);
    for (busy_holder& one : holders) EXPECT_FALSE(one.is_waiting());
}

}  // namespace
}  // namespace logstore
