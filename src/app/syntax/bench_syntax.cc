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
constexpr std::int64_t rate_max = 10'000'000;
constexpr std::int64_t time_ms_max = std::int64_t(24) * 3600 * 1000;
constexpr const char* standard_output = "-";

/// What the options of a load write to.
struct load_given {
    std::string topic, partitions;
    std::string protocol = "kafka", http_server = "127.0.0.1:8080";
    std::string connections, in_flight = "1", value_bytes, batch_bytes = "0";
    std::string requests, duration, rate, warm_up = "0s", codec = "none";
    std::string json_file;
    CLI::Option* json_option = nullptr;
    bool keep_topic = false, verify = false;
};

env::duration time_of(const std::string& checked_text) {
    return std::chrono::milliseconds(number_in(config::unit::milliseconds, checked_text));
}

bench_place place_of(const load_given& given, const server_choice& target) {
    bench_place made;
    made.server = target.server;
    made.topic = given.topic;
    made.partitions = optional_count(given.partitions);
    made.keep_topic = given.keep_topic;
    if (given.json_option->count() > 0)
        made.json_file = given.json_file.empty() ? standard_output : given.json_file;
    return made;
}

bench_load load_of(const load_given& given) {
    const auto count = [](const std::string& text) {
        return static_cast<std::uint32_t>(number_in(config::unit::none, text));
    };
    bench_load made;
    made.protocol = given.protocol == "http" ? bench_protocol::http : bench_protocol::kafka;
    made.http_server = env::socket_address::parse(given.http_server).value();
    made.connections = count(given.connections);
    made.in_flight = count(given.in_flight);
    made.value_bytes = static_cast<std::uint32_t>(number_in(config::unit::bytes, given.value_bytes));
    made.batch_bytes = static_cast<std::uint64_t>(number_in(config::unit::bytes, given.batch_bytes));
    made.codec = kafka::codec_of_name(given.codec).value();
    if (!given.rate.empty()) made.rate = static_cast<double>(number_in(config::unit::none, given.rate));
    made.warm_up = time_of(given.warm_up);
    if (!given.duration.empty())
        made.duration = time_of(given.duration);
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

void add_topic_options(CLI::App& command, load_given& given, std::string_view partitions_when_made) {
    add_number(command, "--partitions", given.partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               fmt::format("Partitions of the topic, over which the connections are spread. Default: {} when "
                           "the topic is made, else what it has.",
                           partitions_when_made));
    command
        .add_option("--topic", given.topic,
                    fmt::format("The topic to write to; made when absent, and then deleted at the "
                                "end. Default: {}.",
                                given.topic))
        ->type_name("NAME")
        ->check(check_topic_name);
    command.add_flag("--keep", given.keep_topic, "Leave the topic that was made.");
}

void add_load_options(CLI::App& command, load_given& given) {
    add_number(command, "--connections", given.connections, config::unit::none, 1, connections_max,
               fmt::format("Connections. Default: {}.", given.connections));
    add_number(command, "--value-size", given.value_bytes, config::unit::bytes, 1, value_bytes_max,
               fmt::format("Bytes of each record's value, also as 2KiB. Default: {}.", given.value_bytes));
}

CLI::Option* add_time(CLI::App& command, const char* name, std::string& text, std::string description) {
    return add_number(command, name, text, config::unit::milliseconds, 0, time_ms_max, std::move(description))
        ->type_name("TIME");
}

void add_time_options(CLI::App& command, load_given& given, std::string duration_default) {
    add_time(command, "--duration", given.duration,
             fmt::format("How long to measure, as 30s or 5min.{}", duration_default));
    add_time(command, "--warm-up", given.warm_up,
             fmt::format("How long to send before measuring. Default: {}.", given.warm_up));
    add_number(command, "--rate", given.rate, config::unit::none, 1, rate_max,
               "Requests a second over all connections, sent when they are due, and latencies measured from "
               "then (open loop). Default: each connection sends when it is answered (closed loop).");
}

void add_report_options(command_parser& parser, CLI::App& command, load_given& given) {
    command.add_flag("--verify", given.verify,
                     "Mark the records, read them all back and compare them byte by byte.");
    given.json_option = command
                            .add_option("--json", given.json_file,
                                        "Write the report as JSON to a file; without a name, print it "
                                        "instead of the text.")
                            ->type_name("[FILE]")
                            ->expected(0, 1);
    parser.add_server(command);
}

// --- commands

void add_latency(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<load_given>();
    given->topic = "bench-latency";
    given->connections = "100";
    given->requests = "10000";
    given->value_bytes = "2048";
    CLI::App& latency = parser.add_command(
        bench, "latency",
        "Write records, one a request and one request at a time on each connection, and report latencies.",
        {"[OPTIONS]",
         {"logstore bench latency --connections 100 --requests 10000 --value-size 2048",
          "logstore bench latency --protocol http --http 127.0.0.1:8080 --duration 30s --warm-up 3s",
          "logstore bench latency --rate 5000 --duration 1min --json latency.json",
          "logstore bench latency --server 10.0.0.5:9092 --topic load --partitions 8 --keep"},
         {"Only acknowledged requests count. The exit code is 1 when one failed or was lost. Ctrl-C ends",
          "the run and reports what was measured."}},
        [&parser, given] {
            return bench_load_command{bench_load_command::emphasis::latency,
                                      place_of(*given, parser.target()), load_of(*given)};
        });
    latency
        .add_option("--protocol", given->protocol, "kafka (Produce) or http (POST /append). Default: kafka.")
        ->type_name("PROTOCOL")
        ->check([](const std::string& text) -> std::string {
            if (text == "kafka" || text == "http") return {};
            return fmt::format("'{}' is not kafka or http", text);
        });
    latency
        .add_option("--http", given->http_server,
                    fmt::format("Where the server speaks HTTP, for --protocol http. Default: {}.",
                                given->http_server))
        ->type_name("HOST:PORT")
        ->check(check_server);
    add_load_options(latency, *given);
    CLI::Option* requests =
        add_number(latency, "--requests", given->requests, config::unit::none, 1, requests_max,
                   fmt::format("Requests in all. Default: {}.", given->requests));
    add_time_options(latency, *given, " Default: until --requests are done.");
    requests->excludes("--duration");
    add_topic_options(latency, *given, "1");
    add_report_options(parser, latency, *given);
}

void add_throughput(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<load_given>();
    given->topic = "bench-throughput";
    given->connections = "4";
    given->in_flight = "4";
    given->value_bytes = "1KiB";
    given->batch_bytes = "64KiB";
    given->duration = "10s";
    given->warm_up = "2s";
    CLI::App& throughput = parser.add_command(
        bench, "throughput", "Write batches as fast as they are acknowledged, and report records and bytes.",
        {"[OPTIONS]",
         {"logstore bench throughput --value-size 100 --batch-size 64KiB --partitions 4",
          "logstore bench throughput --connections 16 --in-flight 5 --duration 1min --json bulk.json",
          "logstore bench throughput --compression zstd --verify",
          "logstore bench throughput --batch-size 0 --rate 20000 --connections 50"},
         {"Only acknowledged records count. The exit code is 1 when a request failed or was lost. Ctrl-C",
          "ends the run and reports what was measured. Without --verify one batch is compressed once and",
          "sent again and again; with it each is made and compressed for itself."}},
        [&parser, given] {
            bench_place place = place_of(*given, parser.target());
            place.partitions_when_made = 4;
            return bench_load_command{bench_load_command::emphasis::throughput, std::move(place),
                                      load_of(*given)};
        });
    add_load_options(throughput, *given);
    add_number(throughput, "--batch-size", given->batch_bytes, config::unit::bytes, 0, batch_bytes_max,
               fmt::format("Bytes of a request's batch before compression, header included, also as 64KiB; 0 "
                           "= one record. Default: {}.",
                           given->batch_bytes));
    add_number(throughput, "--in-flight", given->in_flight, config::unit::none, 1, in_flight_max,
               fmt::format("Requests under way on each connection. Default: {}.", given->in_flight));
    throughput
        .add_option("--compression", given->codec,
                    "Compress batches: none, gzip, snappy, lz4 or zstd; half of each value then repeats. "
                    "Default: none.")
        ->type_name("CODEC")
        ->check(check_codec);
    add_time_options(throughput, *given, fmt::format(" Default: {}.", given->duration));
    add_topic_options(throughput, *given, "4");
    add_report_options(parser, throughput, *given);
}

}  // namespace

void add_bench(command_parser& parser) {
    CLI::App& bench = parser.add_group(parser.root(), "bench", "Measure a server.",
                                       {"COMMAND [OPTIONS]",
                                        {"logstore bench latency --connections 100 --requests 10000",
                                         "logstore bench throughput --value-size 100 --duration 30s"},
                                        {}});
    add_latency(parser, bench);
    add_throughput(parser, bench);
}

}  // namespace logstore::app
