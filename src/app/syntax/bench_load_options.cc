#include "app/syntax/bench_load_options.h"

#include <limits>

#include <fmt/format.h>

#include "app/bench/payload.h"
#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"
#include "kafka/client/compression.h"

namespace logstore::app {
namespace {

constexpr std::int64_t connections_max = 50'000;
constexpr std::int64_t in_flight_max = 1000;
constexpr std::int64_t requests_max = 1'000'000'000'000;
/// Under what brokers accept as one record by default (1 MiB).
constexpr std::int64_t value_bytes_max = 1'000'000;
constexpr std::int64_t batch_bytes_max = std::int64_t(32) << 20;
constexpr std::int64_t time_ms_max = std::int64_t(24) * 3600 * 1000;
constexpr std::int64_t rounds_max = 1000;
constexpr const char* standard_output = "-";

}  // namespace

// --- what was given

env::duration time_in(const std::string& checked_text) {
    return std::chrono::milliseconds(number_in(config::unit::milliseconds, checked_text));
}

std::uint32_t count_in(const std::string& checked_text) {
    return static_cast<std::uint32_t>(number_in(config::unit::none, checked_text));
}

bench_place place_of(const load_given& given, const server_choice& target) {
    bench_place made;
    made.server = target.server;
    made.topic = given.topic;
    made.partitions = optional_count(given.partitions);
    made.keep_topic = given.keep_topic;
    if (given.json_option->count() > 0)
        made.json_file = given.json_file.empty() ? standard_output : given.json_file;
    if (!given.html_file.empty()) made.html_file = given.html_file;
    return made;
}

bench_load load_of(const load_given& given) {
    bench_load made;
    made.protocol = given.protocol == "http" ? bench_protocol::http : bench_protocol::kafka;
    if (!given.http_server.empty())
        made.http_server = env::socket_address::parse(given.http_server).value();
    else if (made.protocol == bench_protocol::http)
        made.http_server = env::socket_address::parse(default_http_server).value();
    made.connections = count_in(given.connections);
    made.in_flight = count_in(given.in_flight);
    made.value_bytes = static_cast<std::uint32_t>(number_in(config::unit::bytes, given.value_bytes));
    made.batch_bytes = static_cast<std::uint64_t>(number_in(config::unit::bytes, given.batch_bytes));
    made.codec = kafka::codec_of_name(given.codec).value();
    if (!given.rate.empty()) made.rate = static_cast<double>(number_in(config::unit::none, given.rate));
    made.warm_up = time_in(given.warm_up);
    if (!given.duration.empty())
        made.duration = time_in(given.duration);
    else
        made.requests = static_cast<std::uint64_t>(number_in(config::unit::none, given.requests));
    made.verify = given.verify;
    if (made.verify && made.value_bytes < bench::mark_bytes) {
        throw CLI::ValidationError(
            "--verify", fmt::format("needs values of {} bytes or more, to mark them", bench::mark_bytes));
    }
    return made;
}

// --- options

CLI::Option* add_time(CLI::App& command, const char* name, std::string& text, std::string description) {
    return add_number(command, name, text, config::unit::milliseconds, 0, time_ms_max, std::move(description))
        ->type_name("TIME");
}

void load_options::add_load() {
    add_number(command_, "--connections", given_.connections, config::unit::none, 1, connections_max,
               fmt::format("Connections. Default: {}.", given_.connections));
    add_number(command_, "--value-size", given_.value_bytes, config::unit::bytes, 1, value_bytes_max,
               fmt::format("Bytes of each record's value, also as 2KiB. Default: {}.", given_.value_bytes));
}

void load_options::add_batch() {
    add_number(command_, "--batch-size", given_.batch_bytes, config::unit::bytes, 0, batch_bytes_max,
               fmt::format("Bytes of a request's batch before compression, header included, also as 64KiB; 0 "
                           "= one record. Default: {}.",
                           given_.batch_bytes));
    add_number(command_, "--in-flight", given_.in_flight, config::unit::none, 1, in_flight_max,
               fmt::format("Requests under way on each connection. Default: {}.", given_.in_flight));
    command_
        .add_option("--compression", given_.codec,
                    "Compress batches: none, gzip, snappy, lz4 or zstd; half of each value then repeats. "
                    "Default: none.")
        ->type_name("CODEC")
        ->check(check_codec);
}

void load_options::add_http() {
    add_http("Where the server speaks HTTP: group sizes from its /metrics. Default: they are left out.");
}

void load_options::add_http(std::string description) {
    command_.add_option("--http", given_.http_server, std::move(description))
        ->type_name("HOST:PORT")
        ->check(check_server);
}

void load_options::add_rounds(std::string_view meaning) {
    add_number(command_, "--rounds", given_.rounds, config::unit::none, 1, rounds_max,
               fmt::format("{} Default: {}.", meaning, given_.rounds));
}

CLI::Option* load_options::add_requests() {
    return add_number(command_, "--requests", given_.requests, config::unit::none, 1, requests_max,
                      fmt::format("Requests in all. Default: {}.", given_.requests));
}

void load_options::add_times(std::string_view duration_default) {
    add_time(command_, "--duration", given_.duration,
             fmt::format("How long to measure, as 30s or 5min. Default: {}.", duration_default));
    add_time(command_, "--warm-up", given_.warm_up,
             fmt::format("How long to send before measuring. Default: {}.", given_.warm_up));
    add_number(command_, "--rate", given_.rate, config::unit::none, 1, bench_rate_max,
               "Requests a second over all connections, sent when they are due, and latencies measured from "
               "then (open loop). Default: each connection sends when it is answered (closed loop).");
}

void load_options::add_partitions(std::string_view partitions_when_made) {
    add_number(command_, "--partitions", given_.partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               fmt::format("Partitions of the topic, over which the connections are spread. Default: {} when "
                           "the topic is made, else what it has.",
                           partitions_when_made));
}

void load_options::add_topic(std::string_view meaning) {
    command_
        .add_option("--topic", given_.topic,
                    fmt::format("{}; made when absent, and then deleted at the end. Default: {}.", meaning,
                                given_.topic))
        ->type_name("NAME")
        ->check(check_topic_name);
    command_.add_flag("--keep", given_.keep_topic, "Leave what was made.");
}

void load_options::add_report() {
    command_.add_flag("--verify", given_.verify,
                      "Mark the records, read them all back and compare them byte by byte.");
    given_.json_option = command_
                             .add_option("--json", given_.json_file,
                                         "Write the report as JSON to a file; without a name, print it "
                                         "instead of the text.")
                             ->type_name("[FILE]")
                             ->expected(0, 1);
    command_
        .add_option("--html", given_.html_file,
                    "Write the report to a file as a page with charts, which needs no other file.")
        ->type_name("FILE");
    parser_.add_server(command_);
}

}  // namespace logstore::app
