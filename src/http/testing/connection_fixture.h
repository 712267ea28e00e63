// Connections over test streams, against a broker in memory, in simulated time.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "env/testing/test_stream.h"
#include "http/connection.h"
#include "http/process_limits.h"
#include "shard/testing/memory_broker.h"

namespace logstore::http::testing {

using env::stream_end;

/// An answer as a client reads it.
struct seen_answer {
    int status = 0;
    std::string head;
    std::string body;

    bool has(std::string_view text) const { return (head + body).find(text) != std::string::npos; }
};

/// All answers in `bytes`, by their Content-Length. CHECKs that they are whole.
inline std::vector<seen_answer> answers_in(std::string_view bytes) {
    std::vector<seen_answer> answers;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find("\r\n\r\n");
        CHECK(end != std::string_view::npos && bytes.starts_with("HTTP/1.1 "), "no answer: {}", bytes);
        seen_answer& one = answers.emplace_back();
        one.head = bytes.substr(0, end + 4);
        one.status = std::stoi(one.head.substr(9, 3));
        bytes.remove_prefix(end + 4);
        constexpr std::string_view field = "Content-Length: ";
        const std::size_t at = one.head.find(field);
        if (at == std::string::npos) continue;
        const auto length = static_cast<std::size_t>(std::stoul(one.head.substr(at + field.size())));
        CHECK(bytes.size() >= length, "half an answer: {}", bytes);
        one.body = bytes.substr(0, length);
        bytes.remove_prefix(length);
    }
    return answers;
}

inline std::string get(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view fields = "") {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string append(std::string_view value, std::string_view topic = "events") {
    return post("/append",
                "{\"topic\":\"" + std::string(topic) + "\",\"value\":\"" + std::string(value) + "\"}");
}

class connection_fixture : public ::testing::Test, protected connection_owner {
  protected:
    connection_fixture() { broker.add_topic("events"); }
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
    std::string exchange(stream_end& with_end, std::string_view request) {
        with_end.deliver(bytes_of(request));
        run();
        return text(with_end.sent());
    }
    /// One request on a connection of its own, one answer.
    seen_answer ask(std::string_view request) {
        auto answers = answers_in(exchange(connect(), request));
        CHECK(answers.size() == 1, "{} answers to {}", answers.size(), request);
        return std::move(answers.front());
    }
    /// The code of the error that answers `request`, behind its status: "404 unknown_topic".
    std::string refusal(std::string_view request) {
        const seen_answer answer = ask(request);
        constexpr std::string_view start = "{\"error\":{\"code\":\"";
        CHECK(answer.body.starts_with(start), "no error: {}{}", answer.head, answer.body);
        const std::string rest = answer.body.substr(start.size());
        return std::to_string(answer.status) + " " + rest.substr(0, rest.find('"'));
    }

    void tick(int times = 1) {
        for (int i = 0; i < times; ++i) {
            for (const auto& one : connections) one->on_tick(patience);
            run();
        }
    }

    void end_all() {
        for (const auto& one : connections) one->abort();
        broker.complete_all();
        run();
        broker.complete_all();
        run();
        EXPECT_TRUE(connections.empty());
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    }

    void on_gone(connection& which) override { connections.erase(which.place); }

    void make() {
        limits = std::make_unique<process_limits>(limit_options, std::vector<env::executor*>{&world.loop()});
        origins = std::make_unique<origin_policy>(options.origins);
        with = std::make_unique<serving>(serving{
            broker, options, *origins, process_metrics, limits->request_memory.share(0),
            limits->answer_memory.share(0), metrics, log, memo, partitions, bodies, date, is_stopping});
    }

    env::sim_world world{1};
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limit_options limit_options;
    metrics_source* process_metrics = nullptr;
    server_metrics metrics;
    complaints log{"http", world.time()};
    topic_memo memo;
    partition_chooser partitions;
    body_reader bodies;
    date_line date{world.time()};
    bool is_stopping = false;
    connection::patience patience{4, 2, 2};
    std::unique_ptr<origin_policy> origins;
    std::unique_ptr<process_limits> limits =
        std::make_unique<process_limits>(process_limit_options{}, std::vector<env::executor*>{&world.loop()});
    std::unique_ptr<serving> with;
    std::list<stream_end> ends;
    std::list<std::unique_ptr<connection>> connections;
    connection* last = nullptr;
};

}  // namespace logstore::http::testing
