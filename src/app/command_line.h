// The command line as plain values. Everything about its syntax is in app/syntax, the only files that
// know the parser; what a struct here says has passed every check that needs no file and no server.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/bench/bench_options.h"
#include "app/completion.h"
#include "app/exit_code.h"
#include "app/record_format.h"
#include "app/start_position.h"
#include "config/server_options.h"
#include "env/stream.h"
#include "kafka/client/records.h"
#include "model/record_batch.h"

namespace logstore::app {

/// `logstore serve`.
struct serve_command {
    /// Empty = none.
    std::string config_file;
    /// In rising priority; names and values are looked at when the options are loaded.
    std::vector<config::option_override> overrides;
    bool print_config = false;
};

/// How a command that talks to a server finds it and speaks to the user.
struct server_choice {
    env::socket_address server;
    bool json = false;
};

/// `logstore topic create`.
struct create_topic_command {
    server_choice target;
    std::string name;
    /// Nothing = the server's default.
    std::optional<std::int32_t> partitions;
    std::vector<std::pair<std::string, std::string>> configs;
};

/// `logstore topic list`.
struct list_topics_command {
    server_choice target;
};

/// `logstore topic describe`.
struct describe_topic_command {
    server_choice target;
    std::string name;
};

/// `logstore topic delete`.
struct delete_topic_command {
    server_choice target;
    std::string name;
    bool confirmed = false;
};

/// `logstore topic add-partitions`.
struct add_partitions_command {
    server_choice target;
    std::string name;
    /// How many there shall be.
    std::int32_t partitions = 0;
    bool dry_run = false;
};

/// `logstore topic config`.
struct topic_config_command {
    server_choice target;
    std::string name;
    /// None = all.
    std::vector<std::string> keys;
    bool explain = false;
};

/// `logstore topic trim`.
struct trim_topic_command {
    server_choice target;
    std::string name;
    /// Nothing = everything that there is.
    std::optional<std::int64_t> before;
    /// None = all.
    std::vector<std::int32_t> partitions;
    bool confirmed = false;
};

/// `logstore topic sizes`.
struct topic_sizes_command {
    server_choice target;
    /// None = all.
    std::vector<std::string> names;
};

enum class stored_format { segment, journal, recovery_points };

/// `logstore inspect`.
struct inspect_command {
    stored_format format{};
    std::string path;
    bool json = false;
};

/// `logstore repair`.
struct repair_command {
    std::string data_dir;
    bool accept_loss = false;
    bool json = false;
};

/// `logstore produce`.
struct produce_command {
    server_choice target;
    std::string topic;
    /// Nothing = by the key, else one after the other.
    std::optional<std::int32_t> partition;
    /// Between key and value; empty = there are no keys.
    std::string key_separator;
    std::vector<std::pair<std::string, std::string>> headers;
    /// A value that is this text is sent as null.
    std::optional<std::string> null_marker;
    compression_codec codec = compression_codec::none;
    kafka::required_acks acks = kafka::required_acks::all;
    std::size_t batch_bytes = 0;
    std::chrono::milliseconds linger{0};
    /// From a record to its outcome.
    std::chrono::milliseconds timeout{0};
    bool at_most_once = false;
};

/// `logstore consume`.
struct consume_command {
    server_choice target;
    std::string topic;
    /// Empty = all.
    std::vector<std::int32_t> partitions;
    start_position from;
    bool follow = false;
    std::optional<std::uint64_t> count;
    record_format format;
    /// How long a partition may go without an answer.
    std::chrono::milliseconds timeout{0};
};

/// `logstore completion`.
struct completion_command {
    shell which{};
};

/// `logstore man`.
struct man_command {};

using command =
    std::variant<serve_command, create_topic_command, list_topics_command, describe_topic_command,
                 delete_topic_command, add_partitions_command, topic_config_command, trim_topic_command,
                 topic_sizes_command, inspect_command, repair_command, bench_load_command,
                 bench_tablets_command, bench_read_command, produce_command, consume_command,
                 completion_command, man_command>;

/// The command line asks for no command: for help or the version, or it is wrong.
struct early_exit {
    exit_code code{};
    /// For standard output when the code is success, for standard error otherwise.
    std::string text;
};

/// `arguments` without the program's name. Reads LOGSTORE_SERVER of the process's environment and nothing
/// else.
std::expected<command, early_exit> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace logstore::app
