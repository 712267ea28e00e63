#include "kafka/protocol/messages/create_partitions.h"

#include "cluster/errc.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using assignments = std::vector<std::vector<std::int32_t>>;

constexpr int last_version = 3;

class create_partitions : public connection_fixture {
  protected:
    static create_partitions_request of(std::string_view name, std::int32_t count) {
        create_partitions_request request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.count = count;
        return request;
    }
    static create_partitions_request assigned(std::int32_t count, const assignments& to) {
        create_partitions_request request = of("events", count);
        auto& all = request.topics[0].assignments.emplace();
        for (const auto& brokers : to) {
            auto& one = all.emplace_back();
            for (const std::int32_t broker : brokers) one.brokers.emplace_back(broker);
        }
        return request;
    }
    create_partitions_response::topic ask_one(const create_partitions_request& request,
                                              int version = last_version) {
        const auto response = ask<create_partitions_response>(request, version);
        EXPECT_EQ(response.topics.size(), 1u);
        EXPECT_EQ(response.topics.at(0).name, request.topics.at(0).name);
        EXPECT_EQ(response.topics.at(0).error_message.has_value(),
                  response.topics.at(0).error != error_code::none);
        return response.topics.at(0);
    }
    error_code grow(const create_partitions_request& request, int version = last_version) {
        return ask_one(request, version).error;
    }
    std::int32_t partitions() { return broker.topics()->find("events")->partition_count; }
};

TEST_F(create_partitions, a_topic_grows_in_every_version) {
    for (int version = 0; version <= last_version; ++version) {
        EXPECT_EQ(grow(of("events", 4 + version), version), error_code::none);
        EXPECT_EQ(partitions(), 4 + version);
    }
}

TEST_F(create_partitions, fewer_or_as_many_as_there_are_is_37) {
    for (const std::int32_t count : {3, 2, 1, 0, -1, std::numeric_limits<std::int32_t>::min()})
        EXPECT_EQ(grow(of("events", count)), error_code::invalid_partitions) << count;
    EXPECT_EQ(grow(of("events", std::numeric_limits<std::int32_t>::max())), error_code::invalid_partitions);
    EXPECT_EQ(partitions(), 3);
}

TEST_F(create_partitions, a_topic_that_there_is_not_is_3) {
    EXPECT_EQ(grow(of("nothing", 4)), error_code::unknown_topic_or_partition);
    broker.topic_failures.push_back(error(cluster::errc::unknown_topic));
    EXPECT_EQ(grow(of("events", 4)), error_code::unknown_topic_or_partition);
}

TEST_F(create_partitions, assignments_must_be_for_the_new_ones_and_for_this_broker) {
    EXPECT_EQ(grow(assigned(5, {{7}})), error_code::invalid_replica_assignment);
    EXPECT_EQ(grow(assigned(5, {})), error_code::invalid_replica_assignment);
    EXPECT_EQ(grow(assigned(5, {{7}, {8}})), error_code::invalid_replica_assignment);
    EXPECT_EQ(grow(assigned(5, {{7}, {}})), error_code::invalid_replica_assignment);
    EXPECT_EQ(grow(assigned(5, {{7}, {7, 7}})), error_code::invalid_replica_assignment);
    EXPECT_EQ(grow(assigned(3, {})), error_code::invalid_partitions);
    EXPECT_EQ(partitions(), 3);
    EXPECT_EQ(grow(assigned(5, {{7}, {7}})), error_code::none);
    EXPECT_EQ(partitions(), 5);
}

TEST_F(create_partitions, a_validation_changes_nothing) {
    create_partitions_request request = of("events", 9);
    request.validate_only = true;
    EXPECT_EQ(grow(request), error_code::none);
    EXPECT_EQ(partitions(), 3);
    request.topics[0].count = 2;
    EXPECT_EQ(grow(request), error_code::invalid_partitions);
}

TEST_F(create_partitions, a_topic_that_is_named_twice_is_answered_once_and_stays) {
    create_partitions_request request = of("events", 5);
    request.topics.push_back(of("events", 6).topics[0]);
    EXPECT_EQ(grow(request), error_code::invalid_request);
    EXPECT_EQ(partitions(), 3);
}

TEST_F(create_partitions, what_the_metadata_store_says_has_a_code_of_kafkas) {
    const auto code_of = [&](error why) {
        broker.topic_failures.push_back(std::move(why));
        return grow(of("events", 4));
    };
    EXPECT_EQ(code_of(error(cluster::errc::limit_reached)), error_code::policy_violation);
    EXPECT_EQ(code_of(error(cluster::errc::no_space)), error_code::kafka_storage_error);
    EXPECT_EQ(code_of(error(cluster::errc::unknown_outcome)), error_code::request_timed_out);
    EXPECT_EQ(code_of(error(tablet_errc::stopping)), error_code::request_timed_out);
    EXPECT_EQ(partitions(), 3);
}

}  // namespace
}  // namespace logstore::kafka
