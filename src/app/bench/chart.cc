#include "app/bench/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

constexpr double width = 520, height = 300;
constexpr double left = 56, right = 26, top = 30, bottom = 46;
constexpr double plot_width = width - left - right, plot_height = height - top - bottom;
constexpr int ticks_x = 6, ticks_y = 5;

/// The values of one axis.
struct extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void add(double value) {
        if (!std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool is_empty() const { return low > high; }
};

/// One chart being drawn.
class drawing {
  public:
    drawing(const chart& what, chart_scale x, chart_scale y) : what_(what), x_(x), y_(y) {}

    std::string draw() {
        out_ = fmt::format(R"(<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">)", width,
                           height, escaped(what_.title));
        draw_axes();
        for (const chart_bar& one : what_.bars) draw_bar(one);
        for (const chart_line& one : what_.lines) draw_line(one);
        draw_legend();
        return out_ + "</svg>\n";
    }

  private:
    double place_x(double value) const { return left + x_.share_of(value) * plot_width; }
    double place_y(double value) const { return top + (1 - y_.share_of(value)) * plot_height; }

    void draw_axes();
    void draw_bar(const chart_bar& one);
    void draw_line(const chart_line& one);
    void draw_run(const chart_line& of, std::size_t from, std::size_t to);
    void draw_legend();
    void text(double x, double y, std::string_view anchor, std::string_view content,
              std::string_view more = "") {
        out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>)", x, y, anchor, more,
                            escaped(content));
    }
    void line(double x1, double y1, double x2, double y2, std::string_view style) {
        out_ += fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", style,
                            x1, y1, x2, y2);
    }

    const chart& what_;
    const chart_scale x_, y_;
    std::string out_;
};

void drawing::draw_axes() {
    constexpr double label_gap = 6, label_drop = 17, title_drop = 37, title_rise = 12;
    for (const chart_tick& one : what_.y.ticks.empty() ? y_.ticks(ticks_y) : what_.y.ticks) {
        const double y = place_y(one.at);
        line(left, y, width - right, y, "grid");
        text(left - label_gap, y + 4, "end", one.label);
    }
    for (const chart_tick& one : what_.x.ticks.empty() ? x_.ticks(ticks_x) : what_.x.ticks) {
        const double x = place_x(one.at);
        line(x, height - bottom, x, height - bottom + 4, "axis");
        text(x, height - bottom + label_drop, "middle", one.label);
    }
    line(left, height - bottom, width - right, height - bottom, "axis");
    text(left + plot_width / 2, height - bottom + title_drop, "middle", what_.x.title, R"( class="title")");
    text(4, title_rise, "start", what_.y.title, R"( class="title")");
}

void drawing::draw_bar(const chart_bar& one) {
    constexpr double gap = 0.5;
    const double from = place_x(one.from) + gap, to = place_x(one.to) - gap, y = place_y(one.height);
    const double floor = height - bottom;
    out_ += fmt::format(
        R"(<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>)",
        from, y, std::max(to - from, gap), std::max(floor - y, 0.0), escaped(one.tip));
}

void drawing::draw_line(const chart_line& one) {
    std::size_t from = 0;
    const auto is_gap = [&](std::size_t at) {
        return at == one.points.size() || !std::isfinite(one.points[at].y);
    };
    for (std::size_t at = 0; at <= one.points.size(); ++at) {
        if (!is_gap(at)) continue;
        if (at > from) draw_run(one, from, at);
        from = at + 1;
    }
    if (!one.has_dots) return;
    for (const chart_point& point : one.points)
        if (std::isfinite(point.y))
            out_ += fmt::format(
                R"(<circle class="dot c{}" cx="{:.1f}" cy="{:.1f}" r="3.5"><title>{}: {}</title></circle>)",
                one.colour, place_x(point.x), place_y(point.y), escaped(one.name), short_number(point.y));
}

/// Of points that all have a value; a single one is a short stroke.
void drawing::draw_run(const chart_line& of, std::size_t from, std::size_t to) {
    std::string places;
    for (std::size_t i = from; i < to; ++i)
        places += fmt::format("{}{:.1f},{:.1f}", i == from ? "" : " ", place_x(of.points[i].x),
                              place_y(of.points[i].y));
    const double first = place_x(of.points[from].x), last = place_x(of.points[to - 1].x);
    if (to - from == 1) places += fmt::format(" {:.1f},{:.1f}", first + 2, place_y(of.points[from].y));
    if (of.is_filled)
        out_ += fmt::format(R"(<polygon class="area c{}" points="{:.1f},{:.1f} {} {:.1f},{:.1f}"/>)",
                            of.colour, first, height - bottom, places, last, height - bottom);
    out_ += fmt::format(R"(<polyline class="line c{}" points="{}"/>)", of.colour, places);
}

/// Right above the plot, from the right end; the title of the y axis is at the left.
void drawing::draw_legend() {
    constexpr double letter = 8, swatch = 14, gap = 14, y = 12;
    if (what_.lines.size() < 2) return;
    double x = width - right;
    for (auto one = what_.lines.rbegin(); one != what_.lines.rend(); ++one) {
        x -= static_cast<double>(one->name.size()) * letter;
        text(x, y, "start", one->name, R"( class="legend")");
        x -= swatch + 4;
        out_ += fmt::format(R"(<line class="line c{}" x1="{:.1f}" y1="{}" x2="{:.1f}" y2="{}"/>)",
                            one->colour, x, y - 4, x + swatch, y - 4);
        x -= gap;
    }
}

chart_scale scale_of(const chart_axis& axis, const extent& values) {
    return axis.is_tight ? chart_scale::exactly(axis.scale, values.low, values.high)
                         : chart_scale::holding(axis.scale, values.low, values.high);
}

}  // namespace

std::string svg_of(const chart& what) {
    extent x, y;
    const bool is_logarithmic = what.y.scale == chart_scale::kind::logarithmic;
    for (const chart_line& one : what.lines) {
        for (const chart_point& point : one.points) {
            if (!std::isfinite(point.y) || (is_logarithmic && point.y <= 0)) continue;
            x.add(point.x);
            y.add(point.y);
        }
    }
    for (const chart_bar& one : what.bars) {
        x.add(one.from);
        x.add(one.to);
        y.add(one.height);
    }
    if (x.is_empty())
        return R"(<p class="nothing">There is nothing to draw.</p>)"
               "\n";
    if (!what.bars.empty()) y.add(0);
    for (const chart_tick& one : what.x.ticks) x.add(one.at);
    if (what.x.begins_at_zero) x.add(0);
    return drawing(what, scale_of(what.x, x), scale_of(what.y, y)).draw();
}

std::vector<chart_point> thinned(const std::vector<chart_point>& points, std::size_t most, thinning how) {
    if (points.size() <= most) return points;
    std::vector<chart_point> made;
    for (std::size_t i = 0; i < most; ++i) {
        const std::size_t from = points.size() * i / most, to = points.size() * (i + 1) / most;
        chart_point one{points[from].x, std::numeric_limits<double>::quiet_NaN()};
        double sum = 0;
        std::size_t count = 0;
        for (std::size_t k = from; k < to; ++k) {
            if (!std::isfinite(points[k].y)) continue;
            sum += points[k].y;
            one.y = ++count == 1 ? points[k].y : std::max(one.y, points[k].y);
        }
        if (how == thinning::mean && count > 0) one.y = sum / static_cast<double>(count);
        made.push_back(one);
    }
    return made;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char one : text) {
        switch (one) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += one;
        }
    }
    return out;
}

std::string_view chart_style() {
    return R"(:root{--c0:#0b6bcb;--c1:#c2410c;--c2:#7c3aed;--c3:#15803d;--c4:#b91c6b;--c5:#57606a}
@media (prefers-color-scheme:dark){:root{--c0:#58a6ff;--c1:#ff9d5c;--c2:#c4a1ff;--c3:#56d364;--c4:#ff8ac4;--c5:#9aa4af}}
@media print{:root{--c0:#0b6bcb;--c1:#c2410c;--c2:#7c3aed;--c3:#15803d;--c4:#b91c6b;--c5:#57606a}}
.chart{display:block;width:100%;height:auto;font:13px system-ui,sans-serif;font-variant-numeric:tabular-nums}
.chart text{fill:var(--soft)}
.chart .title{fill:var(--ink)}
@media (max-width:600px){.chart{font-size:16px}.chart .legend{font-size:14px}}
.chart .grid{stroke:var(--rule);stroke-width:1}
.chart .axis{stroke:var(--soft);stroke-width:1}
.chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.chart .area{stroke:none;opacity:.16}
.chart .bar{fill:var(--c0)}
.chart .bar:hover{opacity:.7}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}
.area.c0,.dot.c0{fill:var(--c0)}.area.c1,.dot.c1{fill:var(--c1)}.area.c2,.dot.c2{fill:var(--c2)}
.area.c3,.dot.c3{fill:var(--c3)}.area.c4,.dot.c4{fill:var(--c4)}.area.c5,.dot.c5{fill:var(--c5)}
)";
}

}  // namespace logstore::app::bench
