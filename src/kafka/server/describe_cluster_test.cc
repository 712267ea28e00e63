#include "kafka/protocol/messages/describe_cluster.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class describe_cluster : public connection_fixture {};

TEST_F(describe_cluster, this_broker_is_all_of_it) {
    for (int version = 0; version <= 1; ++version) {
        const auto answered = ask<describe_cluster_response>(describe_cluster_request(), version);
        EXPECT_EQ(answered.error, error_code::none);
        EXPECT_EQ(answered.error_message, std::nullopt);
        EXPECT_EQ(answered.endpoint, endpoint_type::broker);
        EXPECT_EQ(answered.cluster_id, "memory-cluster");
        EXPECT_EQ(answered.controller, broker_id(7));
        ASSERT_EQ(answered.brokers.size(), 1u);
        EXPECT_EQ(answered.brokers[0].id, broker_id(7));
        EXPECT_EQ(answered.brokers[0].host, "broker.example");
        EXPECT_EQ(answered.brokers[0].port, 19092);
        EXPECT_EQ(answered.brokers[0].rack, std::nullopt);
        EXPECT_EQ(answered.authorized_operations, no_authorized_operations);
    }
}

TEST_F(describe_cluster, who_asks_may_do_everything_that_kafka_names) {
    describe_cluster_request request;
    request.with_authorized_operations = true;
    EXPECT_EQ(ask<describe_cluster_response>(request, 0).authorized_operations, 0b1'1111'1010'0000);
}

TEST_F(describe_cluster, who_looks_for_a_controller_is_told_that_this_is_none) {
    describe_cluster_request request;
    request.endpoint = endpoint_type::controller;
    const auto answered = ask<describe_cluster_response>(request, 1);
    EXPECT_EQ(answered.error, error_code::mismatched_endpoint_type);
    EXPECT_TRUE(answered.error_message.has_value());
    EXPECT_TRUE(answered.brokers.empty());
    request.endpoint = endpoint_type(77);
    EXPECT_EQ(ask<describe_cluster_response>(request, 1).error, error_code::unsupported_endpoint_type);
}

}  // namespace
}  // namespace logstore::kafka
