#include "app/bench/load_report.h"

#include <fmt/format.h>

#include "app/bench/report_text.h"
#include "kafka/client/compression.h"

namespace logstore::app::bench {
namespace {

template <class T, class Make>
fact fact_or_null(std::string name, const std::optional<T>& value, Make make) {
    if (!value) return {std::move(name), {}};
    return {std::move(name), make(*value)};
}

}  // namespace

std::vector<fact> load_facts(const bench_place& place, const bench_load& load, const bench_topic& topic,
                             std::uint32_t records_per_request) {
    const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
    const bool is_http = load.protocol == bench_protocol::http;
    return {
        {"server", (is_http ? *load.http_server : place.server).text()},
        {"protocol", std::string(is_http ? "http" : "kafka")},
        {"topic", topic.name()},
        {"partitions", number(topic.partition_count())},
        {"connections", number(load.connections)},
        {"in_flight", number(load.in_flight)},
        {"value_bytes", number(load.value_bytes)},
        {"records_per_request", number(records_per_request)},
        {"compression", std::string(kafka::codec_name(load.codec))},
        {"acks", std::string("all")},
        {"loop", std::string(load.rate ? "open" : "closed")},
        fact_or_null("rate_per_second", load.rate, [](double rate) { return rate; }),
        {"warm_up_seconds", seconds(load.warm_up)},
        fact_or_null("duration_seconds", load.duration, [](env::duration time) { return seconds(time); }),
        fact_or_null("requests", load.requests, number),
        {"verify", load.verify},
    };
}

bool is_good(const load_tally& tally, const std::optional<verification>& verified, bool was_interrupted) {
    return (tally.succeeded > 0 || was_interrupted) && tally.failed == 0 && tally.connections_lost == 0 &&
           (!verified || verified->is_clean());
}

void say_failures(console& out, std::uint32_t connections, const load_tally& tally) {
    if (tally.connections_lost > 0)
        out.say(fmt::format("{} of {} connections were lost", tally.connections_lost, connections));
    for (const auto& one : tally.errors.entries())
        out.say(fmt::format("{} requests failed with {}; the first: {}", with_commas(one.count), one.kind,
                            one.example));
    if (tally.overdue > 0)
        out.say(
            fmt::format("{} requests were due and not sent: all connections were busy; the rate is too "
                        "high for them, or for the server",
                        with_commas(tally.overdue)));
}

void say_findings(console& out, const verification& found) {
    if (!found.unread.empty()) out.say("not everything could be read back: " + found.unread);
    for (const std::string& one : found.examples) out.say(one);
    if (found.is_inexact)
        out.say("more went wrong than was kept in mind: the count of lost records may be too high");
    if (found.unacknowledged_found > 0)
        out.say(fmt::format("{} records that were not acknowledged are there all the same",
                            with_commas(found.unacknowledged_found)));
}

}  // namespace logstore::app::bench
