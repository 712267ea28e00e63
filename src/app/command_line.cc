#include "app/command_line.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "app/command_tree.h"
#include "app/help_formatter.h"
#include "app/version.h"
#include "config/nearest_name.h"
#include "config/quantity.h"
#include "kafka/client/compression.h"
#include "model/topic_partition.h"

namespace logstore::app {
namespace {

constexpr const char* default_server = "127.0.0.1:9092";
constexpr const char* server_variable = "LOGSTORE_SERVER";
constexpr std::string_view default_bench_topic = "bench-latency";
constexpr std::int64_t connections_max = 50'000;
constexpr std::int64_t requests_max = 1'000'000'000'000;
/// Under what brokers accept as one record by default (1 MiB).
constexpr std::int64_t value_bytes_max = 1'000'000;
/// A batch is one record of the server's limits; more than this is of no use.
constexpr std::int64_t batch_bytes_max = std::int64_t(32) << 20;
constexpr std::int64_t linger_ms_max = 60'000;
constexpr std::int64_t timeout_ms_max = std::int64_t(24) * 3600 * 1000;

// Checks in the parser's form: what is wrong with the text, or nothing.

std::string check_topic_name(const std::string& name) {
    if (is_legal_topic_name(name)) return {};
    return fmt::format(
        "'{}' is not a topic name: use 1 to 249 letters, digits, '.', '_' and '-', but not '.' or '..'",
        name);
}

std::string check_server(const std::string& text) {
    const auto address = env::socket_address::parse(text);
    if (!address) return address.error().detail;
    if (address->host.empty() || address->port == 0)
        return fmt::format("'{}' names no host or no port: use HOST:PORT", text);
    return {};
}

std::string check_override(const std::string& text) {
    const auto parsed = config::parse_override(text);
    return parsed ? std::string() : parsed.error().detail;
}

std::string check_topic_config(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals != 0) return {};
    return fmt::format("'{}' is not NAME=VALUE, for example retention.ms=86400000", text);
}

std::function<std::string(const std::string&)> check_quantity(config::unit counts, std::int64_t min,
                                                              std::int64_t max) {
    return [counts, min, max](const std::string& text) -> std::string {
        const auto number = config::parse_quantity(counts, text);
        if (number && *number >= min && *number <= max) return {};
        return fmt::format("'{}' is not a number from {} to {}", text, min, max);
    };
}

std::string check_codec(const std::string& text) {
    if (kafka::codec_of_name(text)) return {};
    return fmt::format("'{}' is not none, gzip, snappy, lz4 or zstd", text);
}

std::string check_acks(const std::string& text) {
    if (text == "all" || text == "1" || text == "0") return {};
    return fmt::format("'{}' is not all, 1 or 0", text);
}

std::string check_header(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals != 0) return {};
    return fmt::format("'{}' is not NAME=VALUE", text);
}

std::string check_from(const std::string& text) {
    if (start_position::parse(text)) return {};
    return fmt::format("'{}' is not beginning, end, offset:N, last:N, time:2026-11-22T10:00:00Z or time:-10m",
                       text);
}

std::string check_format(const std::string& text) {
    const auto format = record_format::parse(text);
    return format ? std::string() : format.error();
}

/// One parse: the parser, and the places it writes to.
class command_line_parser {
  public:
    command_line_parser();
    std::expected<command, early_exit> parse(const std::vector<std::string>& arguments);
    command_description describe() const { return described(root_); }

  private:
    command_description described(const CLI::App& at) const;
    CLI::App& add_command(CLI::App& parent, const char* name, const char* description, command_help help,
                          std::function<void()> chosen);
    void add_group_of_commands(CLI::App& group, command_help help);
    void add_serve();
    void add_topic();
    void add_create_topic(CLI::App& topic);
    void add_delete_topic(CLI::App& topic);
    void add_inspect();
    void add_repair();
    void add_bench();
    void add_produce();
    void add_produce_options(CLI::App& command);
    produce_command produce() const;
    void add_consume();
    consume_command consume() const;
    void add_about_itself();
    void add_timeout(CLI::App& command, std::string description);
    void add_server_options(CLI::App& command);
    void add_topic_name(CLI::App& command, std::string description);
    CLI::Option* add_number(CLI::App& command, const char* name, std::string& text, config::unit counts,
                            std::int64_t min, std::int64_t max, std::string description);

    server_choice target() const;
    std::optional<std::int32_t> partitions() const;

    const CLI::App& deepest() const;
    early_exit usage_error(std::string_view what) const;
    early_exit missing_command() const;
    early_exit unexpected_argument() const;

    std::shared_ptr<help_formatter> formatter_ = std::make_shared<help_formatter>();
    CLI::App root_{"A Kafka-compatible log store: every acknowledged record is on stable storage.",
                   "logstore"};
    std::optional<command> chosen_;

    // What options write to. Each command reads what it declared.
    std::string server_;
    bool json_ = false;
    std::string name_;
    std::string partitions_;
    std::vector<std::string> topic_configs_;
    bool confirmed_ = false;
    bool accept_loss_ = false;
    std::string path_;
    std::string data_dir_, kafka_, advertise_, http_, shards_;
    std::vector<std::string> settings_;
    serve_command serve_;
    std::string bench_topic_{default_bench_topic};
    std::string connections_ = "100", requests_ = "10000", value_bytes_ = "2048";
    bool keep_topic_ = false;
    std::vector<std::string> record_partitions_, headers_;
    std::string key_separator_, null_marker_;
    CLI::Option* null_marker_option_ = nullptr;
    std::string codec_ = "none", acks_ = "all", batch_bytes_ = "512KiB", linger_ms_ = "5", timeout_ = "30s";
    bool at_most_once_ = false;
    std::string from_ = "beginning", count_, format_ = "value";
    bool follow_ = false;
    std::string shell_;
};

std::int64_t number_in(config::unit counts, const std::string& checked_text) {
    return config::parse_quantity(counts, checked_text).value();
}

command_line_parser::command_line_parser() {
    root_.formatter(formatter_);
    root_.set_help_flag("-h,--help", "Show this help; every command has its own.");
    root_.set_version_flag("--version", std::string(version_text()), "Show the version.");
    add_serve();
    add_topic();
    add_produce();
    add_consume();
    add_bench();
    add_inspect();
    add_repair();
    add_about_itself();
    add_group_of_commands(
        root_,
        {"COMMAND [OPTIONS]",
         {"logstore serve --data-dir /var/lib/logstore", "logstore topic create events --partitions 8",
          "seq 1 1000 | logstore produce events", "logstore consume events --follow",
          "logstore bench latency --connections 100 --requests 10000"},
         {"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 server unreachable or silent (the outcome may be",
          "unknown), 4 not found, 5 exists already, 130 interrupted."}});
}

CLI::App& command_line_parser::add_command(CLI::App& parent, const char* name, const char* description,
                                           command_help help, std::function<void()> chosen) {
    CLI::App& command = *parent.add_subcommand(name, description);
    command.set_help_flag("-h,--help", "Show this help.");
    formatter_->add(&command, std::move(help));
    if (chosen) command.final_callback(std::move(chosen));
    return command;
}

void command_line_parser::add_group_of_commands(CLI::App& group, command_help help) {
    formatter_->add(&group, std::move(help));
    group.require_subcommand(1);
}

CLI::Option* command_line_parser::add_number(CLI::App& command, const char* name, std::string& text,
                                             config::unit counts, std::int64_t min, std::int64_t max,
                                             std::string description) {
    return command.add_option(name, text, std::move(description))
        ->type_name("N")
        ->check(check_quantity(counts, min, max));
}

void command_line_parser::add_server_options(CLI::App& command) {
    command
        .add_option("--server", server_,
                    fmt::format("The server's address. Default: {} of the environment, else {}.",
                                server_variable, default_server))
        ->type_name("HOST:PORT")
        ->check(check_server);
    command.add_flag("--json", json_, "Print one JSON document instead of text.");
}

void command_line_parser::add_topic_name(CLI::App& command, std::string description) {
    command.add_option("NAME", name_, std::move(description))->required()->check(check_topic_name);
}

/// The parser's own way to read variables would let each command's option read it, asked for or not.
server_choice command_line_parser::target() const {
    std::string address = server_;
    if (address.empty()) {
        const char* variable = std::getenv(server_variable);
        address = variable != nullptr ? variable : default_server;
        const std::string wrong = check_server(address);
        if (!wrong.empty()) throw CLI::ValidationError(server_variable, wrong);
    }
    return {env::socket_address::parse(address).value(), json_};
}

std::optional<std::int32_t> command_line_parser::partitions() const {
    if (partitions_.empty()) return std::nullopt;
    return static_cast<std::int32_t>(number_in(config::unit::none, partitions_));
}

void command_line_parser::add_serve() {
    command_help help{"[OPTIONS]",
                      {"logstore serve --data-dir /var/lib/logstore",
                       "logstore serve --config /etc/logstore.toml --set topics.retention_ms=1d",
                       "logstore serve --print-config > logstore.toml"},
                      {}};
    CLI::App& serve = add_command(root_, "serve", "Run a server.", std::move(help), [this] {
        for (const std::string& text : settings_)
            serve_.overrides.push_back(config::parse_override(text).value());
        const std::pair<const char*, const std::string*> flags[] = {{"data_dir", &data_dir_},
                                                                    {"kafka.listen", &kafka_},
                                                                    {"kafka.advertise", &advertise_},
                                                                    {"http.listen", &http_},
                                                                    {"shards", &shards_}};
        for (const auto& [option, text] : flags)
            if (!text->empty()) serve_.overrides.push_back({option, *text});
        chosen_ = serve_;
    });
    serve
        .add_option("--data-dir", data_dir_,
                    "Where everything is stored; made when absent. Default: logstore-data.")
        ->type_name("DIR");
    serve.add_option("--kafka", kafka_, "Where Kafka clients are served. Default: 127.0.0.1:9092.")
        ->type_name("HOST:PORT");
    serve.add_option("--advertise", advertise_, "The address clients are told. Default: the one of --kafka.")
        ->type_name("HOST:PORT");
    serve.add_option("--http", http_, "Where HTTP clients are served. Default: not at all.")
        ->type_name("HOST:PORT");
    serve.add_option("--shards", shards_, "Threads that own tablets and connections. Default: one a core.")
        ->type_name("N");
    serve.add_option("--config", serve_.config_file, "Read options from this TOML file.")->type_name("FILE");
    serve
        .add_option("--set", settings_,
                    "Set one option, as in the file; may be repeated and wins over the file.")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(check_override);
    serve.add_flag("--print-config", serve_.print_config,
                   "Print all options with their meaning and the values they would have, as a configuration "
                   "file; start nothing.");
}

void command_line_parser::add_topic() {
    CLI::App& topic = add_command(root_, "topic", "Create, list, describe and delete topics.", {}, {});
    add_group_of_commands(
        topic,
        {"COMMAND [OPTIONS]", {"logstore topic create events --partitions 8", "logstore topic list"}, {}});
    add_create_topic(topic);

    CLI::App& list = add_command(topic, "list", "List the topics.",
                                 {"[OPTIONS]", {"logstore topic list", "logstore topic list --json"}, {}},
                                 [this] { chosen_ = list_topics_command{target()}; });
    add_server_options(list);

    CLI::App& describe = add_command(topic, "describe", "Show a topic's partitions, leaders and offsets.",
                                     {"NAME [OPTIONS]", {"logstore topic describe events"}, {}},
                                     [this] { chosen_ = describe_topic_command{target(), name_}; });
    add_topic_name(describe, "The topic.");
    add_server_options(describe);
    add_delete_topic(topic);
}

void command_line_parser::add_create_topic(CLI::App& topic) {
    command_help help{
        "NAME [OPTIONS]",
        {"logstore topic create events --partitions 8",
         "logstore topic create audit --config retention.ms=-1 --config segment.bytes=268435456"},
        {}};
    CLI::App& create = add_command(topic, "create", "Create a topic.", std::move(help), [this] {
        create_topic_command made{target(), name_, partitions(), {}};
        for (const std::string& text : topic_configs_) {
            const std::size_t equals = text.find('=');
            made.configs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
        chosen_ = std::move(made);
    });
    add_topic_name(create, "The new topic's name.");
    add_number(create, "--partitions", partitions_, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               "How many partitions. Default: what the server is configured with.");
    create
        .add_option("--config", topic_configs_,
                    "Set a topic configuration by Kafka's name for it; may be repeated.")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(check_topic_config);
    add_server_options(create);
}

void command_line_parser::add_delete_topic(CLI::App& topic) {
    CLI::App& remove = add_command(
        topic, "delete", "Delete a topic with all its records.",
        {"NAME [OPTIONS]", {"logstore topic delete events", "logstore topic delete events --yes"}, {}},
        [this] { chosen_ = delete_topic_command{target(), name_, confirmed_}; });
    add_topic_name(remove, "The topic.");
    remove.add_flag("-y,--yes", confirmed_, "Do not ask. Required where standard input is not a terminal.");
    add_server_options(remove);
}

void command_line_parser::add_timeout(CLI::App& command, std::string description) {
    command.add_option("--timeout", timeout_, std::move(description) + " Default: 30s.")
        ->type_name("TIME")
        ->check(check_quantity(config::unit::milliseconds, 1, timeout_ms_max));
}

void command_line_parser::add_produce() {
    command_help help{
        "TOPIC [OPTIONS]",
        {"seq 1 1000 | logstore produce events",
         "printf 'user-1:signed in\\n' | logstore produce events --key-separator :",
         "logstore produce events --compression zstd < events.txt",
         "echo NULL | sed 's/^/user-1:/' | logstore produce users --key-separator : --null-marker NULL"},
        {"A line without the separator has no key. Records of one partition keep their order. A batch whose",
         "answer was lost is sent again, as other Kafka producers do, and may then be stored twice; the "
         "summary",
         "says how many records that concerns. --at-most-once gives such batches up instead. Ctrl-C stops "
         "the",
         "reading; what was read is still sent, for 5 seconds. The exit code is 0 only when every line was",
         "acknowledged."}};
    CLI::App& command =
        add_command(root_, "produce", "Write lines of standard input to a topic, a record each.",
                    std::move(help), [this] { chosen_ = produce(); });
    command.add_option("TOPIC", name_, "The topic.")->required()->check(check_topic_name);
    command
        .add_option("--key-separator", key_separator_,
                    "What stands between key and value in a line; the first one counts.")
        ->type_name("TEXT");
    add_number(command, "--partition", partitions_, config::unit::none, 0,
               std::numeric_limits<std::int32_t>::max(),
               "Write to this partition. Default: by the key, as other Kafka clients have it; without keys "
               "one after the other.");
    command.add_option("--header", headers_, "A header of every record; may be repeated.")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(check_header);
    null_marker_option_ =
        command
            .add_option("--null-marker", null_marker_, "Send a value that is this text as null (a deletion).")
            ->type_name("TEXT");
    add_produce_options(command);
    add_timeout(command, "Give a record up after this.");
    add_server_options(command);
}

void command_line_parser::add_produce_options(CLI::App& command) {
    command
        .add_option("--compression", codec_,
                    "Compress batches: none, gzip, snappy, lz4 or zstd. Default: none.")
        ->type_name("CODEC")
        ->check(check_codec);
    command
        .add_option("--acks", acks_,
                    "Who must have stored a record before it is acknowledged: all replicas in sync, 1 (the "
                    "leader), 0 (nobody says). Default: all.")
        ->type_name("all|1|0")
        ->check(check_acks);
    add_number(command, "--batch-bytes", batch_bytes_, config::unit::bytes, 1, batch_bytes_max,
               "Send a batch when it has grown to this. Default: 512KiB.");
    add_number(command, "--linger-ms", linger_ms_, config::unit::none, 0, linger_ms_max,
               "How long a batch waits for more lines. Default: 5.");
    command.add_flag(
        "--at-most-once", at_most_once_,
        "Never send a batch again that may be stored already; say how many records are unknown.");
}

produce_command command_line_parser::produce() const {
    produce_command made;
    made.target = target();
    made.topic = name_;
    made.partition = partitions();
    made.key_separator = key_separator_;
    for (const std::string& text : headers_) {
        const std::size_t equals = text.find('=');
        made.headers.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    if (null_marker_option_->count() > 0) made.null_marker = null_marker_;
    made.codec = kafka::codec_of_name(codec_).value();
    made.acks = acks_ == "all" ? kafka::required_acks::all
                : acks_ == "1" ? kafka::required_acks::leader
                               : kafka::required_acks::none;
    made.batch_bytes = static_cast<std::size_t>(number_in(config::unit::bytes, batch_bytes_));
    made.linger = std::chrono::milliseconds(number_in(config::unit::none, linger_ms_));
    made.timeout = std::chrono::milliseconds(number_in(config::unit::milliseconds, timeout_));
    made.at_most_once = at_most_once_;
    return made;
}

void command_line_parser::add_consume() {
    command_help help{
        "TOPIC [OPTIONS]",
        {"logstore consume events", "logstore consume events --follow --format '%p/%o %k %v\\n'",
         "logstore consume events --partition 0 --from last:5",
         "logstore consume events --from time:-10m --json | jq .value"},
        {"Formats: value (a line each); json (an object a line; bytes that are no text in base64); or a "
         "pattern of",
         "%t topic, %p partition, %o offset, %k key, %v value, %T timestamp in ms, %h headers, %K and %V "
         "lengths",
         "of key and value, and \\n \\t \\r \\0 \\xHH. Without --follow reading ends at the end that each",
         "partition had at the start. Records of one partition come in order, partitions as they come."}};
    CLI::App& command = add_command(root_, "consume", "Print the records of a topic.", std::move(help),
                                    [this] { chosen_ = consume(); });
    command.add_option("TOPIC", name_, "The topic.")->required()->check(check_topic_name);
    command
        .add_option("--from", from_,
                    "Where to begin: beginning, end, offset:N, last:N (that many of each partition), "
                    "time:2026-11-22T10:00:00Z, time:-10m (ago). Default: beginning.")
        ->type_name("PLACE")
        ->check(check_from);
    command.add_flag("-f,--follow", follow_, "Go on with what is written later.");
    add_number(command, "--count", count_, config::unit::none, 1, std::numeric_limits<std::int64_t>::max(),
               "Stop after so many records.");
    command
        .add_option("--partition", record_partitions_, "Read this partition; may be repeated. Default: all.")
        ->type_name("N")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(check_quantity(config::unit::none, 0, std::numeric_limits<std::int32_t>::max()));
    command.add_option("--format", format_, "How a record is written; see below. Default: value.")
        ->type_name("FORMAT")
        ->check(check_format);
    command
        .add_option("--null-marker", null_marker_, "Write this for a null key or value. Default: nothing.")
        ->type_name("TEXT");
    add_timeout(command, "Give up when a partition has not been answered for so long.");
    add_server_options(command);
}

consume_command command_line_parser::consume() const {
    consume_command made;
    made.target = target();
    made.topic = name_;
    for (const std::string& text : record_partitions_) {
        const auto one = static_cast<std::int32_t>(number_in(config::unit::none, text));
        if (std::ranges::find(made.partitions, one) == made.partitions.end()) made.partitions.push_back(one);
    }
    made.from = start_position::parse(from_).value();
    made.follow = follow_;
    if (!count_.empty()) made.count = static_cast<std::uint64_t>(number_in(config::unit::none, count_));
    made.format = json_ ? record_format::json() : record_format::parse(format_).value();
    made.format.null_text = null_marker_;
    made.timeout = std::chrono::milliseconds(number_in(config::unit::milliseconds, timeout_));
    return made;
}

void command_line_parser::add_inspect() {
    CLI::App& inspect =
        add_command(root_, "inspect", "Read stored files, without a server, and verify them.", {}, {});
    add_group_of_commands(inspect,
                          {"COMMAND PATH [OPTIONS]",
                           {"logstore inspect segment logstore-data/logs/events-0/00000000000000000000.log"},
                           {}});
    const auto add = [&](stored_format format, const char* name, const char* description, const char* path,
                         std::string example) {
        CLI::App& one = add_command(inspect, name, description, {"PATH [OPTIONS]", {std::move(example)}, {}},
                                    [this, format] { chosen_ = inspect_command{format, path_, json_}; });
        one.add_option("PATH", path_, path)->required();
        one.add_flag("--json", json_, "Print one JSON object a line.");
    };
    add(stored_format::segment, "segment",
        "Print a segment's record batches and verify them. Exit code 1 when it is damaged, 4 when there is "
        "no "
        "such file.",
        "The segment (.log) file.",
        "logstore inspect segment logstore-data/logs/events-0/00000000000000000000.log");
    add(stored_format::journal, "journal",
        "Print a journal file's groups and verify those that a replay needs. Exit code 1 when one of these "
        "is "
        "damaged, 4 when there is no such file.",
        "The journal file.", "logstore inspect journal logstore-data/journal/0-0.journal");
    add(stored_format::recovery_points, "recovery-points",
        "Print the recovery points of a store. Exit code 1 when they are damaged, 4 when there is no such "
        "file.",
        "The recovery-points file.", "logstore inspect recovery-points logstore-data/recovery/1-0.points");
}

void command_line_parser::add_repair() {
    CLI::App& repair = add_command(
        root_, "repair",
        "Read all of a store and say what of it is damaged; with --accept-loss recover the rest. No server may run on it.",
        {"--data-dir DIR [OPTIONS]",
         {"logstore repair --data-dir /var/lib/logstore", "logstore repair --data-dir /var/lib/logstore --accept-loss"},
         {"Exit codes: 0 nothing is damaged, or it was repaired; 1 damage was found and nothing changed, or it failed;",
          "4 there is no store."}},
        [this] { chosen_ = repair_command{data_dir_, accept_loss_, json_}; });
    repair.add_option("--data-dir", data_dir_, "The store's data directory.")->type_name("DIR")->required();
    repair.add_flag(
        "--accept-loss", accept_loss_,
        "Give up what is damaged for ever, acknowledged records too, and recover everything else.");
    repair.add_flag("--json", json_, "Print one JSON document instead of text.");
}

void command_line_parser::add_bench() {
    CLI::App& bench = add_command(root_, "bench", "Measure a server.", {}, {});
    add_group_of_commands(
        bench, {"COMMAND [OPTIONS]", {"logstore bench latency --connections 100 --requests 10000"}, {}});
    command_help help{"[OPTIONS]",
                      {"logstore bench latency --connections 100 --requests 10000 --value-size 2048",
                       "logstore bench latency --server 10.0.0.5:9092 --topic load --partitions 8 --keep"},
                      {}};
    CLI::App& latency = add_command(
        bench, "latency",
        "Write records, one a request and one request at a time on each connection, and report latencies.",
        std::move(help), [this] {
            bench_latency_command run{target(), bench_topic_, partitions()};
            run.connections = static_cast<std::uint32_t>(number_in(config::unit::none, connections_));
            run.requests = static_cast<std::uint64_t>(number_in(config::unit::none, requests_));
            run.value_bytes = static_cast<std::uint32_t>(number_in(config::unit::bytes, value_bytes_));
            run.keep_topic = keep_topic_;
            chosen_ = std::move(run);
        });
    add_number(latency, "--connections", connections_, config::unit::none, 1, connections_max,
               fmt::format("Connections. Default: {}.", connections_));
    add_number(latency, "--requests", requests_, config::unit::none, 1, requests_max,
               fmt::format("Requests in all. Default: {}.", requests_));
    add_number(latency, "--value-size", value_bytes_, config::unit::bytes, 1, value_bytes_max,
               fmt::format("Bytes of each record's value, also as 2KiB. Default: {}.", value_bytes_));
    add_number(latency, "--partitions", partitions_, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               "Partitions of the topic, over which the connections are spread. Default: 1 when the topic is "
               "made, else what it "
               "has.");
    latency
        .add_option("--topic", bench_topic_,
                    fmt::format("The topic to write to; made when absent, and then deleted at the "
                                "end. Default: {}.",
                                default_bench_topic))
        ->type_name("NAME")
        ->check(check_topic_name);
    latency.add_flag("--keep", keep_topic_, "Leave the topic that was made.");
    add_server_options(latency);
}

void command_line_parser::add_about_itself() {
    command_help help{"SHELL",
                      {"source <(logstore completion bash)",
                       "logstore completion bash > ~/.local/share/bash-completion/completions/logstore",
                       "logstore completion zsh > ~/.zfunc/_logstore",
                       "logstore completion fish > ~/.config/fish/completions/logstore.fish"},
                      {"Topics are completed too: the server is asked for them, for a second at most."}};
    CLI::App& completion =
        add_command(root_, "completion", "Print a script that completes commands in a shell.",
                    std::move(help), [this] { chosen_ = completion_command{shell_of_name(shell_).value()}; });
    completion.add_option("SHELL", shell_, "bash, zsh or fish.")
        ->required()
        ->check([](const std::string& name) -> std::string {
            if (shell_of_name(name)) return {};
            return fmt::format("'{}' is not bash, zsh or fish", name);
        });
    add_command(root_, "man", "Print the manual page.",
                {"", {"logstore man | man -l -", "logstore man > /usr/local/share/man/man1/logstore.1"}, {}},
                [this] { chosen_ = man_command(); });
}

command_description command_line_parser::described(const CLI::App& at) const {
    const command_help help = formatter_->help_of(at);
    command_description made{at.get_name(), full_name(at), at.get_description(), help.usage, {}, {}, {},
                             help.examples, help.notes};
    for (const CLI::Option* option : at.get_options()) {
        if (option->get_positional()) {
            made.arguments.push_back({option->get_name(true, false), option->get_description()});
            continue;
        }
        option_description& described_option = made.options.emplace_back();
        for (const std::string& name : option->get_snames()) described_option.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) described_option.names.push_back("--" + name);
        if (option->get_type_size() != 0) described_option.value = option->get_type_name();
        described_option.meaning = option->get_description();
    }
    for (const CLI::App* below : at.get_subcommands([](const CLI::App*) { return true; }))
        made.commands.push_back(described(*below));
    return made;
}

const CLI::App& command_line_parser::deepest() const {
    const CLI::App* at = &root_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
    return *at;
}

early_exit command_line_parser::usage_error(std::string_view what) const {
    const std::string name = full_name(deepest());
    return {exit_code::wrong_usage,
            fmt::format("{}: {}\nRun '{} --help' to see what it takes.\n", name, what, name)};
}

early_exit command_line_parser::missing_command() const {
    const CLI::App& at = deepest();
    const std::vector<std::string> rest = at.remaining();
    if (rest.empty()) return {exit_code::wrong_usage, at.help()};
    if (rest.front().starts_with('-')) return unexpected_argument();
    std::vector<std::string_view> known;
    for (const CLI::App* command : at.get_subcommands([](const CLI::App*) { return true; }))
        known.push_back(command->get_name());
    const std::string_view meant = config::nearest_name(rest.front(), known);
    return usage_error(fmt::format("there is no command '{}'{}", rest.front(),
                                   meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

early_exit command_line_parser::unexpected_argument() const {
    const CLI::App& at = deepest();
    const std::vector<std::string> rest = at.remaining();
    const std::string& first = rest.front();
    if (!first.starts_with("--")) return usage_error(fmt::format("'{}' is one argument too many", first));
    std::vector<std::string_view> known;
    for (const CLI::Option* option : at.get_options())
        for (const std::string& name : option->get_lnames()) known.push_back(name);
    const std::string_view meant =
        config::nearest_name(std::string_view(first).substr(2, first.find('=') - 2), known);
    return usage_error(fmt::format("there is no option '{}'{}", first,
                                   meant.empty() ? "" : fmt::format("; did you mean '--{}'?", meant)));
}

std::expected<command, early_exit> command_line_parser::parse(const std::vector<std::string>& arguments) {
    // The parser reports by exceptions; they end here.
    try {
        root_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return std::unexpected(early_exit{exit_code::success, deepest().help()});
    } catch (const CLI::CallForVersion&) {
        return std::unexpected(early_exit{exit_code::success, std::string(version_text()) + "\n"});
    } catch (const CLI::RequiredError& missing) {
        if (deepest().get_require_subcommand_min() > 0) return std::unexpected(missing_command());
        return std::unexpected(usage_error(missing.what()));
    } catch (const CLI::ExtrasError&) {
        return std::unexpected(unexpected_argument());
    } catch (const CLI::ParseError& wrong) {
        return std::unexpected(usage_error(wrong.what()));
    }
    return std::move(*chosen_);
}

}  // namespace

command_description describe_command_line() {
    return command_line_parser().describe();
}

std::expected<command, early_exit> parse_command_line(const std::vector<std::string>& arguments) {
    return command_line_parser().parse(arguments);
}

}  // namespace logstore::app
