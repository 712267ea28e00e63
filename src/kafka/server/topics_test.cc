// CreateTopics and DeleteTopics.
#include "cluster/errc.h"
#include "kafka/protocol/messages/create_topics.h"
#include "kafka/protocol/messages/delete_topics.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class create_topics : public connection_fixture {
  protected:
    static create_topics_request::topic topic_of(std::string_view name, std::int32_t partitions = 2,
                                                 std::int16_t replication = 1) {
        create_topics_request::topic topic;
        topic.name = name;
        topic.partition_count = partitions;
        topic.replication_factor = replication;
        return topic;
    }
    create_topics_response::topic create(const create_topics_request::topic& topic, int version = 7,
                                         bool validate_only = false) {
        create_topics_request request;
        request.topics.push_back(topic);
        request.validate_only = validate_only;
        const auto response = ask<create_topics_response>(request, version);
        EXPECT_EQ(response.topics.size(), 1u);
        EXPECT_EQ(response.topics.at(0).name, topic.name);
        return response.topics.at(0);
    }
    cluster::topic_ptr find(std::string_view name) { return broker.topics()->find(name); }
};

TEST_F(create_topics, a_topic_is_made_in_every_version) {
    for (int version = 2; version <= 7; ++version) {
        const std::string name = "made-" + std::to_string(version);
        auto wanted = topic_of(name, 5);
        wanted.configs.push_back({"retention.ms", "1000"});
        const auto answer = create(wanted, version);
        EXPECT_EQ(answer.error, error_code::none);
        EXPECT_FALSE(answer.error_message.has_value());
        ASSERT_NE(find(name), nullptr);
        EXPECT_EQ(find(name)->partition_count, 5);
        EXPECT_EQ(find(name)->configs.at("retention.ms"), "1000");
        if (version >= 5) {
            EXPECT_EQ(answer.partition_count, 5);
            EXPECT_EQ(answer.replication_factor, 1);
            ASSERT_TRUE(answer.configs.has_value());
            EXPECT_EQ(answer.configs->at(0).name, "retention.ms");
        }
        if (version >= 7) EXPECT_EQ(answer.id, find(name)->id);
    }
}

TEST_F(create_topics, validate_only_makes_nothing) {
    const auto answer = create(topic_of("new"), 7, true);
    EXPECT_EQ(answer.error, error_code::none);
    EXPECT_EQ(answer.partition_count, 2);
    EXPECT_TRUE(answer.id.is_none());
    EXPECT_EQ(find("new"), nullptr);
    EXPECT_EQ(create(topic_of("new", 0), 7, true).error, error_code::invalid_partitions);
}

TEST_F(create_topics, defaults_are_the_brokers_in_every_version) {
    options.partitions_default = 6;
    for (const int version : {2, 3, 4, 7}) {
        const std::string name = "new-" + std::to_string(version);
        EXPECT_EQ(create(topic_of(name, -1, -1), version).error, error_code::none);
        EXPECT_EQ(find(name)->partition_count, 6) << version;
    }
}

TEST_F(create_topics, counts_that_cannot_be_are_refused) {
    EXPECT_EQ(create(topic_of("new", 0)).error, error_code::invalid_partitions);
    EXPECT_EQ(create(topic_of("new", -2)).error, error_code::invalid_partitions);
    EXPECT_EQ(create(topic_of("new", 1, 2)).error, error_code::invalid_replication_factor);
    EXPECT_EQ(create(topic_of("new", 1, 0)).error, error_code::invalid_replication_factor);
    EXPECT_EQ(find("new"), nullptr);
}

TEST_F(create_topics, assignments_by_hand_must_be_on_this_broker) {
    auto wanted = topic_of("new", -1, -1);
    wanted.assignments = {{partition_id(1), {broker_id(7)}}, {partition_id(0), {broker_id(7)}}};
    EXPECT_EQ(create(wanted).error, error_code::none);
    EXPECT_EQ(find("new")->partition_count, 2);
    wanted.name = "other";
    wanted.assignments[0].brokers = {broker_id(8)};
    EXPECT_EQ(create(wanted).error, error_code::invalid_replica_assignment);
    wanted.assignments[0].brokers = {broker_id(7), broker_id(7)};
    EXPECT_EQ(create(wanted).error, error_code::invalid_replica_assignment);
    wanted.assignments[0].brokers = {broker_id(7)};
    wanted.assignments[0].index = partition_id(0);
    EXPECT_EQ(create(wanted).error, error_code::invalid_replica_assignment);
    wanted.assignments[0].index = partition_id(2);
    EXPECT_EQ(create(wanted).error, error_code::invalid_replica_assignment);
    wanted.assignments[0].index = partition_id(1);
    wanted.partition_count = 2;
    EXPECT_EQ(create(wanted).error, error_code::invalid_request);
}

TEST_F(create_topics, names_are_checked) {
    for (const std::string_view name : {"", ".", "..", "a/b", "ä"}) {
        EXPECT_EQ(create(topic_of(name)).error, error_code::invalid_topic_exception);
    }
}

TEST_F(create_topics, a_topic_named_twice_is_refused_once_and_not_made) {
    create_topics_request request;
    request.topics = {topic_of("twice"), topic_of("once"), topic_of("twice")};
    const auto response = ask<create_topics_response>(request, 7);
    ASSERT_EQ(response.topics.size(), 2u);
    EXPECT_EQ(response.topics[0].error, error_code::invalid_request);
    EXPECT_EQ(response.topics[1].error, error_code::none);
    EXPECT_EQ(find("twice"), nullptr);
    EXPECT_NE(find("once"), nullptr);
}

TEST_F(create_topics, a_config_without_a_value_is_invalid) {
    auto wanted = topic_of("new");
    wanted.configs.push_back({"retention.ms", std::nullopt});
    EXPECT_EQ(create(wanted).error, error_code::invalid_config);
}

TEST_F(create_topics, refusals_of_the_directory_have_kafkas_codes) {
    const auto code_for = [&](cluster::errc why) {
        broker.topic_failures = {error(why, "a sentence")};
        const auto answer = create(topic_of("new"));
        EXPECT_EQ(answer.error_message.value_or("").find("a sentence"), 0u);
        return answer.error;
    };
    EXPECT_EQ(code_for(cluster::errc::topic_exists), error_code::topic_already_exists);
    EXPECT_EQ(code_for(cluster::errc::topic_name_collides), error_code::invalid_topic_exception);
    EXPECT_EQ(code_for(cluster::errc::invalid_topic_name), error_code::invalid_topic_exception);
    EXPECT_EQ(code_for(cluster::errc::invalid_partition_count), error_code::invalid_partitions);
    EXPECT_EQ(code_for(cluster::errc::limit_reached), error_code::policy_violation);
    EXPECT_EQ(code_for(cluster::errc::invalid_config), error_code::invalid_config);
    EXPECT_EQ(code_for(cluster::errc::unsupported_config), error_code::invalid_config);
    EXPECT_EQ(code_for(cluster::errc::no_space), error_code::kafka_storage_error);
    EXPECT_EQ(code_for(cluster::errc::closed), error_code::not_controller);
    EXPECT_EQ(code_for(cluster::errc::overloaded), error_code::throttling_quota_exceeded);
    // Nobody knows whether it was made: said in words that mean so.
    EXPECT_EQ(code_for(cluster::errc::unknown_outcome), error_code::request_timed_out);
    EXPECT_EQ(code_for(cluster::errc::io), error_code::unknown_server_error);
}

class delete_topics : public connection_fixture {
  protected:
    delete_topics_response remove(const std::vector<std::string_view>& names, int version) {
        delete_topics_request request;
        if (version < 6) {
            request.topic_names = names;
        } else {
            for (const auto name : names) request.topics.emplace_back().name = name;
        }
        return ask<delete_topics_response>(request, version);
    }
    delete_topics_response::topic remove_by_id(const topic_id& id) {
        delete_topics_request request;
        request.topics.emplace_back().id = id;
        return ask<delete_topics_response>(request, 6).topics.at(0);
    }
};

TEST_F(delete_topics, topics_are_deleted_by_name_in_every_version) {
    for (int version = 1; version <= 6; ++version) {
        broker.add_topic("doomed");
        const auto response = remove({"doomed", "nothing"}, version);
        ASSERT_EQ(response.topics.size(), 2u);
        EXPECT_EQ(response.topics[0].error, error_code::none);
        EXPECT_EQ(response.topics[0].name, "doomed");
        EXPECT_EQ(response.topics[1].error, error_code::unknown_topic_or_partition);
        EXPECT_EQ(response.topics[1].name, "nothing");
        EXPECT_EQ(broker.topics()->find("doomed"), nullptr);
    }
}

TEST_F(delete_topics, topics_are_deleted_by_id) {
    const topic_id id = broker.tablet_of("events").topic;
    const auto answer = remove_by_id(id);
    EXPECT_EQ(answer.error, error_code::none);
    EXPECT_EQ(answer.name, "events");
    EXPECT_EQ(answer.id, id);
    const auto again = remove_by_id(id);
    EXPECT_EQ(again.error, error_code::unknown_topic_id);
    EXPECT_EQ(again.id, id);
    EXPECT_FALSE(again.name.has_value());
}

TEST_F(delete_topics, a_topic_named_twice_is_deleted_once) {
    const auto response = remove({"events", "events"}, 5);
    EXPECT_EQ(response.topics[0].error, error_code::none);
    EXPECT_EQ(response.topics[1].error, error_code::invalid_request);
}

TEST_F(delete_topics, a_topic_needs_either_a_name_or_an_id) {
    EXPECT_EQ(remove_by_id({}).error, error_code::invalid_request);
    delete_topics_request request;
    request.topics.emplace_back().name = "events";
    request.topics.back().id = broker.tablet_of("events").topic;
    EXPECT_EQ(ask<delete_topics_response>(request, 6).topics.at(0).error, error_code::invalid_request);
    EXPECT_NE(broker.topics()->find("events"), nullptr);
}

TEST_F(delete_topics, refusals_of_the_directory_have_kafkas_codes) {
    const auto code_for = [&](cluster::errc why) {
        broker.topic_failures = {error(why)};
        return remove({"events"}, 6).topics.at(0).error;
    };
    EXPECT_EQ(code_for(cluster::errc::unknown_topic), error_code::unknown_topic_or_partition);
    EXPECT_EQ(code_for(cluster::errc::unknown_outcome), error_code::request_timed_out);
    EXPECT_EQ(code_for(cluster::errc::closed), error_code::not_controller);
    broker.topic_failures = {error(cluster::errc::unknown_topic)};
    EXPECT_EQ(remove_by_id(broker.tablet_of("events").topic).error, error_code::unknown_topic_id);
}

}  // namespace
}  // namespace logstore::kafka
