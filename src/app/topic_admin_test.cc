// `logstore topic add-partitions`, `config`, `trim` and `sizes`, and the client behind them, against the
// server on a broker in memory, over a simulated network.
#include "app/topic_admin.h"

#include <gtest/gtest.h>

#include "app/testing/recorded_console.h"
#include "env/testing/sim_world.h"
#include "kafka/client/admin.h"
#include "kafka/client/broker_error.h"
#include "kafka/protocol/messages/delete_records.h"
#include "kafka/protocol/record.h"
#include "kafka/server/process_limits.h"
#include "kafka/server/server.h"
#include "shard/testing/memory_broker.h"

namespace logstore::app {
namespace {

using namespace std::chrono_literals;
using kafka::error_code;

byte_vector batch_of(int records) {
    kafka::record_batch_builder builder;
    for (int i = 0; i < records; ++i) builder.append(timestamp_ms(1000), std::nullopt, bytes_of("value"));
    return builder.finish();
}

/// Nothing when it was done.
template <class Value>
std::optional<error_code> code_of(const result<Value>& told) {
    return told ? std::nullopt : kafka::broker_error_code(told.error());
}

class topic_admin : public ::testing::Test {
  protected:
    topic_admin() {
        target_.server.host = "node-0";
        target_.server.port = 9092;
        broker_.add_topic("events", 3, {{"retention.ms", "5000"}});
        broker_.add_topic("orders", 1);
        broker_.put("events", 1, batch_of(10));
        kafka::server_options options;
        options.advertised = target_.server;
        auto configs = std::make_shared<std::vector<kafka::broker_config>>();
        configs->push_back({"num.partitions", "topics.partitions_default", "1", "1",
                            kafka::config_value_type::int32, "How many."});
        options.configs = configs;
        server_ = std::make_unique<kafka::server>(broker_, limits_, 0, options);
        CHECK(server_->listen(target_.server, false));
    }
    ~topic_admin() override {
        world_.run(server_->stop());
        server_.reset();
    }

    template <class Command>
    exit_code run(env::task<exit_code> (*what)(env::environment, console*, Command), Command asked) {
        out_.printed.clear();
        out_.said.clear();
        return env::run(client_->loop(), what(client_->shard(), &out_, std::move(asked)));
    }
    template <class Value>
    Value await(env::task<Value> what) {
        return env::run(client_->loop(), std::move(what));
    }
    /// A client of its own, closed by the test.
    std::unique_ptr<kafka::cluster_view> cluster() {
        kafka::cluster_options options;
        options.bootstrap = {target_.server};
        return std::make_unique<kafka::cluster_view>(client_->shard(), options);
    }

    env::sim_world world_{1};
    env::sim_node* client_ = &world_.add_node("client");
    logstore::testing::memory_broker broker_{world_.shard()};
    kafka::process_limits limits_{kafka::process_limit_options(), {&world_.loop()}};
    std::unique_ptr<kafka::server> server_;
    server_choice target_;
    testing::recorded_console out_;
};

TEST_F(topic_admin, a_topic_grows_and_only_grows) {
    EXPECT_EQ(run(run_add_partitions, {target_, "events", 8, true}), exit_code::success) << out_.said;
    EXPECT_EQ(out_.printed, "topic 'events' could have 8 partitions\n");
    EXPECT_EQ(broker_.topics()->find("events")->partition_count, 3);
    EXPECT_EQ(run(run_add_partitions, {target_, "events", 8, false}), exit_code::success) << out_.said;
    EXPECT_EQ(out_.printed, "topic 'events' has 8 partitions\n");
    EXPECT_EQ(broker_.topics()->find("events")->partition_count, 8);
    EXPECT_EQ(run(run_add_partitions, {target_, "events", 8, false}), exit_code::failed);
    EXPECT_NE(out_.said.find("INVALID_PARTITIONS"), std::string::npos) << out_.said;
    EXPECT_EQ(run(run_add_partitions, {target_, "absent", 8, false}), exit_code::not_found);
    target_.json = true;
    EXPECT_EQ(run(run_add_partitions, {target_, "orders", 2, false}), exit_code::success);
    EXPECT_EQ(out_.printed, "{\"name\":\"orders\",\"partitions\":2,\"done\":true}\n");
}

TEST_F(topic_admin, configs_say_who_set_them) {
    EXPECT_EQ(run(run_topic_config, {target_, "events", {"retention.ms", "flush.ms"}, false}),
              exit_code::success);
    EXPECT_EQ(out_.printed,
              "NAME          VALUE  SET BY\n"
              "flush.ms      0      default\n"
              "retention.ms  5000   topic\n");
    EXPECT_EQ(run(run_topic_config, {target_, "events", {}, true}), exit_code::success);
    EXPECT_NE(out_.printed.find("How long records are kept"), std::string::npos) << out_.printed;
    EXPECT_EQ(run(run_topic_config, {target_, "events", {"no.such"}, false}), exit_code::not_found);
    EXPECT_EQ(run(run_topic_config, {target_, "absent", {}, false}), exit_code::not_found);
    target_.json = true;
    EXPECT_EQ(run(run_topic_config, {target_, "events", {"retention.ms"}, false}), exit_code::success);
    EXPECT_EQ(out_.printed,
              "{\"name\":\"events\",\"configs\":[{\"name\":\"retention.ms\",\"value\":\"5000\",\"source\":"
              "\"topic\","
              "\"read_only\":false}]}\n");
}

TEST_F(topic_admin, records_are_deleted_only_when_somebody_said_so) {
    EXPECT_EQ(run(run_trim_topic, {target_, "events", 4, {1}, false}), exit_code::wrong_usage);
    EXPECT_NE(out_.said.find("--yes"), std::string::npos);
    out_.somebody_is_there = true;
    EXPECT_EQ(run(run_trim_topic, {target_, "events", 4, {1}, false}), exit_code::failed);
    EXPECT_EQ(broker_.at("events", 1).log_start, offset(0));
    EXPECT_EQ(out_.asked, "Delete all records of topic 'events' below offset 4 on node-0:9092?");
    out_.answer = true;
    EXPECT_EQ(run(run_trim_topic, {target_, "events", 4, {1}, false}), exit_code::success) << out_.said;
    EXPECT_EQ(broker_.at("events", 1).log_start, offset(4));
    EXPECT_EQ(out_.printed, "PARTITION  FIRST OFFSET\n1          4\n");
    EXPECT_EQ(run(run_trim_topic, {target_, "events", std::nullopt, {}, true}), exit_code::success)
        << out_.said;
    EXPECT_EQ(out_.printed, "PARTITION  FIRST OFFSET\n0          0\n1          10\n2          0\n");
    EXPECT_EQ(run(run_trim_topic, {target_, "absent", std::nullopt, {}, true}), exit_code::not_found);
}

TEST_F(topic_admin, what_cannot_be_deleted_is_said_of_its_partition) {
    target_.json = true;
    EXPECT_EQ(run(run_trim_topic, {target_, "events", 4, {0, 1, 7}, true}), exit_code::not_found);
    EXPECT_NE(out_.said.find("partition 0: "), std::string::npos) << out_.said;
    EXPECT_NE(out_.said.find("OFFSET_OUT_OF_RANGE"), std::string::npos) << out_.said;
    EXPECT_NE(out_.said.find("partition 7: "), std::string::npos) << out_.said;
    EXPECT_NE(out_.printed.find("{\"partition\":1,\"first_offset\":4}"), std::string::npos) << out_.printed;
    EXPECT_NE(out_.printed.find("{\"partition\":0,\"error\":"), std::string::npos) << out_.printed;
}

TEST_F(topic_admin, sizes_are_shown_with_the_room_there_is) {
    const std::string bytes = std::to_string(batch_of(10).size());
    EXPECT_EQ(run(run_topic_sizes, {target_, {"events"}}), exit_code::success) << out_.said;
    EXPECT_NE(out_.printed.find("events  1          7       " + bytes + "\n"), std::string::npos)
        << out_.printed;
    EXPECT_NE(out_.printed.find("/memory/logs  7       " + bytes), std::string::npos) << out_.printed;
    EXPECT_EQ(out_.printed.find("orders"), std::string::npos);
    EXPECT_EQ(run(run_topic_sizes, {target_, {}}), exit_code::success);
    EXPECT_NE(out_.printed.find("orders"), std::string::npos);
    EXPECT_EQ(run(run_topic_sizes, {target_, {"absent"}}), exit_code::not_found);
    target_.json = true;
    EXPECT_EQ(run(run_topic_sizes, {target_, {"orders"}}), exit_code::success);
    EXPECT_EQ(out_.printed,
              "{\"folders\":[{\"broker\":7,\"path\":\"/memory/"
              "logs\",\"bytes\":0,\"free_bytes\":1024,\"total_bytes\":1048576,"
              "\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"bytes\":0}]}]}\n");
    broker_.space_failure = error(std::make_error_code(std::errc::io_error));
    EXPECT_EQ(run(run_topic_sizes, {target_, {}}), exit_code::failed);
    EXPECT_NE(out_.said.find("KAFKA_STORAGE_ERROR"), std::string::npos) << out_.said;
}

TEST_F(topic_admin, a_server_that_is_away_is_tried_for_a_while) {
    target_.server.port = 9093;
    const env::monotonic_time begun = world_.time().now();
    EXPECT_EQ(run(run_topic_sizes, {target_, {}}), exit_code::server_unreachable);
    EXPECT_GT(world_.time().now() - begun, 3s);
    EXPECT_LT(world_.time().now() - begun, 10s);
}

TEST_F(topic_admin, the_client_speaks_every_request_to_the_server) {
    auto view = cluster();
    kafka::admin calls(*view, {.timeout = 2s});
    kafka::new_topic wanted;
    wanted.name = "made";
    wanted.partition_count = 2;
    EXPECT_EQ(await(calls.create_topic(wanted))->partition_count, 2);
    broker_.topic_failures.push_back(error(cluster::errc::topic_exists));
    EXPECT_EQ(code_of(await(calls.create_topic(wanted))), error_code::topic_already_exists);
    kafka::new_partitions more;
    more.topic = "made";
    more.count = 4;
    more.assignments = {{broker_id(7)}, {broker_id(7)}};
    EXPECT_TRUE(await(calls.create_partitions(more)));
    more.count = 5;
    more.assignments = {{broker_id(8)}};
    EXPECT_EQ(code_of(await(calls.create_partitions(more))), error_code::invalid_replica_assignment);
    EXPECT_EQ(await(calls.describe_topics(std::nullopt))->topics.size(), 3u);

    const auto about = await(calls.describe_cluster(true));
    ASSERT_TRUE(about) << about.error().message();
    EXPECT_EQ(about->controller, broker_id(7));
    EXPECT_GT(about->authorized_operations, 0);

    kafka::config_question question;
    question.type = kafka::config_resource_type::broker;
    question.name = "7";
    EXPECT_EQ(await(calls.describe_configs(question))->size(), 1u);
    question.name = "8";
    EXPECT_EQ(code_of(await(calls.describe_configs(question))), error_code::broker_not_available);
    question.name = "seven";
    EXPECT_EQ(code_of(await(calls.describe_configs(question))), error_code::invalid_request);

    EXPECT_EQ(await(calls.describe_log_dirs(broker_id(7), std::nullopt))->at(0).topics.size(), 3u);

    const auto ends =
        await(calls.ends_of_epoch("events", {partition_id(1), partition_id(5)}, leader_epoch(3)));
    ASSERT_TRUE(ends) << ends.error().message();
    EXPECT_EQ(ends->at(partition_id(1))->end, next_offset(10));
    EXPECT_EQ(code_of(ends->at(partition_id(5))), error_code::unknown_topic_or_partition);

    const auto deleted = await(calls.delete_records("events", {{partition_id(1), offset(6)}}));
    ASSERT_TRUE(deleted) << deleted.error().message();
    EXPECT_EQ(*deleted->at(partition_id(1)), offset(6));
    EXPECT_TRUE(await(calls.delete_topic("made")));
    EXPECT_EQ(code_of(await(calls.delete_topic("made"))), error_code::unknown_topic_or_partition);
    await(view->close());
}

TEST_F(topic_admin, what_passes_is_tried_again_and_what_does_not_is_said) {
    auto view = cluster();
    kafka::admin calls(*view, {.timeout = 2s});
    kafka::new_partitions more;
    more.topic = "events";
    more.count = 4;
    // A server that cannot now, twice.
    broker_.topic_failures.push_back(error(cluster::errc::conflict));
    broker_.topic_failures.push_back(error(cluster::errc::overloaded));
    EXPECT_TRUE(await(calls.create_partitions(more)));
    more.count = 5;
    // It does not know itself: nobody makes it again behind the caller's back.
    broker_.topic_failures.push_back(error(cluster::errc::unknown_outcome));
    EXPECT_EQ(code_of(await(calls.create_partitions(more))), error_code::request_timed_out);
    EXPECT_EQ(broker_.topics()->find("events")->partition_count, 4);
    // A partition that passes by beside one that does not.
    broker_.log_start_failure = tablet_errc::storage_unavailable;
    const env::monotonic_time begun = world_.time().now();
    const auto deleted =
        await(calls.delete_records("events", {{partition_id(1), offset(6)}, {partition_id(9), offset(0)}}));
    ASSERT_TRUE(deleted);
    EXPECT_EQ(code_of(deleted->at(partition_id(1))), error_code::kafka_storage_error);
    EXPECT_EQ(code_of(deleted->at(partition_id(9))), error_code::unknown_topic_or_partition);
    EXPECT_GT(world_.time().now() - begun, 500ms);
    EXPECT_GT(broker_.log_start_requests.size(), 2u);
    await(view->close());
}

}  // namespace
}  // namespace logstore::app
