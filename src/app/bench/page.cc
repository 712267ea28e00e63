#include "app/bench/page.h"

#include <chrono>

#include <fmt/format.h>

#include "app/bench/page_charts.h"
#include "app/bench/report_text.h"
#include "app/version.h"

namespace logstore::app::bench {
namespace {

constexpr double megabyte = 1e6;
/// More runs than this have no chart of their own.
constexpr std::size_t lines_max = 6;

constexpr std::string_view page_style =
    R"(:root{color-scheme:light dark;--paper:#fff;--card:#f6f8fa;
--ink:#1f2328;--soft:#59636e;--rule:#d8dee4;--bad:#b42318;--good:#116329}
@media (prefers-color-scheme:dark){:root{--paper:#0f1318;--card:#171c23;
--ink:#e6edf3;--soft:#9aa4af;--rule:#2b323b;--bad:#ff8f85;--good:#56d364}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1160px;padding:20px 16px 48px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.1rem;margin:32px 0 10px}
h3{font-size:.95rem;margin:0 0 6px}
.soft{color:var(--soft)}.bad{color:var(--bad)}.good{color:var(--good)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:10px;margin:18px 0 0}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 12px}
.card b{display:block;font-size:1.25rem;line-height:1.3;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.card span{color:var(--soft);font-size:.85rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px}
figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px;break-inside:avoid}
figcaption{font-weight:600;margin-bottom:8px}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:min(100%,420px)}
th,td{text-align:right;padding:4px 14px 4px 0;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:600}
th:first-child,td:first-child{text-align:left}
.options{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:0 28px;margin:0}
.options div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--rule);padding:4px 0}
.options dt{color:var(--soft)}.options dd{margin:0;text-align:right;overflow-wrap:anywhere}
.text td{text-align:left;white-space:normal;overflow-wrap:anywhere}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;
--bad:#a00;--good:#060}body{padding:0;font-size:11pt}.charts{grid-template-columns:1fr 1fr}h2{break-after:avoid}}
)";

std::string date_text(timestamp_ms when) {
    namespace chrono = std::chrono;
    const chrono::sys_time<chrono::milliseconds> at{chrono::milliseconds(when.value())};
    const auto day = chrono::floor<chrono::days>(at);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss time(chrono::floor<chrono::seconds>(at - day));
    return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string ms_text(env::duration time) {
    const double ms = milliseconds(time);
    if (ms >= 1000) return with_commas(ms);
    return fmt::format("{:.{}f}", ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

std::string value_text(const fact& of) {
    if (const auto* number = std::get_if<std::int64_t>(&of.value)) return std::to_string(*number);
    if (const auto* decimal = std::get_if<double>(&of.value)) return fmt::format("{:.6g}", *decimal);
    if (const auto* truth = std::get_if<bool>(&of.value)) return *truth ? "yes" : "no";
    if (const auto* text = std::get_if<std::string>(&of.value)) return *text;
    return "–";
}

const fact* find(const std::vector<fact>& facts, std::string_view name) {
    for (const fact& one : facts)
        if (one.name == name) return &one;
    return nullptr;
}

bool is_of_kind(const run_report& run, std::string_view kind) {
    const fact* found = find(run.parameters, "kind");
    return found != nullptr && value_text(*found) == kind;
}

class page_writer {
  public:
    explicit page_writer(const bench_report& report) : report_(report) {}
    std::string write();

  private:
    void head();
    void cards();
    void load_cards(const run_report& run);
    void card(std::string_view name, std::string_view value, std::string_view style = "");
    void charts();
    void run_charts(const run_report& run);
    void tablet_charts();
    void read_charts();
    void figure(const chart& of);
    void row_table();
    void run_table();
    void latency_table();
    void latency_row(std::string_view name, const latency_histogram& latencies);
    void error_table();
    void verifications();
    void options_table();
    void notes();
    void cells(std::string_view tag, const std::vector<std::string>& content);

    const bench_report& report_;
    std::string out_;
};

std::string page_writer::write() {
    head();
    cards();
    verifications();
    error_table();
    charts();
    if (report_.bench == "tablets") row_table();
    run_table();
    latency_table();
    options_table();
    notes();
    return out_ + "</body>\n</html>\n";
}

void page_writer::head() {
    out_ += fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>logstore bench "
        "{}</title>\n"
        "<style>\n{}{}</style>\n</head>\n<body>\n",
        report_.bench, page_style, chart_style());
    const fact* server = find(report_.options, "server");
    const fact* protocol = find(report_.options, "protocol");
    out_ +=
        fmt::format("<h1>logstore bench {}</h1>\n<p class=\"soft\">{} · server {} ({}) · logstore {}{}</p>\n",
                    report_.bench, date_text(report_.started_at), server ? escaped(value_text(*server)) : "?",
                    protocol ? escaped(value_text(*protocol)) : "?", version_number(),
                    report_.was_interrupted ? " · <b class=\"bad\">interrupted</b>" : "");
}

void page_writer::card(std::string_view name, std::string_view value, std::string_view style) {
    out_ += fmt::format("<div class=\"card\"><b class=\"{}\">{}</b><span>{}</span></div>\n", style,
                        escaped(value), escaped(name));
}

void page_writer::load_cards(const run_report& run) {
    const load_tally& tally = run.tally;
    card("records/s", with_commas(rate_of(tally.records, tally.elapsed)));
    if (tally.records != tally.succeeded)
        card("requests/s", with_commas(rate_of(tally.succeeded, tally.elapsed)));
    card("MB/s of values", fmt::format("{:.1f}", rate_of(tally.bytes, tally.elapsed) / megabyte));
    for (const auto& [name, q] :
         {std::pair("ms p50", 0.5), std::pair("ms p99", 0.99), std::pair("ms p99.9", 0.999)})
        card(name, ms_text(tally.latencies.quantile(q)));
    card("ms maximum", ms_text(tally.latencies.max()));
}

void page_writer::cards() {
    out_ += "<div class=\"cards\">\n";
    std::uint64_t failed = 0;
    for (const run_report& run : report_.runs) {
        failed += run.tally.failed;
        if (is_of_kind(run, "tail")) {
            card("ms p50, sent to received", ms_text(run.tally.latencies.quantile(0.5)));
            card("ms p99, sent to received", ms_text(run.tally.latencies.quantile(0.99)));
        }
    }
    if (report_.bench == "latency" || report_.bench == "throughput") load_cards(report_.runs.front());
    for (const summary_row& row : report_.rows) {
        if (const fact* tablets = find(row.facts, "tablets")) {
            card(fmt::format("requests/s, {} tablet{}", value_text(*tablets),
                             value_text(*tablets) == "1" ? "" : "s"),
                 with_commas(std::get<double>(find(row.facts, "requests_per_second")->value)));
        } else {
            card("records/s read, median",
                 with_commas(std::get<double>(find(row.facts, "records_per_second")->value)));
            card("MB/s read, median",
                 fmt::format("{:.1f}", std::get<double>(find(row.facts, "megabytes_per_second")->value)));
        }
    }
    card("failed requests", with_commas(failed), failed > 0 ? "bad" : "good");
    out_ += "</div>\n";
}

// --- charts

void page_writer::figure(const chart& of) {
    out_ += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", escaped(of.title), svg_of(of));
}

void page_writer::charts() {
    out_ += "<h2>Charts</h2>\n<div class=\"charts\">\n";
    if (report_.bench == "tablets")
        tablet_charts();
    else if (report_.bench == "read")
        read_charts();
    else
        run_charts(report_.runs.front());
    out_ += "</div>\n";
}

void page_writer::run_charts(const run_report& run) {
    figure(distribution_chart(run.tally.latencies, "requests"));
    figure(percentile_chart({{"latency", &run.tally.latencies}}));
    figure(latency_over_time_chart(run.tally.series));
    figure(throughput_over_time_chart({&run}));
    if (!run.groups.empty()) figure(group_size_chart(run.groups));
}

void page_writer::tablet_charts() {
    figure(rate_by_tablets_chart(report_.rows));
    figure(latency_by_tablets_chart(report_.rows));
    std::vector<named_latencies> all;
    for (const summary_row& row : report_.rows)
        if (row.latencies && all.size() < lines_max)
            all.push_back({value_text(*find(row.facts, "tablets")), &*row.latencies});
    figure(percentile_chart(all));
    std::vector<run_report> first_round;
    for (const run_report& run : report_.runs) {
        const fact* round = find(run.parameters, "round");
        if (round == nullptr || value_text(*round) != "1" || first_round.size() == lines_max) continue;
        first_round.push_back(run);
        first_round.back().name = value_text(*find(run.parameters, "tablets"));
    }
    std::vector<const run_report*> lines;
    for (const run_report& run : first_round) lines.push_back(&run);
    chart over_time = throughput_over_time_chart(lines);
    over_time.title += ", by number of tablets, round 1";
    figure(over_time);
    std::vector<group_point> groups;
    for (const run_report& run : report_.runs)
        if (groups.empty()) groups = run.groups;
    if (!groups.empty()) figure(group_size_chart(groups));
}

void page_writer::read_charts() {
    std::vector<run_report> rounds;
    for (const run_report& run : report_.runs) {
        if (!is_of_kind(run, "read") || rounds.size() == lines_max) continue;
        rounds.push_back(run);
        rounds.back().name = value_text(*find(run.parameters, "round"));
    }
    std::vector<const run_report*> lines;
    for (const run_report& run : rounds) lines.push_back(&run);
    if (!lines.empty()) {
        chart over_time = throughput_over_time_chart(lines);
        over_time.title =
            lines.size() == 1 ? "Records read in each second" : "Records read in each second, by round";
        figure(over_time);
    }
    for (const run_report& run : report_.runs) {
        if (!is_of_kind(run, "tail")) continue;
        std::vector<named_latencies> all{{"received", &run.tally.latencies}};
        for (const auto& [name, latencies] : run.more_latencies)
            if (name == "acknowledgement_ms") all.push_back({"acknowledged", &latencies});
        chart percentiles = percentile_chart(all);
        percentiles.title = "At the tail: from when a record was due, by percentile";
        figure(distribution_chart(run.tally.latencies, "records at the tail"));
        figure(percentiles);
        figure(latency_over_time_chart(run.tally.series));
    }
}

// --- tables

void page_writer::cells(std::string_view tag, const std::vector<std::string>& content) {
    out_ += "<tr>";
    for (const std::string& one : content) out_ += fmt::format("<{0}>{1}</{0}>", tag, escaped(one));
    out_ += "</tr>\n";
}

void page_writer::row_table() {
    out_ += "<h2>By number of tablets</h2>\n<div class=\"wide\"><table>\n";
    cells("th",
          {"tablets", "requests/s", "MB/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "first touch ms"});
    for (const summary_row& row : report_.rows) {
        const auto number = [&](std::string_view name) {
            return std::get<double>(find(row.facts, name)->value);
        };
        const latency_histogram& latencies = *row.latencies;
        cells("td", {value_text(*find(row.facts, "tablets")), with_commas(number("requests_per_second")),
                     fmt::format("{:.1f}", number("megabytes_per_second")), ms_text(latencies.quantile(0.5)),
                     ms_text(latencies.quantile(0.99)), ms_text(latencies.quantile(0.999)),
                     ms_text(latencies.max()), fmt::format("{:.2f}", number("first_touch_ms"))});
    }
    out_ += "</table></div>\n";
}

void page_writer::run_table() {
    out_ += "<h2>Measurements</h2>\n<div class=\"wide\"><table>\n";
    cells("th", {"run", "records", "seconds", "records/s", "MB/s", "requests", "failed", "overdue"});
    for (const run_report& run : report_.runs) {
        const load_tally& tally = run.tally;
        cells("td", {run.name, with_commas(tally.records), fmt::format("{:.2f}", seconds(tally.elapsed)),
                     with_commas(rate_of(tally.records, tally.elapsed)),
                     fmt::format("{:.1f}", rate_of(tally.bytes, tally.elapsed) / megabyte),
                     with_commas(tally.succeeded), with_commas(tally.failed), with_commas(tally.overdue)});
    }
    out_ += "</table></div>\n";
}

void page_writer::latency_row(std::string_view name, const latency_histogram& latencies) {
    if (latencies.count() == 0) return;
    std::vector<std::string> row{std::string(name), fmt::format("{:.2f}", latencies.average_ms())};
    for (const auto& [unused, q] : report_quantiles) row.push_back(ms_text(latencies.quantile(q)));
    row.push_back(ms_text(latencies.max()));
    cells("td", row);
}

void page_writer::latency_table() {
    out_ += "<h2>Latencies, milliseconds</h2>\n<div class=\"wide\"><table>\n";
    std::vector<std::string> names{"run", "average"};
    for (const auto& [name, unused] : report_quantiles) names.push_back(name);
    names.push_back("max");
    cells("th", names);
    for (const run_report& run : report_.runs) {
        latency_row(is_of_kind(run, "tail") ? "tail, sent to received" : run.name, run.tally.latencies);
        for (const auto& [name, latencies] : run.more_latencies)
            latency_row(name == "acknowledgement_ms" ? "tail, sent to acknowledged"
                                                     : "tail, acknowledged to received",
                        latencies);
    }
    out_ += "</table></div>\n";
}

void page_writer::error_table() {
    bool has_begun = false;
    for (const run_report& run : report_.runs) {
        for (const auto& one : run.tally.errors.entries()) {
            if (!std::exchange(has_begun, true)) {
                out_ += "<h2 class=\"bad\">Failures</h2>\n<div class=\"wide\"><table class=\"text\">\n";
                cells("th", {"run", "kind", "count", "the first"});
            }
            cells("td", {run.name, one.kind, with_commas(one.count), one.example});
        }
    }
    if (has_begun) out_ += "</table></div>\n";
}

void page_writer::verifications() {
    for (const run_report& run : report_.runs) {
        if (!run.verified) continue;
        out_ += fmt::format(
            "<p class=\"{}\">{}: {}{}</p>\n", run.verified->is_clean() ? "good" : "bad", escaped(run.name),
            escaped(verification_text(*run.verified)),
            run.verified->unread.empty() ? "" : escaped(" Not everything was read: " + run.verified->unread));
        for (const std::string& one : run.verified->examples)
            out_ += fmt::format("<p class=\"soft\">{}</p>\n", escaped(one));
    }
}

void page_writer::options_table() {
    out_ += "<h2>Options</h2>\n<dl class=\"options\">\n";
    for (const fact& one : report_.options)
        out_ +=
            fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(one.name), escaped(value_text(one)));
    out_ += "</dl>\n";
}

void page_writer::notes() {
    out_ += "<h2>What the numbers mean</h2>\n<p>Only acknowledged requests count, with acks=all. ";
    const fact* loop = find(report_.options, "loop");
    if (loop != nullptr && value_text(*loop) == "closed")
        out_ +=
            "The loop was closed: a connection that waits sends nothing, so no latency shows what would have "
            "waited "
            "with it, and percentiles are those of so many busy clients, not of independent ones. ";
    if (loop != nullptr && value_text(*loop) == "open")
        out_ +=
            "The loop was open: requests were due at even distances whatever the server did, and a latency "
            "begins "
            "when its request was due. ";
    out_ +=
        "Megabytes are 10<sup>6</sup> bytes of values. Compare only runs that alternated on one "
        "machine.</p>\n";
}

}  // namespace

std::string report_page(const bench_report& report) {
    return page_writer(report).write();
}

}  // namespace logstore::app::bench
