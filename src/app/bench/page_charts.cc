#include "app/bench/page_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "app/bench/report_text.h"

namespace logstore::app::bench {
namespace {

using kind = chart_scale::kind;

constexpr int colours = 6;
constexpr int bars_a_decade = 20;
constexpr std::size_t points_max = 300;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

double number_in(const std::vector<fact>& facts, std::string_view name) {
    for (const fact& one : facts) {
        if (one.name != name) continue;
        if (const auto* whole = std::get_if<std::int64_t>(&one.value)) return static_cast<double>(*whole);
        if (const auto* decimal = std::get_if<double>(&one.value)) return *decimal;
    }
    return 0;
}

std::string time_text(env::duration time) {
    const double ms = milliseconds(time);
    return ms < 1      ? fmt::format("{:.3g} µs", ms * 1000)
           : ms < 1000 ? fmt::format("{:.3g} ms", ms)
                       : fmt::format("{:.3g} s", ms / 1000);
}

/// Of all but short runs without a last one that is too short to compare with the others.
std::span<const series_point> whole_points(const time_series& series) {
    const std::span<const series_point> all(series.points());
    constexpr std::size_t short_run_points = 3;
    const bool has_stub = all.size() > short_run_points && all.back().lasts < time_series::point_length / 2;
    return has_stub ? all.first(all.size() - 1) : all;
}

}  // namespace

chart distribution_chart(const latency_histogram& latencies, std::string what) {
    chart made;
    made.title = fmt::format("How many {} took how long", what);
    made.x = {"milliseconds", kind::logarithmic, {}, true};
    made.y.title = "% of all";
    double from = 0;
    const double all = static_cast<double>(latencies.count());
    for (const distribution_bar& bar : distribution_of(latencies, bars_a_decade)) {
        const double to = milliseconds(bar.up_to);
        if (from == 0) from = to / std::pow(10.0, 1.0 / bars_a_decade);
        const double share = 100 * static_cast<double>(bar.count) / all;
        made.bars.push_back(
            {from, to, share,
             fmt::format("up to {}: {} ({:.2f} %)", time_text(bar.up_to), with_commas(bar.count), share)});
        from = to;
    }
    return made;
}

chart percentile_chart(const std::vector<named_latencies>& of) {
    chart made;
    made.title = "Latency by percentile";
    made.y = {"milliseconds", kind::logarithmic, {}, false};
    made.x = {"percentile", kind::linear, {}, true};
    // A step to the right is a tenth of what is above.
    constexpr int steps_a_decade = 20;
    int decades = 1;
    for (const named_latencies& one : of) {
        chart_line& line = made.lines.emplace_back();
        line.name = one.name;
        line.colour = static_cast<int>(made.lines.size() - 1) % colours;
        const double count = static_cast<double>(one.latencies->count());
        for (int i = 0; count > 0; ++i) {
            const double above = std::pow(10.0, -double(i) / steps_a_decade);
            if (above * count < 1) break;
            const double q = std::max(1 - above, 1e-6);
            line.points.push_back({double(i) / steps_a_decade, milliseconds(one.latencies->quantile(q))});
            decades = std::max(decades, (i + steps_a_decade - 1) / steps_a_decade);
        }
    }
    constexpr const char* labels[] = {"0", "90", "99", "99.9", "99.99", "99.999", "99.9999"};
    for (int i = 0; i <= std::min<int>(decades, std::size(labels) - 1); ++i)
        made.x.ticks.push_back({double(i), labels[i]});
    return made;
}

chart latency_over_time_chart(const time_series& series) {
    chart made;
    made.title = "Latency in each second";
    made.x = {"seconds", kind::linear, {}, true, true};
    made.y = {"milliseconds", kind::logarithmic, {}, false};
    const auto add = [&](const char* name, env::duration series_point::* value, int colour, thinning how) {
        std::vector<chart_point> points;
        for (const series_point& one : whole_points(series)) {
            const double middle = seconds(one.begins) + seconds(one.lasts) / 2;
            const double ms = milliseconds(one.*value);
            points.push_back({middle, ms > 0 ? ms : nothing});
        }
        const bool has_dots = points.size() <= 12;
        made.lines.push_back({name, thinned(points, points_max, how), colour, false, has_dots});
    };
    add("p50", &series_point::p50, 0, thinning::mean);
    add("p99", &series_point::p99, 1, thinning::largest);
    add("max", &series_point::max, 2, thinning::largest);
    return made;
}

chart throughput_over_time_chart(const std::vector<const run_report*>& runs) {
    chart made;
    made.title = "Records in each second";
    made.x = {"seconds", kind::linear, {}, true, true};
    made.y.title = "records/s";
    for (const run_report* run : runs) {
        chart_line& line = made.lines.emplace_back();
        line.name = run->name;
        line.colour = static_cast<int>(made.lines.size() - 1) % colours;
        line.is_filled = runs.size() == 1;
        for (const series_point& one : whole_points(run->tally.series))
            line.points.push_back(
                {seconds(one.begins) + seconds(one.lasts) / 2, rate_of(one.records, one.lasts)});
        line.has_dots = line.points.size() <= 12;
        line.points = thinned(line.points, points_max, thinning::mean);
    }
    return made;
}

chart group_size_chart(const std::vector<group_point>& points) {
    chart made;
    made.title = "Appends that shared a flush";
    made.x = {"seconds", kind::linear, {}, true, true};
    made.y.title = "appends a group, on average";
    chart_line& line = made.lines.emplace_back();
    line.name = "appends a group";
    line.colour = 3;
    line.is_filled = true;
    for (const group_point& one : points) line.points.push_back({seconds(one.at), one.appends_per_group});
    line.has_dots = line.points.size() <= 12;
    line.points = thinned(line.points, points_max, thinning::mean);
    return made;
}

chart rate_by_tablets_chart(const std::vector<summary_row>& rows) {
    chart made;
    made.title = "Requests a second by number of tablets";
    made.x = {"tablets", kind::logarithmic, {}, false};
    made.y.title = "requests/s, median of the rounds";
    chart_line& line = made.lines.emplace_back();
    line.name = "requests/s";
    line.has_dots = true;
    for (const summary_row& row : rows)
        line.points.push_back({number_in(row.facts, "tablets"), number_in(row.facts, "requests_per_second")});
    std::ranges::sort(line.points, {}, &chart_point::x);
    return made;
}

chart latency_by_tablets_chart(const std::vector<summary_row>& rows) {
    chart made;
    made.title = "Latency by number of tablets";
    made.x = {"tablets", kind::logarithmic, {}, false};
    made.y = {"milliseconds", kind::logarithmic, {}, false};
    constexpr std::pair<const char*, double> shown[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};
    for (const auto& [name, q] : shown) {
        chart_line& line = made.lines.emplace_back();
        line.name = name;
        line.colour = static_cast<int>(made.lines.size() - 1);
        line.has_dots = true;
        for (const summary_row& row : rows)
            if (row.latencies)
                line.points.push_back(
                    {number_in(row.facts, "tablets"), milliseconds(row.latencies->quantile(q))});
        std::ranges::sort(line.points, {}, &chart_point::x);
    }
    return made;
}

}  // namespace logstore::app::bench
