#include <algorithm>
#include <limits>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

struct consume_given {
    std::string topic, from = "beginning", count, format = "value", null_marker, timeout = "30s";
    std::vector<std::string> partitions;
    bool follow = false;
};

consume_command consume_of(const consume_given& given, server_choice target) {
    consume_command made;
    made.target = target;
    made.topic = given.topic;
    for (const std::string& text : given.partitions) {
        const auto one = static_cast<std::int32_t>(number_in(config::unit::none, text));
        if (std::ranges::find(made.partitions, one) == made.partitions.end()) made.partitions.push_back(one);
    }
    made.from = start_position::parse(given.from).value();
    made.follow = given.follow;
    if (!given.count.empty())
        made.count = static_cast<std::uint64_t>(number_in(config::unit::none, given.count));
    made.format = target.json ? record_format::json() : record_format::parse(given.format).value();
    made.format.null_text = given.null_marker;
    made.timeout = std::chrono::milliseconds(number_in(config::unit::milliseconds, given.timeout));
    return made;
}

command_help consume_help() {
    return {
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
}

/// Which records.
void add_choice(CLI::App& consume, consume_given& given) {
    consume
        .add_option("--from", given.from,
                    "Where to begin: beginning, end, offset:N, last:N (that many of each partition), "
                    "time:2026-11-22T10:00:00Z, time:-10m (ago). Default: beginning.")
        ->type_name("PLACE")
        ->check(check_from);
    consume.add_flag("-f,--follow", given.follow, "Go on with what is written later.");
    add_number(consume, "--count", given.count, config::unit::none, 1,
               std::numeric_limits<std::int64_t>::max(), "Stop after so many records.");
    add_repeated(consume, "--partition", given.partitions,
                 "Read this partition; may be repeated. Default: all.")
        ->type_name("N")
        ->check(check_quantity(config::unit::none, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

void add_consume(command_parser& parser) {
    const auto given = std::make_shared<consume_given>();
    CLI::App& consume =
        parser.add_command(parser.root(), "consume", "Print the records of a topic.", consume_help(),
                           [&parser, given] { return consume_of(*given, parser.target()); });
    add_topic_name(consume, "TOPIC", given->topic, "The topic.");
    add_choice(consume, *given);
    consume.add_option("--format", given->format, "How a record is written; see below. Default: value.")
        ->type_name("FORMAT")
        ->check(check_format);
    consume
        .add_option("--null-marker", given->null_marker,
                    "Write this for a null key or value. Default: nothing.")
        ->type_name("TEXT");
    add_timeout(consume, given->timeout, "Give up when a partition has not been answered for so long.");
    parser.add_server_options(consume);
}

}  // namespace logstore::app
