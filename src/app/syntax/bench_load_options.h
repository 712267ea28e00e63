// The options that the commands of `logstore bench` have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/bench/bench_options.h"
#include "app/syntax/command_parser.h"

namespace logstore::app {

/// What the options write to, preset with a command's defaults: texts, which are read when all have passed
/// their checks.
struct load_given {
    std::string topic, partitions;
    std::string protocol = "kafka", http_server;
    std::string connections, in_flight = "1", value_bytes, batch_bytes = "0";
    std::string requests, duration, rate, warm_up = "0s", codec = "none";
    std::string rounds = "3";
    std::string json_file, html_file;
    CLI::Option* json_option = nullptr;
    bool keep_topic = false, verify = false;
};

inline constexpr std::int64_t bench_rate_max = 10'000'000;
inline constexpr const char* default_http_server = "127.0.0.1:8080";

bench_place place_of(const load_given& given, const server_choice& target);
bench_load load_of(const load_given& given);
/// REQUIRES: passed check_quantity.
std::uint32_t count_in(const std::string& checked_text);
env::duration time_in(const std::string& checked_text);

CLI::Option* add_time(CLI::App& command, const char* name, std::string& text, std::string description);

/// Declares options of one command, in the order of the calls, which is that of its help.
class load_options {
  public:
    load_options(command_parser& parser, CLI::App& command, load_given& given)
        : parser_(parser), command_(command), given_(given) {}

    /// --connections and --value-size.
    void add_load();
    /// --batch-size, --in-flight and --compression.
    void add_batch();
    /// --http, only for metrics or with another meaning.
    void add_http();
    void add_http(std::string description);
    void add_rounds(std::string_view meaning);
    CLI::Option* add_requests();
    /// --duration, --warm-up and --rate.
    void add_times(std::string_view duration_default);
    void add_partitions(std::string_view partitions_when_made);
    /// --topic and --keep.
    void add_topic(std::string_view meaning);
    /// --verify, --json, --html, and the server.
    void add_report();

  private:
    command_parser& parser_;
    CLI::App& command_;
    load_given& given_;
};

}  // namespace logstore::app
