#include <limits>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"
#include "kafka/client/compression.h"

namespace logstore::app {
namespace {

/// A batch is one record of the server's limits; more than this is of no use.
constexpr std::int64_t batch_bytes_max = std::int64_t(32) << 20;
constexpr std::int64_t linger_ms_max = 60'000;

struct produce_given {
    std::string topic, partition, key_separator, null_marker;
    std::vector<std::string> headers;
    const CLI::Option* null_marker_option = nullptr;
    std::string codec = "none", acks = "all", batch_bytes = "512KiB", linger_ms = "5", timeout = "30s";
    bool at_most_once = false;
};

produce_command produce_of(const produce_given& given, server_choice target) {
    produce_command made;
    made.target = target;
    made.topic = given.topic;
    made.partition = optional_count(given.partition);
    made.key_separator = given.key_separator;
    for (const std::string& text : given.headers) made.headers.push_back(split_at_equals(text));
    if (given.null_marker_option->count() > 0) made.null_marker = given.null_marker;
    made.codec = kafka::codec_of_name(given.codec).value();
    made.acks = given.acks == "all" ? kafka::required_acks::all
                : given.acks == "1" ? kafka::required_acks::leader
                                    : kafka::required_acks::none;
    made.batch_bytes = static_cast<std::size_t>(number_in(config::unit::bytes, given.batch_bytes));
    made.linger = std::chrono::milliseconds(number_in(config::unit::none, given.linger_ms));
    made.timeout = std::chrono::milliseconds(number_in(config::unit::milliseconds, given.timeout));
    made.at_most_once = given.at_most_once;
    return made;
}

command_help produce_help() {
    return {
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
}

/// What becomes of a line.
void add_record_options(CLI::App& produce, produce_given& given) {
    produce
        .add_option("--key-separator", given.key_separator,
                    "What stands between key and value in a line; the first one counts.")
        ->type_name("TEXT");
    add_number(produce, "--partition", given.partition, config::unit::none, 0,
               std::numeric_limits<std::int32_t>::max(),
               "Write to this partition. Default: by the key, as other Kafka clients have it; without keys "
               "one after the other.");
    add_repeated(produce, "--header", given.headers, "A header of every record; may be repeated.")
        ->type_name("NAME=VALUE")
        ->check(check_header);
    given.null_marker_option = produce
                                   .add_option("--null-marker", given.null_marker,
                                               "Send a value that is this text as null (a deletion).")
                                   ->type_name("TEXT");
}

/// How batches are sent.
void add_batch_options(CLI::App& produce, produce_given& given) {
    produce
        .add_option("--compression", given.codec,
                    "Compress batches: none, gzip, snappy, lz4 or zstd. Default: none.")
        ->type_name("CODEC")
        ->check(check_codec);
    produce
        .add_option("--acks", given.acks,
                    "Who must have stored a record before it is acknowledged: all replicas in sync, 1 (the "
                    "leader), 0 (nobody says). Default: all.")
        ->type_name("all|1|0")
        ->check(check_acks);
    add_number(produce, "--batch-bytes", given.batch_bytes, config::unit::bytes, 1, batch_bytes_max,
               "Send a batch when it has grown to this. Default: 512KiB.");
    add_number(produce, "--linger-ms", given.linger_ms, config::unit::none, 0, linger_ms_max,
               "How long a batch waits for more lines. Default: 5.");
    produce.add_flag(
        "--at-most-once", given.at_most_once,
        "Never send a batch again that may be stored already; say how many records are unknown.");
}

}  // namespace

void add_produce(command_parser& parser) {
    const auto given = std::make_shared<produce_given>();
    CLI::App& produce = parser.add_command(
        parser.root(), "produce", "Write lines of standard input to a topic, a record each.", produce_help(),
        [&parser, given] { return produce_of(*given, parser.target()); });
    add_topic_name(produce, "TOPIC", given->topic, "The topic.");
    add_record_options(produce, *given);
    add_batch_options(produce, *given);
    add_timeout(produce, given->timeout, "Give a record up after this.");
    parser.add_server_options(produce);
}

}  // namespace logstore::app
