#include "env/testing/sim_scheduler.h"

#include <gtest/gtest.h>

#include "env/testing/sim_run.h"
#include "env/testing/sim_worker_pool.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

struct two_shards {
    explicit two_shards(std::uint64_t seed = 1, sim_ties ties = sim_ties::seeded) : scheduler(seed, ties) {}
    sim_scheduler scheduler;
    sim_clock time{scheduler.now()};
    sim_executor first{scheduler, time};
    sim_executor second{scheduler, time};
};

TEST(sim_scheduler, posted_work_runs_in_order_after_the_call_that_posted_it) {
    two_shards world;
    std::string ran;
    world.first.post([&] {
        ran += 'a';
        world.first.post([&] { ran += 'c'; });
        ran += 'b';
    });
    EXPECT_EQ(ran, "");
    world.scheduler.run_until_idle();
    EXPECT_EQ(ran, "abc");
}

TEST(sim_scheduler, hours_of_timers_run_at_once_and_in_the_order_of_their_times) {
    two_shards world;
    const auto start = world.scheduler.now();
    std::vector<duration> fired;
    for (const auto after : {5h, 1h, 3h}) {
        world.first.start_timer(start + after, [&] { fired.push_back(world.time.now() - start); });
    }
    world.scheduler.advance(4h);
    EXPECT_EQ(fired, (std::vector<duration>{1h, 3h}));
    EXPECT_EQ(world.time.now() - start, duration(4h));
    world.scheduler.advance(1h);
    EXPECT_EQ(fired.size(), 3u);
}

TEST(sim_scheduler, a_cancelled_timer_does_not_run_and_cancelling_one_that_ran_is_harmless) {
    two_shards world;
    int ran = 0;
    const auto soon = world.scheduler.now() + 1s;
    const auto kept = world.first.start_timer(soon, [&] { ++ran; });
    world.first.cancel_timer(world.first.start_timer(soon, [&] { ran += 100; }));
    world.scheduler.advance(2s);
    world.first.cancel_timer(kept);
    EXPECT_EQ(ran, 1);
}

TEST(sim_scheduler, timers_alone_do_not_make_time_pass_when_running_until_idle) {
    two_shards world;
    bool timer_ran = false;
    bool event_ran = false;
    const auto start = world.scheduler.now();
    world.first.start_timer(start + 10s, [&] { timer_ran = true; });
    world.scheduler.run_until_idle();
    EXPECT_FALSE(timer_ran);
    EXPECT_EQ(world.scheduler.now(), start);
    world.scheduler.at(start + 20s, &world.first, [&] { event_ran = true; });
    world.scheduler.run_until_idle();
    EXPECT_TRUE(timer_ran);
    EXPECT_TRUE(event_ran);
}

TEST(sim_scheduler, running_until_a_condition_passes_time_and_gives_up_when_nothing_is_left) {
    two_shards world;
    bool rang = false;
    world.first.start_timer(world.scheduler.now() + 5s, [&] { rang = true; });
    EXPECT_FALSE(world.scheduler.run_until([&] { return rang; }, 1s));
    EXPECT_TRUE(world.scheduler.run_until([&] { return rang; }));
    EXPECT_FALSE(world.scheduler.run_until([] { return false; }));
}

TEST(sim_scheduler, only_the_executor_that_runs_is_current) {
    two_shards world;
    bool checked = false;
    EXPECT_TRUE(world.first.is_current());
    world.first.post([&] {
        EXPECT_TRUE(world.first.is_current());
        EXPECT_FALSE(world.second.is_current());
        checked = true;
    });
    world.scheduler.run_until_idle();
    EXPECT_TRUE(checked);
}

TEST(sim_scheduler, messages_arrive_on_the_other_executor_in_the_order_sent) {
    struct message final : remote_message {
        std::string& log;
        sim_executor& on;
        char letter;
        message(std::string& the_log, sim_executor& the_executor, char the_letter)
            : log(the_log), on(the_executor), letter(the_letter) {}
        void run() override {
            EXPECT_TRUE(on.is_current());
            log += letter;
            delete this;
        }
    };
    two_shards world;
    std::string log;
    world.first.post([&] {
        for (const char letter : {'x', 'y', 'z'}) world.second.send(new message(log, world.second, letter));
    });
    world.scheduler.run_until_idle();
    EXPECT_EQ(log, "xyz");
}

std::string interleaving(std::uint64_t seed, sim_ties ties) {
    two_shards world(seed, ties);
    std::string log;
    for (int i = 0; i < 20; ++i) {
        world.first.post([&] { log += 'a'; });
        world.second.post([&] { log += 'b'; });
    }
    world.scheduler.run_until_idle();
    return log;
}

TEST(sim_scheduler, the_interleaving_of_executors_depends_on_the_seed_alone) {
    EXPECT_EQ(interleaving(7, sim_ties::seeded), interleaving(7, sim_ties::seeded));
    EXPECT_NE(interleaving(7, sim_ties::seeded), interleaving(8, sim_ties::seeded));
    std::string in_turn;
    for (int i = 0; i < 20; ++i) in_turn += "ab";
    EXPECT_EQ(interleaving(7, sim_ties::in_order), in_turn);
}

task<int> sleep_and_answer(executor& on) {
    co_await sleep(on, 3s);
    co_await yield(on);
    co_return 42;
}

TEST(sim_scheduler, a_coroutine_runs_to_its_end_through_simulated_time) {
    two_shards world;
    const auto start = world.scheduler.now();
    EXPECT_EQ(run(world.first, sleep_and_answer(world.first)), 42);
    EXPECT_EQ(world.scheduler.now() - start, duration(3s));
}

TEST(sim_scheduler, work_that_is_dropped_never_runs_and_its_frames_can_be_destroyed) {
    two_shards world;
    {
        auto sleeping = start(world.first, sleep_and_answer(world.first));
        world.scheduler.advance(1s);
        world.first.drop_work();
    }
    world.scheduler.advance(10s);
}

TEST(sim_clock, the_date_jumps_while_monotonic_time_goes_on) {
    two_shards world;
    const auto date = world.time.wall_now();
    const auto now = world.time.now();
    world.time.jump_wall(-1h);
    EXPECT_EQ(world.time.wall_now() - date, -3'600'000);
    EXPECT_EQ(world.time.now(), now);
    world.scheduler.advance(1500ms);
    EXPECT_EQ(world.time.wall_now() - date, -3'598'500);
}

TEST(sim_random, the_same_seed_gives_the_same_numbers_and_parts_do_not_share_them) {
    auto one = sim_random::for_part(5, "disk");
    auto same = sim_random::for_part(5, "disk");
    auto other = sim_random::for_part(5, "network");
    const auto value = one.next();
    EXPECT_EQ(value, same.next());
    EXPECT_NE(value, other.next());
    for (int i = 0; i < 1000; ++i) {
        const auto drawn = one.between(3, 5);
        EXPECT_TRUE(drawn >= 3 && drawn <= 5);
    }
}

TEST(sim_worker_pool, blocking_work_runs_off_the_executor_and_its_value_comes_back_to_it) {
    two_shards world;
    sim_worker_pool pool(world.scheduler, sim_random(1));
    bool on_executor = true;
    const auto value = run(world.first, run_blocking(pool, world.first, [&] {
                               on_executor = world.first.is_current();
                               return 7;
                           }));
    EXPECT_EQ(value, 7);
    EXPECT_FALSE(on_executor);
}

}  // namespace
}  // namespace logstore::env
