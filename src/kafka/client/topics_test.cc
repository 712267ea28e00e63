#include "kafka/client/topics.h"

#include <gtest/gtest.h>

#include "kafka/client/broker_error.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka {
namespace {

using testing::fake_broker;
using testing::memory_topics;

env::task<void> life_of_a_topic(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);

    new_topic asked;
    asked.name = "events";
    asked.partition_count = 5;
    asked.configs = {{"retention.ms", "1000"}};
    const auto created = co_await create_topic(connection->get(), asked);
    CO_ASSERT_TRUE(created);
    EXPECT_EQ(created->partition_count, 5);
    EXPECT_EQ(created->id, memory.topics.at("events").id);
    EXPECT_EQ(memory.topics.at("events").configs.at("retention.ms"), "1000");

    const auto again = co_await create_topic(connection->get(), asked);
    CO_ASSERT_FALSE(again);
    EXPECT_EQ(broker_error_code(again.error()), error_code::topic_already_exists);
    EXPECT_EQ(again.error().detail, "said by the memory broker");

    const auto all = co_await fetch_metadata(connection->get(), std::nullopt);
    CO_ASSERT_TRUE(all);
    CO_ASSERT_TRUE(all->topics.size() == 1);
    EXPECT_EQ(all->topics.front().partitions.size(), 5u);

    const auto gone = co_await delete_topic(connection->get(), "events");
    EXPECT_TRUE(gone.has_value());
    EXPECT_TRUE(memory.topics.empty());
    const auto gone_twice = co_await delete_topic(connection->get(), "events");
    CO_ASSERT_FALSE(gone_twice);
    EXPECT_EQ(broker_error_code(gone_twice.error()), error_code::unknown_topic_or_partition);
}
TEST(topics, a_topic_is_created_found_and_deleted) {
    testing::run_on_host(life_of_a_topic);
}

env::task<void> asking_for_one(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.add("a", 1);
    memory.add("b", 2);
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    const std::vector<std::string> names{"b", "absent"};
    const auto found = co_await fetch_metadata(connection->get(), names);
    CO_ASSERT_TRUE(found && found->topics.size() == 2);
    EXPECT_EQ(found->topics[0].name, "b");
    EXPECT_EQ(found->topics[0].error, error_code::none);
    EXPECT_EQ(found->topics[1].error, error_code::unknown_topic_or_partition);
    EXPECT_FALSE(memory.topics.contains("absent"));
}
TEST(topics, only_the_topics_asked_for_are_described_and_none_is_created_by_asking) {
    testing::run_on_host(asking_for_one);
}

env::task<void> defaults_of_the_broker(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.default_partition_count = 6;
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    new_topic asked;
    asked.name = "events";
    const auto created = co_await create_topic(connection->get(), asked);
    CO_ASSERT_TRUE(created);
    EXPECT_EQ(created->partition_count, 6);
}
TEST(topics, what_is_left_out_is_the_brokers_default) {
    testing::run_on_host(defaults_of_the_broker);
}

env::task<void> old_versions(env::environment world) {
    fake_broker broker(world);
    broker.offered = {{api_key::create_topics, api_version(2), api_version(3)},
                      {api_key::delete_topics, api_version(1), api_version(2)}};
    memory_topics memory(broker);
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    new_topic asked;
    asked.name = "events";
    asked.partition_count = 2;
    const auto created = co_await create_topic(connection->get(), asked);
    CO_ASSERT_TRUE(created);
    EXPECT_TRUE(created->id.is_none());
    EXPECT_EQ(created->partition_count, std::nullopt);
    const auto gone = co_await delete_topic(connection->get(), "events");
    EXPECT_TRUE(gone.has_value());
    const auto metadata = co_await fetch_metadata(connection->get(), std::nullopt);
    CO_ASSERT_FALSE(metadata);
    EXPECT_EQ(metadata.error().code, client_errc::unsupported);
}
TEST(topics, old_brokers_are_spoken_to_in_their_versions) {
    testing::run_on_host(old_versions);
}

}  // namespace
}  // namespace logstore::kafka
