// The server over a network: accepting, limits, idle clients, stopping.
#include "kafka/server/server.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/requests.h"
#include "shard/testing/memory_broker.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

/// The other end of a connection.
struct client final : env::stream_handler {
    explicit client(std::unique_ptr<env::stream> connected) : stream(std::move(connected)) {
        stream->start(*this);
    }
    void send(byte_vector bytes) {
        stream->send(env::shared_bytes(std::move(bytes)));
        stream->flush();
    }
    void on_received(bytes_view bytes) override {
        received.insert(received.end(), bytes.begin(), bytes.end());
    }
    void on_closed(error) override { is_closed = true; }

    std::unique_ptr<env::stream> stream;
    byte_vector received;
    bool is_closed = false;
};

class server_test : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    server_test() {
        broker.add_topic("events", 3);
        other_machine = &world.add_node("client");
    }
    ~server_test() override {
        if (front_door) world.run(front_door->stop());
        EXPECT_EQ(limits->connections.total(), 0u);
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    }

    void start() {
        limits = std::make_unique<process_limits>(limit_options, std::vector<env::executor*>{&world.loop()});
        front_door = std::make_unique<server>(broker, *limits, 0, options);
        env::socket_address at;
        at.port = 9092;
        const auto listening = front_door->listen(at, true);
        ASSERT_TRUE(listening.has_value()) << listening.error().message();
        EXPECT_EQ(front_door->port(), 9092);
    }
    std::unique_ptr<client> connect() {
        env::socket_address to;
        to.host = "node-0";
        to.port = 9092;
        auto connected = env::run(other_machine->loop(), other_machine->shard().net.connect(to));
        CHECK(connected);
        return std::make_unique<client>(std::move(*connected));
    }
    byte_vector produce_frame(std::int32_t correlation_id, bytes_view records, std::int32_t partition = 0) {
        return frame_of(produce_of({{"events", partition, records}}), 9, correlation_id);
    }
    byte_vector fetch_frame(std::int32_t correlation_id, std::int32_t max_wait_ms) {
        fetch_request request;
        request.max_wait_ms = max_wait_ms;
        request.min_bytes = 1;
        auto& topic = request.topics.emplace_back();
        topic.name = "events";
        topic.partitions.emplace_back().max_bytes = 1 << 20;
        return frame_of(request, 12, correlation_id);
    }

    env::sim_world world{GetParam()};
    env::sim_node* other_machine = nullptr;
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limit_options limit_options;
    std::unique_ptr<process_limits> limits;
    std::unique_ptr<server> front_door;
    const byte_vector batch = batch_of();
};

TEST_P(server_test, many_clients_are_served_at_once_and_each_in_order) {
    start();
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(connect());
    const byte_vector large = batch_of(20, 3000);
    metadata_request everything;
    for (int round = 0; round < 5; ++round) {
        for (auto& one : clients) {
            one->send(produce_frame(round * 10 + 1, batch));
            one->send(produce_frame(round * 10 + 2, large, 1));
            one->send(frame_of(everything, 9, round * 10 + 3));
            one->send(produce_frame(round * 10 + 4, batch, 2));
        }
    }
    world.run_until_idle();
    std::vector<std::int32_t> expected;
    for (int round = 0; round < 5; ++round) {
        for (int i = 1; i <= 4; ++i) expected.push_back(round * 10 + i);
    }
    for (auto& one : clients) EXPECT_EQ(correlation_ids_in(one->received), expected);
    EXPECT_EQ(broker.appended.size(), 150u);
    EXPECT_EQ(front_door->metrics().connections_open, 10u);
    EXPECT_EQ(front_door->metrics().connections_accepted, 10u);
    EXPECT_EQ(front_door->metrics().requests[0], 150u);
    std::size_t received = 0;
    for (auto& one : clients) received += one->received.size();
    EXPECT_EQ(front_door->metrics().sent_bytes, received);
}

TEST_P(server_test, connections_of_one_address_above_its_limit_are_closed_at_once) {
    limit_options.connections_per_address_max = 1;
    start();
    auto first = connect();
    auto second = connect();
    world.run_until_idle();
    EXPECT_FALSE(first->is_closed);
    EXPECT_TRUE(second->is_closed);
    EXPECT_EQ(front_door->metrics().connections_over_limit, 1u);
    first->stream->close();
    world.run_until_idle();
    auto third = connect();
    world.run_until_idle();
    EXPECT_FALSE(third->is_closed);
}

TEST_P(server_test, connections_above_the_limit_are_closed_at_once) {
    limit_options.connections_max = 2;
    start();
    auto first = connect();
    auto second = connect();
    auto third = connect();
    world.run_until_idle();
    EXPECT_TRUE(third->is_closed);
    EXPECT_EQ(front_door->metrics().connections_over_limit, 1u);
    first->stream->close();
    world.run_until_idle();
    auto fourth = connect();
    fourth->send(produce_frame(1, batch));
    world.run_until_idle();
    EXPECT_EQ(correlation_ids_in(fourth->received), std::vector<std::int32_t>{1});
    EXPECT_FALSE(second->is_closed);
}

TEST_P(server_test, an_idle_client_is_closed_after_a_while) {
    options.idle_timeout = 60s;
    start();
    auto idle = connect();
    auto active = connect();
    auto waiting = connect();
    waiting->send(fetch_frame(1, 300'000));
    for (int i = 0; i < 10; ++i) {
        world.advance(10s);
        active->send(produce_frame(i, batch, 1));
        if (i < 5) EXPECT_FALSE(idle->is_closed);
    }
    world.run_until_idle();
    EXPECT_TRUE(idle->is_closed);
    EXPECT_FALSE(active->is_closed);
    EXPECT_FALSE(waiting->is_closed);
}

TEST_P(server_test, stalled_frames_make_room_early_when_others_wait_for_it) {
    limit_options.assembly_bytes_per_shard = 400'000;
    start();
    byte_vector most(4 + 150'000);
    store_big(most.data(), static_cast<std::int32_t>(150'001));
    std::vector<std::unique_ptr<client>> stalled;
    for (int i = 0; i < 3; ++i) {
        stalled.push_back(connect());
        stalled.back()->send(most);
    }
    world.advance(1s);
    auto honest = connect();
    const byte_vector large = batch_of(50, 3000);
    honest->send(produce_frame(1, large));
    const auto closed = [&] {
        return std::ranges::count_if(stalled, [](const auto& one) { return one->is_closed; });
    };
    EXPECT_EQ(closed(), 0);
    world.advance(5s);
    EXPECT_EQ(correlation_ids_in(honest->received), std::vector<std::int32_t>{1});
    EXPECT_GT(closed(), 0);
    world.advance(10s);
    EXPECT_EQ(closed(), 3);
}

TEST_P(server_test, a_stop_answers_what_is_under_way_and_closes_the_rest) {
    broker.holds_appends = true;
    start();
    auto idle = connect();
    auto producing = connect();
    auto fetching = connect();
    producing->send(produce_frame(1, batch));
    fetching->send(fetch_frame(2, 60'000));
    world.run_until([&] { return broker.held() == 1 && broker.data_waiters() == 1; });
    auto stopping = world.start(front_door->stop());
    world.advance(1s);
    EXPECT_FALSE(stopping.done());
    EXPECT_TRUE(idle->is_closed);
    EXPECT_TRUE(fetching->is_closed);
    EXPECT_EQ(correlation_ids_in(fetching->received), std::vector<std::int32_t>{2});
    EXPECT_FALSE(producing->is_closed);
    world.loop().post([&] { broker.complete_all(); });
    world.advance(2s);
    EXPECT_TRUE(stopping.done());
    EXPECT_TRUE(producing->is_closed);
    EXPECT_EQ(correlation_ids_in(producing->received), std::vector<std::int32_t>{1});
    front_door.reset();
}

TEST_P(server_test, a_stop_is_bounded_in_time_and_still_waits_for_appends) {
    broker.holds_appends = true;
    options.stop_timeout = 2s;
    start();
    auto producing = connect();
    producing->send(produce_frame(1, batch));
    world.run_until([&] { return broker.held() == 1; });
    auto stopping = world.start(front_door->stop());
    world.advance(1s);
    EXPECT_FALSE(producing->is_closed);
    world.advance(2s);
    EXPECT_TRUE(producing->is_closed);
    EXPECT_TRUE(producing->received.empty());
    EXPECT_FALSE(stopping.done());  // the append refers to the connection's memory
    world.loop().post([&] { broker.complete_all(); });
    world.run_until_idle();
    EXPECT_TRUE(stopping.done());
    front_door.reset();
}

TEST_P(server_test, clients_that_vanish_leave_nothing_behind) {
    start();
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(connect());
        clients.back()->send(produce_frame(1, batch));
        clients.back()->send(fetch_frame(2, 60'000));
        clients.back()->send(produce_frame(3, batch));
    }
    world.advance(1ms);
    world.network().break_all();
    world.run_until_idle();
    EXPECT_EQ(front_door->metrics().connections_open, 0u);
    EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(seeds, server_test, ::testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace logstore::kafka
