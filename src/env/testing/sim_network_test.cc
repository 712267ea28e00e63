// Streams and listeners over the simulated network.
#include "env/testing/sim_network_fixture.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

TEST_F(sim_network_test, bytes_arrive_in_order_in_chunks_down_to_one_byte) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    const auto all = pattern(1'000'003);
    for (std::size_t at = 0; at < all.size(); at += 1000) {
        const auto part = bytes_view(all).subspan(at, std::min<std::size_t>(1000, all.size() - at));
        client->send(shared_bytes(byte_vector(part.begin(), part.end())));
    }
    EXPECT_EQ(client->pending_send_bytes(), all.size()) << "nothing leaves before flush";
    client->flush();
    world.run_until_idle();
    EXPECT_TRUE(at_server.received == all);
    EXPECT_EQ(at_server.smallest, 1u);
    EXPECT_GT(at_server.deliveries, 100u);
}

TEST_F(sim_network_test, what_the_kernel_does_not_take_leaves_later_and_is_told) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    client->send(shared_bytes(pattern(2'000'000)));
    client->flush();
    EXPECT_GT(client->pending_send_bytes(), 1'000'000u);
    world.run_until_idle();
    EXPECT_GT(client->pending_send_bytes(), 1'000'000u) << "nobody reads";
    accepted[0]->start(at_server);
    world.run_until_idle();
    EXPECT_EQ(client->pending_send_bytes(), 0u);
    EXPECT_GT(at_client.sent_calls, 0u);
    EXPECT_EQ(at_server.received.size(), 2'000'000u);
}

/// Goes on when the peer has sent its last.
struct patient : recorder {
    int ends = 0;
    bool on_peer_finished() override {
        ++ends;
        return true;
    }
};

TEST_F(sim_network_test, who_wants_to_can_answer_a_peer_that_has_sent_its_last) {
    auto client = connect();
    recorder at_client;
    patient at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    send_text(*client, "ask");
    client->close_after_sending();
    world.run_until([&] { return at_server.ends > 0; });
    EXPECT_EQ(text_of(at_server.received), "ask");
    EXPECT_FALSE(at_server.closed.has_value());
    send_text(*accepted[0], "answer");
    accepted[0]->close_after_sending();
    world.run_until_idle();
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_EQ(at_server.ends, 1);
    EXPECT_TRUE(at_client.closed.has_value());
}

TEST_F(sim_network_test, a_peer_that_has_gone_altogether_is_found_by_sending) {
    auto client = connect();
    patient at_server;
    accepted[0]->start(at_server);
    client.reset();
    world.run_until_idle();
    EXPECT_EQ(at_server.ends, 1);
    EXPECT_FALSE(at_server.closed.has_value());
    send_text(*accepted[0], "answer");
    accepted[0]->flush();
    world.run_until_idle();
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_NE(at_server.closed->code.value(), 0);
}

TEST_F(sim_network_test, what_leaves_at_once_is_not_told) {
    auto client = connect();
    recorder at_client;
    client->start(at_client);
    send_text(*client, "small");
    client->flush();
    EXPECT_EQ(client->pending_send_bytes(), 0u);
    world.run_until_idle();
    EXPECT_EQ(at_client.sent_calls, 0u);
}

/// Receives into a place of its own, of a changing size.
struct with_space : recorder {
    byte_vector space;
    std::size_t in_space = 0;
    mutable_bytes receive_space() override {
        space.assign(received.size() % 5, std::byte{});
        return space;
    }
    void on_received(bytes_view bytes) override {
        in_space += bytes.data() == space.data() ? bytes.size() : 0;
        recorder::on_received(bytes);
    }
};

TEST_F(sim_network_test, bytes_go_where_the_user_wants_them) {
    auto client = connect();
    with_space at_server;
    accepted[0]->start(at_server);
    const auto all = pattern(10'000);
    client->send(shared_bytes(all));
    client->flush();
    world.run_until_idle();
    EXPECT_TRUE(at_server.received == all);
    EXPECT_GT(at_server.in_space, 0u);
    EXPECT_LT(at_server.in_space, all.size());
}

TEST_F(sim_network_test, a_paused_stream_delivers_nothing_until_resumed) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->pause_receiving();
    send_text(*client, "held");
    client->flush();
    client.reset();
    world.run_until_idle();
    EXPECT_TRUE(at_server.received.empty());
    EXPECT_FALSE(at_server.closed.has_value()) << "the news of closing waits too";
    accepted[0]->resume_receiving();
    EXPECT_TRUE(at_server.received.empty()) << "not from inside the call";
    world.run_until_idle();
    EXPECT_EQ(text_of(at_server.received), "held");
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_EQ(at_server.closed->code.value(), 0);
}

TEST_F(sim_network_test, close_is_told_once_and_not_from_inside_the_call) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    send_text(*client, "dropped");
    client->close();
    client->close();
    EXPECT_FALSE(at_client.closed.has_value());
    world.run_until_idle();
    ASSERT_TRUE(at_client.closed && at_server.closed);
    EXPECT_EQ(at_client.closed->code, std::errc::operation_canceled);
    EXPECT_EQ(at_server.closed->code.value(), 0);
    EXPECT_TRUE(at_server.received.empty());
    EXPECT_EQ(at_client.calls_after_close, 0);
    send_text(*client, "nowhere");
    client->flush();
    EXPECT_EQ(client->pending_send_bytes(), 0u);
}

TEST_F(sim_network_test, close_after_sending_sends_everything_and_waits_for_the_peer) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    const auto all = pattern(3'000'000);
    client->send(shared_bytes(all));
    client->close_after_sending();
    send_text(*client, "too late");
    world.run_until_idle();
    EXPECT_FALSE(at_client.closed.has_value());
    accepted[0]->start(at_server);
    world.run_until_idle();
    EXPECT_TRUE(at_server.received == all);
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_EQ(at_server.closed->code.value(), 0);
    ASSERT_TRUE(at_client.closed.has_value()) << "the peer closed too";
    EXPECT_EQ(at_client.closed->code, std::errc::operation_canceled);
}

TEST_F(sim_network_test, a_peer_that_never_closes_does_not_keep_a_closing_stream) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    const auto before = world.scheduler().now();
    accepted[0]->close_after_sending();
    ASSERT_TRUE(world.run_until([&] { return at_server.closed.has_value(); }));
    EXPECT_GE(world.scheduler().now() - before, close_linger);
}

TEST_F(sim_network_test, closing_over_unread_bytes_resets_the_peer) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    send_text(*accepted[0], "never read");
    accepted[0]->flush();
    world.run_until_idle();
    client.reset();
    world.run_until_idle();
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_EQ(at_server.closed->code, std::errc::connection_reset);
}

TEST_F(sim_network_test, sending_to_a_peer_that_is_gone_ends_in_an_error) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->pause_receiving();
    client.reset();
    world.run_until_idle();
    for (int i = 0; i < 3; ++i) {
        send_text(*accepted[0], "anybody there?");
        accepted[0]->flush();
        world.advance(1ms);
    }
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_EQ(at_server.closed->code, std::errc::broken_pipe);
}

struct suicidal : stream_handler {
    std::unique_ptr<stream>& mine;
    int calls = 0;
    explicit suicidal(std::unique_ptr<stream>& the_mine) : mine(the_mine) {}
    void on_received(bytes_view) override {
        ++calls;
        mine.reset();
    }
    void on_closed(error) override {
        ++calls;
        mine.reset();
    }
};

TEST_F(sim_network_test, a_stream_may_be_destroyed_inside_its_own_callbacks) {
    auto client = connect();
    suicidal at_server(accepted[0]);
    suicidal at_client(client);
    accepted[0]->start(at_server);
    client->start(at_client);
    send_text(*client, "0123456789");
    client->flush();
    world.run_until_idle();
    EXPECT_EQ(accepted[0], nullptr);
    EXPECT_EQ(client, nullptr);
    EXPECT_EQ(at_server.calls, 1);
    EXPECT_EQ(at_client.calls, 1);
}

TEST_F(sim_network_test, shared_listeners_of_two_shards_both_get_connections_on_their_own_executor) {
    int at_first = 0;
    int at_second = 0;
    socket_address at;
    at.port = 7000;
    const auto first = world.shard(0).net.listen(at, true, [&](std::unique_ptr<stream>) {
        EXPECT_TRUE(world.loop(0).is_current());
        ++at_first;
    });
    const auto second = world.shard(1).net.listen(at, true, [&](std::unique_ptr<stream>) {
        EXPECT_TRUE(world.loop(1).is_current());
        ++at_second;
    });
    ASSERT_TRUE(first && second);
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(try_connect("10.0.0.1", 7000).has_value());
    world.run_until_idle();
    EXPECT_EQ(at_first + at_second, 40);
    EXPECT_GT(at_first, 0);
    EXPECT_GT(at_second, 0);
}

TEST_F(sim_network_test, connecting_where_nobody_listens_is_refused) {
    EXPECT_EQ(try_connect("node-0", 1).error().code, std::errc::connection_refused);
    EXPECT_EQ(try_connect("nobody", 9092).error().code, std::errc::host_unreachable);
    listening.reset();
    EXPECT_EQ(try_connect().error().code, std::errc::connection_refused);
}

TEST_F(sim_network_test, a_port_in_use_is_refused_and_port_0_is_a_free_one) {
    socket_address at;
    at.port = 9092;
    EXPECT_EQ(world.shard().net.listen(at, true, [](auto) {}).error().code, std::errc::address_in_use);
    at.port = 0;
    const auto any = world.shard().net.listen(at, false, [](auto) {});
    ASSERT_TRUE(any.has_value());
    EXPECT_NE((*any)->port(), 0);
    at.host = "client";
    EXPECT_EQ(world.shard().net.listen(at, false, [](auto) {}).error().code,
              std::errc::address_not_available);
}

TEST_F(sim_network_test, peers_are_named_by_their_addresses) {
    auto client = connect();
    EXPECT_EQ(client->peer(), "10.0.0.1:9092");
    EXPECT_TRUE(accepted[0]->peer().starts_with("10.0.0.2:")) << accepted[0]->peer();
}

}  // namespace
}  // namespace logstore::env
