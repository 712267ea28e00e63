#include "kafka/client/cluster_view.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka {
namespace {

using namespace std::chrono_literals;
using testing::fake_broker;
using testing::memory_topics;

struct stage {
    explicit stage(env::environment the_world)
        : world(the_world),
          broker(world),
          memory(broker),
          cluster(world, {.bootstrap = {broker.address()}, .connection = {}}) {
        memory.add("events", 2);
    }
    env::environment world;
    fake_broker broker;
    memory_topics memory;
    cluster_view cluster;
};

using body = env::task<void> (*)(stage*);

env::task<void> open_and_close(env::environment world, body what) {
    stage on(world);
    co_await what(&on);
    co_await on.cluster.close();
}

void run(body what) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        env::sim_world world(seed);
        world.run(open_and_close(world.shard(), what));
    }
}

env::task<void> leaders(stage* on) {
    EXPECT_EQ(on->cluster.find("events"), nullptr);
    EXPECT_TRUE(on->cluster.is_old("events"));
    on->memory.topics.at("events").partitions[1].leader = broker_id(9);
    const auto known = co_await on->cluster.refresh("events");
    CO_ASSERT_TRUE(known);
    const topic_view* view = on->cluster.find("events");
    EXPECT_EQ(view->leader_of(partition_id(0)), broker_id(1));
    // A leader that is no broker of the cluster leads nowhere.
    EXPECT_EQ(view->leader_of(partition_id(1)), topic_view::no_broker);
    EXPECT_EQ(view->leader_of(partition_id(2)), topic_view::no_broker);
    EXPECT_EQ(view->leader_of(partition_id(-1)), topic_view::no_broker);
    EXPECT_FALSE(on->cluster.is_old("events"));
    co_await env::sleep(on->world.loop, 6min);
    EXPECT_TRUE(on->cluster.is_old("events"));
}
TEST(cluster_view, it_knows_what_it_was_told_until_that_is_old) {
    run(leaders);
}

env::task<void> ask_once(stage* on, std::size_t* done) {
    const auto known = co_await on->cluster.refresh("events");
    EXPECT_TRUE(known.has_value());
    const auto connection = co_await on->cluster.connect(broker_id(1));
    EXPECT_TRUE(connection.has_value());
    ++*done;
}
env::task<void> together(stage* on) {
    std::size_t done = 0;
    env::gate asking;
    for (int i = 0; i < 20; ++i) env::spawn(asking, ask_once(on, &done));
    co_await asking.close();
    EXPECT_EQ(done, 20u);
    EXPECT_EQ(on->broker.connections_accepted(), 1u);
    EXPECT_LE(on->memory.metadata_requests, 2u);
}
TEST(cluster_view, those_who_ask_at_the_same_time_share_question_and_connection) {
    run(together);
}

env::task<void> backing_off(stage* on) {
    const auto known = co_await on->cluster.refresh("events");
    CO_ASSERT_TRUE(known);
    on->broker.stop_listening();
    on->broker.close_all();
    co_await env::sleep(on->world.loop, 10ms);
    EXPECT_EQ(on->cluster.open_connection(broker_id(1)), nullptr);
    const env::monotonic_time start = on->world.time().now();
    for (int i = 0; i < 10; ++i) {
        const auto failed = co_await on->cluster.connect(broker_id(1));
        EXPECT_FALSE(failed.has_value());
    }
    // 50 + 100 + 200 + 400 + 800 + 4 * 1000 ms, a fifth more or less.
    const auto took = std::chrono::duration<double>(on->world.time().now() - start).count();
    EXPECT_GT(took, 5.55 * 0.79);
    EXPECT_LT(took, 5.55 * 1.21);
}
TEST(cluster_view, a_broker_that_is_away_is_tried_less_and_less_often) {
    run(backing_off);
}

env::task<void> shut_while_waiting(stage* on) {
    on->broker.stop_listening();
    on->broker.close_all();
    const env::monotonic_time start = on->world.time().now();
    on->world.loop.start_timer(start + 5s, [on] { on->cluster.shut(); });
    const auto failed = co_await on->cluster.wait_for_topic("events", start + 1h);
    CO_ASSERT_FALSE(failed);
    EXPECT_LT(on->world.time().now() - start, 5100ms);
    const auto late = co_await on->cluster.connect(broker_id(1));
    CO_ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, client_errc::closed);
}
TEST(cluster_view, a_shut_view_wakes_those_who_wait) {
    run(shut_while_waiting);
}

env::task<void> unknown_broker(stage* on) {
    const auto nowhere = co_await on->cluster.connect(broker_id(5));
    CO_ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, client_errc::unreachable);
    EXPECT_EQ(on->cluster.name_of(broker_id(5)), "broker 5");
    const auto absent = co_await on->cluster.wait_for_topic("absent", on->world.time().now() + 1h);
    CO_ASSERT_FALSE(absent);
    EXPECT_EQ(broker_error_code(absent.error()), error_code::unknown_topic_or_partition);
}
TEST(cluster_view, what_nobody_knows_is_not_waited_for) {
    run(unknown_broker);
}

}  // namespace
}  // namespace logstore::kafka
