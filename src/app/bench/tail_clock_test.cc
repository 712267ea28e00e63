#include "app/bench/tail_clock.h"

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t run = 7;
const env::monotonic_time start{1h};

byte_vector value_of(std::uint32_t stream, std::uint64_t sequence, std::uint32_t of = run) {
    byte_vector value(mark_bytes);
    write_mark(value.data(), {of, stream, sequence});
    return value;
}
append_order order(std::uint32_t stream, std::uint64_t sequence) {
    return {partition_id(0), stream, sequence};
}

TEST(tail_clock, a_record_takes_from_when_it_was_due_until_it_arrives) {
    tail_clock clock(run, 100);
    clock.on_sent(order(0, 0), start, true);
    clock.on_sent(order(0, 1), start + 10ms, true);
    clock.on_acknowledged(order(0, 0), start + 2ms);
    EXPECT_EQ(clock.missing(), 1u);
    clock.on_received(value_of(0, 0), start + 5ms);
    EXPECT_EQ(clock.missing(), 0u);
    clock.on_received(value_of(0, 1), start + 13ms);  // before its acknowledgement
    clock.on_acknowledged(order(0, 1), start + 14ms);
    EXPECT_EQ(clock.missing(), 0u);
    EXPECT_EQ(clock.sent_to_received().count(), 2u);
    EXPECT_EQ(clock.sent_to_received().max(), 5ms);
    EXPECT_EQ(clock.acknowledged_to_received().max(), 3ms);
    EXPECT_EQ(clock.acknowledged_to_received().quantile(0.5), 0ms);
    const time_series series = clock.finish(start + 20ms);
    ASSERT_EQ(series.points().size(), 1u);
    EXPECT_EQ(series.points()[0].records, 2u);
    EXPECT_EQ(series.points()[0].bytes, 200u);
}

TEST(tail_clock, what_does_not_arrive_is_missing_when_it_was_acknowledged) {
    tail_clock clock(run, 100);
    for (std::uint64_t i = 0; i < 4; ++i) clock.on_sent(order(0, i), start, true);
    clock.on_failed(order(0, 0));
    clock.on_acknowledged(order(0, 1), start + 1ms);
    clock.on_acknowledged(order(0, 2), start + 1ms);
    clock.on_received(value_of(0, 2), start + 2ms);
    clock.on_received(value_of(0, 2), start + 3ms);  // again
    EXPECT_EQ(clock.missing(), 1u);
    EXPECT_EQ(clock.sent_to_received().count(), 1u);
}

TEST(tail_clock, records_of_others_and_of_the_warm_up_are_left_out) {
    tail_clock clock(run, 100);
    clock.on_sent(order(3, 50), start, false);
    clock.on_acknowledged(order(3, 50), start + 1ms);
    clock.on_received(value_of(3, 50), start + 2ms);
    clock.on_received(value_of(0, 0, run + 1), start + 2ms);
    clock.on_received(value_of(99, 0), start + 2ms);
    clock.on_received(bytes_of("short"), start + 2ms);
    EXPECT_EQ(clock.sent_to_received().count(), 0u);
    EXPECT_EQ(clock.missing(), 0u);
    EXPECT_TRUE(clock.finish(start + 1s).points().empty());
}

TEST(tail_clock, what_never_arrives_takes_a_limited_amount_of_memory) {
    tail_clock clock(run, 100);
    for (std::uint64_t i = 0; i < tail_clock::entries_max + 10; ++i) {
        clock.on_sent(order(0, i), start, true);
        clock.on_acknowledged(order(0, i), start);
    }
    EXPECT_EQ(clock.missing(), tail_clock::entries_max + 10);
    clock.on_received(value_of(0, 9), start);  // forgotten
    clock.on_received(value_of(0, 10), start);
    EXPECT_EQ(clock.missing(), tail_clock::entries_max + 9);
}

}  // namespace
}  // namespace logstore::app::bench
