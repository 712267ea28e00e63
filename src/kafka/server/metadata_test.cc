#include "kafka/protocol/messages/metadata.h"

#include "cluster/errc.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class metadata : public connection_fixture {
  protected:
    static metadata_request for_names(const std::vector<std::string_view>& names) {
        metadata_request request;
        request.topics.emplace();
        for (const auto name : names) request.topics->emplace_back().name = name;
        return request;
    }
    static std::vector<std::string> names_in(const metadata_response& response) {
        std::vector<std::string> names;
        for (const auto& one : response.topics) names.push_back(one.name.value_or("(null)"));
        return names;
    }
    error_code code_for(const metadata_request& request, int version = 8) {
        const auto response = ask<metadata_response>(request, version);
        EXPECT_EQ(response.topics.size(), 1u);
        return response.topics.at(0).error;
    }
};

TEST_F(metadata, every_version_tells_broker_topics_and_leaders) {
    for (int version = 0; version <= 12; ++version) {
        const auto response = ask<metadata_response>(for_names({"events"}), version);
        ASSERT_EQ(response.brokers.size(), 1u) << version;
        EXPECT_EQ(response.brokers[0].id, broker_id(7));
        EXPECT_EQ(response.brokers[0].host, "broker.example");
        EXPECT_EQ(response.brokers[0].port, 19092);
        if (version >= 1) EXPECT_EQ(response.controller, broker_id(7));
        if (version >= 2) EXPECT_EQ(response.cluster_id, "memory-cluster");
        ASSERT_EQ(response.topics.size(), 1u);
        const auto& topic = response.topics[0];
        EXPECT_EQ(topic.error, error_code::none);
        EXPECT_EQ(topic.name, "events");
        if (version >= 10) EXPECT_EQ(topic.id, broker.tablet_of("events").topic);
        EXPECT_EQ(topic.authorized_operations, authorized_operations_unknown);
        EXPECT_EQ(response.cluster_authorized_operations, authorized_operations_unknown);
        ASSERT_EQ(topic.partitions.size(), 3u);
        for (int i = 0; i < 3; ++i) {
            const auto& part = topic.partitions[static_cast<std::size_t>(i)];
            EXPECT_EQ(part.error, error_code::none);
            EXPECT_EQ(part.index, partition_id(i));
            EXPECT_EQ(part.leader, broker_id(7));
            EXPECT_EQ(part.replicas, std::vector<broker_id>{broker_id(7)});
            EXPECT_EQ(part.in_sync_replicas, std::vector<broker_id>{broker_id(7)});
            EXPECT_TRUE(part.offline_replicas.empty());
            if (version >= 7) EXPECT_EQ(part.epoch, leader_epoch(3));
        }
    }
}

TEST_F(metadata, in_version_0_an_empty_list_means_all_and_later_none) {
    broker.add_topic("other");
    EXPECT_EQ(names_in(ask<metadata_response>(for_names({}), 0)),
              (std::vector<std::string>{"events", "other"}));
    EXPECT_TRUE(ask<metadata_response>(for_names({}), 1).topics.empty());
    EXPECT_EQ(ask<metadata_response>(for_names({}), 1).brokers.size(), 1u);
    EXPECT_EQ(names_in(ask<metadata_response>(metadata_request(), 1)),
              (std::vector<std::string>{"events", "other"}));
    EXPECT_EQ(names_in(ask<metadata_response>(metadata_request(), 12)),
              (std::vector<std::string>{"events", "other"}));
}

TEST_F(metadata, a_topic_named_often_is_told_once) {
    EXPECT_EQ(names_in(ask<metadata_response>(for_names({"events", "events", "new", "new", "events"}), 8)),
              (std::vector<std::string>{"events", "new"}));
}

TEST_F(metadata, an_unknown_topic_is_made_and_told_at_once) {
    options.partitions_default = 4;
    for (const int version : {0, 3, 4, 12}) {
        const std::string name = "made-" + std::to_string(version);
        const auto response = ask<metadata_response>(for_names({name}), version);
        EXPECT_EQ(response.topics.at(0).error, error_code::none);
        EXPECT_EQ(response.topics.at(0).partitions.size(), 4u);
        EXPECT_NE(broker.topics()->find(name), nullptr);
    }
}

TEST_F(metadata, nothing_is_made_where_it_is_not_allowed) {
    auto request = for_names({"new"});
    request.allow_auto_topic_creation = false;
    EXPECT_EQ(code_for(request), error_code::unknown_topic_or_partition);
    options.auto_create_topics = false;
    EXPECT_EQ(code_for(for_names({"new"})), error_code::unknown_topic_or_partition);
    EXPECT_EQ(broker.topics()->find("new"), nullptr);
}

TEST_F(metadata, an_illegal_name_is_17) {
    for (const std::string_view name : {"", ".", "..", "a/b", "a b", "\xff\xfe"}) {
        EXPECT_EQ(code_for(for_names({name})), error_code::invalid_topic_exception);
    }
    EXPECT_EQ(code_for(for_names({std::string(250, 'x')})), error_code::invalid_topic_exception);
    EXPECT_EQ(broker.topics()->topics().size(), 1u);
}

TEST_F(metadata, trouble_with_making_a_topic_is_told_in_words_clients_retry_on) {
    broker.topic_failures = {error(cluster::errc::no_space), error(cluster::errc::topic_name_collides),
                             error(cluster::errc::limit_reached), error(cluster::errc::unknown_outcome)};
    EXPECT_EQ(code_for(for_names({"new"})), error_code::leader_not_available);
    EXPECT_EQ(code_for(for_names({"new"})), error_code::invalid_topic_exception);
    EXPECT_EQ(code_for(for_names({"new"})), error_code::policy_violation);
    EXPECT_EQ(code_for(for_names({"new"})), error_code::leader_not_available);
}

TEST_F(metadata, topics_are_found_by_id_from_version_12_on) {
    metadata_request request;
    request.topics.emplace();
    request.topics->emplace_back().name.reset();
    request.topics->back().id = broker.tablet_of("events").topic;
    EXPECT_EQ(names_in(ask<metadata_response>(request, 12)), std::vector<std::string>{"events"});
    request.topics->back().id = topic_id::from_random_bits(5, 5);
    const auto response = ask<metadata_response>(request, 12);
    EXPECT_EQ(response.topics.at(0).error, error_code::unknown_topic_id);
    EXPECT_EQ(response.topics.at(0).id, topic_id::from_random_bits(5, 5));
    EXPECT_FALSE(response.topics.at(0).name.has_value());
}

TEST_F(metadata, a_topic_with_neither_name_nor_id_is_an_invalid_request) {
    metadata_request request;
    request.topics.emplace();
    request.topics->emplace_back().name.reset();
    EXPECT_EQ(code_for(request, 10), error_code::invalid_request);
    EXPECT_EQ(code_for(request, 12), error_code::invalid_request);
}

}  // namespace
}  // namespace logstore::kafka
