#include "cluster/topic_config.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/errc.h"

namespace logstore::cluster {
namespace {

using testing::HasSubstr;

std::error_code refusal(std::string_view name, std::string_view value) {
    const auto outcome = accept_topic_config(name, value, {});
    return outcome ? std::error_code() : outcome.error().code;
}
std::string accepted(std::string_view name, std::string_view value) {
    const auto outcome = accept_topic_config(name, value, {});
    return outcome ? *outcome : "refused: " + outcome.error().detail;
}

TEST(topic_config, the_table_is_sorted_and_sound) {
    const auto table = topic_config_table();
    EXPECT_TRUE(std::ranges::is_sorted(table, std::less<>{}, &topic_config::name));
    for (const topic_config& about : table) {
        // Every default can be set, and means the same then.
        const std::string text = about.text_of(about.read(topic_settings{}));
        EXPECT_EQ(accepted(about.name, text), text) << about.name;
        EXPECT_EQ(settings_of({{std::string(about.name), text}}, {}), topic_settings{}) << about.name;
        EXPECT_TRUE(about.meaning.ends_with('.')) << about.name;
        EXPECT_EQ(find_topic_config(about.name), &about);
    }
}

TEST(topic_config, numbers_within_their_bounds_are_accepted) {
    EXPECT_EQ(accepted("retention.ms", "-1"), "-1");
    EXPECT_EQ(accepted("retention.ms", "9223372036854775807"), "9223372036854775807");
    EXPECT_EQ(accepted("segment.bytes", " 16384\n"), "16384");
    EXPECT_EQ(accepted("segment.bytes", std::string(100'000, ' ') + "00016384"), "16384");
    EXPECT_EQ(accepted("max.message.bytes", "33554432"), "33554432");
    EXPECT_EQ(accepted("flush.ms", "12345678"), "12345678");
}

TEST(topic_config, numbers_outside_their_bounds_are_refused_with_a_sentence) {
    EXPECT_EQ(refusal("segment.bytes", "16383"), errc::invalid_config);
    EXPECT_EQ(accepted("segment.bytes", "16383"),
              "refused: segment.bytes must be a number from 16384 to 2147483647");
    for (std::string_view bad : {"", "-2", "1.5", "7d", "0x10", "9223372036854775808", "+1", "1 2"}) {
        EXPECT_EQ(refusal("retention.ms", bad), errc::invalid_config) << bad;
    }
    EXPECT_EQ(refusal("min.insync.replicas", "0"), errc::invalid_config);
    EXPECT_EQ(refusal("max.message.bytes", "33554433"), errc::invalid_config);
}

TEST(topic_config, words_are_exact_and_booleans_regardless_of_case) {
    EXPECT_EQ(accepted("message.timestamp.type", "LogAppendTime"), "LogAppendTime");
    EXPECT_EQ(refusal("message.timestamp.type", "logappendtime"), errc::invalid_config);
    EXPECT_EQ(accepted("unclean.leader.election.enable", " False "), "false");
    EXPECT_EQ(refusal("unclean.leader.election.enable", "no"), errc::invalid_config);
}

TEST(topic_config, what_kafka_has_and_this_version_has_not_is_told_from_nonsense) {
    EXPECT_EQ(refusal("cleanup.policy", "compact"), errc::unsupported_config);
    EXPECT_EQ(refusal("cleanup.policy", "compact,delete"), errc::unsupported_config);
    EXPECT_EQ(refusal("cleanup.policy", "shred"), errc::invalid_config);
    EXPECT_EQ(accepted("cleanup.policy", "delete"), "delete");
    EXPECT_EQ(refusal("compression.type", "zstd"), errc::unsupported_config);
    EXPECT_EQ(refusal("compression.type", "rar"), errc::invalid_config);
    EXPECT_EQ(refusal("unclean.leader.election.enable", "true"), errc::unsupported_config);
    EXPECT_EQ(refusal("min.compaction.lag.ms", "1"), errc::unsupported_config);
    EXPECT_EQ(refusal("retention.days", "1"), errc::invalid_config);
    EXPECT_EQ(refusal("", "1"), errc::invalid_config);
    EXPECT_LE(accepted(std::string(100'000, 'x'), "1").size(), 200u);
}

TEST(topic_config, settings_are_the_configs_over_the_brokers_defaults) {
    topic_settings broker;
    broker.retention_ms = 5;
    broker.segment_bytes = 1 << 20;
    const topic_settings settings = settings_of(
        {{"retention.ms", "-1"}, {"message.timestamp.type", "LogAppendTime"}, {"max.message.bytes", "2000"}},
        broker);
    EXPECT_EQ(settings.retention_ms, -1);
    EXPECT_EQ(settings.timestamps, timestamp_type::log_append_time);
    EXPECT_EQ(settings.message_bytes_max, 2000);
    EXPECT_EQ(settings.segment_bytes, 1 << 20);
    EXPECT_EQ(settings.retention_bytes, -1);
}

TEST(topic_config, a_stored_value_that_cannot_be_used_counts_as_not_set) {
    EXPECT_EQ(
        settings_of({{"retention.ms", "long"}, {"cleanup.policy", "compact"}, {"gone.config", "1"}}, {}),
        topic_settings{});
}

TEST(topic_config, a_description_says_where_each_value_comes_from) {
    topic_settings broker;
    broker.segment_bytes = 1 << 20;
    const auto described = describe_topic_configs({{"retention.ms", "60000"}}, broker);
    ASSERT_EQ(described.size(), topic_config_table().size());
    for (const described_config& each : described) {
        if (each.config->name == "retention.ms") {
            EXPECT_EQ(each.value, "60000");
            EXPECT_EQ(each.source, config_source::topic);
        } else if (each.config->name == "segment.bytes") {
            EXPECT_EQ(each.value, "1048576");
            EXPECT_EQ(each.source, config_source::broker);
        } else {
            EXPECT_EQ(each.source, config_source::program) << each.config->name;
        }
    }
}

TEST(topic_config, the_reference_page_has_a_row_for_each) {
    const std::string page = topic_configs_markdown();
    EXPECT_THAT(page,
                HasSubstr("\n| `segment.bytes` | 1073741824 bytes | 16384 to 2147483647 | Size at which"));
    for (const topic_config& about : topic_config_table()) {
        EXPECT_THAT(page, HasSubstr("\n| `" + std::string(about.name) + "` | "));
    }
}

}  // namespace
}  // namespace logstore::cluster
