#include "config/server_options.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/errc.h"
#include "config/option_text.h"

namespace logstore::config {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view toml, const std::vector<option_override>& overrides = {}) {
    const auto loaded = load_server_options(toml, "logstore.toml", overrides);
    if (loaded) return "accepted";
    EXPECT_EQ(loaded.error().code, errc::invalid_configuration);
    return loaded.error().detail;
}

/// All values of two sets of options, for comparison.
std::vector<option_value> values_of(const server_options& options) {
    std::vector<option_value> values;
    for (const server_option& about : server_option_table()) values.push_back(about.read(options));
    return values;
}

TEST(server_options, without_a_file_every_option_has_its_default) {
    const auto loaded = load_server_options("", "");
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->kafka_listen, "127.0.0.1:9092");
    EXPECT_EQ(loaded->journal_file_bytes, 64u << 20);
    EXPECT_EQ(loaded->disk, disk_backend::automatic);
    EXPECT_EQ(loaded->log, log_level::info);
    EXPECT_TRUE(loaded->auto_create_topics);
    EXPECT_EQ(loaded->retention_bytes, -1);
    EXPECT_EQ(loaded->message_bytes_max, 1'048'588);
}

TEST(server_options, the_table_is_sound) {
    std::set<std::string_view> names;
    std::set<std::string_view> sections_seen;
    std::string_view section;
    for (const server_option& about : server_option_table()) {
        EXPECT_TRUE(names.insert(about.name).second) << about.name;
        if (!about.kafka_name.empty()) {
            EXPECT_TRUE(names.insert(about.kafka_name).second) << about.kafka_name;
        }
        if (about.section() != section) {
            EXPECT_TRUE(sections_seen.insert(about.section()).second) << about.name;
        }
        section = about.section();
        EXPECT_TRUE(about.meaning.ends_with('.')) << about.name;
        // What is printed as the default, and as the example, is accepted.
        std::string initial = render_value(about, about.initial());
        for (std::string_view text : {std::string_view(initial), about.example}) {
            if (text.empty()) continue;
            if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
            EXPECT_TRUE(accept_value(about, option_value(std::string(text)))) << about.name << " = " << text;
        }
    }
}

TEST(server_options, a_file_sets_options_in_tables_and_with_dots) {
    const auto loaded = load_server_options(R"(
shards = 2
log_level = "debug"
storage.disk_backend = "threads"
topics.auto_create = false
[kafka]
listen = "0.0.0.0:19092"
frame_bytes_max = "16MiB"
)",
                                            "logstore.toml");
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded->shards, 2u);
    EXPECT_EQ(loaded->log, log_level::debug);
    EXPECT_EQ(loaded->disk, disk_backend::threads);
    EXPECT_FALSE(loaded->auto_create_topics);
    EXPECT_EQ(loaded->kafka_listen, "0.0.0.0:19092");
    EXPECT_EQ(loaded->frame_bytes_max, 16u << 20);
}

TEST(server_options, kafkas_names_are_accepted_but_not_beside_ours) {
    const auto loaded = load_server_options("num.partitions = 3\nlog.retention.ms = -1\n", "f");
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded->partitions_default, 3);
    EXPECT_EQ(loaded->retention_ms, -1);
    EXPECT_EQ(refusal("num.partitions = 3\ntopics.partitions_default = 3\n"),
              "logstore.toml:2: topics.partitions_default is set twice");
}

TEST(server_options, the_last_override_wins_over_the_file) {
    const std::vector<option_override> overrides{{"shards", "3"}, {"kafka.listen", "h:1"}, {"shards", "4"}};
    const auto loaded = load_server_options("shards = 2\n", "f", overrides);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->shards, 4u);
    EXPECT_EQ(loaded->kafka_listen, "h:1");
}

TEST(server_options, an_override_is_a_name_and_a_value) {
    const auto parsed = parse_override("kafka.advertise=a=b");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->name, "kafka.advertise");
    EXPECT_EQ(parsed->value, "a=b");
    EXPECT_TRUE(parse_override("data_dir="));
    EXPECT_FALSE(parse_override("shards"));
    EXPECT_FALSE(parse_override("=3"));
}

TEST(server_options, an_unknown_name_is_refused_with_the_nearest_known_one) {
    EXPECT_EQ(refusal("shards = 1\n[kafka]\nlisten_on = \"x:1\"\n"),
              "logstore.toml:3: kafka.listen_on is not an option; did you mean kafka.listen?");
    EXPECT_EQ(refusal("listen = \"x:1\"\n"),
              "logstore.toml:1: listen is not an option; did you mean kafka.listen?");
    EXPECT_EQ(refusal("", {{"shard", "1"}}), "command line: shard is not an option; did you mean shards?");
    EXPECT_EQ(refusal("xyzzy = 1\n"), "logstore.toml:1: xyzzy is not an option");
}

TEST(server_options, a_value_outside_its_bounds_is_refused_with_its_line) {
    EXPECT_EQ(refusal("\nstorage.journal_files = 2\n"),
              "logstore.toml:2: storage.journal_files is 2, but must be 3 to 64");
    EXPECT_EQ(refusal("storage.journal_file_bytes = 1048577\n"),
              "logstore.toml:1: storage.journal_file_bytes is 1048577, but must be 1 MiB to 1 GiB, a "
              "multiple of 4096");
    EXPECT_EQ(refusal("", {{"storage.disk_backend", "tape"}}),
              "command line: storage.disk_backend must be one of auto, io_uring, threads");
}

TEST(server_options, what_is_not_a_plain_setting_is_refused) {
    EXPECT_THAT(refusal("shards = [1]\n"),
                HasSubstr("logstore.toml:1: shards must be a number, true, false or text"));
    EXPECT_THAT(refusal("shards = 1.5\n"), HasSubstr("shards must be"));
    EXPECT_THAT(refusal("shards = 1979-05-27\n"), HasSubstr("shards must be"));
    EXPECT_THAT(refusal("[[kafka]]\nlisten = \"x\"\n"), HasSubstr("kafka must be"));
    EXPECT_THAT(refusal("shards = 1\nshards = 2\n"), HasSubstr("logstore.toml:2: "));
    EXPECT_THAT(refusal("shards = \n"), HasSubstr("logstore.toml:1: "));
    EXPECT_THAT(refusal("\xFF\xFE"), HasSubstr("logstore.toml:"));
    EXPECT_THAT(refusal("log_level = \xEF\xB3\xBF\"debug\"\n"), HasSubstr("logstore.toml:1: "));
    EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("logstore.toml:"));
    EXPECT_THAT(refusal("x = " + std::string(100'000, '[')), HasSubstr("logstore.toml:"));
}

TEST(server_options, no_damage_to_a_file_does_more_than_refuse_it) {
    const std::string good = print_config(server_options());
    constexpr std::string_view damage = "[]{}=\"'.#\n\\\x80,";
    std::uint64_t state = 1;
    for (int round = 0; round < 2000; ++round) {
        std::string bad = good;
        for (int i = 0; i < 3; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const std::size_t at = (state >> 33) % bad.size();
            if (state >> 63)
                bad.erase(at, (state >> 20) % 100);
            else
                bad[at] = damage[(state >> 20) % damage.size()];
            if (bad.empty()) break;
        }
        (void)load_server_options(bad, "damaged");
    }
}

TEST(server_options, options_that_contradict_each_other_are_refused) {
    EXPECT_THAT(refusal("kafka.in_flight_bytes = \"31MiB\"\n"), HasSubstr("at least kafka.frame_bytes_max"));
    EXPECT_THAT(refusal("topics.message_bytes_max = \"33MiB\"\n"),
                HasSubstr("at most kafka.frame_bytes_max"));
    EXPECT_THAT(refusal("topics.partitions_default = 10001\n"),
                HasSubstr("at most topics.partitions_per_topic_max"));
    EXPECT_THAT(refusal("data_dir = \"\"\n"), HasSubstr("data_dir must not be empty"));
    EXPECT_THAT(refusal("kafka.listen = \"\"\n"), HasSubstr("kafka.listen must not be empty"));
}

TEST(option_text, a_printed_configuration_loads_as_itself) {
    server_options options;
    EXPECT_EQ(values_of(load_server_options(print_config(options), "printed").value()), values_of(options));
    options.data_dir = "a \"quoted\" \\ path";
    options.shards = 7;
    options.disk = disk_backend::io_uring;
    options.auto_create_topics = false;
    options.retention_ms = -1;
    options.free_bytes_min = std::uint64_t(1) << 40;
    EXPECT_EQ(values_of(load_server_options(print_config(options), "printed").value()), values_of(options));
}

TEST(option_text, a_printed_configuration_explains_each_option) {
    const std::string text = print_config(server_options());
    EXPECT_THAT(text, HasSubstr("# Journal files of each shard. One of them is in reserve for checkpoints.\n"
                                "# Default: 4; 3 to 64.\n"
                                "journal_files = 4\n"));
    EXPECT_THAT(text, HasSubstr("# In milliseconds. Default: 10 s; 10 ms to 1 h.\n"
                                "checkpoint_interval_ms = 10000\n"));
    EXPECT_THAT(text, HasSubstr("# In bytes. Default: -1; at least -1. "));
    for (const server_option& about : server_option_table()) {
        EXPECT_THAT(text, HasSubstr("\n" + std::string(about.key()) + " = ")) << about.name;
    }
    std::size_t longest = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        longest = std::max(longest, end - at);
        at = end + 1;
    }
    EXPECT_LE(longest, 110u);
}

TEST(option_text, the_reference_page_has_a_row_for_each_option) {
    const std::string page = options_markdown();
    EXPECT_THAT(page, HasSubstr("\n## kafka\n\n| option | default | bounds | meaning |\n"));
    EXPECT_THAT(page, HasSubstr("| `storage.journal_files` | 4 | 3 to 64 | Journal files of each shard. "));
    for (const server_option& about : server_option_table()) {
        EXPECT_THAT(page, HasSubstr("\n| `" + std::string(about.name) + "` | ")) << about.name;
    }
}

}  // namespace
}  // namespace logstore::config
