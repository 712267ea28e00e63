#include "app/broker_configs.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

using kafka::broker_config;
using kafka::config_value_type;

broker_config find(const kafka::broker_configs& all, std::string_view name) {
    const auto at = std::ranges::find(*all, name, &broker_config::name);
    EXPECT_NE(at, all->end()) << name;
    return at == all->end() ? broker_config() : *at;
}

TEST(broker_configs, show_every_option_under_the_name_that_kafka_has_for_it) {
    config::server_options options;
    options.retention_ms = 1234;
    options.disk = config::disk_backend::threads;
    const auto all = broker_configs_of(options);
    EXPECT_EQ(all->size(), config::server_option_table().size());

    const broker_config retention = find(all, "log.retention.ms");
    EXPECT_EQ(retention.other_name, "topics.retention_ms");
    EXPECT_EQ(retention.value, "1234");
    EXPECT_EQ(retention.default_value, "604800000");
    EXPECT_EQ(retention.type, config_value_type::int64);
    EXPECT_NE(retention.documentation.find("topics.retention_ms"), std::string::npos);

    const broker_config disk = find(all, "storage.disk_backend");
    EXPECT_EQ(disk.value, "threads");
    EXPECT_EQ(disk.default_value, "auto");
    EXPECT_EQ(disk.type, config_value_type::text);
    EXPECT_EQ(disk.other_name, "");

    EXPECT_EQ(find(all, "auto.create.topics.enable").value, "true");
    EXPECT_EQ(find(all, "auto.create.topics.enable").type, config_value_type::boolean);
    EXPECT_EQ(find(all, "shards").type, config_value_type::int32);
    EXPECT_EQ(find(all, "kafka.listen").value, options.kafka_listen);
}

}  // namespace
}  // namespace logstore::app
