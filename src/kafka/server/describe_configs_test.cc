#include "kafka/protocol/messages/describe_configs.h"

#include <algorithm>

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using described = describe_configs_response::resource;
using config = describe_configs_response::config;

constexpr int first_version = 1;
constexpr int last_version = 4;

class describe_configs : public connection_fixture {
  protected:
    describe_configs() {
        broker.add_topic("orders", 1, {{"retention.ms", "5000"}});
        broker.defaults.segment_bytes = 1 << 20;
        auto all = std::make_shared<std::vector<broker_config>>();
        all->push_back(
            {"num.partitions", "topics.partitions_default", "3", "1", config_value_type::int32, "How many."});
        all->push_back({"shards", "", "0", "0", config_value_type::int32, "Threads."});
        options.configs = all;
    }
    describe_configs_request of(config_resource_type type, std::string_view name) {
        describe_configs_request request;
        auto& resource = request.resources.emplace_back();
        resource.type = type;
        resource.name = name;
        request.with_synonyms = true;
        request.with_documentation = true;
        return request;
    }
    described describe(const describe_configs_request& request, int version = last_version) {
        const auto response = ask<describe_configs_response>(request, version);
        EXPECT_EQ(response.resources.size(), 1u);
        EXPECT_EQ(response.resources.at(0).type, request.resources.at(0).type);
        EXPECT_EQ(response.resources.at(0).name, request.resources.at(0).name);
        return response.resources.at(0);
    }
    described topic(std::string_view name, int version = last_version) {
        return describe(of(config_resource_type::topic, name), version);
    }
    described broker_named(std::string_view name) { return describe(of(config_resource_type::broker, name)); }
    static config find(const described& in, std::string_view name) {
        const auto at = std::ranges::find(in.configs, name, &config::name);
        EXPECT_NE(at, in.configs.end()) << name;
        return at == in.configs.end() ? config() : *at;
    }
};

TEST_F(describe_configs, a_topics_value_says_where_it_comes_from_in_every_version) {
    for (int version = first_version; version <= last_version; ++version) {
        const described found = topic("orders", version);
        EXPECT_EQ(found.error, error_code::none);
        EXPECT_EQ(found.configs.size(), cluster::topic_config_table().size());

        const config set = find(found, "retention.ms");
        EXPECT_EQ(set.value, "5000");
        EXPECT_EQ(set.origin, config_origin::topic);
        EXPECT_FALSE(set.is_read_only);
        EXPECT_FALSE(set.is_sensitive);
        ASSERT_EQ(set.synonyms.size(), 2u);
        EXPECT_EQ(set.synonyms[0].name, "retention.ms");
        EXPECT_EQ(set.synonyms[0].value, "5000");
        EXPECT_EQ(set.synonyms[0].origin, config_origin::topic);
        EXPECT_EQ(set.synonyms[1].name, "log.retention.ms");
        EXPECT_EQ(set.synonyms[1].value, "604800000");
        EXPECT_EQ(set.synonyms[1].origin, config_origin::program);

        const config of_broker = find(found, "segment.bytes");
        EXPECT_EQ(of_broker.value, "1048576");
        EXPECT_EQ(of_broker.origin, config_origin::static_broker);
        ASSERT_EQ(of_broker.synonyms.size(), 2u);
        EXPECT_EQ(of_broker.synonyms[0].name, "log.segment.bytes");
        EXPECT_EQ(of_broker.synonyms[0].origin, config_origin::static_broker);
        EXPECT_EQ(of_broker.synonyms[1].value, "1073741824");

        const config untouched = find(found, "cleanup.policy");
        EXPECT_EQ(untouched.value, "delete");
        EXPECT_EQ(untouched.origin, config_origin::program);
        EXPECT_EQ(untouched.synonyms.size(), 1u);
        EXPECT_EQ(untouched.type, version >= 3 ? config_value_type::list : config_value_type::unknown);
        EXPECT_EQ(untouched.documentation != "", version >= 3);
    }
}

TEST_F(describe_configs, synonyms_and_documentation_come_only_when_asked_for) {
    describe_configs_request request = of(config_resource_type::topic, "orders");
    request.with_synonyms = false;
    request.with_documentation = false;
    const config found = find(describe(request), "retention.ms");
    EXPECT_TRUE(found.synonyms.empty());
    EXPECT_EQ(found.documentation, std::nullopt);
    EXPECT_EQ(found.type, config_value_type::int64);
}

TEST_F(describe_configs, named_keys_alone_are_told_and_no_names_mean_all) {
    describe_configs_request request = of(config_resource_type::topic, "orders");
    request.resources[0].keys = {"retention.ms", "no.such.config", "flush.ms"};
    const described found = describe(request);
    ASSERT_EQ(found.configs.size(), 2u);
    EXPECT_EQ(found.configs[0].name, "flush.ms");
    EXPECT_EQ(found.configs[1].name, "retention.ms");
    request.resources[0].keys.emplace();
    EXPECT_EQ(describe(request).configs.size(), cluster::topic_config_table().size());
}

TEST_F(describe_configs, a_topic_that_there_is_not_is_3_and_no_name_is_17) {
    EXPECT_EQ(topic("nothing").error, error_code::unknown_topic_or_partition);
    EXPECT_TRUE(topic("nothing").error_message.has_value());
    EXPECT_TRUE(topic("nothing").configs.empty());
    EXPECT_EQ(topic("a/b").error, error_code::invalid_topic_exception);
    EXPECT_EQ(topic("").error, error_code::invalid_topic_exception);
}

TEST_F(describe_configs, the_broker_tells_its_own_settings) {
    const described found = broker_named("7");
    EXPECT_EQ(found.error, error_code::none);
    ASSERT_EQ(found.configs.size(), 2u);
    const config set = find(found, "num.partitions");
    EXPECT_EQ(set.value, "3");
    EXPECT_TRUE(set.is_read_only);
    EXPECT_EQ(set.origin, config_origin::static_broker);
    EXPECT_EQ(set.type, config_value_type::int32);
    EXPECT_EQ(set.documentation, "How many.");
    ASSERT_EQ(set.synonyms.size(), 2u);
    EXPECT_EQ(set.synonyms[0].value, "3");
    EXPECT_EQ(set.synonyms[1].value, "1");
    EXPECT_EQ(set.synonyms[1].origin, config_origin::program);
    EXPECT_EQ(find(found, "shards").origin, config_origin::program);
    EXPECT_EQ(find(found, "shards").synonyms.size(), 1u);
    // Either name finds it.
    describe_configs_request request = of(config_resource_type::broker, "7");
    request.resources[0].keys = {"topics.partitions_default"};
    EXPECT_EQ(describe(request).configs.size(), 1u);
}

TEST_F(describe_configs, other_brokers_and_other_resources_are_refused) {
    EXPECT_EQ(broker_named("").error, error_code::none);
    EXPECT_TRUE(broker_named("").configs.empty());
    for (const char* name : {"8", "x", "7x", " 7", "99999999999"})
        EXPECT_EQ(broker_named(name).error, error_code::invalid_request) << name;
    for (const auto type :
         {config_resource_type::unknown, config_resource_type::broker_logger,
          config_resource_type::client_metrics, config_resource_type::group, config_resource_type(99)})
        EXPECT_EQ(describe(of(type, "7")).error, error_code::invalid_request);
}

TEST_F(describe_configs, each_resource_is_answered_in_its_place) {
    describe_configs_request request = of(config_resource_type::topic, "nothing");
    request.resources.push_back(of(config_resource_type::broker, "7").resources[0]);
    request.resources.push_back(of(config_resource_type::topic, "orders").resources[0]);
    const auto response = ask<describe_configs_response>(request, last_version);
    ASSERT_EQ(response.resources.size(), 3u);
    EXPECT_EQ(response.resources[0].error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(response.resources[1].name, "7");
    EXPECT_EQ(response.resources[2].configs.size(), cluster::topic_config_table().size());
    EXPECT_TRUE(ask<describe_configs_response>(describe_configs_request(), 1).resources.empty());
}

TEST_F(describe_configs, an_answer_has_an_end_whatever_is_asked) {
    describe_configs_request request = of(config_resource_type::topic, "orders");
    request.resources.resize(30'000, request.resources[0]);
    const auto response = ask<describe_configs_response>(request, last_version);
    ASSERT_EQ(response.resources.size(), 30'000u);
    EXPECT_EQ(response.resources[1000].error, error_code::none);
    EXPECT_EQ(response.resources.back().error, error_code::invalid_request);
    EXPECT_LT(answer.size(), std::size_t(18) << 20);
}

}  // namespace
}  // namespace logstore::kafka
