#include "env/testing/sim_network.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

byte_vector pattern(std::size_t bytes, std::uint64_t seed = 1) {
    byte_vector made(bytes);
    sim_random(seed).fill(made);
    return made;
}

/// A user that keeps what it gets.
struct recorder : stream_handler {
    byte_vector received;
    std::size_t deliveries = 0;
    std::size_t smallest = ~std::size_t{0};
    std::size_t sent_calls = 0;
    std::optional<error> closed;
    int calls_after_close = 0;

    void on_received(bytes_view bytes) override {
        calls_after_close += closed ? 1 : 0;
        ++deliveries;
        smallest = std::min(smallest, bytes.size());
        received.insert(received.end(), bytes.begin(), bytes.end());
    }
    void on_sent(std::size_t) override {
        calls_after_close += closed ? 1 : 0;
        ++sent_calls;
    }
    void on_closed(error why) override {
        calls_after_close += closed ? 1 : 0;
        closed = std::move(why);
    }
};

void send_text(stream& to, std::string_view text) {
    const auto bytes = bytes_of(text);
    to.send(shared_bytes(byte_vector(bytes.begin(), bytes.end())));
}

/// A server on node-0 and a client on another machine.
struct sim_network_test : ::testing::Test {
    sim_world world{1, 2};
    sim_node& client_node = world.add_node("client");
    std::vector<std::unique_ptr<stream>> accepted;
    std::unique_ptr<listener> listening;

    void SetUp() override { listening = listen(0, 9092, false); }

    std::unique_ptr<listener> listen(std::uint32_t shard, std::uint16_t port, bool shared) {
        socket_address at;
        at.port = port;
        auto made = world.shard(shard).net.listen(
            at, shared, [this](std::unique_ptr<stream> one) { accepted.push_back(std::move(one)); });
        EXPECT_TRUE(made.has_value()) << made.error().message();
        return made ? std::move(*made) : nullptr;
    }
    result<std::unique_ptr<stream>> try_connect(std::string host = "node-0", std::uint16_t port = 9092) {
        socket_address to;
        to.host = std::move(host);
        to.port = port;
        return run(client_node.loop(), client_node.shard().net.connect(to));
    }
    std::unique_ptr<stream> connect() {
        auto made = try_connect();
        EXPECT_TRUE(made.has_value()) << made.error().message();
        world.run_until_idle();
        return std::move(*made);
    }
};

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

TEST_F(sim_network_test, a_blocked_link_holds_bytes_one_way_until_it_is_unblocked) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    world.network().block(client_node.machine(), world.node().machine());
    send_text(*client, "there");
    client->flush();
    send_text(*accepted[0], "back");
    accepted[0]->flush();
    world.run_until_idle();
    EXPECT_EQ(text_of(at_client.received), "back");
    EXPECT_TRUE(at_server.received.empty());
    EXPECT_GT(world.network().counters().deliveries_held, 0u);
    world.network().unblock(client_node.machine(), world.node().machine());
    world.run_until_idle();
    EXPECT_EQ(text_of(at_server.received), "there");
}

TEST_F(sim_network_test, connecting_to_an_isolated_machine_times_out_unless_it_comes_back) {
    world.network().isolate(world.node().machine());
    const auto before = world.scheduler().now();
    EXPECT_EQ(try_connect().error().code, std::errc::timed_out);
    EXPECT_EQ(world.scheduler().now() - before, duration(connect_timeout));

    socket_address to;
    to.host = "node-0";
    to.port = 9092;
    auto connecting = start(client_node.loop(), client_node.shard().net.connect(to));
    world.advance(connect_timeout / 2);
    EXPECT_FALSE(connecting.done());
    world.network().unblock_all();
    world.run_until_idle();
    ASSERT_TRUE(connecting.done());
    EXPECT_TRUE(connecting.take().has_value());
}

TEST_F(sim_network_test, a_stalled_connection_delivers_nothing_and_goes_on_when_resumed) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    const auto connection = world.network().connections().at(0);
    connection->stall();
    send_text(*client, "patience");
    client->flush();
    world.advance(1h);
    EXPECT_TRUE(at_server.received.empty());
    connection->resume();
    world.run_until_idle();
    EXPECT_EQ(text_of(at_server.received), "patience");
}

TEST_F(sim_network_test, a_broken_connection_tells_both_ends_and_delivers_nothing_sent_later) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    send_text(*client, "lost");
    client->flush();
    world.network().break_all();
    send_text(*client, "also lost");
    client->flush();
    world.run_until_idle();
    ASSERT_TRUE(at_client.closed && at_server.closed);
    EXPECT_EQ(at_client.closed->code, std::errc::connection_reset);
    EXPECT_EQ(at_server.closed->code, std::errc::connection_reset);
    EXPECT_TRUE(at_server.received.empty());
    EXPECT_EQ(world.network().counters().connections_broken, 1u);
    EXPECT_TRUE(world.network().connections().empty());
}

TEST_F(sim_network_test, a_process_that_ends_closes_its_streams_and_resets_its_peers) {
    auto client = connect();
    recorder at_client;
    recorder at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    auto old = world.shard();
    world.kill(1);
    world.run_until_idle();
    ASSERT_TRUE(at_client.closed && at_server.closed);
    EXPECT_EQ(at_client.closed->code, std::errc::connection_reset);
    EXPECT_EQ(at_server.closed->code, std::errc::connection_aborted);
    EXPECT_EQ(try_connect().error().code, std::errc::connection_refused);
    socket_address at;
    at.port = 9092;
    EXPECT_EQ(old.net.listen(at, false, [](auto) {}).error().code, std::errc::network_down);
    listening = listen(0, 9092, false);
    EXPECT_TRUE(try_connect().has_value());
}

TEST_F(sim_network_test, seeded_breaks_and_flipped_bits_happen) {
    world.network().options().corrupt_one_in = 10;
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    const auto all = pattern(500'000);
    client->send(shared_bytes(all));
    client->flush();
    world.run_until_idle();
    EXPECT_EQ(at_server.received.size(), all.size());
    EXPECT_GT(world.network().counters().bits_flipped, 0u);
    EXPECT_FALSE(at_server.received == all);

    world.network().options().break_one_in = 10;
    client->send(shared_bytes(all));
    client->flush();
    world.run_until_idle();
    EXPECT_TRUE(at_server.closed.has_value());
}

/// Reads a stream, and now and then pauses it, resumes it later, or closes it.
struct moody : recorder {
    std::unique_ptr<stream> mine;
    sim_executor& loop;
    sim_random& random;
    moody(std::unique_ptr<stream> the_stream, sim_executor& the_loop, sim_random& the_random)
        : mine(std::move(the_stream)), loop(the_loop), random(the_random) {}
    void on_received(bytes_view bytes) override {
        recorder::on_received(bytes);
        if (random.one_in(10)) {
            mine->pause_receiving();
            loop.start_timer(loop.time().now() + 1ms, [this] {
                if (mine) mine->resume_receiving();
            });
        } else if (random.one_in(40)) {
            mine->close();
        }
    }
};

TEST_F(sim_network_test,
       whatever_happens_a_stream_delivers_a_prefix_of_what_was_sent_and_says_when_it_is_all) {
    sim_random random(3);
    int complete = 0;
    int cut = 0;
    for (int round = 0; round < 80; ++round) {
        accepted.clear();
        auto client = connect();
        ASSERT_EQ(accepted.size(), 1u);
        recorder at_client;
        client->start(at_client);
        moody at_server(std::move(accepted[0]), world.loop(), random);
        at_server.mine->start(at_server);
        const auto all = pattern(random.between(1, 300'000), static_cast<std::uint64_t>(round));
        for (std::size_t at = 0; at < all.size();) {
            const auto part = bytes_view(all).subspan(
                at, std::min<std::size_t>(random.between(1, 50'000), all.size() - at));
            at += part.size();
            client->send(shared_bytes(byte_vector(part.begin(), part.end())));
            if (random.coin()) client->flush();
            if (random.coin()) world.advance(duration(1ms));
            if (random.one_in(50)) world.network().break_all();
        }
        client->close_after_sending();
        world.advance(10s);
        ASSERT_TRUE(at_client.closed.has_value());
        ASSERT_TRUE(at_server.closed.has_value());
        ASSERT_EQ(at_server.calls_after_close + at_client.calls_after_close, 0);
        ASSERT_LE(at_server.received.size(), all.size());
        ASSERT_TRUE(std::ranges::equal(at_server.received, bytes_view(all).first(at_server.received.size())));
        const bool whole = at_server.received.size() == all.size();
        if (at_server.closed->code.value() == 0) {
            ASSERT_TRUE(whole) << "a clean end comes after all bytes";
        }
        complete += whole ? 1 : 0;
        cut += whole ? 0 : 1;
        at_server.mine.reset();
    }
    EXPECT_GT(complete, 8);
    EXPECT_GT(cut, 8);
}

TEST_F(sim_network_test, a_frame_destroyed_while_it_connects_is_not_resumed) {
    socket_address to;
    to.host = "node-0";
    to.port = 9092;
    {
        auto connecting = start(client_node.loop(), client_node.shard().net.connect(to));
        world.scheduler().step();
    }
    world.advance(20s);
    EXPECT_EQ(accepted.size(), 0u);
}

}  // namespace
}  // namespace logstore::env
