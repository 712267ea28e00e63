#include "door/fair_turns.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "env/gate.h"
#include "env/testing/sim_world.h"

namespace logstore::door {
namespace {

using namespace std::chrono_literals;

class turns_test : public ::testing::Test {
  protected:
    /// Wants a turn again and again, each at the same cost.
    struct client final : turn_taker {
        client(turns_test& test, std::string client_address)
            : all(test), address(std::move(client_address)), at(all.turns, address) {}

        void on_turn() override {
            all.order.push_back(address);
            all.turns.charge(at.number(), cost, all.world.time().now());
            if (--wanted > 0) all.turns.wait(*this, at.number());
        }

        turns_test& all;
        const std::string address;
        fair_turns::seat at;
        int wanted = 1;
        env::duration cost = 50us;
    };

    bool must_wait(const client& who) { return turns.must_wait(who.at.number(), world.time().now()); }
    void make_heavy(const client& who) {
        turns.charge(who.at.number(), 10 * fair_turns::light_burst, world.time().now());
    }
    void run() { world.run_until_idle(); }

    env::sim_world world{1};
    fair_turns turns{world.loop()};
    std::vector<std::string> order;
};

TEST_F(turns_test, who_takes_little_never_waits) {
    client heavy(*this, "a");
    client light(*this, "b");
    make_heavy(heavy);
    turns.wait(heavy, heavy.at.number());
    EXPECT_TRUE(must_wait(heavy));
    EXPECT_FALSE(must_wait(light));
    for (int i = 0; i < 1000; ++i) {
        turns.charge(light.at.number(), 100us, world.time().now());
        EXPECT_FALSE(must_wait(light));
        world.advance(1ms);
    }
    EXPECT_FALSE(turns.is_heavy(light.at.number()));
}

TEST_F(turns_test, what_was_taken_is_paid_off_with_time) {
    client heavy(*this, "a");
    client other(*this, "b");
    make_heavy(heavy);
    EXPECT_TRUE(must_wait(heavy));
    world.advance(fair_turns::light_share * 9 * fair_turns::light_burst + 1ms);
    EXPECT_FALSE(must_wait(heavy));
}

TEST_F(turns_test, heavy_ones_have_a_slice_before_they_wait) {
    client heavy(*this, "a");
    client other(*this, "b");
    turns.charge(heavy.at.number(), fair_turns::light_burst, world.time().now());
    EXPECT_FALSE(must_wait(heavy));
    turns.charge(heavy.at.number(), fair_turns::slice / 2, world.time().now());
    EXPECT_TRUE(turns.is_heavy(heavy.at.number()));
    EXPECT_FALSE(must_wait(heavy));
    turns.charge(heavy.at.number(), fair_turns::slice / 2, world.time().now());
    EXPECT_TRUE(must_wait(heavy));
    run();  // the loop went round
    EXPECT_FALSE(must_wait(heavy));
}

TEST_F(turns_test, where_one_address_is_alone_nobody_waits) {
    client first(*this, "a");
    {
        client second(*this, "b");
        make_heavy(first);
        EXPECT_TRUE(must_wait(first));
    }
    EXPECT_FALSE(must_wait(first));
    client same(*this, "a");
    EXPECT_FALSE(must_wait(same));
    run();
}

TEST_F(turns_test, addresses_have_their_turns_in_a_round_however_many_connections_each_has) {
    std::vector<std::unique_ptr<client>> many;
    for (int i = 0; i < 30; ++i) many.push_back(std::make_unique<client>(*this, "many"));
    client one(*this, "one");
    one.wanted = 30;
    make_heavy(*many[0]);
    make_heavy(one);
    for (const auto& each : many) turns.wait(*each, each->at.number());
    turns.wait(one, one.at.number());
    EXPECT_EQ(turns.waiting(), 31u);
    EXPECT_TRUE(order.empty());
    run();
    ASSERT_EQ(order.size(), 60u);
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i % 2 == 0 ? "many" : "one") << i;
    EXPECT_EQ(turns.waits(), 60u);
}

TEST_F(turns_test, one_turn_of_the_loop_gives_heavy_ones_a_slice_together) {
    std::vector<std::unique_ptr<client>> many;
    for (int i = 0; i < 40; ++i) many.push_back(std::make_unique<client>(*this, "many"));
    client other(*this, "other");
    for (const auto& each : many) {
        make_heavy(*each);
        turns.wait(*each, each->at.number());
    }
    std::size_t before = 0;
    std::size_t most = 0;
    std::size_t turns_of_loop = 0;
    world.run_until([&] {
        most = std::max(most, order.size() - before);
        turns_of_loop += order.size() > before ? 1 : 0;
        before = order.size();
        return order.size() == many.size();
    });
    EXPECT_LE(most, static_cast<std::size_t>(fair_turns::slice / 50us) + 1);
    EXPECT_GE(turns_of_loop, 10u);
    run();
}

TEST_F(turns_test, who_waits_no_more_has_no_turn) {
    client first(*this, "a");
    client second(*this, "b");
    client third(*this, "c");
    for (client* one : {&first, &second, &third}) turns.wait(*one, one->at.number());
    turns.cancel(second);
    turns.cancel(second);
    EXPECT_FALSE(second.waits_for_turn());
    run();
    EXPECT_EQ(order, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(turns.waiting(), 0u);
}

TEST_F(turns_test, a_coroutine_goes_on_when_its_turn_has_come) {
    client heavy(*this, "a");
    client other(*this, "b");
    struct long_work {
        static env::task<> run(fair_turns* all, fair_turns::account_number of, int* done) {
            for (int i = 0; i < 100; ++i) {
                co_await all->next(of, 300us);
                ++*done;
            }
        }
    };
    int done = 0;
    env::gate gate;
    env::spawn(gate, long_work::run(&turns, heavy.at.number(), &done));
    EXPECT_EQ(done, 0);
    run();
    EXPECT_EQ(done, 100);
    EXPECT_GT(turns.waits(), 50u);
}

}  // namespace
}  // namespace logstore::door
