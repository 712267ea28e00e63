#include "app/bench/http_lane.h"

#include <functional>

#include <gtest/gtest.h>

#include "env/testing/sim_random.h"
#include "env/testing/sim_world.h"

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

/// Hands each whole request to the test, which answers it or not.
class fake_server final : public env::stream_handler {
  public:
    explicit fake_server(env::environment world) {
        listener_ = *world.net.listen({"127.0.0.1", 0}, false, [this](std::unique_ptr<env::stream> accepted) {
            stream_ = std::move(accepted);
            stream_->start(*this);
        });
    }
    env::socket_address address() const { return {"127.0.0.1", listener_->port()}; }
    void answer(std::string_view text) {
        const bytes_view view = bytes_of(text);
        stream_->send(env::shared_bytes(byte_vector(view.begin(), view.end())));
        stream_->flush();
    }
    void close() { stream_->close(); }

    std::function<void(std::string)> on_request;

  private:
    void on_received(bytes_view bytes) override {
        heard_ += text_of(bytes);
        while (true) {
            const std::size_t head = heard_.find("\r\n\r\n");
            if (head == std::string::npos) return;
            const std::size_t at = heard_.find("Content-Length: ") + 16;
            const std::size_t whole = head + 4 + std::stoul(heard_.substr(at));
            if (heard_.size() < whole) return;
            const std::string request = heard_.substr(0, whole);
            heard_.erase(0, whole);
            on_request(request);
        }
    }
    void on_closed(error) override {}

    std::unique_ptr<env::listener> listener_;
    std::unique_ptr<env::stream> stream_;
    std::string heard_;
};

struct outcomes final : lane_listener {
    void on_answer(const std::expected<void, refusal>& outcome) override {
        told.push_back(outcome ? "ok" : outcome.error().kind + (outcome.error().is_lost ? " (lost)" : ""));
    }
    std::vector<std::string> told;
};

constexpr std::string_view good =
    "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{\"topic\":\"load\",\"partition\":3,\"offset\":1234}";

struct stage {
    explicit stage(std::optional<std::uint32_t> marked_run = {})
        : server(world.shard()), requests("here:80", "load", marked_run, values) {
        auto connected = world.run(http_lane::connect(world.shard(), server.address(), &requests));
        CHECK(connected);
        connection = std::move(*connected);
        connection->listen(heard);
        server.on_request = [this](std::string request) {
            asked.push_back(std::move(request));
            if (!answer.empty()) server.answer(answer);
        };
    }
    void send(std::uint64_t sequence) {
        const auto sent = connection->send({partition_id(3), 5, sequence});
        EXPECT_TRUE(sent);
    }
    void run(std::size_t outcomes_wanted) {
        connection->flush();
        world.run_until([&] { return heard.told.size() >= outcomes_wanted; }, 1s);
    }

    env::sim_world world{1};
    env::sim_random random{1};
    payload values{random, 40, 1, false};
    fake_server server;
    http_requests requests;
    outcomes heard;
    std::unique_ptr<lane> connection;
    std::vector<std::string> asked;
    std::string answer{good};
};

TEST(http_lane, an_append_is_a_post_of_one_record) {
    stage on;
    on.send(0);
    on.run(1);
    ASSERT_EQ(on.asked.size(), 1u);
    const std::string body =
        "{\"topic\":\"load\",\"partition\":3,\"value\":\"" + std::string(text_of(on.values.body(0))) + "\"}";
    EXPECT_EQ(on.asked[0],
              "POST /append HTTP/1.1\r\nHost: here:80\r\nContent-Type: application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(on.heard.told, std::vector<std::string>{"ok"});
}

TEST(http_lane, marked_records_tell_which_they_are) {
    stage on(0xabcu);
    on.send(17);
    on.send(18);
    on.run(2);
    ASSERT_EQ(on.asked.size(), 2u);
    EXPECT_NE(on.asked[0].find("\"value\":\"00000abc000000050000000000000011"), std::string::npos)
        << on.asked[0];
    EXPECT_NE(on.asked[1].find("\"value\":\"00000abc000000050000000000000012"), std::string::npos);
    EXPECT_EQ(on.heard.told, (std::vector<std::string>{"ok", "ok"}));
}

TEST(http_lane, a_refusal_is_named_by_status_and_code) {
    stage on;
    on.answer =
        "HTTP/1.1 503 Busy\r\nContent-Length: 41\r\n\r\n{\"error\":{\"code\":\"overloaded\",\"m\":\"x y\"}}";
    on.send(0);
    on.run(1);
    on.answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
    on.send(1);
    on.run(2);
    EXPECT_EQ(on.heard.told, (std::vector<std::string>{"HTTP 503 overloaded", "HTTP 500"}));
    on.answer = good;
    on.send(2);
    on.run(3);
    EXPECT_EQ(on.heard.told.back(), "ok") << "the connection goes on";
}

TEST(http_lane, what_is_under_way_on_a_lost_connection_is_told) {
    stage on;
    on.answer = "";
    for (int i = 0; i < 3; ++i) on.send(i);
    on.connection->flush();
    on.world.run_until([&] { return on.asked.size() == 3; });
    on.server.answer(good);
    on.run(1);
    on.server.close();
    on.run(3);
    EXPECT_EQ(on.heard.told,
              (std::vector<std::string>{"ok", "connection lost (lost)", "connection lost (lost)"}));
    const auto more = on.connection->send({partition_id(0), 0, 0});
    ASSERT_FALSE(more);
    EXPECT_TRUE(more.error().is_lost);
}

TEST(http_lane, an_answer_that_is_none_loses_the_connection) {
    stage on;
    on.answer = "what?\r\n\r\n";
    on.send(0);
    on.run(1);
    EXPECT_EQ(on.heard.told, std::vector<std::string>{"bad answer (lost)"});
}

TEST(http_lane, a_silent_server_is_given_up_after_a_while) {
    stage on;
    on.answer = "";
    on.send(0);
    on.connection->flush();
    on.world.advance(29s);
    EXPECT_TRUE(on.heard.told.empty());
    on.world.advance(2s);
    EXPECT_EQ(on.heard.told, std::vector<std::string>{"timed out (lost)"});
}

TEST(http_lane, a_server_that_closes_after_its_answer_is_lost) {
    stage on;
    on.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    on.send(0);
    on.send(1);
    on.run(2);
    EXPECT_EQ(on.heard.told, (std::vector<std::string>{"ok", "connection lost (lost)"}));
}

}  // namespace
}  // namespace logstore::app::bench
