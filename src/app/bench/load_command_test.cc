#include "app/bench/load_command.h"

#include <functional>

#include <gtest/gtest.h>

#include "app/testing/recorded_console.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"
#include "kafka/protocol/record.h"

namespace logstore::app {
namespace {

using kafka::error_code;
using kafka::testing::fake_broker;
using kafka::testing::memory_topics;
using kafka::testing::run_on_host;

struct stage {
    explicit stage(env::environment the_world) : world(the_world), broker(world), memory(broker) {
        asked.place.server = broker.address();
        asked.place.topic = "load";
        asked.load.connections = 10;
        asked.load.requests = 1000;
        asked.load.value_bytes = 100;
    }
    env::task<exit_code> run() { return run_bench_load(world, &out, &stop, asked); }
    /// In the place of serving the n-th request to produce, counted from 1; the request is served after all
    /// when `what` says so.
    void at_produce(int n, std::function<bool(fake_broker::session&)> what) {
        broker.on_request = [serve = broker.on_request, what = std::move(what), left = n](
                                fake_broker::session& with, const kafka::request_frame& request) mutable {
            const bool is_it = request.header.api == kafka::api_key::produce && --left == 0;
            if (!is_it || what(with)) serve(with, request);
        };
    }
    bool printed(std::string_view line) const {
        return ("\n" + out.printed).find("\n" + std::string(line) + "\n") != std::string::npos;
    }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    bench_load_command asked;
    testing::recorded_console out;
    interruption stop;
};

#define EXPECT_LINE(on, line) EXPECT_TRUE((on).printed(line)) << (on).out.printed << (on).out.said

env::task<void> whole_run(env::environment world) {
    stage on(world);
    on.asked.place.keep_topic = true;
    on.asked.place.partitions = 4;
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_LINE(on, "Total requests sent: 1000");
    EXPECT_LINE(on, "Successful requests: 1000");
    EXPECT_LINE(on, "Failed requests: 0");
    EXPECT_EQ(on.broker.connections_accepted(), 11u);

    const auto& partitions = on.memory.topics.at("load").partitions;
    CO_ASSERT_TRUE(partitions.size() == 4);
    std::int64_t records = 0;
    for (const auto& one : partitions) {
        EXPECT_GT(one.next_offset, 0) << "connections are spread over all partitions";
        records += one.next_offset;
        auto reader = kafka::record_reader::of_batch(one.log);
        CO_ASSERT_TRUE(reader);
        const auto record = reader->next();
        CO_ASSERT_TRUE(record && *record);
        EXPECT_EQ((*record)->value.value().size(), 100u);
    }
    EXPECT_EQ(records, 1000);
}
TEST(load_command, every_request_is_one_acknowledged_record) {
    run_on_host(whole_run);
}

env::task<void> own_topic(env::environment world) {
    stage on(world);
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_TRUE(on.memory.topics.empty());
}
TEST(load_command, a_topic_that_it_made_is_deleted) {
    run_on_host(own_topic);
}

env::task<void> topic_of_others(env::environment world) {
    stage on(world);
    on.memory.add("load", 3);
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_TRUE(on.memory.topics.contains("load"));
    on.asked.place.partitions = 4;
    const exit_code other_count = co_await on.run();
    EXPECT_EQ(other_count, exit_code::wrong_usage);
    EXPECT_NE(on.out.said.find("it has 3 partitions, not 4"), std::string::npos) << on.out.said;
    EXPECT_TRUE(on.memory.topics.contains("load"));
}
TEST(load_command, a_topic_that_was_there_stays) {
    run_on_host(topic_of_others);
}

env::task<void> refusals(env::environment world) {
    stage on(world);
    on.memory.add("load", 1).partitions[0].produce_errors = {error_code::kafka_storage_error,
                                                             error_code::not_leader_or_follower};
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_LINE(on, "Total requests sent: 1000");
    EXPECT_LINE(on, "Successful requests: 998");
    EXPECT_LINE(on, "Failed requests: 2");
    EXPECT_NE(on.out.said.find("KAFKA_STORAGE_ERROR"), std::string::npos) << on.out.said;
}
TEST(load_command, only_acknowledged_requests_count_as_successful) {
    run_on_host(refusals);
}

env::task<void> one_connection_lost(env::environment world) {
    stage on(world);
    on.memory.add("load", 1);
    on.at_produce(500, [](fake_broker::session& with) {
        with.close();
        return false;
    });
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_LINE(on, "Total requests sent: 1000");
    EXPECT_LINE(on, "Successful requests: 999");
    EXPECT_LINE(on, "Failed requests: 1");
    EXPECT_NE(on.out.said.find("1 of 10 connections were lost"), std::string::npos) << on.out.said;
}
TEST(load_command, the_others_do_the_work_of_a_lost_connection) {
    run_on_host(one_connection_lost);
}

env::task<void> server_gone(env::environment world) {
    stage on(world);
    on.memory.add("load", 1);
    on.at_produce(500, [&on](fake_broker::session&) {
        on.broker.close_all();
        return false;
    });
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_NE(on.out.said.find("10 of 10 connections were lost"), std::string::npos)
        << on.out.said << on.out.printed;
}
TEST(load_command, a_run_ends_when_all_connections_are_gone) {
    run_on_host(server_gone);
}

env::task<void> interrupted(env::environment world) {
    stage on(world);
    on.asked.load.requests = 1'000'000'000;
    on.at_produce(100, [&on](fake_broker::session&) {
        on.stop.request();
        return true;
    });
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::interrupted);
    EXPECT_LINE(on, "Failed requests: 0");
    EXPECT_TRUE(on.memory.topics.empty()) << "the topic it made is deleted all the same";
}
TEST(load_command, an_interrupted_run_reports_and_cleans_up) {
    run_on_host(interrupted);
}

env::task<void> fewer_requests_than_connections(env::environment world) {
    stage on(world);
    on.asked.load.requests = 3;
    on.asked.place.json_file = "-";
    const exit_code code = co_await on.run();
    EXPECT_EQ(code, exit_code::success);
    EXPECT_TRUE(on.out.printed.contains("\"requests\":{\"sent\":3,\"acknowledged\":3,\"failed\":0,"))
        << on.out.printed;
}
TEST(load_command, there_may_be_fewer_requests_than_connections) {
    run_on_host(fewer_requests_than_connections);
}

}  // namespace
}  // namespace logstore::app
