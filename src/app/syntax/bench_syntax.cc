#include <limits>

#include <fmt/format.h>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

constexpr std::int64_t connections_max = 50'000;
constexpr std::int64_t requests_max = 1'000'000'000'000;
/// Under what brokers accept as one record by default (1 MiB).
constexpr std::int64_t value_bytes_max = 1'000'000;

struct latency_given {
    std::string topic = "bench-latency", partitions;
    std::string connections = "100", requests = "10000", value_bytes = "2048";
    bool keep_topic = false;
};

bench_latency_command latency_of(const latency_given& given, server_choice target) {
    bench_latency_command run{target, given.topic, optional_count(given.partitions)};
    run.connections = static_cast<std::uint32_t>(number_in(config::unit::none, given.connections));
    run.requests = static_cast<std::uint64_t>(number_in(config::unit::none, given.requests));
    run.value_bytes = static_cast<std::uint32_t>(number_in(config::unit::bytes, given.value_bytes));
    run.keep_topic = given.keep_topic;
    return run;
}

void add_latency(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<latency_given>();
    CLI::App& latency = parser.add_command(
        bench, "latency",
        "Write records, one a request and one request at a time on each connection, and report latencies.",
        {"[OPTIONS]",
         {"logstore bench latency --connections 100 --requests 10000 --value-size 2048",
          "logstore bench latency --server 10.0.0.5:9092 --topic load --partitions 8 --keep"},
         {}},
        [&parser, given] { return latency_of(*given, parser.target()); });
    add_number(latency, "--connections", given->connections, config::unit::none, 1, connections_max,
               fmt::format("Connections. Default: {}.", given->connections));
    add_number(latency, "--requests", given->requests, config::unit::none, 1, requests_max,
               fmt::format("Requests in all. Default: {}.", given->requests));
    add_number(latency, "--value-size", given->value_bytes, config::unit::bytes, 1, value_bytes_max,
               fmt::format("Bytes of each record's value, also as 2KiB. Default: {}.", given->value_bytes));
    add_number(latency, "--partitions", given->partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               "Partitions of the topic, over which the connections are spread. Default: 1 when the topic is "
               "made, else what it has.");
    latency
        .add_option("--topic", given->topic,
                    fmt::format("The topic to write to; made when absent, and then deleted at the "
                                "end. Default: {}.",
                                given->topic))
        ->type_name("NAME")
        ->check(check_topic_name);
    latency.add_flag("--keep", given->keep_topic, "Leave the topic that was made.");
    parser.add_server_options(latency);
}

}  // namespace

void add_bench(command_parser& parser) {
    CLI::App& bench = parser.add_group(
        parser.root(), "bench", "Measure a server.",
        {"COMMAND [OPTIONS]", {"logstore bench latency --connections 100 --requests 10000"}, {}});
    add_latency(parser, bench);
}

}  // namespace logstore::app
