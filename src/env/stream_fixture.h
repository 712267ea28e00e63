// What the tests of streams over real sockets share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "env/asio_executor.h"
#include "env/asio_network.h"
#include "env/gate.h"
#include "env/system_clock.h"
#include "env/thread_pool.h"

namespace logstore::env {

inline byte_vector pattern(std::size_t bytes, std::uint32_t seed = 1) {
    byte_vector made(bytes);
    std::uint32_t state = seed;
    for (auto& b : made) {
        state = state * 1664525 + 1013904223;
        b = std::byte(state >> 24);
    }
    return made;
}

/// A user that keeps what it gets.
struct recorder : stream_handler {
    byte_vector received;
    std::optional<error> closed;
    int calls_after_close = 0;
    std::size_t sent_calls = 0;
    std::size_t last_pending = 0;

    void on_received(bytes_view bytes) override {
        if (closed) ++calls_after_close;
        received.insert(received.end(), bytes.begin(), bytes.end());
    }
    void on_sent(std::size_t pending) override {
        if (closed) ++calls_after_close;
        ++sent_calls;
        last_pending = pending;
    }
    void on_closed(error why) override {
        if (closed) ++calls_after_close;
        closed = why;
    }
};

/// A listener, and clients of it.
struct stream_test : testing::Test {
    system_clock clock;
    asio_executor loop{clock};
    thread_pool pool{"test", 2};
    asio_network net{loop, pool};
    gate inside;
    std::vector<std::unique_ptr<stream>> accepted;
    std::unique_ptr<listener> listening;

    void SetUp() override { listening = listen_at(0); }

    std::unique_ptr<listener> listen_at(std::uint16_t port, bool shared = false) {
        socket_address at;
        at.host = "127.0.0.1";
        at.port = port;
        auto made =
            net.listen(at, shared, [this](std::unique_ptr<stream> s) { accepted.push_back(std::move(s)); });
        EXPECT_TRUE(made.has_value()) << made.error().message();
        return made ? std::move(*made) : nullptr;
    }

    static task<void> keep(task<result<std::unique_ptr<stream>>> connecting,
                           std::optional<result<std::unique_ptr<stream>>>& answer) {
        auto got = co_await std::move(connecting);
        answer.emplace(std::move(got));
    }
    result<std::unique_ptr<stream>> try_connect(std::string host, std::uint16_t port) {
        socket_address to;
        to.host = std::move(host);
        to.port = port;
        std::optional<result<std::unique_ptr<stream>>> answer;
        spawn(inside, keep(net.connect(to), answer));
        loop.run_until([&] { return answer.has_value(); });
        return std::move(*answer);
    }
    std::unique_ptr<stream> connect() {
        const std::size_t before = accepted.size();
        auto made = try_connect("127.0.0.1", listening->port());
        EXPECT_TRUE(made.has_value()) << made.error().message();
        loop.run_until([&] { return accepted.size() > before; });
        return std::move(*made);
    }
    /// Lets everything that is under way happen.
    void settle(duration how_long = std::chrono::milliseconds(20)) {
        bool over = false;
        loop.start_timer(clock.now() + how_long, [&] { over = true; });
        loop.run_until([&] { return over; });
    }
    /// A plain blocking socket to the listener.
    int raw_connection() {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(listening->port());
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        const std::size_t before = accepted.size();
        loop.run_until([&] { return accepted.size() > before; });
        return fd;
    }
};

inline void send_text(stream& to, std::string_view text) {
    const bytes_view bytes = bytes_of(text);
    to.send(shared_bytes(byte_vector(bytes.begin(), bytes.end())));
}

}  // namespace logstore::env
