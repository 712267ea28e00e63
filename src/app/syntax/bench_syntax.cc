#include <algorithm>

#include <fmt/format.h>

#include "app/bench/payload.h"
#include "app/syntax/argument_checks.h"
#include "app/syntax/bench_load_options.h"
#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

constexpr std::int64_t tablets_max = 1'000'000;
constexpr std::int64_t consumers_max = 1000;
constexpr std::int64_t fill_bytes_max = std::int64_t(1) << 44;

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
    load_options options(parser, latency, *given);
    options.add_http(
        fmt::format("Where the server speaks HTTP: for --protocol http (default: {}), and for group sizes "
                    "from /metrics.",
                    default_http_server));
    options.add_load();
    CLI::Option* requests = options.add_requests();
    options.add_times("until --requests are done");
    requests->excludes("--duration");
    options.add_partitions("1");
    options.add_topic("The topic to write to");
    options.add_report();
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
    load_options options(parser, throughput, *given);
    options.add_load();
    options.add_batch();
    options.add_http();
    options.add_times(given->duration);
    options.add_partitions("4");
    options.add_topic("The topic to write to");
    options.add_report();
}

struct tablets_given : load_given {
    std::string tablets = "1,10,100,1000";
};

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
    const auto given = std::make_shared<tablets_given>();
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
            return bench_tablets_command{place_of(*given, parser.target()), load_of(*given),
                                         tablets_in(given->tablets), count_in(given->rounds)};
        });
    tablets
        .add_option("--tablets", given->tablets,
                    fmt::format("Numbers of partitions. Default: {}.", given->tablets))
        ->type_name("N,N,...")
        ->check([](const std::string& text) -> std::string {
            if (!tablets_in(text).empty()) return {};
            return fmt::format("'{}' is not a list of different numbers as 1,10,100", text);
        });
    load_options options(parser, tablets, *given);
    options.add_load();
    options.add_http();
    options.add_rounds("How often each is measured, one after the other.");
    options.add_times(given->duration);
    options.add_topic("The beginning of the topics' names, which end with their tablets");
    options.add_report();
}

struct read_given : load_given {
    std::string fill_bytes = "256MiB", consumers = "1", tail_rate = "500", tail_duration = "10s";
};

void add_read(command_parser& parser, CLI::App& bench) {
    const auto given = std::make_shared<read_given>();
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
            made.consumers = count_in(given->consumers);
            made.rounds = count_in(given->rounds);
            made.tail_rate = count_in(given->tail_rate);
            made.tail_duration = time_in(given->tail_duration);
            if (made.tail_duration.count() > 0 && made.fill.value_bytes < bench::mark_bytes)
                throw CLI::ValidationError(
                    "--value-size", fmt::format("the tail needs values of {} bytes or more, to mark them",
                                                bench::mark_bytes));
            return made;
        });
    load_options options(parser, read, *given);
    add_number(read, "--consumers", given->consumers, config::unit::none, 1, consumers_max,
               fmt::format("Consumers that share the partitions. Default: {}.", given->consumers));
    options.add_rounds("How often it is read.");
    add_number(read, "--tail-rate", given->tail_rate, config::unit::none, 1, bench_rate_max,
               fmt::format("Records a second while consumers wait at the end, one a request. Default: {}.",
                           given->tail_rate));
    add_time(read, "--tail-duration", given->tail_duration,
             fmt::format("For how long, after a second of warm-up; 0s = not at all. Default: {}.",
                         given->tail_duration));
    add_number(read, "--size", given->fill_bytes, config::unit::bytes, 0, fill_bytes_max,
               fmt::format("Bytes of values to write first, where the topic is made. Default: {}.",
                           given->fill_bytes));
    options.add_load();
    options.add_batch();
    options.add_partitions("4");
    options.add_topic("The topic to read");
    options.add_report();
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
