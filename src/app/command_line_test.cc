#include "app/command_line.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

/// What the arguments parse to; a default one, and a failure, when they are refused or are another command.
template <class Command>
Command parsed(const std::vector<std::string>& arguments) {
    const auto got = parse_command_line(arguments);
    if (!got) {
        ADD_FAILURE() << got.error().text;
        return {};
    }
    if (!std::holds_alternative<Command>(*got)) {
        ADD_FAILURE() << "another command";
        return {};
    }
    return std::get<Command>(*got);
}

/// Expects a usage error and gives its text.
std::string refused(const std::vector<std::string>& arguments) {
    const auto got = parse_command_line(arguments);
    if (got) {
        ADD_FAILURE() << "accepted";
        return {};
    }
    EXPECT_EQ(got.error().code, exit_code::wrong_usage);
    return got.error().text;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
#define EXPECT_CONTAINS(text, part) EXPECT_TRUE(contains(text, part)) << text

struct command_line : ::testing::Test {
    void SetUp() override { unsetenv("LOGSTORE_SERVER"); }
    void TearDown() override { unsetenv("LOGSTORE_SERVER"); }
};

// --- topics

TEST_F(command_line, a_topic_is_created_with_what_is_said) {
    const auto asked = parsed<create_topic_command>({"topic", "create", "events", "--partitions", "8",
                                                     "--config", "retention.ms=-1", "--config", "note=a=b",
                                                     "--server", "10.0.0.5:9093", "--json"});
    EXPECT_EQ(asked.name, "events");
    EXPECT_EQ(asked.partitions, 8);
    EXPECT_EQ(asked.configs,
              (std::vector<std::pair<std::string, std::string>>{{"retention.ms", "-1"}, {"note", "a=b"}}));
    EXPECT_EQ(asked.target.server.text(), "10.0.0.5:9093");
    EXPECT_TRUE(asked.target.json);
}

TEST_F(command_line, what_is_left_out_is_left_to_the_server) {
    const auto asked = parsed<create_topic_command>({"topic", "create", "events"});
    EXPECT_EQ(asked.partitions, std::nullopt);
    EXPECT_TRUE(asked.configs.empty());
    EXPECT_EQ(asked.target.server.text(), "127.0.0.1:9092");
    EXPECT_FALSE(asked.target.json);
}

TEST_F(command_line, a_config_does_not_swallow_the_name_behind_it) {
    const auto asked = parsed<create_topic_command>({"topic", "create", "--config", "a=1", "events"});
    EXPECT_EQ(asked.name, "events");
    EXPECT_EQ(asked.configs.size(), 1u);
}

TEST_F(command_line, topics_grow_and_are_trimmed) {
    const auto grown =
        parsed<add_partitions_command>({"topic", "add-partitions", "events", "--partitions", "12"});
    EXPECT_EQ(grown.name, "events");
    EXPECT_EQ(grown.partitions, 12);
    EXPECT_FALSE(grown.dry_run);
    EXPECT_TRUE(
        parsed<add_partitions_command>({"topic", "add-partitions", "e", "--partitions", "2", "--dry-run"})
            .dry_run);
    refused({"topic", "add-partitions", "events"});
    refused({"topic", "add-partitions", "events", "--partitions", "0"});

    const auto trimmed =
        parsed<trim_topic_command>({"topic", "trim", "events", "--before", "17", "--partition", "2",
                                    "--partition", "0", "--partition", "2"});
    EXPECT_EQ(trimmed.before, 17);
    EXPECT_EQ(trimmed.partitions, (std::vector<std::int32_t>{2, 0}));
    EXPECT_FALSE(trimmed.confirmed);
    const auto emptied = parsed<trim_topic_command>({"topic", "trim", "events", "--before", "end", "-y"});
    EXPECT_EQ(emptied.before, std::nullopt);
    EXPECT_TRUE(emptied.partitions.empty());
    EXPECT_TRUE(emptied.confirmed);
    refused({"topic", "trim", "events"});
    EXPECT_CONTAINS(refused({"topic", "trim", "events", "--before", "-1"}), "'end'");
    EXPECT_CONTAINS(refused({"topic", "trim", "events", "--before", "now"}), "'end'");
}

TEST_F(command_line, configs_and_sizes_are_asked_for_by_name) {
    const auto config =
        parsed<topic_config_command>({"topic", "config", "events", "--key", "a", "--key", "b"});
    EXPECT_EQ(config.name, "events");
    EXPECT_EQ(config.keys, (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(config.explain);
    EXPECT_TRUE(parsed<topic_config_command>({"topic", "config", "events", "--explain"}).explain);
    EXPECT_TRUE(parsed<topic_sizes_command>({"topic", "sizes"}).names.empty());
    EXPECT_EQ(parsed<topic_sizes_command>({"topic", "sizes", "a", "b", "--json"}).names,
              (std::vector<std::string>{"a", "b"}));
    refused({"topic", "sizes", "a/b"});
}

TEST_F(command_line, topics_are_listed_described_and_deleted) {
    EXPECT_EQ(parsed<list_topics_command>({"topic", "list"}).target.server.port, 9092);
    EXPECT_EQ(parsed<describe_topic_command>({"topic", "describe", "events"}).name, "events");
    EXPECT_FALSE(parsed<delete_topic_command>({"topic", "delete", "events"}).confirmed);
    EXPECT_TRUE(parsed<delete_topic_command>({"topic", "delete", "events", "--yes"}).confirmed);
    EXPECT_TRUE(parsed<delete_topic_command>({"topic", "delete", "-y", "events"}).confirmed);
}

TEST_F(command_line, illegal_topic_names_are_refused_before_a_server_is_asked) {
    EXPECT_CONTAINS(refused({"topic", "create", "a/b"}), "'a/b' is not a topic name");
    EXPECT_CONTAINS(refused({"topic", "delete", ".."}), "not a topic name");
    EXPECT_CONTAINS(refused({"topic", "describe", std::string(250, 'a')}), "not a topic name");
    EXPECT_CONTAINS(refused({"bench", "latency", "--topic", "a b"}), "not a topic name");
}

TEST_F(command_line, numbers_out_of_range_are_refused) {
    for (const char* wrong : {"0", "-1", "2147483648", "3.5", "x", "", "1e3", "99999999999999999999"}) {
        EXPECT_CONTAINS(refused({"topic", "create", "events", "--partitions", wrong}),
                        "is not a number from 1 to 2147483647");
    }
}

// --- the server's address

TEST_F(command_line, the_environment_names_the_server_and_the_option_wins_over_it) {
    setenv("LOGSTORE_SERVER", "[::1]:1234", 1);
    EXPECT_EQ(parsed<list_topics_command>({"topic", "list"}).target.server.text(), "[::1]:1234");
    EXPECT_EQ(parsed<list_topics_command>({"topic", "list", "--server", "h:1"}).target.server.text(), "h:1");
    setenv("LOGSTORE_SERVER", "nonsense", 1);
    EXPECT_CONTAINS(refused({"topic", "list"}), "LOGSTORE_SERVER: 'nonsense' is not HOST:PORT");
    parsed<serve_command>({"serve"});
}

TEST_F(command_line, an_address_needs_a_host_and_a_port) {
    for (const char* wrong : {"localhost", ":9092", "h:0", "h:70000", "1::2:3", "h:", ""})
        refused({"topic", "list", "--server", wrong});
}

// --- serve

TEST_F(command_line, serve_collects_settings_and_flags_win) {
    const auto asked = parsed<serve_command>({"serve", "--shards", "4", "--set", "shards=2", "--data-dir",
                                              "/d", "--set", "topics.auto_create=false", "--kafka",
                                              "0.0.0.0:1", "--advertise", "h:2", "--config", "/c.toml"});
    EXPECT_EQ(asked.config_file, "/c.toml");
    std::string all;
    for (const auto& one : asked.overrides) all += one.name + "=" + one.value + " ";
    EXPECT_EQ(
        all,
        "shards=2 topics.auto_create=false data_dir=/d kafka.listen=0.0.0.0:1 kafka.advertise=h:2 shards=4 ");
    EXPECT_FALSE(asked.print_config);
    EXPECT_TRUE(parsed<serve_command>({"serve", "--print-config"}).print_config);
}

TEST_F(command_line, the_flags_of_serve_are_options_of_the_table) {
    const auto asked = parsed<serve_command>(
        {"serve", "--shards", "4", "--data-dir", "/d", "--kafka", "0.0.0.0:1", "--advertise", "h:2"});
    const auto options = config::load_server_options({}, {}, asked.overrides);
    ASSERT_TRUE(options.has_value()) << options.error().detail;
    EXPECT_EQ(options->shards, 4u);
    EXPECT_EQ(options->data_dir, "/d");
    EXPECT_EQ(options->kafka_listen, "0.0.0.0:1");
    EXPECT_EQ(options->kafka_advertise, "h:2");
}

TEST_F(command_line, a_setting_without_a_value_is_refused) {
    EXPECT_CONTAINS(refused({"serve", "--set", "shards"}), "name=value");
}

// --- inspect and bench

TEST_F(command_line, inspect_takes_a_format_and_a_path) {
    const auto segment = parsed<inspect_command>({"inspect", "segment", "/x/0.log", "--json"});
    EXPECT_EQ(segment.format, stored_format::segment);
    EXPECT_EQ(segment.path, "/x/0.log");
    EXPECT_TRUE(segment.json);
    EXPECT_EQ(parsed<inspect_command>({"inspect", "journal", "j"}).format, stored_format::journal);
    EXPECT_EQ(parsed<inspect_command>({"inspect", "recovery-points", "r"}).format,
              stored_format::recovery_points);
    EXPECT_CONTAINS(refused({"inspect", "segment"}), "PATH is required");
}

TEST_F(command_line, the_bench_has_the_defaults_of_its_help) {
    const auto latency = parsed<bench_load_command>({"bench", "latency"});
    EXPECT_EQ(latency.load.connections, 100u);
    EXPECT_EQ(latency.load.requests, 10'000u);
    EXPECT_EQ(latency.load.duration, std::nullopt);
    EXPECT_EQ(latency.load.value_bytes, 2048u);
    EXPECT_EQ(latency.load.in_flight, 1u);
    EXPECT_EQ(latency.load.batch_bytes, 0u);
    EXPECT_EQ(latency.load.rate, std::nullopt);
    EXPECT_EQ(latency.place.topic, "bench-latency");
    EXPECT_EQ(latency.place.partitions, std::nullopt);
    EXPECT_EQ(latency.place.partitions_when_made, 1);
    EXPECT_EQ(latency.place.json_file, std::nullopt);
    EXPECT_FALSE(latency.place.keep_topic);
    const auto throughput = parsed<bench_load_command>({"bench", "throughput"});
    EXPECT_EQ(throughput.load.connections, 4u);
    EXPECT_EQ(throughput.load.in_flight, 4u);
    EXPECT_EQ(throughput.load.value_bytes, 1024u);
    EXPECT_EQ(throughput.load.batch_bytes, 65'536u);
    EXPECT_EQ(throughput.load.requests, std::nullopt);
    EXPECT_EQ(throughput.load.duration, std::chrono::seconds(10));
    EXPECT_EQ(throughput.load.warm_up, std::chrono::seconds(2));
    EXPECT_EQ(throughput.place.partitions_when_made, 4);
}

TEST_F(command_line, the_bench_takes_numbers_and_sizes) {
    const auto run =
        parsed<bench_load_command>({"bench", "latency", "--connections", "1000", "--requests", "5000000000",
                                    "--value-size", "64KiB", "--partitions", "10", "--topic", "t", "--keep"});
    EXPECT_EQ(run.load.connections, 1000u);
    EXPECT_EQ(run.load.requests, 5'000'000'000u);
    EXPECT_EQ(run.load.value_bytes, 65'536u);
    EXPECT_EQ(run.place.partitions, 10);
    EXPECT_EQ(run.place.topic, "t");
    EXPECT_TRUE(run.place.keep_topic);
    const auto open = parsed<bench_load_command>(
        {"bench", "latency", "--rate", "5000", "--duration", "90s", "--warm-up", "500ms"});
    EXPECT_EQ(open.load.rate, 5000);
    EXPECT_EQ(open.load.duration, std::chrono::seconds(90));
    EXPECT_EQ(open.load.requests, std::nullopt);
    EXPECT_EQ(open.load.warm_up, std::chrono::milliseconds(500));
    refused({"bench", "latency", "--connections", "0"});
    refused({"bench", "latency", "--value-size", "2MiB"});
    refused({"bench", "latency", "--rate", "0"});
    refused({"bench", "latency", "--duration", "1s", "--requests", "5"});
    refused({"bench", "throughput", "--compression", "rar"});
    EXPECT_CONTAINS(refused({"bench", "throughput", "--value-size", "31", "--verify"}), "32 bytes or more");
}

TEST_F(command_line, the_bench_of_tablets_takes_a_list_of_numbers) {
    const auto run = parsed<bench_tablets_command>({"bench", "tablets"});
    EXPECT_EQ(run.tablets, (std::vector{1, 10, 100, 1000}));
    EXPECT_EQ(run.rounds, 3u);
    EXPECT_EQ(run.load.duration, std::chrono::seconds(4));
    EXPECT_EQ(run.load.connections, 100u);
    EXPECT_EQ(parsed<bench_tablets_command>({"bench", "tablets", "--tablets", "7"}).tablets, std::vector{7});
    for (const char* wrong : {"", ",", "1,", "1,,2", "0", "1,1", "a", "2000000"})
        EXPECT_CONTAINS(refused({"bench", "tablets", "--tablets", wrong}), "list of different numbers");
}

TEST_F(command_line, the_bench_of_reading_has_the_defaults_of_its_help) {
    const auto run = parsed<bench_read_command>({"bench", "read"});
    EXPECT_EQ(run.fill_bytes, std::uint64_t(256) << 20);
    EXPECT_EQ(run.consumers, 1u);
    EXPECT_EQ(run.rounds, 3u);
    EXPECT_EQ(run.tail_rate, 500);
    EXPECT_EQ(run.tail_duration, std::chrono::seconds(10));
    EXPECT_EQ(run.fill.batch_bytes, 65'536u);
    EXPECT_CONTAINS(refused({"bench", "read", "--value-size", "10"}), "32 bytes or more");
    EXPECT_EQ(parsed<bench_read_command>({"bench", "read", "--value-size", "10", "--tail-duration", "0s"})
                  .fill.value_bytes,
              10u);
}

TEST_F(command_line, the_bench_prints_json_or_writes_it_to_a_file) {
    EXPECT_EQ(parsed<bench_load_command>({"bench", "latency", "--json"}).place.json_file, "-");
    EXPECT_EQ(parsed<bench_load_command>({"bench", "latency", "--json", "--keep"}).place.json_file, "-");
    EXPECT_EQ(parsed<bench_load_command>({"bench", "latency", "--json", "x.json"}).place.json_file, "x.json");
    EXPECT_EQ(parsed<bench_load_command>({"bench", "latency", "--html", "x.html"}).place.html_file, "x.html");
}

TEST_F(command_line, the_bench_speaks_kafka_or_http) {
    const auto run =
        parsed<bench_load_command>({"bench", "latency", "--protocol", "http", "--http", "10.0.0.5:80"});
    EXPECT_EQ(run.load.protocol, bench_protocol::http);
    EXPECT_EQ(run.load.http_server->text(), "10.0.0.5:80");
    EXPECT_EQ(parsed<bench_load_command>({"bench", "latency", "--protocol", "http"}).load.http_server->text(),
              "127.0.0.1:8080");
    EXPECT_FALSE(parsed<bench_load_command>({"bench", "latency"}).load.http_server);
    refused({"bench", "latency", "--protocol", "resp"});
    refused({"bench", "latency", "--http", "here"});
}

// --- produce and consume

TEST_F(command_line, produce_has_the_defaults_of_its_help) {
    const auto asked = parsed<produce_command>({"produce", "events"});
    EXPECT_EQ(asked.topic, "events");
    EXPECT_EQ(asked.partition, std::nullopt);
    EXPECT_EQ(asked.codec, compression_codec::none);
    EXPECT_EQ(asked.acks, kafka::required_acks::all);
    EXPECT_EQ(asked.batch_bytes, 512u * 1024);
    EXPECT_EQ(asked.linger.count(), 5);
    EXPECT_EQ(asked.timeout.count(), 30'000);
    EXPECT_EQ(asked.null_marker, std::nullopt);
    EXPECT_FALSE(asked.at_most_once);
}

TEST_F(command_line, produce_takes_what_kafka_producers_take) {
    const auto asked = parsed<produce_command>(
        {"produce",       "events", "--partition",   "3", "--key-separator", ":",    "--header",      "a=1",
         "--header",      "b=c=d",  "--null-marker", "",  "--compression",   "zstd", "--acks",        "0",
         "--batch-bytes", "1MiB",   "--linger-ms",   "0", "--timeout",       "2min", "--at-most-once"});
    EXPECT_EQ(asked.partition, 3);
    EXPECT_EQ(asked.key_separator, ":");
    EXPECT_EQ(asked.headers, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "c=d"}}));
    EXPECT_EQ(asked.null_marker, "");
    EXPECT_EQ(asked.codec, compression_codec::zstd);
    EXPECT_EQ(asked.acks, kafka::required_acks::none);
    EXPECT_EQ(asked.batch_bytes, 1u << 20);
    EXPECT_EQ(asked.timeout.count(), 120'000);
    EXPECT_TRUE(asked.at_most_once);
    for (const char* wrong : {"brotli", "", "ZSTD"}) refused({"produce", "e", "--compression", wrong});
    refused({"produce", "e", "--acks", "2"});
    refused({"produce", "e", "--header", "=x"});
    refused({"produce"});
    refused({"produce", "not/a/topic"});
}

TEST_F(command_line, consume_takes_a_place_a_format_and_partitions) {
    const auto plain = parsed<consume_command>({"consume", "events"});
    EXPECT_TRUE(plain.partitions.empty());
    EXPECT_EQ(plain.from, start_position());
    EXPECT_FALSE(plain.follow);
    const auto asked =
        parsed<consume_command>({"consume", "events", "--partition", "2", "--partition", "0", "--partition",
                                 "2", "--from", "last:3", "-f", "--count", "7"});
    EXPECT_EQ(asked.partitions, (std::vector<std::int32_t>{2, 0}));
    EXPECT_EQ(asked.from, (start_position{start_position::kind::last, 3}));
    EXPECT_TRUE(asked.follow);
    EXPECT_EQ(asked.count, 7u);
    EXPECT_CONTAINS(refused({"consume", "e", "--from", "yesterday"}), "time:-10m");
    EXPECT_CONTAINS(refused({"consume", "e", "--format", "%s"}), "'%s' is no field");
}

// --- what is not understood

TEST_F(command_line, mistyped_commands_and_options_are_told_what_was_meant) {
    EXPECT_CONTAINS(refused({"topics"}), "did you mean 'topic'?");
    EXPECT_CONTAINS(refused({"topic", "lst"}), "did you mean 'list'?");
    EXPECT_CONTAINS(refused({"topic", "create", "x", "--partition", "3"}), "did you mean '--partitions'?");
    EXPECT_CONTAINS(refused({"topic", "create", "x", "--partition=3"}), "did you mean '--partitions'?");
    EXPECT_CONTAINS(refused({"frobnicate"}), "there is no command 'frobnicate'\n");
    EXPECT_CONTAINS(refused({"--frobnicate"}), "there is no option '--frobnicate'\n");
    EXPECT_CONTAINS(refused({"topic", "describe", "a", "b"}), "'b' is one argument too many");
}

TEST_F(command_line, no_command_is_answered_with_help_and_a_usage_error) {
    EXPECT_CONTAINS(refused({}), "Usage: logstore COMMAND");
    EXPECT_CONTAINS(refused({"topic"}), "Usage: logstore topic COMMAND");
}

TEST_F(command_line, the_version_names_number_and_build) {
    const auto got = parse_command_line({"--version"});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, exit_code::success);
    EXPECT_TRUE(got.error().text.starts_with("logstore ")) << got.error().text;
}

TEST_F(command_line, repair_wants_a_data_directory_and_says_loss_by_name) {
    const auto asked = parse_command_line({"repair", "--data-dir", "d", "--accept-loss"});
    ASSERT_TRUE(asked.has_value());
    EXPECT_EQ(std::get<repair_command>(*asked).data_dir, "d");
    EXPECT_TRUE(std::get<repair_command>(*asked).accept_loss);
    EXPECT_FALSE(std::get<repair_command>(*parse_command_line({"repair", "--data-dir", "d"})).accept_loss);
    EXPECT_EQ(parse_command_line({"repair"}).error().code, exit_code::wrong_usage);
}

// --- help, word by word

/// The help of a command is what testing/help/<name>.txt holds. LOGSTORE_UPDATE_SNAPSHOTS=1 writes the files
/// anew.
void expect_help(std::vector<std::string> command) {
    std::string name = "logstore";
    for (const std::string& word : command) name += "-" + word;
    const std::string path = std::string(LOGSTORE_SOURCE_DIR) + "/src/app/testing/help/" + name + ".txt";
    command.push_back("--help");
    const auto got = parse_command_line(command);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, exit_code::success);
    if (std::getenv("LOGSTORE_UPDATE_SNAPSHOTS") != nullptr) std::ofstream(path) << got.error().text;
    std::ifstream file(path);
    const std::string expected{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(got.error().text, expected) << path;
}

TEST_F(command_line, help_is_what_its_snapshots_say) {
    expect_help({});
    expect_help({"serve"});
    expect_help({"topic"});
    expect_help({"topic", "create"});
    expect_help({"topic", "list"});
    expect_help({"topic", "describe"});
    expect_help({"topic", "config"});
    expect_help({"topic", "sizes"});
    expect_help({"topic", "add-partitions"});
    expect_help({"topic", "trim"});
    expect_help({"topic", "delete"});
    expect_help({"produce"});
    expect_help({"consume"});
    expect_help({"bench"});
    expect_help({"bench", "latency"});
    expect_help({"bench", "throughput"});
    expect_help({"bench", "tablets"});
    expect_help({"bench", "read"});
    expect_help({"inspect"});
    expect_help({"inspect", "segment"});
    expect_help({"inspect", "journal"});
    expect_help({"inspect", "recovery-points"});
    expect_help({"repair"});
    expect_help({"completion"});
    expect_help({"man"});
}

}  // namespace
}  // namespace logstore::app
