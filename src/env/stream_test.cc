// What goes through a stream, and how it ends.
#include "env/stream_fixture.h"

#include <algorithm>
#include <list>

#include <unistd.h>

namespace logstore::env {
namespace {

using std::chrono::milliseconds;

TEST_F(stream_test, bytes_arrive_as_they_were_sent) {
    auto client = connect();
    recorder at_client, at_server;
    accepted[0]->start(at_server);
    client->start(at_client);
    send_text(*client, "hello ");
    send_text(*client, "world");
    EXPECT_EQ(client->pending_send_bytes(), 11u) << "nothing leaves before flush";
    client->flush();
    EXPECT_EQ(client->pending_send_bytes(), 0u);
    loop.run_until([&] { return at_server.received.size() == 11; });
    EXPECT_EQ(text_of(at_server.received), "hello world");
    EXPECT_TRUE(accepted[0]->peer().starts_with("127.0.0.1:")) << accepted[0]->peer();
    EXPECT_EQ(client->peer(), "127.0.0.1:" + std::to_string(listening->port()));
}

TEST_F(stream_test, bytes_sent_before_start_are_not_lost) {
    auto client = connect();
    send_text(*client, "early");
    client->flush();
    settle();
    recorder at_server;
    accepted[0]->start(at_server);
    loop.run_until([&] { return at_server.received.size() == 5; });
    EXPECT_EQ(text_of(at_server.received), "early");
}

/// Echoes, and takes frames of changing length into its own space.
struct echo : stream_handler {
    stream& to;
    byte_vector space;
    std::size_t next_space = 1;
    std::size_t in_space = 0;
    std::size_t elsewhere = 0;
    bool closed = false;

    explicit echo(stream& the_to) : to(the_to) {}
    mutable_bytes receive_space() override {
        next_space = next_space * 7 % 100'003;
        space.assign(next_space % 3 == 0 ? 0 : next_space, std::byte{});
        return space;
    }
    void on_received(bytes_view bytes) override {
        (bytes.data() == space.data() ? in_space : elsewhere) += bytes.size();
        to.send(shared_bytes(byte_vector(bytes.begin(), bytes.end())));
        to.flush();
    }
    void on_closed(error) override { closed = true; }
};

TEST_F(stream_test, ten_megabytes_in_odd_pieces_come_back_whole) {
    auto client = connect();
    echo at_server(*accepted[0]);
    recorder at_client;
    accepted[0]->start(at_server);
    client->start(at_client);
    const byte_vector all = pattern(10'000'019);
    std::size_t step = 1;
    for (std::size_t at = 0; at < all.size();) {
        step = std::min(step * 3 % 65'537, all.size() - at);
        client->send(shared_bytes(byte_vector(all.begin() + long(at), all.begin() + long(at + step))));
        if (at % 3 == 0) client->flush();
        at += step;
    }
    client->flush();
    EXPECT_GT(client->pending_send_bytes(), 0u) << "more than a socket takes at once";
    loop.run_until([&] { return at_client.received.size() >= all.size(); });
    EXPECT_TRUE(at_client.received == all);
    EXPECT_GT(at_client.sent_calls, 0u);
    EXPECT_EQ(client->pending_send_bytes(), 0u);
    EXPECT_GT(at_server.in_space, 0u);
    EXPECT_GT(at_server.elsewhere, 0u);
}

TEST_F(stream_test, a_paused_stream_delivers_nothing_until_resumed) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->pause_receiving();
    send_text(*client, "held");
    client->flush();
    settle();
    EXPECT_TRUE(at_server.received.empty());
    accepted[0]->resume_receiving();
    EXPECT_TRUE(at_server.received.empty()) << "not from inside the call";
    loop.run_until([&] { return at_server.received.size() == 4; });
}

/// Pauses in the middle of what one system call brought.
struct pausing : recorder {
    stream& of;
    byte_vector space = byte_vector(10);
    explicit pausing(stream& the_of) : of(the_of) {}
    mutable_bytes receive_space() override { return space; }
    void on_received(bytes_view bytes) override {
        recorder::on_received(bytes);
        of.pause_receiving();
    }
};

TEST_F(stream_test, who_pauses_in_the_middle_of_a_delivery_gets_the_rest_of_it_and_no_more) {
    auto client = connect();
    pausing at_server(*accepted[0]);
    send_text(*client, "0123456789abcdef");
    client->flush();
    accepted[0]->start(at_server);
    settle();
    EXPECT_EQ(text_of(at_server.received), "0123456789abcdef");
    send_text(*client, "more");
    client->flush();
    settle();
    EXPECT_EQ(text_of(at_server.received), "0123456789abcdef");
    accepted[0]->resume_receiving();
    settle();
    EXPECT_EQ(text_of(at_server.received), "0123456789abcdefmore");
}

/// Takes little at a time.
struct modest : recorder {
    std::size_t largest = 0;
    std::size_t receive_max() override { return 7; }
    void on_received(bytes_view bytes) override {
        largest = std::max(largest, bytes.size());
        recorder::on_received(bytes);
    }
};

TEST_F(stream_test, no_delivery_is_larger_than_its_user_takes) {
    auto client = connect();
    modest at_server;
    send_text(*client, "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz");
    client->flush();
    settle();
    accepted[0]->start(at_server);
    loop.run_until([&] { return at_server.received.size() == 72; });
    EXPECT_EQ(at_server.largest, 7u);
}

TEST_F(stream_test, the_peer_closing_is_told_without_an_error) {
    auto client = connect();
    recorder at_server;
    accepted[0]->start(at_server);
    send_text(*client, "bye");
    client->flush();
    client.reset();
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_EQ(text_of(at_server.received), "bye");
    EXPECT_EQ(at_server.closed->code.value(), 0);
    settle();
    EXPECT_EQ(at_server.calls_after_close, 0);
}

/// Goes on when the peer has sent its last.
struct patient : recorder {
    int ends = 0;
    bool on_peer_finished() override {
        EXPECT_FALSE(closed.has_value());
        ++ends;
        return true;
    }
};

TEST_F(stream_test, who_wants_to_can_answer_a_peer_that_has_shut_its_sending_side) {
    const int peer = raw_connection();
    patient at_server;
    accepted[0]->start(at_server);
    EXPECT_EQ(::send(peer, "ask", 3, 0), 3);
    ::shutdown(peer, SHUT_WR);
    loop.run_until([&] { return at_server.ends > 0; });
    EXPECT_EQ(text_of(at_server.received), "ask");
    accepted[0]->pause_receiving();
    accepted[0]->resume_receiving();
    send_text(*accepted[0], "answer");
    accepted[0]->flush();
    settle();
    EXPECT_FALSE(at_server.closed.has_value());
    char answer[100];
    EXPECT_EQ(::recv(peer, answer, sizeof answer, 0), 6);
    accepted[0]->close_after_sending();
    const auto before = clock.now();
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_LT(clock.now() - before, close_linger) << "the peer closed long ago";
    EXPECT_EQ(at_server.ends, 1);
    EXPECT_EQ(::recv(peer, answer, sizeof answer, 0), 0);
    ::close(peer);
}

TEST_F(stream_test, a_peer_that_has_gone_altogether_is_found_by_sending) {
    auto client = connect();
    patient at_server;
    accepted[0]->start(at_server);
    client.reset();
    loop.run_until([&] { return at_server.ends > 0; });
    for (int i = 0; i < 100 && !at_server.closed; ++i) {
        send_text(*accepted[0], "answer");
        accepted[0]->flush();
        settle(milliseconds(1));
    }
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_NE(at_server.closed->code.value(), 0);
}

/// Destroys the stream when the peer has sent its last.
struct leaving : recorder {
    std::unique_ptr<stream>& mine;
    explicit leaving(std::unique_ptr<stream>& the_mine) : mine(the_mine) {}
    bool on_peer_finished() override {
        mine.reset();
        return true;
    }
};

TEST_F(stream_test, a_stream_may_be_destroyed_when_the_peer_has_sent_its_last) {
    auto client = connect();
    leaving at_server(accepted[0]);
    accepted[0]->start(at_server);
    client.reset();
    loop.run_until([&] { return accepted[0] == nullptr; });
    settle();
    EXPECT_FALSE(at_server.closed.has_value());
}

TEST_F(stream_test, close_is_told_once_and_not_from_inside_the_call) {
    auto client = connect();
    recorder at_client, at_server;
    client->start(at_client);
    accepted[0]->start(at_server);
    send_text(*client, "dropped");
    client->close();
    client->close();
    EXPECT_FALSE(at_client.closed.has_value());
    loop.run_until([&] { return at_client.closed && at_server.closed; });
    EXPECT_EQ(at_client.closed->code, std::errc::operation_canceled);
    EXPECT_EQ(at_server.closed->code.value(), 0);
    EXPECT_TRUE(at_server.received.empty());
    settle();
    EXPECT_EQ(at_client.calls_after_close, 0);
    send_text(*client, "nowhere");
    client->flush();
    EXPECT_EQ(client->pending_send_bytes(), 0u);
}

TEST_F(stream_test, close_after_sending_sends_everything_first) {
    auto client = connect();
    recorder at_client, at_server;
    client->start(at_client);
    const byte_vector all = pattern(8'000'000);
    client->send(shared_bytes(all));
    client->close_after_sending();
    send_text(*client, "too late");
    settle();
    EXPECT_FALSE(at_client.closed.has_value()) << "the peer has not read yet";
    accepted[0]->start(at_server);
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_TRUE(at_server.received == all);
    EXPECT_EQ(at_server.closed->code.value(), 0);
    accepted[0].reset();
    loop.run_until([&] { return at_client.closed.has_value(); });
    EXPECT_EQ(at_client.closed->code, std::errc::operation_canceled);
}

TEST_F(stream_test, the_last_answer_reaches_a_peer_that_goes_on_sending) {
    const int peer = raw_connection();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->pause_receiving();
    std::string unread(100'000, 'x');
    EXPECT_EQ(::send(peer, unread.data(), unread.size(), 0), ssize_t(unread.size()));
    settle();
    send_text(*accepted[0], "refused");
    accepted[0]->close_after_sending();
    settle();
    char answer[100];
    EXPECT_EQ(::recv(peer, answer, sizeof answer, 0), 7) << "a reset would have taken it away";
    EXPECT_EQ(::recv(peer, answer, sizeof answer, 0), 0);
    EXPECT_FALSE(at_server.closed.has_value());
    ::close(peer);
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_TRUE(at_server.received.empty());
}

TEST_F(stream_test, a_peer_that_never_closes_does_not_keep_a_closing_stream) {
    const int peer = raw_connection();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->close_after_sending();
    const auto before = clock.now();
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_GE(clock.now() - before, close_linger);
    ::close(peer);
}

TEST_F(stream_test, a_reset_by_the_peer_is_an_error) {
    const int peer = raw_connection();
    recorder at_server;
    accepted[0]->start(at_server);
    const linger now{1, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(peer);
    loop.run_until([&] { return at_server.closed.has_value(); });
    EXPECT_EQ(at_server.closed->code, std::errc::connection_reset);
}

TEST_F(stream_test, sending_to_a_peer_that_is_gone_ends_in_an_error) {
    const int peer = raw_connection();
    recorder at_server;
    accepted[0]->start(at_server);
    accepted[0]->pause_receiving();
    ::close(peer);
    for (int i = 0; i < 100 && !at_server.closed; ++i) {
        send_text(*accepted[0], std::string(1000, 'x'));
        accepted[0]->flush();
        settle(milliseconds(1));
    }
    ASSERT_TRUE(at_server.closed.has_value());
    EXPECT_NE(at_server.closed->code.value(), 0);
}

struct suicidal : stream_handler {
    std::unique_ptr<stream>& mine;
    bool on_receive;
    int calls = 0;
    byte_vector space = byte_vector(4);
    suicidal(std::unique_ptr<stream>& the_mine, bool the_on_receive)
        : mine(the_mine), on_receive(the_on_receive) {}
    mutable_bytes receive_space() override { return space; }
    void on_received(bytes_view) override {
        ++calls;
        if (on_receive) mine.reset();
    }
    void on_closed(error) override {
        ++calls;
        mine.reset();
    }
};

TEST_F(stream_test, a_stream_may_be_destroyed_inside_its_own_callbacks) {
    auto client = connect();
    suicidal at_server(accepted[0], true);
    accepted[0]->start(at_server);
    send_text(*client, "0123456789");
    client->flush();
    settle();
    EXPECT_EQ(accepted[0], nullptr);
    EXPECT_EQ(at_server.calls, 1);

    suicidal at_client(client, false);
    client->start(at_client);
    settle();
    EXPECT_EQ(client, nullptr) << "told of the peer's close, and destroyed there";
    EXPECT_EQ(at_client.calls, 1);
}

TEST_F(stream_test, a_destroyed_stream_says_nothing_more) {
    auto client = connect();
    recorder at_client;
    client->start(at_client);
    send_text(*accepted[0], "late");
    accepted[0]->flush();
    client->close();
    client.reset();
    settle();
    EXPECT_TRUE(at_client.received.empty());
    EXPECT_FALSE(at_client.closed.has_value());
}

TEST_F(stream_test, two_hundred_connections_at_once) {
    struct peer_pair {
        std::unique_ptr<stream> client;
        recorder at_client;
    };
    std::list<peer_pair> pairs;
    std::list<echo> echoes;
    for (int i = 0; i < 200; ++i) {
        auto& pair = pairs.emplace_back();
        pair.client = connect();
        echoes.emplace_back(*accepted.back());
        accepted.back()->start(echoes.back());
        pair.client->start(pair.at_client);
    }
    std::uint32_t seed = 0;
    for (auto& pair : pairs) {
        pair.client->send(shared_bytes(pattern(5000, ++seed)));
        pair.client->flush();
    }
    loop.run_until([&] {
        return std::ranges::all_of(pairs,
                                   [](const auto& pair) { return pair.at_client.received.size() == 5000; });
    });
    seed = 0;
    for (auto& pair : pairs) EXPECT_TRUE(pair.at_client.received == pattern(5000, ++seed));
    EXPECT_EQ(accepted.size(), 200u);
}

}  // namespace
}  // namespace logstore::env
