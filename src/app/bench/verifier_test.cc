#include "app/bench/verifier.h"

#include <gtest/gtest.h>

#include "env/testing/sim_random.h"

namespace logstore::app::bench {
namespace {

constexpr std::uint32_t run = 77;

/// Two streams to partition 0 and one to partition 1, of 100 records each, two a request; and their records.
struct stage {
    stage() {
        for (const int partition : {0, 0, 1}) {
            const std::uint32_t stream = ledger.add(partition_id(partition));
            for (int i = 0; i < 50; ++i) ledger.take(stream, 2);
        }
    }
    byte_vector value(std::uint32_t stream, std::uint64_t sequence) const {
        const bytes_view body = values.body(sequence % 2);
        byte_vector made(body.begin(), body.end());
        write_mark(made.data(), {run, stream, sequence});
        return made;
    }
    void see(std::uint32_t stream, std::uint64_t sequence) { see(stream, value(stream, sequence)); }
    void see(std::uint32_t stream, const byte_vector& bytes) {
        reader().see(ledger.streams()[stream].partition, offset(next_offset++), bytes);
    }
    void see_all_of(std::uint32_t stream, std::uint64_t from = 0, std::uint64_t to = 100) {
        for (std::uint64_t i = from; i < to; ++i) see(stream, i);
    }
    verifier& reader() {
        if (!made) made.emplace(values, ledger, verifier::expectation{run, is_alone});
        return *made;
    }
    verification finish() { return reader().finish(); }

    env::sim_random random{1};
    payload values{random, 50, 2, false};
    stream_ledger ledger;
    bool is_alone = true;
    std::optional<verifier> made;
    std::int64_t next_offset = 0;
};

TEST(verifier, all_there_once_and_in_order_is_clean) {
    stage on;
    for (std::uint64_t i = 0; i < 100; ++i) {
        on.see(1, i);
        on.see(0, i);
    }
    on.see_all_of(2);
    const verification found = on.finish();
    EXPECT_TRUE(found.is_clean()) << found.examples.size();
    EXPECT_EQ(found.acknowledged, 300u);
    EXPECT_EQ(found.found, 300u);
}

TEST(verifier, what_was_acknowledged_and_is_missing_is_lost) {
    stage on;
    on.see_all_of(0, 0, 10);
    on.see_all_of(0, 13);                    // three in the middle
    on.see_all_of(1, 0, 99);                 // the last one
    const verification found = on.finish();  // and a whole stream
    EXPECT_FALSE(found.is_clean());
    EXPECT_EQ(found.lost, 104u);
    EXPECT_EQ(found.found, 196u);
    EXPECT_EQ(found.examples[0],
              "partition 0: 3 acknowledged records of stream 0 are missing, from record 10 on");
}

TEST(verifier, what_was_not_acknowledged_may_be_there_or_not) {
    stage on;
    on.ledger.not_acknowledged(0, 10, 2);
    on.ledger.not_acknowledged(0, 12, 2);
    on.ledger.not_acknowledged(0, 50, 2);
    on.ledger.not_acknowledged(1, 98, 2);
    on.see_all_of(0, 0, 9);  // loses 9
    on.see_all_of(0, 13);    // holds 13, 50 and 51
    on.see_all_of(1, 0, 98);
    on.see_all_of(2);
    const verification found = on.finish();
    EXPECT_EQ(found.acknowledged, 292u);
    EXPECT_EQ(found.lost, 1u);
    EXPECT_EQ(found.unacknowledged_found, 3u);
}

TEST(verifier, a_record_that_is_there_again_is_doubled) {
    stage on;
    on.see_all_of(0);
    on.see(0, 99);
    on.see(0, 5);
    on.see_all_of(1);
    on.see_all_of(2);
    const verification found = on.finish();
    EXPECT_EQ(found.doubled, 2u);
    EXPECT_EQ(found.found, 300u);
    EXPECT_EQ(found.lost, 0u);
}

TEST(verifier, a_record_behind_a_later_one_is_out_of_order_and_not_lost) {
    stage on;
    on.see_all_of(0, 0, 20);
    on.see_all_of(0, 25, 100);
    for (const std::uint64_t late : {22, 20, 24, 21, 23}) on.see(0, late);
    on.see(0, 22);
    on.see_all_of(1);
    on.see_all_of(2);
    const verification found = on.finish();
    EXPECT_EQ(found.out_of_order, 5u);
    EXPECT_EQ(found.doubled, 1u);
    EXPECT_EQ(found.lost, 0u);
    EXPECT_EQ(found.found, 300u);
}

TEST(verifier, other_bytes_are_changed) {
    stage on;
    on.see_all_of(0);
    on.see_all_of(2);
    on.see_all_of(1, 0, 99);
    byte_vector last = on.value(1, 99);
    last[40] ^= std::byte(1);
    on.see(1, last);
    const verification found = on.finish();
    EXPECT_EQ(found.changed, 1u);
    EXPECT_EQ(found.lost, 0u);
    EXPECT_EQ(found.examples[0], "partition 0, offset 299: record 99 of stream 1 has other bytes");
}

TEST(verifier, what_was_never_sent_there_is_changed) {
    stage on;
    for (std::uint32_t i = 0; i < 3; ++i) on.see_all_of(i);
    on.see(0, on.value(0, 100));  // a number that was not sent
    on.see(0, on.value(9, 0));    // no such stream
    on.see(0, on.value(2, 3));    // of the other partition
    const verification found = on.finish();
    EXPECT_EQ(found.changed, 3u);
}

TEST(verifier, records_of_others_are_changed_ones_where_there_are_no_others) {
    for (const bool is_alone : {true, false}) {
        stage on;
        on.is_alone = is_alone;
        byte_vector other(50);
        write_mark(other.data(), {run + 1, 0, 0});
        on.see(0, other);
        on.reader().see(partition_id(0), offset(1), std::nullopt);
        for (std::uint32_t i = 0; i < 3; ++i) on.see_all_of(i);
        const verification found = on.finish();
        EXPECT_EQ(found.foreign, 2u);
        EXPECT_EQ(found.changed, is_alone ? 2u : 0u);
        EXPECT_EQ(found.is_clean(), !is_alone);
    }
}

}  // namespace
}  // namespace logstore::app::bench
