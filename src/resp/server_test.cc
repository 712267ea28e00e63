// The server over a network: accepting, limits, idle clients, stopping.
#include "resp/server.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "resp/testing/connection_fixture.h"
#include "shard/testing/memory_broker.h"

namespace logstore::resp {
namespace {

using namespace resp::testing;
using namespace std::chrono_literals;

/// The other end of a connection.
struct client final : env::stream_handler {
    explicit client(std::unique_ptr<env::stream> connected) : stream(std::move(connected)) {
        stream->start(*this);
    }
    void send(std::string_view text) {
        stream->send(env::shared_bytes(byte_vector(bytes_of(text).begin(), bytes_of(text).end())));
        stream->flush();
    }
    void on_received(bytes_view bytes) override { received += text_of(bytes); }
    void on_closed(error) override { is_closed = true; }

    std::unique_ptr<env::stream> stream;
    std::string received;
    bool is_closed = false;
};

class server_test : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    server_test() {
        broker.add_topic("users", 3, {{"kv.enabled", "true"}});
        broker.add_topic("events");
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
        at.port = 6380;
        ASSERT_TRUE(front_door->listen(at, true).has_value());
    }
    std::unique_ptr<client> connect() {
        env::socket_address to;
        to.host = "node-0";
        to.port = 6380;
        auto connected = world.run(other_machine->shard().net.connect(to));
        CHECK(connected.has_value());
        return std::make_unique<client>(std::move(*connected));
    }

    env::sim_world world{GetParam()};
    env::sim_node* other_machine = nullptr;
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limit_options limit_options;
    std::unique_ptr<process_limits> limits;
    std::unique_ptr<server> front_door;
};

TEST_P(server_test, many_clients_are_served_at_once_and_each_in_order) {
    start();
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(connect());
    std::vector<std::string> expected(clients.size());
    for (std::size_t i = 0; i < clients.size(); ++i) {
        for (int round = 0; round < 20; ++round) {
            const std::string key = "key" + std::to_string(i), value = std::string(100, 'v') + std::to_string(round);
            clients[i]->send(request({"HSET", "users", key, value}) + request({"HGET", "users", key}));
            expected[i] += (round == 0 ? ":1\r\n" : ":0\r\n") + bulk(value);
        }
    }
    world.run_until_idle();
    for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i]->received, expected[i]);
    EXPECT_EQ(front_door->metrics().connections_open, 10u);
    EXPECT_EQ(front_door->metrics().commands[index_of(*find_command("hset"))], 200u);
}

TEST_P(server_test, connections_above_the_limits_are_told_and_closed) {
    limit_options.connections_max = 3;
    limit_options.connections_per_address_max = 2;
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
    fourth->send(request({"PING"}));
    world.run_until_idle();
    EXPECT_EQ(fourth->received, "+PONG\r\n");
    EXPECT_FALSE(second->is_closed);
}

TEST_P(server_test, idle_and_slow_clients_are_closed_and_waiting_ones_are_not) {
    options.idle_timeout = 60s;
    options.request_timeout = 20s;
    start();
    auto idle = connect();
    auto slow = connect();
    auto waiting = connect();
    slow->send("*2\r\n$3\r\n");
    waiting->send(request({"XREAD", "BLOCK", "0", "STREAMS", "events", "$"}));
    world.advance(40s);
    EXPECT_TRUE(slow->is_closed);
    EXPECT_FALSE(idle->is_closed);
    world.advance(40s);
    EXPECT_TRUE(idle->is_closed);
    EXPECT_FALSE(waiting->is_closed);
}

TEST_P(server_test, a_stop_answers_what_is_under_way_and_lets_waiting_readers_go) {
    broker.holds_keys = true;
    start();
    auto writer = connect();
    auto reader = connect();
    auto idle = connect();
    writer->send(request({"HSET", "users", "a", "1"}));
    reader->send(request({"XREAD", "BLOCK", "0", "STREAMS", "events", "$"}));
    world.advance(1s);
    broker.let_keys_go();  // the statuses of the views
    world.advance(1s);
    auto stopping = world.start(front_door->stop());
    world.advance(1s);
    EXPECT_FALSE(stopping.done());
    EXPECT_EQ(reader->received, "*-1\r\n");
    EXPECT_TRUE(reader->is_closed && idle->is_closed);
    broker.holds_keys = false;
    broker.let_keys_go();
    world.advance(2s);
    EXPECT_TRUE(stopping.done());
    EXPECT_EQ(writer->received, ":1\r\n");
    front_door.reset();
}

TEST_P(server_test, a_stop_ends_also_with_clients_that_do_not_read) {
    options.stop_timeout = 3s;
    start();
    auto unread = connect();
    unread->stream->pause_receiving();
    for (int i = 0; i < 50; ++i) unread->send(request({"ECHO", std::string(100'000, 'x')}));
    world.advance(1s);
    auto stopping = world.start(front_door->stop());
    world.advance(1s);
    EXPECT_FALSE(stopping.done());
    world.advance(5s);
    EXPECT_TRUE(stopping.done());
    front_door.reset();
}

INSTANTIATE_TEST_SUITE_P(seeds, server_test, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace logstore::resp
