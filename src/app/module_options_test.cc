#include "app/module_options.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

using namespace std::chrono_literals;

config::server_options loaded(const std::string& toml) {
    const auto options = config::load_server_options(toml, "test");
    EXPECT_TRUE(options) << options.error().message();
    return *options;
}

// So that what the table says is what tests of the modules, which use their own defaults, run with.
TEST(module_options, the_defaults_of_the_configuration_are_those_of_the_modules) {
    const config::server_options defaults;
    const kafka::server_options kafka = kafka_options_of(defaults);
    const kafka::server_options kafka_own;
    EXPECT_EQ(kafka.frame_bytes_max, kafka_own.frame_bytes_max);
    EXPECT_EQ(kafka.other_request_bytes_max, kafka_own.other_request_bytes_max);
    EXPECT_EQ(kafka.in_flight_bytes_per_connection, kafka_own.in_flight_bytes_per_connection);
    EXPECT_EQ(kafka.unsent_bytes_soft_max, kafka_own.unsent_bytes_soft_max);
    EXPECT_EQ(kafka.fetch_bytes_max, kafka_own.fetch_bytes_max);
    EXPECT_EQ(kafka.request_list_bytes_max, kafka_own.request_list_bytes_max);
    EXPECT_EQ(kafka.idle_timeout, kafka_own.idle_timeout);
    EXPECT_EQ(kafka.stalled_frame_timeout, kafka_own.stalled_frame_timeout);
    EXPECT_EQ(kafka.stalled_frame_timeout_when_scarce, kafka_own.stalled_frame_timeout_when_scarce);
    EXPECT_EQ(kafka.fetch_wait_max, kafka_own.fetch_wait_max);
    EXPECT_EQ(kafka.stop_timeout, kafka_own.stop_timeout);
    EXPECT_EQ(kafka.auto_create_topics, kafka_own.auto_create_topics);
    EXPECT_EQ(kafka.partitions_default, kafka_own.partitions_default);

    const kafka::process_limit_options limits = process_limits_of(defaults);
    const kafka::process_limit_options limits_own;
    EXPECT_EQ(limits.in_flight_bytes, limits_own.in_flight_bytes);
    EXPECT_EQ(limits.assembly_bytes_per_shard, limits_own.assembly_bytes_per_shard);
    EXPECT_EQ(limits.answer_bytes, limits_own.answer_bytes);
    EXPECT_EQ(limits.connections_max, limits_own.connections_max);
    EXPECT_EQ(limits.connections_per_address_max, limits_own.connections_per_address_max);

    const http::server_options http = http_options_of(defaults, {});
    const http::server_options http_own;
    EXPECT_EQ(http.body_bytes_max, http_own.body_bytes_max);
    EXPECT_EQ(http.read_bytes_default, http_own.read_bytes_default);
    EXPECT_EQ(http.read_bytes_max, http_own.read_bytes_max);
    EXPECT_EQ(http.read_wait_max, http_own.read_wait_max);
    EXPECT_EQ(http.idle_timeout, http_own.idle_timeout);
    EXPECT_EQ(http.request_timeout, http_own.request_timeout);
    EXPECT_EQ(http.write_timeout, http_own.write_timeout);
    EXPECT_EQ(http.stop_timeout, http_own.stop_timeout);
    EXPECT_EQ(http.auto_create_topics, http_own.auto_create_topics);
    const http::process_limit_options http_limits = http_limits_of(defaults);
    const http::process_limit_options http_limits_own;
    EXPECT_EQ(http_limits.request_bytes, http_limits_own.request_bytes);
    EXPECT_EQ(http_limits.answer_bytes, http_limits_own.answer_bytes);
    EXPECT_EQ(http_limits.connections_max, http_limits_own.connections_max);

    const resp::server_options resp = resp_options_of(defaults);
    const resp::server_options resp_own;
    EXPECT_EQ(resp.requests.request_bytes_max, resp_own.requests.request_bytes_max);
    EXPECT_EQ(resp.answer_bytes_max, resp_own.answer_bytes_max);
    EXPECT_EQ(resp.idle_timeout, resp_own.idle_timeout);
    EXPECT_EQ(resp.request_timeout, resp_own.request_timeout);
    EXPECT_EQ(resp.write_timeout, resp_own.write_timeout);
    EXPECT_EQ(resp.stop_timeout, resp_own.stop_timeout);
    EXPECT_EQ(resp.auto_create_topics, resp_own.auto_create_topics);
    EXPECT_EQ(resp.key_topic, resp_own.key_topic);
    const resp::process_limit_options resp_limits = resp_limits_of(defaults);
    const resp::process_limit_options resp_limits_own;
    EXPECT_EQ(resp_limits.request_bytes, resp_limits_own.request_bytes);
    EXPECT_EQ(resp_limits.answer_bytes, resp_limits_own.answer_bytes);
    EXPECT_EQ(resp_limits.connections_max, resp_limits_own.connections_max);
    EXPECT_EQ(resp_limits.connections_per_address_max, resp_limits_own.connections_per_address_max);

    const shard_options shard = store_options_of(defaults, 4).shard;
    const shard_options shard_own;
    EXPECT_EQ(shard.journal_file_bytes, shard_own.journal_file_bytes);
    EXPECT_EQ(shard.journal_files, shard_own.journal_files);
    EXPECT_EQ(shard.pinned_bytes_max, shard_own.pinned_bytes_max);
    EXPECT_EQ(shard.tail_cache_bytes_max, shard_own.tail_cache_bytes_max);
    EXPECT_EQ(shard.index_cache_bytes_max, shard_own.index_cache_bytes_max);
    EXPECT_EQ(shard.open_files_max, shard_own.open_files_max);
    EXPECT_EQ(shard.checkpoint_interval, shard_own.checkpoint_interval);
    EXPECT_EQ(shard.settle_after, shard_own.settle_after);
    EXPECT_EQ(shard.retention_interval, shard_own.retention_interval);
}

TEST(module_options, what_is_set_for_the_kafka_clients_arrives) {
    const config::server_options from = loaded(R"([kafka]
frame_bytes_max = "17MiB"
other_request_bytes_max = "3MiB"
in_flight_bytes_per_connection = "3MiB"
in_flight_bytes = "100MiB"
assembly_bytes_per_shard = "5MiB"
stalled_request_max_ms = 7000
stalled_request_when_scarce_max_ms = 700
request_list_bytes_max = "1MiB"
unsent_bytes_per_connection = "6KiB"
fetch_bytes_max = "7MiB"
answer_bytes_in_flight = "70MiB"
fetch_wait_max_ms = 8000
stop_wait_max_ms = 900
connections_idle_max_ms = 60000
connections_max = 11
connections_per_address_max = 7
[topics]
auto_create = false
partitions_default = 12
)");
    const kafka::server_options to = kafka_options_of(from);
    EXPECT_EQ(to.frame_bytes_max, 17u << 20);
    EXPECT_EQ(to.other_request_bytes_max, 3u << 20);
    EXPECT_EQ(to.in_flight_bytes_per_connection, 3u << 20);
    EXPECT_EQ(to.stalled_frame_timeout, 7s);
    EXPECT_EQ(to.stalled_frame_timeout_when_scarce, 700ms);
    EXPECT_EQ(to.request_list_bytes_max, 1u << 20);
    EXPECT_EQ(to.unsent_bytes_soft_max, 6u << 10);
    EXPECT_EQ(to.fetch_bytes_max, 7u << 20);
    EXPECT_EQ(to.fetch_wait_max, 8s);
    EXPECT_EQ(to.stop_timeout, 900ms);
    EXPECT_EQ(to.idle_timeout, 60s);
    EXPECT_FALSE(to.auto_create_topics);
    EXPECT_EQ(to.partitions_default, 12);
    const kafka::process_limit_options limits = process_limits_of(from);
    EXPECT_EQ(limits.in_flight_bytes, 100u << 20);
    EXPECT_EQ(limits.assembly_bytes_per_shard, 5u << 20);
    EXPECT_EQ(limits.answer_bytes, 70u << 20);
    EXPECT_EQ(limits.connections_max, 11u);
    EXPECT_EQ(limits.connections_per_address_max, 7u);
}

TEST(module_options, what_is_set_for_http_clients_arrives) {
    const config::server_options from = loaded(R"([http]
allowed_hosts = "a.example, b.example,"
allowed_origins = "https://c.example"
connections_max = 11
connections_idle_max_ms = 60000
request_max_ms = 7000
stalled_answer_max_ms = 8000
body_bytes_max = "3MiB"
request_bytes_in_flight = "4MiB"
read_bytes_max = "5KiB"
answer_bytes_in_flight = "6MiB"
read_wait_max_ms = 900
)");
    env::socket_address at;
    at.host = "127.0.0.1";
    const http::server_options to = http_options_of(from, at);
    EXPECT_EQ(to.origins.allowed_hosts, (std::vector<std::string>{"a.example", "b.example"}));
    EXPECT_EQ(to.origins.allowed_origins, (std::vector<std::string>{"https://c.example"}));
    EXPECT_FALSE(to.origins.serves_other_machines);
    EXPECT_EQ(to.idle_timeout, 60s);
    EXPECT_EQ(to.request_timeout, 7s);
    EXPECT_EQ(to.write_timeout, 8s);
    EXPECT_EQ(to.body_bytes_max, 3u << 20);
    EXPECT_EQ(to.read_bytes_max, 5u << 10);
    EXPECT_EQ(to.read_bytes_default, 5u << 10);
    EXPECT_EQ(to.read_wait_max, 900ms);
    const http::process_limit_options limits = http_limits_of(from);
    EXPECT_EQ(limits.connections_max, 11u);
    EXPECT_EQ(limits.request_bytes, 4u << 20);
    EXPECT_EQ(limits.answer_bytes, 6u << 20);
    at.host = "";
    EXPECT_TRUE(http_options_of(from, at).origins.serves_other_machines);
}

TEST(module_options, what_is_set_reaches_the_redis_door) {
    const config::server_options from = loaded(R"(
[resp]
key_topic = "cache"
connections_max = 11
connections_per_address_max = 12
connections_idle_max_ms = 60000
request_max_ms = 7000
stalled_answer_max_ms = 8000
request_bytes_max = "3MiB"
request_bytes_in_flight = "4MiB"
answer_bytes_max = "5MiB"
answer_bytes_in_flight = "6MiB"
)");
    const resp::server_options to = resp_options_of(from);
    EXPECT_EQ(to.key_topic, "cache");
    EXPECT_EQ(to.idle_timeout, 60s);
    EXPECT_EQ(to.request_timeout, 7s);
    EXPECT_EQ(to.write_timeout, 8s);
    EXPECT_EQ(to.requests.request_bytes_max, 3u << 20);
    EXPECT_EQ(to.answer_bytes_max, 5u << 20);
    const resp::process_limit_options limits = resp_limits_of(from);
    EXPECT_EQ(limits.connections_max, 11u);
    EXPECT_EQ(limits.connections_per_address_max, 11u);
    EXPECT_EQ(limits.request_bytes, 4u << 20);
    EXPECT_EQ(limits.answer_bytes, 6u << 20);
}

TEST(module_options, what_is_set_for_storage_arrives) {
    const config::server_options from = loaded(R"(data_dir = "here"
[storage]
journal_file_bytes = "8MiB"
journal_files = 5
pinned_bytes_max = "9MiB"
tail_cache_bytes = "10MiB"
index_cache_bytes = "11MiB"
checkpoint_interval_ms = 1200
settle_idle_ms = 1300
open_files_max = 1000
)");
    const store_options to = store_options_of(from, 2);
    EXPECT_EQ(to.data_dir, "here");
    EXPECT_EQ(to.shard.journal_file_bytes, 8u << 20);
    EXPECT_EQ(to.shard.journal_files, 5u);
    EXPECT_EQ(to.shard.pinned_bytes_max, 9u << 20);
    EXPECT_EQ(to.shard.tail_cache_bytes_max, 10u << 20);
    EXPECT_EQ(to.shard.index_cache_bytes_max, 11u << 20);
    EXPECT_EQ(to.shard.checkpoint_interval, 1200ms);
    EXPECT_EQ(to.shard.settle_after, 1300ms);
    EXPECT_EQ(to.shard.open_files_max, 500u);  // a part for each shard
    EXPECT_EQ(to.shard.reserve_bytes, 0u);     // the store keeps as much free as its journals take
    EXPECT_EQ(store_options_of(loaded("storage.free_bytes_min = \"3MiB\""), 2).shard.reserve_bytes, 3u << 20);
}

}  // namespace
}  // namespace logstore::app
