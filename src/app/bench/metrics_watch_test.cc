#include "app/bench/metrics_watch.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

TEST(metric_sum, adds_over_all_labels) {
    const std::string_view text =
        "# HELP a_total what\n# TYPE a_total counter\na_total{shard=\"0\"} 5\na_total{shard=\"1\",x=\"} y\"} "
        "2.5e1\n"
        "a_total_more 100\na 7\nb{unclosed 1\nc{} nonsense";
    EXPECT_EQ(metric_sum(text, "a"), 7);
    EXPECT_EQ(metric_sum(text, "a_total_more"), 100);
    EXPECT_EQ(metric_sum(text, "b"), std::nullopt);
    EXPECT_EQ(metric_sum(text, "c"), std::nullopt);
    EXPECT_EQ(metric_sum(text, "d"), std::nullopt);
    EXPECT_EQ(metric_sum("a_total{shard=\"0\"} 5\na_total{shard=\"1\"} 6", "a_total"), 11);
    EXPECT_EQ(metric_sum("", "a"), std::nullopt);
}

/// Counts a hundred groups of five appends, each flushed in 2 ms, for each time it is asked.
class fake_server final : public env::stream_handler {
  public:
    explicit fake_server(env::environment world) {
        listener_ = *world.net.listen({"127.0.0.1", 0}, false, [this](std::unique_ptr<env::stream> accepted) {
            stream_ = std::move(accepted);
            stream_->start(*this);
        });
    }
    env::socket_address address() const { return {"127.0.0.1", listener_->port()}; }

    bool says_nothing_of_groups = false;
    int asked = 0;

  private:
    void on_received(bytes_view bytes) override {
        heard_ += text_of(bytes);
        if (!heard_.ends_with("\r\n\r\n")) return;
        EXPECT_TRUE(heard_.starts_with("GET /metrics HTTP/1.1\r\nHost: "));
        heard_.clear();
        ++asked;
        const std::string body =
            says_nothing_of_groups
                ? "up 1\n"
                : "logstore_journal_group_appends_sum " + std::to_string(500 * asked) +
                      "\nlogstore_journal_group_appends_count{shard=\"0\"} " + std::to_string(100 * asked) +
                      "\nlogstore_journal_flush_seconds_sum " + std::to_string(0.2 * asked) +
                      "\nlogstore_journal_flush_seconds_count " + std::to_string(100 * asked) + "\n";
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        const bytes_view view = bytes_of(answer);
        stream_->send(env::shared_bytes(byte_vector(view.begin(), view.end())));
        stream_->flush();
    }
    void on_closed(error) override {}

    std::unique_ptr<env::listener> listener_;
    std::unique_ptr<env::stream> stream_;
    std::string heard_;
};

env::task<void> watch(env::environment world, metrics_watch* watching) {
    watching->start();
    co_await env::sleep(world.loop, 3500ms);
    co_await watching->stop();
}

TEST(metrics_watch, a_point_is_what_happened_since_the_one_before) {
    env::sim_world world(1);
    fake_server server(world.shard());
    metrics_watch watching(world.shard(), server.address());
    world.run(watch(world.shard(), &watching));
    EXPECT_EQ(watching.trouble(), "");
    ASSERT_EQ(watching.points().size(), 4u) << "at 1, 2 and 3 s, and at the end";
    for (const group_point& one : watching.points()) {
        EXPECT_DOUBLE_EQ(one.appends_per_group, 5);
        EXPECT_NEAR(one.flush_ms, 2, 0.001);
    }
    EXPECT_NEAR(watching.points()[0].groups_per_second, 100, 10);
}

TEST(metrics_watch, a_server_that_says_nothing_is_left_alone) {
    env::sim_world world(1);
    fake_server server(world.shard());
    server.says_nothing_of_groups = true;
    metrics_watch watching(world.shard(), server.address());
    world.run(watch(world.shard(), &watching));
    EXPECT_EQ(watching.trouble(), "/metrics says nothing of groups");
    EXPECT_TRUE(watching.points().empty());
    EXPECT_EQ(server.asked, 1);
    metrics_watch nobody(world.shard(), {"127.0.0.1", 1});
    world.run(watch(world.shard(), &nobody));
    EXPECT_NE(nobody.trouble(), "");
}

}  // namespace
}  // namespace logstore::app::bench
