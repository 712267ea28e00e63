#include "app/bench/chart.h"

#include <cmath>
#include <limits>
#include <regex>

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

chart lines(std::vector<chart_line> of) {
    chart made;
    made.title = "Latency & time";
    made.x.title = "seconds";
    made.y.title = "ms";
    made.lines = std::move(of);
    return made;
}

TEST(chart, a_line_goes_through_its_points) {
    const std::string svg = svg_of(lines({{"p50", {{0, 0}, {5, 50}, {10, 100}}}}));
    EXPECT_TRUE(svg.starts_with(
        "<svg class=\"chart\" viewBox=\"0 0 520 300\" role=\"img\" aria-label=\"Latency &amp; time\">"));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    // From the left end at the bottom over the middle to the right end at the top.
    EXPECT_NE(svg.find("points=\"56.0,254.0 275.0,142.0 494.0,30.0\""), std::string::npos) << svg;
    EXPECT_EQ(count_of(svg, "<polyline"), 1u);
    EXPECT_NE(svg.find(">100</text>"), std::string::npos);
    EXPECT_NE(svg.find(">seconds</text>"), std::string::npos);
}

TEST(chart, a_point_without_a_value_is_a_gap) {
    const std::string svg = svg_of(lines({{"p50", {{0, 1}, {1, 2}, {2, none}, {3, 4}, {4, none}}}}));
    EXPECT_EQ(count_of(svg, "<polyline"), 2u);
    EXPECT_EQ(count_of(svg, "nan"), 0u);
}

TEST(chart, several_lines_have_a_legend_and_one_has_none) {
    const chart_line one{"p50", {{0, 1}, {1, 2}}};
    const chart_line other{"p99 <x>", {{0, 3}, {1, 4}}, 1};
    EXPECT_EQ(count_of(svg_of(lines({one})), "p50"), 0u);
    const std::string svg = svg_of(lines({one, other}));
    EXPECT_EQ(count_of(svg, ">p50</text>"), 1u);
    EXPECT_EQ(count_of(svg, ">p99 &lt;x&gt;</text>"), 1u);
    EXPECT_EQ(count_of(svg, "<x>"), 0u);
}

TEST(chart, bars_stand_on_the_axis_and_tell_what_they_are) {
    chart made = lines({});
    made.x.scale = chart_scale::kind::logarithmic;
    made.x.is_tight = true;
    made.bars = {{1, 10, 50, "50 requests"}, {10, 100, 100, "100 requests"}};
    const std::string svg = svg_of(made);
    EXPECT_EQ(count_of(svg, "<rect"), 2u);
    EXPECT_NE(svg.find("<rect class=\"bar\" x=\"56.5\" y=\"142.0\" width=\"218.0\" "
                       "height=\"112.0\"><title>50 requests</title>"),
              std::string::npos)
        << svg;
}

TEST(chart, nothing_to_draw_is_said) {
    EXPECT_EQ(count_of(svg_of(lines({})), "nothing to draw"), 1u);
    EXPECT_EQ(count_of(svg_of(lines({{"p50", {{0, none}}}})), "nothing to draw"), 1u);
}

TEST(chart, whatever_the_values_every_place_is_inside) {
    for (const auto scale : {chart_scale::kind::linear, chart_scale::kind::logarithmic}) {
        chart made =
            lines({{"p50", {{0, 1e-7}, {1, 3e9}, {2, 0.5}, {2, 0}}}, {"p99", {{1e6, 1}}, 1, true, true}});
        made.y.scale = scale;
        const std::string svg = svg_of(made);
        const std::regex places("([0-9.]+),([0-9.]+)");
        for (std::sregex_iterator at(svg.begin(), svg.end(), places), end; at != end; ++at) {
            EXPECT_LE(std::stod((*at)[1]), 520);
            EXPECT_LE(std::stod((*at)[2]), 300);
        }
        EXPECT_EQ(count_of(svg, "inf"), 0u);
        EXPECT_EQ(count_of(svg, "nan"), 0u);
    }
}

TEST(chart, many_points_are_thinned_by_mean_or_by_maximum) {
    std::vector<chart_point> points;
    for (int i = 0; i < 1000; ++i) points.push_back({double(i), i == 777 ? 500.0 : 1.0});
    const auto means = thinned(points, 100, thinning::mean);
    const auto largest = thinned(points, 100, thinning::largest);
    ASSERT_EQ(means.size(), 100u);
    EXPECT_DOUBLE_EQ(means[77].y, 50.9);
    EXPECT_EQ(largest[77].y, 500);
    EXPECT_EQ(largest[77].x, 770);
    EXPECT_EQ(thinned(points, 1000, thinning::mean).size(), 1000u);
    points.assign(200, {0, none});
    EXPECT_TRUE(std::isnan(thinned(points, 10, thinning::mean)[3].y));
}

}  // namespace
}  // namespace logstore::app::bench
