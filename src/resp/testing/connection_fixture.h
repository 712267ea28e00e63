// Connections over test streams, against a broker in memory, in simulated time.
#pragma once

#include <initializer_list>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "env/testing/test_stream.h"
#include "resp/connection.h"
#include "shard/testing/memory_broker.h"

namespace logstore::resp::testing {

using env::stream_end;
using words = std::vector<std::string>;

/// A command as clients send it.
inline std::string request(const words& args) {
    std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string& one : args) bytes += "$" + std::to_string(one.size()) + "\r\n" + one + "\r\n";
    return bytes;
}
inline std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
inline std::string bulks(const words& texts) {
    std::string bytes = "*" + std::to_string(texts.size()) + "\r\n";
    for (const std::string& one : texts) bytes += bulk(one);
    return bytes;
}

class connection_fixture : public ::testing::Test, protected connection_owner {
  protected:
    connection_fixture() {
        broker.add_topic("events");
        broker.add_topic("users", 1, {{"kv.enabled", "true"}});
        broker.add_topic("kv", 1, {{"kv.enabled", "true"}});
    }
    ~connection_fixture() override { end_all(); }

    /// Options and limits are changed before the first connect().
    stream_end& connect() {
        if (!with) make();
        stream_end& end = ends.emplace_back(world.loop());
        connection_owner& owner = *this;
        connections.push_back(
            std::make_unique<connection>(*with, owner, std::make_unique<env::test_stream>(end)));
        last = connections.back().get();
        last->place = std::prev(connections.end());
        last->start();
        return end;
    }

    void run() { world.run_until_idle(); }
    static std::string text(byte_vector bytes) { return std::string(text_of(bytes)); }

    /// Delivers, runs the world until it is idle, and returns what was answered.
    std::string exchange(stream_end& with_end, std::string_view bytes) {
        with_end.deliver(bytes_of(bytes));
        run();
        return text(with_end.sent());
    }
    /// One command on a connection that stays for the test.
    std::string ask(const words& args) {
        if (asking == nullptr) asking = &connect();
        return exchange(*asking, request(args));
    }
    std::string ask3(const words& args) {
        stream_end& end = connect();
        exchange(end, request({"HELLO", "3"}));
        return exchange(end, request(args));
    }

    void tick(int times = 1) {
        for (int i = 0; i < times; ++i) {
            for (const auto& one : connections) one->on_tick(patience);
            run();
        }
    }

    void end_all() {
        broker.holds_appends = broker.holds_keys = false;
        for (const auto& one : connections) one->abort();
        for (int i = 0; i < 3; ++i) {
            broker.let_keys_go();
            broker.complete_all();
            run();
        }
        EXPECT_TRUE(connections.empty());
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    }

    void on_gone(connection& which) override { connections.erase(which.place); }

    void make() {
        limits = std::make_unique<process_limits>(limit_options, std::vector<env::executor*>{&world.loop()});
        with = std::make_unique<serving>(serving{broker, options, *limits, limits->request_memory.share(0),
                                                 limits->answer_memory.share(0), metrics, log, memo, places,
                                                 is_stopping});
    }

    env::sim_world world{1};
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limit_options limit_options;
    server_metrics metrics;
    complaints log{"resp", world.time()};
    topic_memo memo;
    key_places places;
    bool is_stopping = false;
    connection::patience patience{4, 2, 2};
    std::unique_ptr<process_limits> limits =
        std::make_unique<process_limits>(process_limit_options{}, std::vector<env::executor*>{&world.loop()});
    std::unique_ptr<serving> with;
    std::list<stream_end> ends;
    std::list<std::unique_ptr<connection>> connections;
    connection* last = nullptr;
    stream_end* asking = nullptr;
};

}  // namespace logstore::resp::testing
