// Charts as SVG that stands in a page: no scripts, colours from the page's style.
#pragma once

#include <string>
#include <vector>

#include "app/bench/chart_scale.h"

namespace logstore::app::bench {

struct chart_point {
    double x = 0;
    double y = 0;
};

/// A line of a chart. A point without a finite y is a gap.
struct chart_line {
    std::string name;
    std::vector<chart_point> points;
    /// Of the page's style: 0 to 5.
    int colour = 0;
    bool is_filled = false;
    bool has_dots = false;
};

/// A bar from `from` to `to` on the x axis.
struct chart_bar {
    double from = 0;
    double to = 0;
    double height = 0;
    /// Shown where the pointer rests on it.
    std::string tip;
};

struct chart_axis {
    std::string title;
    chart_scale::kind scale = chart_scale::kind::linear;
    /// Empty = round values of the data.
    std::vector<chart_tick> ticks;
    /// The axis covers the data and no more.
    bool is_tight = false;
    bool begins_at_zero = false;
};

/// What is drawn. Lines and bars may stand in one chart.
struct chart {
    /// For those who do not see it, and above it for those who do.
    std::string title;
    chart_axis x, y;
    std::vector<chart_line> lines;
    std::vector<chart_bar> bars;
};

/// An <svg> element; a sentence in its place where there is nothing to draw.
std::string svg_of(const chart& what);

/// At most `most` points: each of as many stretches is one, with the mean or the largest of its values.
enum class thinning { mean, largest };
std::vector<chart_point> thinned(const std::vector<chart_point>& points, std::size_t most, thinning how);

/// What is markup in a text, escaped.
std::string escaped(std::string_view text);

/// The rules for the classes of these charts, with the colours of a light page and of a dark one.
std::string_view chart_style();

}  // namespace logstore::app::bench
