#include "app/bench/series.h"

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

const env::monotonic_time start{env::duration(777)};

TEST(time_series, answers_belong_to_the_second_in_which_they_came) {
    time_series series;
    series.begin(start);
    series.add(start + 100ms, 5ms, 10, 1000);
    series.add(start + 999ms, 7ms, 10, 1000);
    series.add(start + 1000ms, 9ms, 10, 1000);
    series.add_failure(start + 1500ms);
    series.finish(start + 1600ms);
    const auto& points = series.points();
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].begins, 0s);
    EXPECT_EQ(points[0].lasts, 1s);
    EXPECT_EQ(points[0].requests, 2u);
    EXPECT_EQ(points[0].records, 20u);
    EXPECT_EQ(points[0].bytes, 2000u);
    EXPECT_EQ(points[0].failed, 0u);
    EXPECT_EQ(points[0].max, 7ms);
    EXPECT_EQ(points[1].begins, 1s);
    EXPECT_EQ(points[1].lasts, 600ms);
    EXPECT_EQ(points[1].requests, 1u);
    EXPECT_EQ(points[1].failed, 1u);
    EXPECT_EQ(points[1].p50, 9ms);
}

TEST(time_series, a_stall_is_seconds_with_nothing) {
    time_series series;
    series.begin(start);
    series.add(start + 100ms, 5ms, 1, 1);
    series.add(start + 3500ms, 3400ms, 1, 1);
    series.finish(start + 3500ms);
    ASSERT_EQ(series.points().size(), 4u);
    EXPECT_EQ(series.points()[1].requests, 0u);
    EXPECT_EQ(series.points()[2].requests, 0u);
    EXPECT_EQ(series.points()[2].max, 0s);
    EXPECT_EQ(series.points()[3].max, 3400ms);
}

TEST(time_series, nothing_after_the_last_whole_second_makes_no_point) {
    time_series series;
    series.begin(start);
    series.add(start + 500ms, 5ms, 1, 1);
    series.finish(start + 1001ms);
    EXPECT_EQ(series.points().size(), 1u);
}

TEST(time_series, a_run_without_an_answer_has_a_point_all_the_same) {
    time_series series;
    series.begin(start);
    series.finish(start + 10ms);
    ASSERT_EQ(series.points().size(), 1u);
    EXPECT_EQ(series.points()[0].lasts, 10ms);
}

}  // namespace
}  // namespace logstore::app::bench
