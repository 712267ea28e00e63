#include "app/metrics_render.h"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

metrics_snapshot two_shards() {
    metrics_snapshot of;
    of.shards.resize(2);
    of.shards[1].index = 1;
    for (shard_sample& one : of.shards) {
        one.storage.journal.flush_times.observe(200'000);
        one.kafka.count(kafka::api_key::fetch);
        one.kafka.count(kafka::error_code::offset_out_of_range);
        one.kafka.count_time(kafka::api_key::fetch, std::chrono::milliseconds(3));
        one.http.count(http::route::topic, 404);
        one.http.count(http::route::none, 999);
    }
    return of;
}

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(metrics_render, every_family_is_documented_with_its_type_and_the_other_way_round) {
    std::map<std::string, std::string> exported, documented;
    std::istringstream text(render_metrics(two_shards()));
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with("# TYPE ")) continue;
        const std::size_t name_end = line.find(' ', 7);
        EXPECT_TRUE(exported.emplace(line.substr(7, name_end - 7), line.substr(name_end + 1)).second) << line;
    }
    std::ifstream document(std::string(LOGSTORE_SOURCE_DIR) + "/docs/metrics.md");
    for (std::string line; std::getline(document, line);) {
        if (!line.starts_with("| `")) continue;
        const std::size_t name_end = line.find("` | ");
        const std::size_t type_end = line.find(" |", name_end + 4);
        documented.emplace(line.substr(3, name_end - 3), line.substr(name_end + 4, type_end - name_end - 4));
    }
    EXPECT_EQ(exported, documented);
}

TEST(metrics_render, shards_have_samples_of_their_own_and_doors_are_added_up) {
    const std::string text = render_metrics(two_shards());
    EXPECT_TRUE(has_line(text, "logstore_journal_flush_seconds_count{shard=\"0\"} 1"));
    EXPECT_TRUE(has_line(text, "logstore_journal_flush_seconds_count{shard=\"1\"} 1"));
    EXPECT_TRUE(has_line(text, "logstore_journal_flush_seconds_sum{shard=\"1\"} 0.0002"));
    EXPECT_TRUE(has_line(text, "logstore_kafka_requests_total{api=\"Fetch\"} 2"));
    EXPECT_TRUE(has_line(text, "logstore_kafka_request_seconds_sum{api=\"Fetch\"} 0.006"));
    EXPECT_TRUE(has_line(text, "logstore_kafka_errors_total{error=\"OFFSET_OUT_OF_RANGE\"} 2"));
    EXPECT_TRUE(has_line(text, "logstore_http_requests_total{route=\"/topics/{topic}\",status=\"404\"} 2"));
    EXPECT_TRUE(has_line(text, "logstore_http_requests_total{route=\"other\",status=\"other\"} 2"));
}

}  // namespace
}  // namespace logstore::app
