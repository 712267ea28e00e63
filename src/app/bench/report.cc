#include "app/bench/report.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "app/version.h"

namespace logstore::app::bench {
namespace {

constexpr std::int64_t format_number = 1;
constexpr int json_bars_a_decade = 20;
constexpr double megabyte = 1e6;

void write_facts(json_writer& json, const std::vector<fact>& facts) {
    for (const auto& [name, value] : facts) {
        json.key(name);
        if (const auto* number = std::get_if<std::int64_t>(&value))
            json.number(*number);
        else if (const auto* decimal = std::get_if<double>(&value))
            json.decimal(*decimal);
        else if (const auto* truth = std::get_if<bool>(&value))
            json.boolean(*truth);
        else if (const auto* text = std::get_if<std::string>(&value))
            json.text(*text);
        else
            json.null();
    }
}

void write_latencies(json_writer& json, const latency_histogram& latencies) {
    if (latencies.count() == 0) return void(json.null());
    json.begin_object().field("average", latencies.average_ms());
    for (const auto& [name, q] : report_quantiles) json.field(name, milliseconds(latencies.quantile(q)));
    json.field("max", milliseconds(latencies.max())).end_object();
}

void write_distribution(json_writer& json, const latency_histogram& latencies) {
    json.begin_list();
    for (const distribution_bar& bar : distribution_of(latencies, json_bars_a_decade))
        json.begin_object().field("up_to_ms", milliseconds(bar.up_to)).field("count", bar.count).end_object();
    json.end_list();
}

void write_errors(json_writer& json, const error_counts& errors) {
    json.begin_list();
    for (const auto& one : errors.entries())
        json.begin_object()
            .field("kind", one.kind)
            .field("count", one.count)
            .field("example", one.example)
            .end_object();
    json.end_list();
}

void write_series(json_writer& json, const time_series& series) {
    json.begin_list();
    for (const series_point& point : series.points()) {
        json.begin_object()
            .field("begins_s", seconds(point.begins))
            .field("lasts_s", seconds(point.lasts))
            .field("requests", point.requests)
            .field("records", point.records)
            .field("bytes", point.bytes)
            .field("failed", point.failed);
        json.field("p50_ms", milliseconds(point.p50))
            .field("p99_ms", milliseconds(point.p99))
            .field("max_ms", milliseconds(point.max))
            .end_object();
    }
    json.end_list();
}

void write_groups(json_writer& json, const std::vector<group_point>& points) {
    if (points.empty()) return void(json.null());
    json.begin_list();
    for (const group_point& one : points)
        json.begin_object()
            .field("at_s", seconds(one.at))
            .field("groups_per_second", one.groups_per_second)
            .field("appends_per_group", one.appends_per_group)
            .field("flush_ms", one.flush_ms)
            .end_object();
    json.end_list();
}

void write_verification(json_writer& json, const verification& found) {
    json.begin_object()
        .field("is_clean", found.is_clean())
        .field("acknowledged", found.acknowledged)
        .field("found", found.found)
        .field("lost", found.lost)
        .field("doubled", found.doubled)
        .field("changed", found.changed)
        .field("out_of_order", found.out_of_order)
        .field("unacknowledged_found", found.unacknowledged_found)
        .field("foreign", found.foreign)
        .field("is_inexact", found.is_inexact)
        .field("unread", found.unread);
    json.key("examples").begin_list();
    for (const std::string& one : found.examples) json.text(one);
    json.end_list().end_object();
}

void write_run(json_writer& json, const run_report& run) {
    const load_tally& tally = run.tally;
    json.begin_object().field("name", run.name);
    write_facts(json, run.parameters);
    json.key("requests")
        .begin_object()
        .field("sent", tally.sent)
        .field("acknowledged", tally.succeeded)
        .field("failed", tally.failed)
        .field("overdue", tally.overdue)
        .end_object();
    json.field("records", tally.records)
        .field("bytes", tally.bytes)
        .field("seconds", seconds(tally.elapsed))
        .field("requests_per_second", rate_of(tally.succeeded, tally.elapsed))
        .field("records_per_second", rate_of(tally.records, tally.elapsed))
        .field("megabytes_per_second", rate_of(tally.bytes, tally.elapsed) / megabyte);
    json.key("latency_ms");
    write_latencies(json, tally.latencies);
    for (const auto& [name, latencies] : run.more_latencies) {
        json.key(name);
        write_latencies(json, latencies);
    }
    json.field("first_touch_ms", milliseconds(tally.first_touch));
    json.field("connections_lost", tally.connections_lost).key("errors");
    write_errors(json, tally.errors);
    json.key("distribution");
    write_distribution(json, tally.latencies);
    json.key("series");
    write_series(json, tally.series);
    json.key("groups");
    write_groups(json, run.groups);
    json.key("verification");
    if (run.verified)
        write_verification(json, *run.verified);
    else
        json.null();
    json.end_object();
}

}  // namespace

double milliseconds(env::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}
double seconds(env::duration time) {
    return std::chrono::duration<double>(time).count();
}
double rate_of(std::uint64_t count, env::duration time) {
    return time.count() <= 0 ? 0 : static_cast<double>(count) / seconds(time);
}

double median_of(std::vector<double> values) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<distribution_bar> distribution_of(const latency_histogram& latencies, int bars_a_decade) {
    std::vector<distribution_bar> bars;
    std::uint64_t below = 0;
    for (int i = 0; below < latencies.count(); ++i) {
        const env::duration up_to(
            static_cast<env::duration::rep>(std::llround(1000 * std::pow(10.0, double(i) / bars_a_decade))));
        const std::uint64_t so_far = latencies.count_up_to(up_to);
        if (so_far > 0) bars.push_back({up_to, so_far - below});
        below = so_far;
    }
    return bars;
}

std::string report_json(const bench_report& report) {
    json_writer json;
    json.begin_object()
        .field("bench", report.bench)
        .field("format", format_number)
        .field("logstore", version_number())
        .field("started_at_ms", report.started_at.value());
    json.key("options").begin_object();
    write_facts(json, report.options);
    json.end_object().field("interrupted", report.was_interrupted);
    json.key("runs").begin_list();
    for (const run_report& run : report.runs) write_run(json, run);
    json.end_list().key("rows").begin_list();
    for (const summary_row& row : report.rows) {
        json.begin_object();
        write_facts(json, row.facts);
        if (row.latencies) {
            json.key("latency_ms");
            write_latencies(json, *row.latencies);
        }
        json.end_object();
    }
    json.end_list();
    return json.end_object().finish();
}

}  // namespace logstore::app::bench
