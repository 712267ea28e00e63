#include "env/timer_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace logstore::env {
namespace {

struct timer_queue_test : testing::Test {
    timer_queue timers;
    std::vector<int> ran;

    static monotonic_time at(int ns) { return monotonic_time(duration(ns)); }
    timer_id add(int ns, int number) {
        return timers.add(at(ns), [this, number] { ran.push_back(number); });
    }
    void run_due(int now) {
        const timer_id before = timers.next_id();
        while (work what = timers.take_due(at(now), before)) what();
    }
};

TEST_F(timer_queue_test, gives_out_what_is_due_by_time_and_then_by_age) {
    add(30, 3);
    add(10, 1);
    add(20, 2);
    add(10, 11);
    EXPECT_EQ(timers.earliest(), at(10));
    run_due(20);
    EXPECT_EQ(ran, (std::vector{1, 11, 2}));
    EXPECT_EQ(timers.earliest(), at(30));
    run_due(29);
    EXPECT_EQ(ran.size(), 3u);
    run_due(30);
    EXPECT_EQ(ran.back(), 3);
    EXPECT_EQ(timers.earliest(), std::nullopt);
    EXPECT_EQ(timers.size(), 0u);
}

TEST_F(timer_queue_test, cancelled_timers_are_gone) {
    const timer_id first = add(10, 1);
    add(20, 2);
    timers.cancel(first);
    timers.cancel(first);
    timers.cancel(12345);
    EXPECT_EQ(timers.earliest(), at(20));
    run_due(100);
    EXPECT_EQ(ran, (std::vector{2}));
}

TEST_F(timer_queue_test, a_burst_leaves_the_timers_that_it_started) {
    timers.add(at(10), [this] {
        ran.push_back(1);
        add(5, 2);
    });
    run_due(10);
    EXPECT_EQ(ran, (std::vector{1}));
    run_due(10);
    EXPECT_EQ(ran, (std::vector{1, 2}));
}

}  // namespace
}  // namespace logstore::env
