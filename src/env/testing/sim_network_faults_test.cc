// What goes wrong between machines: links, connections, processes that end.
#include "env/testing/sim_network_fixture.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

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
