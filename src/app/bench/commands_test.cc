// `bench tablets` and `bench read` against a broker in memory, and brokers that do not keep what they
// acknowledge.
#include <gtest/gtest.h>

#include "app/bench/load_command.h"
#include "app/bench/read_command.h"
#include "app/bench/tablets_command.h"
#include "app/testing/recorded_console.h"
#include "env/testing/sim_world.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::app {
namespace {

using namespace std::chrono_literals;

using kafka::testing::fake_broker;
using kafka::testing::memory_topics;
using kafka::testing::run_on_host;

struct stage {
    explicit stage(env::environment the_world) : world(the_world), broker(world), memory(broker) {}
    bench_place place(std::string topic) const {
        bench_place made;
        made.server = broker.address();
        made.topic = std::move(topic);
        made.json_file = "-";
        return made;
    }
    static bench_load load() {
        bench_load made;
        made.connections = 4;
        made.value_bytes = 64;
        made.requests = 200;
        made.verify = true;
        return made;
    }
    bool printed(std::string_view part) const { return out.printed.find(part) != std::string::npos; }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    testing::recorded_console out;
    interruption stop;
};

#define EXPECT_PART(on, part) EXPECT_TRUE((on).printed(part)) << (on).out.printed << (on).out.said

// --- brokers that lie

/// What becomes of the log after every tenth append.
using meddling = std::function<void(memory_topics::partition&, std::size_t before)>;

env::task<void> lying_broker(env::environment world, meddling meddle, std::string_view expected) {
    stage on(world);
    on.memory.add("load", 1);
    const auto serve = on.broker.on_request;
    int produced = 0;
    on.broker.on_request = [&](fake_broker::session& with, const kafka::request_frame& request) {
        memory_topics::partition& log = on.memory.topics.at("load").partitions[0];
        const std::size_t before = log.log.size();
        serve(with, request);
        if (request.header.api == kafka::api_key::produce && ++produced % 10 == 0) meddle(log, before);
    };
    const bench_load_command asked{bench_load_command::emphasis::latency, on.place("load"), stage::load()};
    const exit_code code = co_await run_bench_load(world, &on.out, &on.stop, asked);
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_PART(on, expected);
}

TEST(bench_verification, finds_what_was_acknowledged_and_dropped) {
    run_on_host([](env::environment world) {
        return lying_broker(
            world,
            [](memory_topics::partition& log, std::size_t before) {
                log.log.resize(before);
                --log.next_offset;
            },
            "\"is_clean\":false,\"acknowledged\":200,\"found\":180,\"lost\":20,\"doubled\":0,");
    });
}

TEST(bench_verification, finds_what_was_written_twice) {
    run_on_host([](env::environment world) {
        return lying_broker(
            world,
            [](memory_topics::partition& log, std::size_t before) {
                const byte_vector again(log.log.begin() + static_cast<std::ptrdiff_t>(before), log.log.end());
                const std::size_t at = log.log.size();
                log.log.insert(log.log.end(), again.begin(), again.end());
                assign_record_batch(log.log.data() + at, offset(log.next_offset++), leader_epoch(7));
            },
            "\"is_clean\":false,\"acknowledged\":200,\"found\":200,\"lost\":0,\"doubled\":20,");
    });
}

TEST(bench_verification, a_batch_whose_checksum_does_not_hold_is_said_to_be_unreadable) {
    run_on_host([](env::environment world) {
        return lying_broker(
            world, [](memory_topics::partition& log, std::size_t) { log.log.back() ^= std::byte(1); },
            "CORRUPT_MESSAGE");
    });
}

// --- tablets

env::task<void> tablets(env::environment world) {
    stage on(world);
    std::vector<std::string> order;
    const auto serve = on.broker.on_request;
    on.broker.on_request = [&](fake_broker::session& with, const kafka::request_frame& request) {
        if (request.header.api == kafka::api_key::produce) {
            const auto body =
                kafka::decode_body<kafka::produce_request>(request.body, request.header.version);
            const std::string topic(body->topics.front().name);
            if (order.empty() || order.back() != topic) order.push_back(topic);
        }
        serve(with, request);
    };
    const bench_tablets_command asked{on.place("t"), stage::load(), {1, 7}, 2};
    const exit_code code = co_await run_bench_tablets(world, &on.out, &on.stop, asked);
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_EQ(order, (std::vector<std::string>{"t-1", "t-7", "t-1", "t-7"}));
    EXPECT_TRUE(on.memory.topics.empty());
    EXPECT_PART(on, "{\"name\":\"7 tablets, round 2\",\"tablets\":7,\"round\":2,\"requests\":{\"sent\":200,");
    EXPECT_PART(on, "\"rows\":[{\"tablets\":1,\"rounds\":2,");
}
TEST(bench_tablets, are_measured_in_turn_and_removed) {
    run_on_host(tablets);
}

env::task<void> tablets_interrupted(env::environment world) {
    stage on(world);
    const auto serve = on.broker.on_request;
    int produced = 0;
    on.broker.on_request = [&](fake_broker::session& with, const kafka::request_frame& request) {
        if (request.header.api == kafka::api_key::produce && ++produced == 250) on.stop.request();
        serve(with, request);
    };
    const bench_tablets_command asked{on.place("t"), stage::load(), {1, 7}, 2};
    const exit_code code = co_await run_bench_tablets(world, &on.out, &on.stop, asked);
    EXPECT_EQ(code, exit_code::interrupted) << on.out.said;
    EXPECT_PART(on, "\"interrupted\":true,");
    EXPECT_PART(on, "\"name\":\"7 tablets, round 1\"");
    EXPECT_FALSE(on.printed("round 2"));
    EXPECT_TRUE(on.memory.topics.empty());
}
TEST(bench_tablets, interrupted_reports_the_rounds_it_did) {
    run_on_host(tablets_interrupted);
}

// --- reading

bench_read_command reading(const stage& on) {
    bench_read_command asked{on.place("r"), stage::load()};
    asked.place.partitions_when_made = 3;
    asked.fill.requests.reset();
    asked.fill.batch_bytes = 4096;
    asked.fill.in_flight = 2;
    asked.fill_bytes = 64 * 10'000;
    asked.consumers = 2;
    asked.rounds = 2;
    asked.tail_rate = 100;
    return asked;
}

env::task<void> reads(env::environment world) {
    stage on(world);
    bench_read_command asked = reading(on);
    asked.tail_duration = 500ms;
    const exit_code code = co_await run_bench_read(world, &on.out, &on.stop, asked);
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_PART(on, "{\"name\":\"fill\",\"kind\":\"fill\",");
    EXPECT_PART(on, "{\"name\":\"read, round 2\",\"kind\":\"read\",\"round\":2,\"consumers\":2,");
    EXPECT_PART(on, "{\"name\":\"tail\",\"kind\":\"tail\",\"missing\":0,");
    EXPECT_PART(on, "\"lost\":0,");
    EXPECT_TRUE(on.memory.topics.empty());
}
TEST(bench_read, fills_reads_and_follows) {
    run_on_host(reads);
}

env::task<void> reads_what_is_there(env::environment world) {
    stage on(world);
    on.memory.add("r", 2);
    bench_read_command asked = reading(on);
    asked.fill.verify = false;
    const exit_code empty = co_await run_bench_read(world, &on.out, &on.stop, asked);
    EXPECT_EQ(empty, exit_code::failed) << "nothing was measured";
    EXPECT_NE(on.out.said.find("nothing to read"), std::string::npos) << on.out.said;
    EXPECT_EQ(on.memory.produce_requests, 0u);
    asked.fill.verify = true;
    EXPECT_EQ(co_await run_bench_read(world, &on.out, &on.stop, asked), exit_code::wrong_usage);
    EXPECT_TRUE(on.memory.topics.contains("r"));
}
TEST(bench_read, writes_nothing_to_a_topic_that_was_there) {
    run_on_host(reads_what_is_there);
}

env::task<void> tail_loses(env::environment world) {
    stage on(world);
    bench_read_command asked = reading(on);
    asked.fill.verify = false;
    asked.fill_bytes = 0;
    asked.tail_duration = 1s;
    const auto serve = on.broker.on_request;
    int produced = 0;
    on.broker.on_request = [&](fake_broker::session& with, const kafka::request_frame& request) {
        memory_topics::topic& topic = on.memory.topics["r"];
        std::vector<memory_topics::partition> before = topic.partitions;
        serve(with, request);
        if (request.header.api == kafka::api_key::produce && ++produced % 10 == 0)
            topic.partitions = std::move(before);
    };
    on.memory.add("r", 3);
    const exit_code code = co_await run_bench_read(world, &on.out, &on.stop, asked);
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_PART(on, "\"kind\":\"not received\",");
}
TEST(bench_read, what_is_acknowledged_and_never_received_is_a_failure) {
    env::sim_world world(1);
    world.run(tail_loses(world.shard()));
}

}  // namespace
}  // namespace logstore::app
