#include "app/bench/chart_scale.h"

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

using kind = chart_scale::kind;

std::string labels(const chart_scale& of, int wanted) {
    std::string text;
    for (const chart_tick& one : of.ticks(wanted)) text += (text.empty() ? "" : " ") + one.label;
    return text;
}

TEST(chart_scale, a_linear_axis_begins_at_zero_and_ends_at_a_round_number) {
    const auto scale = chart_scale::holding(kind::linear, 120, 970);
    EXPECT_EQ(scale.low(), 0);
    EXPECT_EQ(scale.high(), 1000);
    EXPECT_EQ(labels(scale, 5), "0 200 400 600 800 1k");
    EXPECT_EQ(scale.share_of(0), 0);
    EXPECT_DOUBLE_EQ(scale.share_of(250), 0.25);
    EXPECT_EQ(scale.share_of(5000), 1);
}

TEST(chart_scale, a_logarithmic_axis_has_decades) {
    const auto wide = chart_scale::holding(kind::logarithmic, 0.3, 4000);
    EXPECT_DOUBLE_EQ(wide.low(), 0.2);
    EXPECT_DOUBLE_EQ(wide.high(), 5000);
    EXPECT_EQ(labels(wide, 6), "1 10 100 1k");
    const auto narrow = chart_scale::holding(kind::logarithmic, 1.5, 42);
    EXPECT_DOUBLE_EQ(narrow.low(), 1);
    EXPECT_DOUBLE_EQ(narrow.high(), 50);
    EXPECT_EQ(labels(narrow, 6), "1 2 5 10 20 50");
    EXPECT_DOUBLE_EQ(chart_scale::exactly(kind::logarithmic, 1, 100).share_of(10), 0.5);
}

TEST(chart_scale, ranges_that_are_none_are_widened) {
    for (const kind what : {kind::linear, kind::logarithmic}) {
        for (const double value : {0.0, 1e-9, 1.0, 7.0, 1e15}) {
            const auto scale = chart_scale::holding(what, value, value);
            EXPECT_LT(scale.low(), scale.high()) << value;
            EXPECT_FALSE(scale.ticks(5).empty()) << value;
            EXPECT_GE(scale.share_of(value), 0) << value;
            EXPECT_LE(scale.share_of(value), 1) << value;
        }
    }
}

TEST(chart_scale, all_that_is_held_lies_inside) {
    for (double low = 1e-4; low < 1e8; low *= 3.7) {
        for (double high = low; high < 1e9; high *= 2.9) {
            const auto scale = chart_scale::holding(kind::logarithmic, low, high);
            EXPECT_LE(scale.low(), low * 1.0001);
            EXPECT_GE(scale.high(), high * 0.9999);
            EXPECT_LE(scale.ticks(6).size(), 14u);
        }
    }
}

TEST(chart_scale, numbers_are_short) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(0.0204), "0.0204");
    EXPECT_EQ(short_number(2.5), "2.5");
    EXPECT_EQ(short_number(999), "999");
    EXPECT_EQ(short_number(999.9), "1k");
    EXPECT_EQ(short_number(1500), "1.5k");
    EXPECT_EQ(short_number(12'345'678), "12.3M");
    EXPECT_EQ(short_number(-2000), "-2k");
}

}  // namespace
}  // namespace logstore::app::bench
