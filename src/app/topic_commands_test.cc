#include "app/topic_commands.h"

#include <gtest/gtest.h>

#include "app/testing/recorded_console.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::app {
namespace {

using kafka::testing::fake_broker;
using kafka::testing::memory_topics;
using kafka::testing::run_on_host;

/// A broker with topics, and a console.
struct stage {
    explicit stage(env::environment the_world) : world(the_world), broker(world), memory(broker) {
        target.server = broker.address();
    }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    server_choice target;
    testing::recorded_console out;
};

env::task<void> creating(env::environment world) {
    stage on(world);
    const create_topic_command asked{on.target, "events", 8, {{"retention.ms", "1"}}};
    const exit_code created = co_await run_create_topic(world, &on.out, asked);
    EXPECT_EQ(created, exit_code::success) << on.out.said;
    EXPECT_EQ(on.out.printed, "created topic 'events' with 8 partitions\n");
    EXPECT_EQ(on.memory.topics.at("events").partitions.size(), 8u);
    EXPECT_EQ(on.memory.topics.at("events").configs.at("retention.ms"), "1");

    const exit_code again = co_await run_create_topic(world, &on.out, asked);
    EXPECT_EQ(again, exit_code::already_exists);
    EXPECT_NE(on.out.said.find("creating topic 'events': said by the memory broker (TOPIC_ALREADY_EXISTS). "),
              std::string::npos)
        << on.out.said;
}
TEST(topic_commands, a_topic_is_created_once) {
    run_on_host(creating);
}

env::task<void> listing(env::environment world) {
    stage on(world);
    const exit_code none = co_await run_list_topics(world, &on.out, {on.target});
    EXPECT_EQ(none, exit_code::success);
    EXPECT_EQ(on.out.printed, "");
    EXPECT_NE(on.out.said.find("there is no topic yet"), std::string::npos);

    on.memory.add("orders", 12);
    on.memory.add("events", 3);
    const exit_code some = co_await run_list_topics(world, &on.out, {on.target});
    EXPECT_EQ(some, exit_code::success);
    EXPECT_EQ(on.out.printed,
              "NAME    PARTITIONS  ID\n"
              "events  3           " +
                  on.memory.topics.at("events").id.text() +
                  "\n"
                  "orders  12          " +
                  on.memory.topics.at("orders").id.text() + "\n");

    on.out.printed.clear();
    on.target.json = true;
    on.memory.topics.erase("orders");
    const exit_code json = co_await run_list_topics(world, &on.out, {on.target});
    EXPECT_EQ(json, exit_code::success);
    EXPECT_EQ(on.out.printed, "{\"topics\":[{\"name\":\"events\",\"id\":\"" +
                                  on.memory.topics.at("events").id.text() +
                                  "\",\"partitions\":3,\"internal\":false}]}\n");
}
TEST(topic_commands, topics_are_listed_by_name) {
    run_on_host(listing);
}

env::task<void> describing(env::environment world) {
    stage on(world);
    on.memory.add("events", 2).partitions[1].next_offset = 42;
    const exit_code found = co_await run_describe_topic(world, &on.out, {on.target, "events"});
    EXPECT_EQ(found, exit_code::success) << on.out.said;
    EXPECT_EQ(on.out.printed,
              "topic       events\n"
              "id          " +
                  on.memory.topics.at("events").id.text() +
                  "\n"
                  "partitions  2\n"
                  "\n"
                  "PARTITION  LEADER  EPOCH  REPLICAS  IN SYNC  FIRST OFFSET  NEXT OFFSET\n"
                  "0          1       7      1         1        0             0\n"
                  "1          1       7      1         1        0             42\n");
    const exit_code absent = co_await run_describe_topic(world, &on.out, {on.target, "absent"});
    EXPECT_EQ(absent, exit_code::not_found);
    EXPECT_NE(on.out.said.find("'logstore topic list' shows what there is"), std::string::npos)
        << on.out.said;
}
TEST(topic_commands, a_topic_is_described_with_its_offsets) {
    run_on_host(describing);
}

env::task<void> deleting(env::environment world) {
    stage on(world);
    on.memory.add("events", 2);
    const delete_topic_command unconfirmed{on.target, "events", false};

    const exit_code unattended = co_await run_delete_topic(world, &on.out, unconfirmed);
    EXPECT_EQ(unattended, exit_code::wrong_usage);
    EXPECT_NE(on.out.said.find("--yes"), std::string::npos);
    EXPECT_EQ(on.broker.connections_accepted(), 0u);

    on.out.somebody_is_there = true;
    const exit_code declined = co_await run_delete_topic(world, &on.out, unconfirmed);
    EXPECT_EQ(declined, exit_code::failed);
    EXPECT_TRUE(on.memory.topics.contains("events"));

    on.out.answer = true;
    const exit_code agreed = co_await run_delete_topic(world, &on.out, unconfirmed);
    EXPECT_EQ(agreed, exit_code::success);
    EXPECT_FALSE(on.memory.topics.contains("events"));
    EXPECT_EQ(on.out.printed, "deleted topic 'events'\n");

    on.out.somebody_is_there = false;
    const exit_code gone = co_await run_delete_topic(world, &on.out, {on.target, "events", true});
    EXPECT_EQ(gone, exit_code::not_found);
}
TEST(topic_commands, a_topic_is_deleted_only_when_somebody_means_it) {
    run_on_host(deleting);
}

env::task<void> unreachable(env::environment world) {
    testing::recorded_console out;
    server_choice target;
    target.server = fake_broker(world).address();  // which is gone now
    const exit_code code = co_await run_list_topics(world, &out, {target});
    EXPECT_EQ(code, exit_code::server_unreachable);
    EXPECT_NE(out.said.find("Is the server running? Start one with 'logstore serve'"), std::string::npos)
        << out.said;
}
TEST(topic_commands, without_a_server_the_user_is_told_how_to_start_one) {
    run_on_host(unreachable);
}

env::task<void> silent(env::environment world) {
    stage on(world);
    on.broker.on_request = [](fake_broker::session& with, const kafka::request_frame&) { with.close(); };
    const exit_code code = co_await run_create_topic(world, &on.out, {on.target, "events", 1, {}});
    EXPECT_EQ(code, exit_code::server_unreachable);
    EXPECT_NE(on.out.said.find("It may have taken effect"), std::string::npos) << on.out.said;
}
TEST(topic_commands, an_unknown_outcome_is_told_as_unknown) {
    run_on_host(silent);
}

}  // namespace
}  // namespace logstore::app
