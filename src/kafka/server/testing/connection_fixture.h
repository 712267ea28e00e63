// Connections over test streams, against a broker in memory, in simulated time.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/server/connection.h"
#include "kafka/server/process_limits.h"
#include "kafka/server/testing/requests.h"
#include "env/testing/test_stream.h"
#include "shard/testing/memory_broker.h"

namespace logstore::kafka::testing {

using env::stream_end;
using env::test_stream;

class connection_fixture : public ::testing::Test, protected connection_owner {
  protected:
    connection_fixture() {
        options.advertised.host = "broker.example";
        options.advertised.port = 19092;
        broker.add_topic("events", 3);
    }
    ~connection_fixture() override { end_all(); }

    /// Call before the first connect().
    void limit_process_bytes(std::size_t bytes) {
        process_limit_options changed;
        changed.in_flight_bytes = bytes;
        changed.answer_bytes = bytes;
        limit_process(changed);
    }
    void limit_process(const process_limit_options& changed) {
        limits = std::make_unique<process_limits>(changed, std::vector<env::executor*>{&world.loop()});
    }

    stream_end& connect(std::string peer = "test:1") {
        if (!resources) {
            resources = std::make_unique<connection_resources>(
                connection_resources{{broker, options, metrics, log, memo},
                                     limits->request_memory.share(0),
                                     limits->kept_memory.share(0),
                                     *limits->frame_memory[0],
                                     limits->answer_memory.share(0),
                                     slots,
                                     turns,
                                     *this});
        }
        stream_end& end = ends.emplace_back(world.loop());
        connections.push_back(std::make_unique<connection>(*resources, std::make_unique<test_stream>(end, std::move(peer))));
        last = connections.back().get();
        last->place = std::prev(connections.end());
        last->start();
        return end;
    }

    void run() { world.run_until_idle(); }

    /// Delivers, runs the world until it is idle, and returns what was answered.
    byte_vector exchange(stream_end& with, bytes_view request) {
        with.deliver(request);
        run();
        return with.sent();
    }
    /// One request, one answer.
    template <message Response, message Request>
    Response ask(const Request& request, int version) {
        stream_end& with = connect();
        answer = exchange(with, frame_of(request, version, 5));
        const auto frames = frames_in(answer);
        CHECK(frames.size() == 1, "{} answers", frames.size());
        CHECK(*response_correlation_id(frames[0]) == 5);
        return answer_in<Response>(frames[0], version);
    }
    /// One part, one answer: its partition.
    produce_response::partition produce(const produce_request& request, int version = 8) {
        const auto response = ask<produce_response>(request, version);
        return response.topics.at(0).partitions.at(0);
    }
    byte_vector produce_frame(std::int32_t correlation_id, bytes_view batch, std::int32_t partition = 0,
                              std::int16_t acks = -1) {
        return frame_of(produce_of({{"events", partition, batch}}, acks), 7, correlation_id);
    }

    void end_all() {
        for (const auto& one : connections) one->abort();
        broker.complete_all();
        run();
        broker.complete_all();
        run();
        EXPECT_TRUE(connections.empty());
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->kept_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->frame_memory[0]->held_bytes(), 0u);
    }

    void on_gone(connection& which) override { connections.erase(which.place); }

    env::sim_world world{1};
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    server_metrics metrics;
    complaints log{"kafka", world.time()};
    topic_memo memo;
    produce_slots slots;
    door::fair_turns turns{world.loop()};
    std::unique_ptr<process_limits> limits =
        std::make_unique<process_limits>(process_limit_options{}, std::vector<env::executor*>{&world.loop()});
    std::unique_ptr<connection_resources> resources;
    std::list<stream_end> ends;
    std::list<std::unique_ptr<connection>> connections;
    connection* last = nullptr;
    /// The bytes of the last ask().
    byte_vector answer;
};

}  // namespace logstore::kafka::testing
