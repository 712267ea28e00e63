#include "env/asio_executor.h"

#include <thread>

#include <gtest/gtest.h>

#include "env/gate.h"
#include "env/system_clock.h"
#include "env/task.h"
#include "env/thread_pool.h"

namespace logstore::env {
namespace {

using std::chrono::milliseconds;

struct asio_executor_test : testing::Test {
    system_clock clock;
    asio_executor loop{clock};
    std::vector<int> seen;

    monotonic_time in(duration how_long) { return clock.now() + how_long; }
    void run_until_seen(std::size_t count) {
        loop.run_until([&] { return seen.size() >= count; });
    }
};

TEST_F(asio_executor_test, runs_posted_work_in_order_and_not_inside_post) {
    for (int i = 0; i < 100; ++i) loop.post([this, i] { seen.push_back(i); });
    EXPECT_TRUE(seen.empty());
    run_until_seen(100);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[std::size_t(i)], i);
}

TEST_F(asio_executor_test, work_posted_by_work_runs_after_what_was_there) {
    loop.post([this] {
        seen.push_back(1);
        loop.post([this] { seen.push_back(3); });
    });
    loop.post([this] { seen.push_back(2); });
    run_until_seen(3);
    EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

TEST_F(asio_executor_test, timers_run_in_the_order_of_their_times_and_then_of_their_start) {
    const auto same = in(milliseconds(3));
    loop.start_timer(in(milliseconds(6)), [this] { seen.push_back(4); });
    loop.start_timer(same, [this] { seen.push_back(2); });
    loop.start_timer(same, [this] { seen.push_back(3); });
    loop.start_timer(in(milliseconds(1)), [this] { seen.push_back(1); });
    run_until_seen(4);
    EXPECT_EQ(seen, (std::vector{1, 2, 3, 4}));
}

TEST_F(asio_executor_test, a_timer_never_runs_early_and_at_once_when_its_time_is_past) {
    const auto begin = clock.now();
    loop.start_timer(begin + milliseconds(20), [this] { seen.push_back(2); });
    loop.start_timer(begin - milliseconds(20), [this] { seen.push_back(1); });
    run_until_seen(1);
    EXPECT_LT(clock.now() - begin, milliseconds(20));
    run_until_seen(2);
    EXPECT_GE(clock.now() - begin, milliseconds(20));
}

TEST_F(asio_executor_test, a_cancelled_timer_does_not_run_even_when_it_was_the_earliest) {
    const timer_id first = loop.start_timer(in(milliseconds(1)), [this] { seen.push_back(1); });
    loop.start_timer(in(milliseconds(5)), [this] { seen.push_back(2); });
    loop.cancel_timer(first);
    run_until_seen(1);
    EXPECT_EQ(seen, (std::vector{2}));
    loop.cancel_timer(first);
}

TEST_F(asio_executor_test, a_due_timer_can_be_cancelled_by_the_one_before_it) {
    const auto when = in(milliseconds(1));
    timer_id second = 0;
    loop.start_timer(when, [&] {
        seen.push_back(1);
        loop.cancel_timer(second);
    });
    second = loop.start_timer(when, [this] { seen.push_back(2); });
    loop.start_timer(when + milliseconds(2), [this] { seen.push_back(3); });
    run_until_seen(2);
    EXPECT_EQ(seen, (std::vector{1, 3}));
}

TEST_F(asio_executor_test, timers_that_start_timers_for_now_starve_nothing) {
    struct repeating {
        asio_executor_test& test;
        int count = 0;
        void run() {
            ++count;
            test.loop.start_timer(test.clock.now(), [this] { run(); });
        }
    } again{*this};
    again.run();
    loop.post([&] { seen.push_back(again.count); });
    loop.start_timer(in(milliseconds(5)), [this] { seen.push_back(0); });
    run_until_seen(2);
    EXPECT_GT(again.count, 1);
}

TEST_F(asio_executor_test, sleep_and_yield_come_back_here) {
    gate inside;
    struct body {
        static task<void> run(asio_executor_test& test) {
            test.seen.push_back(1);
            co_await yield(test.loop);
            test.seen.push_back(3);
            const auto before = test.clock.now();
            co_await sleep(test.loop, milliseconds(5));
            EXPECT_GE(test.clock.now() - before, milliseconds(5));
            test.seen.push_back(4);
        }
    };
    spawn(inside, body::run(*this));
    seen.push_back(2);
    run_until_seen(4);
    EXPECT_EQ(seen, (std::vector{1, 2, 3, 4}));
}

struct counted_message final : remote_message {
    std::vector<std::pair<int, int>>& into;
    int sender;
    int number;
    counted_message(std::vector<std::pair<int, int>>& the_into, int the_sender, int the_number)
        : into(the_into), sender(the_sender), number(the_number) {}
    void run() override {
        into.emplace_back(sender, number);
        delete this;
    }
};

TEST_F(asio_executor_test, messages_of_four_threads_all_arrive_in_the_order_of_each_sender) {
    constexpr int senders = 4;
    constexpr int each = 20'000;
    std::vector<std::pair<int, int>> arrived;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender) {
        threads.emplace_back([&, sender] {
            for (int i = 0; i < each; ++i) {
                loop.send(new counted_message(arrived, sender, i));
                if (i % 1000 == 0)
                    std::this_thread::sleep_for(milliseconds(1));  // lets the loop go idle in between
            }
        });
    }
    loop.run_until([&] { return arrived.size() == std::size_t(senders * each); });
    for (auto& thread : threads) thread.join();
    std::vector<int> expected(senders, 0);
    for (const auto& [sender, number] : arrived) EXPECT_EQ(number, expected[std::size_t(sender)]++);
}

TEST_F(asio_executor_test, a_message_wakes_an_idle_loop) {
    std::vector<std::pair<int, int>> arrived;
    std::thread sender([&] {
        std::this_thread::sleep_for(milliseconds(20));
        loop.send(new counted_message(arrived, 1, 1));
    });
    loop.run_until([&] { return !arrived.empty(); });
    sender.join();
    EXPECT_EQ(arrived.size(), 1u);
}

TEST_F(asio_executor_test, blocking_work_runs_elsewhere_and_its_value_comes_home) {
    thread_pool pool("test", 2);
    gate inside;
    struct body {
        static task<void> run(asio_executor_test& test, worker_pool& pool) {
            auto work_away = [&test] { return test.loop.is_current() ? -1 : 7; };
            const int value = co_await run_blocking(pool, test.loop, work_away);
            EXPECT_TRUE(test.loop.is_current());
            test.seen.push_back(value);
        }
    };
    for (int i = 0; i < 100; ++i) spawn(inside, body::run(*this, pool));
    run_until_seen(100);
    EXPECT_EQ(seen, std::vector<int>(100, 7));
}

struct counting_hook final : turn_end_hook {
    std::vector<int>& seen;
    explicit counting_hook(std::vector<int>& the_seen) : seen(the_seen) {}
    void at_turn_end() override { seen.push_back(100); }
};

TEST_F(asio_executor_test, a_turn_end_hook_runs_once_after_the_work_of_the_turn) {
    counting_hook hook(seen);
    loop.post([&] {
        loop.call_at_turn_end(hook);
        seen.push_back(1);
    });
    loop.post([&] {
        loop.call_at_turn_end(hook);
        seen.push_back(2);
    });
    run_until_seen(3);
    loop.call_at_turn_end(hook);
    loop.forget(hook);
    loop.post([this] { seen.push_back(3); });
    run_until_seen(4);
    EXPECT_EQ(seen, (std::vector{1, 2, 100, 3}));
}

}  // namespace
}  // namespace logstore::env
