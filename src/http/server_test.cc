// The server over a network: accepting, limits, idle clients, stopping.
#include "http/server.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "http/testing/connection_fixture.h"
#include "shard/testing/memory_broker.h"

namespace logstore::http {
namespace {

using namespace http::testing;
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
        broker.add_topic("events", 3);
        other_machine = &world.add_node("client");
    }
    ~server_test() override {
        if (front_door) world.run(front_door->stop());
        EXPECT_EQ(limits->connections.load(), 0u);
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    }

    void start() {
        limits = std::make_unique<process_limits>(limit_options, std::vector<env::executor*>{&world.loop()});
        front_door = std::make_unique<server>(broker, *limits, 0, options, process_metrics);
        env::socket_address at;
        at.port = 8080;
        ASSERT_TRUE(front_door->listen(at, true).has_value());
    }
    std::unique_ptr<client> connect() {
        env::socket_address to;
        to.host = "node-0";
        to.port = 8080;
        auto connected = world.run(other_machine->shard().net.connect(to));
        CHECK(connected.has_value());
        return std::make_unique<client>(std::move(*connected));
    }

    env::sim_world world{GetParam()};
    env::sim_node* other_machine = nullptr;
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limit_options limit_options;
    metrics_source* process_metrics = nullptr;
    std::unique_ptr<process_limits> limits;
    std::unique_ptr<server> front_door;
};

TEST_P(server_test, many_clients_are_served_at_once_and_each_in_order) {
    start();
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(connect());
    for (auto& one : clients) {
        for (int round = 0; round < 5; ++round) one->send(append(std::string(3000, 'v')) + get("/topics"));
    }
    world.run_until_idle();
    std::size_t received = 0;
    for (auto& one : clients) {
        const auto answers = answers_in(one->received);
        ASSERT_EQ(answers.size(), 10u);
        for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].has("\"offset\":"), i % 2 == 0);
        received += one->received.size();
    }
    EXPECT_EQ(broker.appended.size(), 50u);
    EXPECT_EQ(front_door->metrics().connections_open, 10u);
    EXPECT_EQ(front_door->metrics().of(route::append, 200), 50u);
    EXPECT_EQ(front_door->metrics().of(route::topics, 200), 50u);
    EXPECT_EQ(front_door->metrics().sent_bytes, received);
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
    fourth->send(append("v"));
    world.run_until_idle();
    EXPECT_EQ(answers_in(fourth->received).size(), 1u);
    EXPECT_FALSE(second->is_closed);
}

TEST_P(server_test, idle_and_slow_clients_are_closed_and_waiting_ones_are_not) {
    options.idle_timeout = 60s;
    options.request_timeout = 20s;
    start();
    auto idle = connect();
    auto slow = connect();
    auto waiting = connect();
    slow->send("GET /topics HTTP/1.1\r\n");
    waiting->send(get("/read?topic=events&follow=true"));
    world.advance(15s);
    EXPECT_FALSE(slow->is_closed);
    world.advance(15s);
    EXPECT_EQ(answers_in(slow->received).at(0).status, 408);
    EXPECT_FALSE(idle->is_closed);
    world.advance(60s);
    EXPECT_TRUE(idle->is_closed);
    EXPECT_FALSE(waiting->is_closed);
}

TEST_P(server_test, a_stop_answers_what_is_under_way_and_closes_the_rest) {
    broker.holds_appends = true;
    start();
    auto idle = connect();
    auto appending = connect();
    auto waiting = connect();
    appending->send(append("v"));
    waiting->send(get("/read?topic=events&wait_ms=50000"));
    world.run_until([&] { return broker.held() == 1 && broker.data_waiters() == 1; });
    front_door->say_stopping();
    auto stopping = world.start(front_door->stop());
    world.advance(1s);
    EXPECT_FALSE(stopping.done());
    EXPECT_TRUE(idle->is_closed && waiting->is_closed);
    EXPECT_EQ(answers_in(waiting->received).size(), 1u);
    EXPECT_FALSE(appending->is_closed);
    world.loop().post([&] { broker.complete_all(); });
    world.advance(2s);
    EXPECT_TRUE(stopping.done());
    EXPECT_EQ(answers_in(appending->received).size(), 1u);
    front_door.reset();
}

TEST_P(server_test, a_stop_is_bounded_in_time_and_still_waits_for_appends) {
    broker.holds_appends = true;
    options.stop_timeout = 2s;
    start();
    auto appending = connect();
    appending->send(append("v"));
    world.run_until([&] { return broker.held() == 1; });
    auto stopping = world.start(front_door->stop());
    world.advance(3s);
    EXPECT_TRUE(appending->is_closed && appending->received.empty());
    EXPECT_FALSE(stopping.done());  // the append refers to the connection's memory
    world.loop().post([&] { broker.complete_all(); });
    world.run_until_idle();
    EXPECT_TRUE(stopping.done());
    front_door.reset();
}

TEST_P(server_test, health_says_that_a_stop_has_begun) {
    start();
    auto one = connect();
    one->send(get("/health/ready"));
    world.run_until_idle();
    EXPECT_EQ(answers_in(one->received).at(0).status, 200);
    front_door->say_stopping();
    one->send(get("/health/ready"));
    world.run_until_idle();
    EXPECT_EQ(answers_in(one->received).at(1).status, 503);
    EXPECT_TRUE(one->is_closed);
    auto other = connect();
    other->send(get("/health/live"));
    world.run_until_idle();
    EXPECT_EQ(answers_in(other->received).at(0).status, 200);
}

TEST_P(server_test, metrics_are_those_of_the_process) {
    struct source final : metrics_source {
        env::task<std::string> render() override { co_return "up 1\n"; }
    } metrics;
    process_metrics = &metrics;
    start();
    auto one = connect();
    one->send(get("/metrics"));
    world.run_until_idle();
    EXPECT_EQ(answers_in(one->received).at(0).body, "up 1\n");
    world.run(front_door->stop());
    front_door.reset();
}

TEST_P(server_test, clients_that_vanish_leave_nothing_behind) {
    start();
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(connect());
        clients.back()->send(append("v") + get("/read?topic=events&wait_ms=60000") + append("w"));
    }
    world.advance(1ms);
    world.network().break_all();
    world.run_until_idle();
    EXPECT_EQ(front_door->metrics().connections_open, 0u);
}

INSTANTIATE_TEST_SUITE_P(seeds, server_test, ::testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace logstore::http
