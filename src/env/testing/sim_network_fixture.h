// What the tests of the simulated network share.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::env {

inline byte_vector pattern(std::size_t bytes, std::uint64_t seed = 1) {
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

inline void send_text(stream& to, std::string_view text) {
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

}  // namespace logstore::env
