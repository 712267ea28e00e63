#include "app/start_position.h"

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

using kind = start_position::kind;

TEST(start_position, places_are_named) {
    EXPECT_EQ(start_position::parse("beginning"), (start_position{kind::beginning, 0}));
    EXPECT_EQ(start_position::parse("end"), (start_position{kind::end, 0}));
    EXPECT_EQ(start_position::parse("offset:42"), (start_position{kind::offset, 42}));
    EXPECT_EQ(start_position::parse("last:5"), (start_position{kind::last, 5}));
    EXPECT_EQ(start_position::parse("time:-10m"), (start_position{kind::ago, 600'000}));
    EXPECT_EQ(start_position::parse("time:2026-11-22T10:00:00Z"),
              (start_position{kind::time, 1'795'341'600'000}));
}

TEST(start_position, anything_else_is_refused) {
    for (const char* wrong :
         {"", "Beginning", "offset", "offset:", "offset:-1", "offset:x", "last:-1", "time:", "time:10m",
          "time:-", "time:yesterday", "time:1969-12-31T00:00:00Z", "place:1"})
        EXPECT_EQ(start_position::parse(wrong), std::nullopt) << wrong;
}

TEST(start_position, times_are_read_to_the_millisecond) {
    EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), timestamp_ms(0));
    EXPECT_EQ(parse_time("1970-01-02"), timestamp_ms(86'400'000));
    EXPECT_EQ(parse_time("2024-02-29T23:59:59.5Z"), timestamp_ms(1'709'251'199'500));
    EXPECT_EQ(parse_time("2024-02-29T23:59:59.123999Z"), timestamp_ms(1'709'251'199'123));
    EXPECT_EQ(parse_time("1970-01-01T02:30:00+02:30"), timestamp_ms(0));
    EXPECT_EQ(parse_time("1969-12-31T19:00:00-05:00"), timestamp_ms(0));
}

TEST(start_position, dates_that_do_not_exist_are_refused) {
    for (const char* wrong :
         {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "2026-01-01T", "2026-01-01T10:00",
          "2026-01-01T24:00:00Z", "2026-01-01T10:60:00Z", "2026-01-01T10:00:00", "2026-01-01T10:00:00.Z",
          "2026-01-01T10:00:00Zx", "2026-01-01 10:00:00Z", "-026-01-01", "2026-01-01T10:00:00+0100"})
        EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace logstore::app
