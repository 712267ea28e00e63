// Figures of the front doors, added up over the shards: connections, requests, their times and errors, memory.
#include <array>
#include <utility>

#include "app/metrics_render.h"
#include "http/target.h"
#include "kafka/server/dispatch.h"

namespace logstore::app {
namespace {

using kafka_metrics = kafka::server_metrics;
using http_metrics = http::server_metrics;
using resp_metrics = resp::server_metrics;

std::string_view route_label(std::size_t where) {
    return http::route_name(static_cast<http::route>(where));
}

template <class Value>
std::uint64_t sum_of(const metrics_snapshot& of, Value value) {
    std::uint64_t sum = 0;
    for (const shard_sample& one : of.shards) sum += value(one);
    return sum;
}

/// One sample of a family for each door: the figures have the same name in all.
template <auto KafkaMember, auto HttpMember, auto RespMember>
void sample_doors(prometheus_text& text, const metrics_snapshot& of) {
    text.sample("door=\"kafka\"", sum_of(of, [](const shard_sample& one) { return one.kafka.*KafkaMember; }));
    text.sample("door=\"http\"", sum_of(of, [](const shard_sample& one) { return one.http.*HttpMember; }));
    text.sample("door=\"resp\"", sum_of(of, [](const shard_sample& one) { return one.resp.*RespMember; }));
}

void render_closed(prometheus_text& text, const metrics_snapshot& of) {
    text.counter("logstore_connections_closed_total", "Connections that the server has ended, by why.");
    const auto kafka = [&](std::string_view reason, auto member) {
        text.sample("door=\"kafka\"," + label("reason", reason),
                    sum_of(of, [&](const shard_sample& one) { return one.kafka.*member; }));
    };
    const auto http = [&](std::string_view reason, auto member) {
        text.sample("door=\"http\"," + label("reason", reason),
                    sum_of(of, [&](const shard_sample& one) { return one.http.*member; }));
    };
    const auto resp = [&](std::string_view reason, auto member) {
        text.sample("door=\"resp\"," + label("reason", reason),
                    sum_of(of, [&](const shard_sample& one) { return one.resp.*member; }));
    };
    kafka("idle", &kafka_metrics::connections_closed_as_idle);
    kafka("unread", &kafka_metrics::connections_closed_as_unread);
    kafka("invalid", &kafka_metrics::connections_closed_as_invalid);
    kafka("unanswered", &kafka_metrics::connections_closed_unanswered);
    http("idle", &http_metrics::connections_closed_as_idle);
    http("unread", &http_metrics::connections_closed_as_stalled);
    http("unanswered", &http_metrics::connections_closed_unanswered);
    resp("idle", &resp_metrics::connections_closed_as_idle);
    resp("unread", &resp_metrics::connections_closed_as_stalled);
    resp("invalid", &resp_metrics::connections_closed_as_invalid);
    resp("unanswered", &resp_metrics::connections_closed_unanswered);
}

void render_connections(prometheus_text& text, const metrics_snapshot& of) {
    text.gauge("logstore_connections_open", "Connections, by door.");
    sample_doors<&kafka_metrics::connections_open, &http_metrics::connections_open,
                 &resp_metrics::connections_open>(text, of);
    text.gauge("logstore_connections_max", "The limit on them.");
    text.sample("door=\"kafka\"", of.kafka_connections_max);
    text.sample("door=\"http\"", of.http_connections_max);
    text.sample("door=\"resp\"", of.resp_connections_max);
    text.counter("logstore_connections_accepted_total", "Connections let in.");
    sample_doors<&kafka_metrics::connections_accepted, &http_metrics::connections_accepted,
                 &resp_metrics::connections_accepted>(text, of);
    text.counter("logstore_connections_refused_total", "Connections closed at once because a limit was reached.");
    sample_doors<&kafka_metrics::connections_over_limit, &http_metrics::connections_over_limit,
                 &resp_metrics::connections_over_limit>(text, of);
    render_closed(text, of);
    text.counter("logstore_received_bytes_total", "Bytes received from clients.");
    sample_doors<&kafka_metrics::received_bytes, &http_metrics::received_bytes,
                 &resp_metrics::received_bytes>(text, of);
    text.counter("logstore_sent_bytes_total", "Bytes given to the system for clients.");
    sample_doors<&kafka_metrics::sent_bytes, &http_metrics::sent_bytes,
                 &resp_metrics::sent_bytes>(text, of);
}

void render_kafka(prometheus_text& text, const metrics_snapshot& of) {
    text.counter("logstore_kafka_requests_total", "Requests that were understood, by API.");
    const auto served = kafka::served_apis();
    for (const auto& api : served) {
        const auto index = static_cast<std::size_t>(api.key);
        text.sample(label("api", kafka::api_name(api.key)),
                    sum_of(of, [&](const shard_sample& one) { return one.kafka.requests[index]; }));
    }
    text.histograms("logstore_kafka_request_seconds",
                    "From understanding a request to sending its answer, waits for data or durability included.");
    for (const auto& api : served) {
        time_histogram all;
        for (const shard_sample& one : of.shards) all += one.kafka.latencies[static_cast<std::size_t>(api.key)];
        text.seconds(label("api", kafka::api_name(api.key)), all, 2);
    }
    text.counter("logstore_kafka_errors_total", "Error codes in answers, for each partition or topic; those that came up.");
    for (std::size_t i = 0; i < kafka_metrics::error_codes; ++i) {
        const std::uint64_t count = sum_of(of, [&](const shard_sample& one) { return one.kafka.errors[i]; });
        const auto code = static_cast<kafka::error_code>(static_cast<int>(i) - 1);
        if (count > 0) text.sample(label("error", kafka::error_name(code)), count);
    }
    text.gauge("logstore_kafka_assembly_bytes", "Held by requests above 16 KiB that have not arrived whole.");
    for (const shard_sample& one : of.shards) text.sample(label("shard", one.index), one.kafka_assembly_bytes);
    text.counter("logstore_kafka_fetched_bytes_total", "Bytes of batches in answers to fetches.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.kafka.fetched_bytes; }));
    text.counter("logstore_kafka_receive_pauses_total", "How often a connection was not read from because of a limit.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.kafka.receive_pauses; }));
    text.counter("logstore_kafka_turn_waits_total", "How often a connection waited because its address takes much of a shard.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.kafka.turn_waits; }));
}

void render_http(prometheus_text& text, const metrics_snapshot& of) {
    text.counter("logstore_http_requests_total", "Requests answered, by route and status; those that came up.");
    for (std::size_t where = 0; where < http::route_count; ++where) {
        for (std::size_t i = 0; i < http_metrics::statuses.size(); ++i) {
            const std::uint64_t count =
                sum_of(of, [&](const shard_sample& one) { return one.http.answers[where][i]; });
            if (count == 0) continue;
            const int status = http_metrics::statuses[i];
            text.sample(label("route", route_label(where)) + "," +
                            label("status", status == 0 ? "other" : std::to_string(status)),
                        count);
        }
    }
    text.histograms("logstore_http_request_seconds",
                    "From having a request to sending its answer, or the beginning of a stream; waits included.");
    for (std::size_t where = 0; where < http::route_count; ++where) {
        time_histogram all;
        for (const shard_sample& one : of.shards) all += one.http.latencies[where];
        text.seconds(label("route", route_label(where)), all, 2);
    }
    text.counter("logstore_http_read_records_total", "Records in answers.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.http.read_records; }));
    text.gauge("logstore_http_followers", "Streams of records that are open.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.http.followers; }));
}

void render_resp(prometheus_text& text, const metrics_snapshot& of) {
    const auto each = [&](auto member) {
        for (const resp::command& one : resp::command_table()) {
            const std::size_t index = resp::index_of(one);
            const std::uint64_t count =
                sum_of(of, [&](const shard_sample& shard) { return (shard.resp.*member)[index]; });
            if (count > 0) text.sample(label("command", one.name), count);
        }
    };
    text.counter("logstore_resp_commands_total", "Commands that were understood; those that came up.");
    each(&resp_metrics::commands);
    text.counter("logstore_resp_errors_total", "Commands that were answered with an error; those that came up.");
    each(&resp_metrics::errors);
    text.counter("logstore_resp_unknown_commands_total", "Commands that there are not.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.resp.unknown_commands; }));
    text.histograms("logstore_resp_wave_seconds",
                    "From having commands that are served together to sending their answers, waits included.");
    constexpr std::array kinds{std::pair(resp::command_kind::key_read, "key_read"),
                               std::pair(resp::command_kind::write, "write"),
                               std::pair(resp::command_kind::alone, "alone")};
    for (const auto& [kind, name] : kinds) {
        time_histogram all;
        for (const shard_sample& one : of.shards) all += one.resp.latencies[static_cast<std::size_t>(kind)];
        text.seconds(label("kind", name), all, 2);
    }
    text.counter("logstore_resp_key_reads_total", "Keys that were asked for.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.resp.key_reads; }));
    text.counter("logstore_resp_key_hits_total", "Those of them that were there.");
    text.sample("", sum_of(of, [](const shard_sample& one) { return one.resp.key_hits; }));
}

void render_limits(prometheus_text& text, const metrics_snapshot& of) {
    text.gauge("logstore_client_memory_bytes", "Held for clients, by the option that limits it.");
    for (const memory_sample& one : of.memory) text.sample(label("limit", one.limit), one.held_bytes);
    text.gauge("logstore_client_memory_max_bytes", "Those limits.");
    for (const memory_sample& one : of.memory) text.sample(label("limit", one.limit), one.limit_bytes);
}

}  // namespace

void render_doors(prometheus_text& text, const metrics_snapshot& of) {
    render_connections(text, of);
    render_limits(text, of);
    render_kafka(text, of);
    render_http(text, of);
    render_resp(text, of);
}

}  // namespace logstore::app
