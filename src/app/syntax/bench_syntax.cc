#include <algorithm>
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
constexpr std::int64_t rounds_max = 1000;
constexpr std::int64_t tablets_max = 1'000'000;
constexpr std::int64_t consumers_max = 1000;
constexpr std::int64_t fill_bytes_max = std::int64_t(1) << 44;
constexpr const char* standard_output = "-";
constexpr const char* default_http_server = "127.0.0.1:8080";

constexpr const char* metrics_meaning =
    "Where the server speaks HTTP: group sizes from its /metrics. Default: they are left out.";

/// What the options of a load write to.
struct load_given {
    std::string topic, partitions;
    std::string protocol = "kafka", http_server;
    std::string connections, in_flight = "1", value_bytes, batch_bytes = "0";
    std::string requests, duration, rate, warm_up = "0s", codec = "none";
    std::string rounds = "3", tablets = "1,10,100,1000";
    std::string fill_bytes = "256MiB", consumers = "1", tail_rate = "500", tail_duration = "10s";
    std::string json_file, html_file;
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
    if (!given.html_file.empty()) made.html_file = given.html_file;
    return made;
}

bench_load load_of(const load_given& given) {
    const auto count = [](const std::string& text) {
        return static_cast<std::uint32_t>(number_in(config::unit::none, text));
    };
    bench_load made;
    made.protocol = given.protocol == "http" ? bench_protocol::http : bench_protocol::kafka;
    if (!given.http_server.empty())
        made.http_server = env::socket_address::parse(given.http_server).value();
    else if (made.protocol == bench_protocol::http)
        made.http_server = env::socket_address::parse(default_http_server).value();
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

void add_partitions(CLI::App& command, load_given& given, std::string_view partitions_when_made) {
    add_number(command, "--partitions", given.partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               fmt::format("Partitions of the topic, over which the connections are spread. Default: {} when "
                           "the topic is made, else what it has.",
                           partitions_when_made));
}

void add_topic_options(CLI::App& command, load_given& given, std::string_view meaning) {
    command
        .add_option("--topic", given.topic,
                    fmt::format("{}; made when absent, and then deleted at the end. Default: {}.", meaning,
                                given.topic))
        ->type_name("NAME")
        ->check(check_topic_name);
    command.add_flag("--keep", given.keep_topic, "Leave what was made.");
}

void add_load_options(CLI::App& command, load_given& given) {
    add_number(command, "--connections", given.connections, config::unit::none, 1, connections_max,
               fmt::format("Connections. Default: {}.", given.connections));
    add_number(command, "--value-size", given.value_bytes, config::unit::bytes, 1, value_bytes_max,
               fmt::format("Bytes of each record's value, also as 2KiB. Default: {}.", given.value_bytes));
}

void add_batch_options(CLI::App& command, load_given& given) {
    add_number(command, "--batch-size", given.batch_bytes, config::unit::bytes, 0, batch_bytes_max,
               fmt::format("Bytes of a request's batch before compression, header included, also as 64KiB; 0 "
                           "= one record. Default: {}.",
                           given.batch_bytes));
    add_number(command, "--in-flight", given.in_flight, config::unit::none, 1, in_flight_max,
               fmt::format("Requests under way on each connection. Default: {}.", given.in_flight));
    command
        .add_option("--compression", given.codec,
                    "Compress batches: none, gzip, snappy, lz4 or zstd; half of each value then repeats. "
                    "Default: none.")
        ->type_name("CODEC")
        ->check(check_codec);
}

void add_http(CLI::App& command, load_given& given, std::string description) {
    command.add_option("--http", given.http_server, std::move(description))
        ->type_name("HOST:PORT")
        ->check(check_server);
}

void add_rounds(CLI::App& command, load_given& given, std::string_view meaning) {
    add_number(command, "--rounds", given.rounds, config::unit::none, 1, rounds_max,
               fmt::format("{} Default: {}.", meaning, given.rounds));
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
    command
        .add_option("--html", given.html_file,
                    "Write the report to a file as a page with charts, which needs no other file.")
        ->type_name("FILE");
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
          "logstore bench latency --rate 5000 --duration 1min --html latency.html",
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
    add_http(
        latency, *given,
        fmt::format("Where the server speaks HTTP: for --protocol http (default: {}), and for group sizes "
                    "from /metrics.",
                    default_http_server));
    add_load_options(latency, *given);
    CLI::Option* requests =
        add_number(latency, "--requests", given->requests, config::unit::none, 1, requests_max,
                   fmt::format("Requests in all. Default: {}.", given->requests));
    add_time_options(latency, *given, " Default: until --requests are done.");
    requests->excludes("--duration");
    add_partitions(latency, *given, "1");
    add_topic_options(latency, *given, "The topic to write to");
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
    add_batch_options(throughput, *given);
    add_http(throughput, *given, metrics_meaning);
    add_time_options(throughput, *given, fmt::format(" Default: {}.", given->duration));
    add_partitions(throughput, *given, "4");
    add_topic_options(throughput, *given, "The topic to write to");
    add_report_options(parser, throughput, *given);
}

/// Numbers between commas, each once.
std::vector<std::int32_t> tablets_in(const std::string& text) {
    std::vector<std::int32_t> numbers;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        const auto number = config::parse_quantity(config::unit::none, text.substr(from, comma - from));
        if (!number || *number < 1 || *number > tablets_max) return {};
        const auto tablets = static_cast<std::int32_t>(*number);
        if (std::ranges::find(numbers, tablets) != numbers.end()) return {};
        numbers.push_back(tablets);
        from = comma + 1;
    }
    return numbers;
}

void add_tablets(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<load_given>();
    given->topic = "bench-tablets";
    given->connections = "100";
    given->value_bytes = "2048";
    given->duration = "4s";
    given->warm_up = "1s";
    CLI::App& tablets = parser.add_command(
        bench, "tablets",
        "The same load over topics of 1, 10, 100 and 1,000 partitions, in turn: latencies and rates.",
        {"[OPTIONS]",
         {"logstore bench tablets", "logstore bench tablets --tablets 1,1000,10000 --connections 1000",
          "logstore bench tablets --rounds 5 --duration 10s --html tablets.html"},
         {"A row for each number of tablets: the median rate of the rounds, the latencies of all of them, "
          "and",
          "the longest of the first requests to each tablet. More tablets than connections: each connection",
          "writes to several in turn."}},
        [&parser, given] {
            return bench_tablets_command{
                place_of(*given, parser.target()), load_of(*given), tablets_in(given->tablets),
                static_cast<std::uint32_t>(number_in(config::unit::none, given->rounds))};
        });
    tablets
        .add_option("--tablets", given->tablets,
                    fmt::format("Numbers of partitions. Default: {}.", given->tablets))
        ->type_name("N,N,...")
        ->check([](const std::string& text) -> std::string {
            if (!tablets_in(text).empty()) return {};
            return fmt::format("'{}' is not a list of different numbers as 1,10,100", text);
        });
    add_load_options(tablets, *given);
    add_http(tablets, *given, metrics_meaning);
    add_rounds(tablets, *given, "How often each is measured, one after the other.");
    add_time_options(tablets, *given, fmt::format(" Default: {}.", given->duration));
    add_topic_options(tablets, *given, "The beginning of the topics' names, which end with their tablets");
    add_report_options(parser, tablets, *given);
}

void add_read(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<load_given>();
    given->topic = "bench-read";
    given->connections = "4";
    given->in_flight = "4";
    given->value_bytes = "1KiB";
    given->batch_bytes = "64KiB";
    given->requests = "1";
    CLI::App& read = parser.add_command(
        bench, "read", "Read a topic from the beginning, then wait at its end for records.",
        {"[OPTIONS]",
         {"logstore bench read --size 1GiB --value-size 100 --consumers 4",
          "logstore bench read --topic events --tail-duration 0s",
          "logstore bench read --size 0 --tail-rate 500 --tail-duration 1min --json tail.json"},
         {"A topic that is made for the run is filled first; one that was there is read as it is, but the",
          "tail writes to it. The latency of the tail begins when a record was due to be sent."}},
        [&parser, given] {
            bench_read_command made{place_of(*given, parser.target()), load_of(*given)};
            made.place.partitions_when_made = 4;
            made.fill_bytes = static_cast<std::uint64_t>(number_in(config::unit::bytes, given->fill_bytes));
            made.consumers = static_cast<std::uint32_t>(number_in(config::unit::none, given->consumers));
            made.rounds = static_cast<std::uint32_t>(number_in(config::unit::none, given->rounds));
            made.tail_rate = static_cast<double>(number_in(config::unit::none, given->tail_rate));
            made.tail_duration = time_of(given->tail_duration);
            if (made.tail_duration.count() > 0 && made.fill.value_bytes < bench::mark_bytes)
                throw CLI::ValidationError(
                    "--value-size", fmt::format("the tail needs values of {} bytes or more, to mark them",
                                                bench::mark_bytes));
            return made;
        });
    add_number(read, "--consumers", given->consumers, config::unit::none, 1, consumers_max,
               fmt::format("Consumers that share the partitions. Default: {}.", given->consumers));
    add_rounds(read, *given, "How often it is read.");
    add_number(read, "--tail-rate", given->tail_rate, config::unit::none, 1, rate_max,
               fmt::format("Records a second while consumers wait at the end, one a request. Default: {}.",
                           given->tail_rate));
    add_time(read, "--tail-duration", given->tail_duration,
             fmt::format("For how long, after a second of warm-up; 0s = not at all. Default: {}.",
                         given->tail_duration));
    add_number(read, "--size", given->fill_bytes, config::unit::bytes, 0, fill_bytes_max,
               fmt::format("Bytes of values to write first, where the topic is made. Default: {}.",
                           given->fill_bytes));
    add_load_options(read, *given);
    add_batch_options(read, *given);
    add_partitions(read, *given, "4");
    add_topic_options(read, *given, "The topic to read");
    add_report_options(parser, read, *given);
}

}  // namespace

void add_bench(command_parser& parser) {
    CLI::App& bench = parser.add_group(
        parser.root(), "bench", "Measure a server.",
        {"COMMAND [OPTIONS]",
         {"logstore bench latency --connections 100 --requests 10000",
          "logstore bench throughput --value-size 100 --duration 30s",
          "logstore bench tablets --connections 1000", "logstore bench read --size 1GiB --consumers 4"},
         {}});
    add_latency(parser, bench);
    add_throughput(parser, bench);
    add_tablets(parser, bench);
    add_read(parser, bench);
}

}  // namespace logstore::app
