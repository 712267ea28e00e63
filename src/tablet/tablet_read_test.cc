// What a reader of a tablet gets: whole batches across segments, below the high watermark, and codes.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "log/segment_files.h"
#include "log/testing/test_batch.h"
#include "tablet/tablet.h"

namespace logstore {
namespace {

class tablet_reads : public ::testing::Test, journal_listener {
  protected:
    static tablet_settings small_segments() {
        tablet_settings settings;
        settings.log.segment_bytes = 20'000;
        settings.log.retention_ms = -1;
        return settings;
    }
    void SetUp() override {
        for (const char* folder : {"/data", "/data/journal", "/data/logs"})
            ASSERT_TRUE(world_.run(world_.shard().files.make_directory(folder)));
        ASSERT_TRUE(world_.run(journal_.open(journal_sequence(1), 7)));
    }
    void TearDown() override { world_.run(journal_.close()); }
    void on_group_durable(journal_sequence) override {}
    void on_journal_failed(error why) override { FAIL() << why.message(); }

    placed_append put(std::size_t bytes, std::int32_t records) {
        byte_vector batch =
            make_test_batch(bytes, records, 1000, static_cast<std::uint8_t>(expected_.size()));
        const placed_append placed =
            tablet_.append(*read_record_batch_header(batch), batch, timestamp_ms(1000));
        assign_record_batch(batch.data(), placed.base_offset, leader_epoch(3));
        expected_.emplace(placed.base_offset.value(), std::move(batch));
        return placed;
    }
    void append(std::size_t bytes, std::int32_t records = 1) {
        const placed_append placed = put(bytes, records);
        ASSERT_TRUE(world_.run(journal_.until_durable(placed.sequence)));
        tablet_.note_durable(placed);
    }
    tablet_read read(std::int64_t from, std::size_t bytes_max = 10'000, bool at_least_one = true) {
        return world_.run(tablet_.read(offset(from), bytes_max, at_least_one));
    }
    /// The stored batches from the one that holds `from` on; the base offset behind them.
    std::int64_t expect_batches(const tablet_read& got, std::int64_t from) {
        byte_vector joined;
        for (const auto& piece : got.pieces)
            joined.insert(joined.end(), piece.bytes.begin(), piece.bytes.end());
        EXPECT_EQ(joined.size(), got.bytes);
        auto at = std::prev(expected_.upper_bound(from));
        for (bytes_view rest = joined; !rest.empty(); ++at) {
            if (at == expected_.end() || rest.size() < at->second.size() ||
                !std::ranges::equal(rest.first(at->second.size()), at->second)) {
                ADD_FAILURE() << "other bytes than were appended, read from " << from;
                return -1;
            }
            rest = rest.subspan(at->second.size());
        }
        return at == expected_.end() ? tablet_.high_watermark().value() : at->first;
    }
    void expect_sequential_reads(std::size_t bytes_max) {
        for (std::int64_t from = 0; from < tablet_.high_watermark().value();) {
            const tablet_read got = read(from, bytes_max);
            ASSERT_EQ(got.code, tablet_errc::ok);
            ASSERT_GT(got.bytes, 0u) << from;
            from = expect_batches(got, from);
            ASSERT_GE(from, 0);
        }
    }

    env::sim_world world_{2};
    journal journal_{
        world_.shard(), {.folder = "/data/journal", .shard = shard_id(0), .file_bytes = 1 << 20}, *this};
    log_context context_{world_.shard(), journal_, "/data/logs", 16, 1 << 20, 8192};
    tablet tablet_{context_,
                   {topic_id::from_random_bits(1, 1), partition_id(0)},
                   "t",
                   small_segments(),
                   leader_epoch(3),
                   std::nullopt};
    std::map<std::int64_t, byte_vector> expected_;  // base offset → stored batch
};

TEST_F(tablet_reads, go_across_segments_from_any_offset_and_with_any_limit) {
    for (int i = 0; i < 60; ++i) append(400 + static_cast<std::size_t>(i * 379 % 4000), 1 + i % 3);
    for (int round = 0; round < 2; ++round) {
        for (const std::size_t bytes_max : {1, 700, 5000, 100'000}) expect_sequential_reads(bytes_max);
        for (std::int64_t from = 0; from < tablet_.high_watermark().value(); ++from) {
            const tablet_read got = read(from);
            ASSERT_EQ(got.code, tablet_errc::ok);
            expect_batches(got, from);
        }
        // From memory first, then from files.
        ASSERT_TRUE(world_.run(tablet_.log().settle()));
    }
    EXPECT_GT(context_.counters.segments_sealed, 3u);
}

TEST_F(tablet_reads, outside_the_log_are_out_of_range_and_at_its_end_empty) {
    append(500, 4);
    EXPECT_EQ(read(-1).code, tablet_errc::offset_out_of_range);
    EXPECT_EQ(read(5).code, tablet_errc::offset_out_of_range);
    EXPECT_EQ(read(4).code, tablet_errc::ok);
    EXPECT_EQ(read(4).bytes, 0u);
    EXPECT_EQ(read(3).bytes, 500u);  // the batch that holds it
    EXPECT_EQ(read(0, 0).bytes, 0u);
    EXPECT_EQ(read(0, 499, false).bytes, 0u);
    EXPECT_EQ(read(0, 499, true).bytes, 500u);
}

TEST_F(tablet_reads, see_nothing_that_is_not_durable) {
    append(500);
    const placed_append second = put(500, 1);
    EXPECT_EQ(tablet_.log_end(), next_offset(2));
    EXPECT_EQ(read(0).bytes, 500u);
    EXPECT_EQ(read(1).bytes, 0u);
    EXPECT_EQ(read(2).code, tablet_errc::offset_out_of_range);
    ASSERT_TRUE(world_.run(journal_.until_durable(second.sequence)));
    tablet_.note_durable(second);
    EXPECT_EQ(read(0).bytes, 1000u);
}

/// Found by power cuts on a busy machine: a fetch right after the start waited for the list of segments, retention took the first
/// ones, and the answer began behind the offset that was asked for, as if nothing had ever been there.
TEST_F(tablet_reads, that_meet_a_moving_log_start_are_answered_as_asked_or_out_of_range) {
    for (int i = 0; i < 12; ++i) append(6000);
    ASSERT_TRUE(world_.run(tablet_.log().close()));
    int out_of_range = 0;
    for (std::int64_t start = 3; start <= 9; start += 3) {
        for (int delay_us = 0; delay_us < 400; delay_us += 20) {
            recovery_point found = tablet_.log().point();
            found.log_start = offset(start - 3);
            tablet fresh(context_, tablet_.id(), "t", small_segments(), leader_epoch(3), found);
            auto moving = world_.start(fresh.log().move_log_start(offset(start)));
            world_.advance(std::chrono::microseconds(delay_us));
            auto reading = world_.start(fresh.read(found.log_start, 6000, true));
            ASSERT_TRUE(world_.run_until([&] { return moving.done() && reading.done(); }));
            const tablet_read got = reading.take();
            if (got.code == tablet_errc::ok) EXPECT_EQ(expect_batches(got, start - 3), start - 2);
            else EXPECT_EQ(got.code, tablet_errc::offset_out_of_range);
            out_of_range += got.code == tablet_errc::offset_out_of_range;
            if (got.code == tablet_errc::offset_out_of_range) break;  // its segment is gone
        }
    }
    EXPECT_EQ(out_of_range, 3);
}

TEST_F(tablet_reads, of_a_damaged_batch_are_storage_errors_and_the_others_go_on) {
    for (int i = 0; i < 12; ++i) append(6000);
    ASSERT_TRUE(world_.run(tablet_.log().settle()));
    const std::string path = segment_path(tablet_.log().directory(), offset(3), "log");  // three a segment
    world_.disk().overwrite_media(path, 6000, byte_vector(4096));
    world_.disk().drop_caches();
    for (std::int64_t from = 0; from < 12; ++from) {
        const tablet_read got = read(from, 6000);
        if (from == 4) {
            EXPECT_EQ(got.code, tablet_errc::storage_error);
            EXPECT_EQ(got.bytes, 0u);
            continue;
        }
        ASSERT_EQ(got.code, tablet_errc::ok) << from;
        expect_batches(got, from);
    }
    EXPECT_EQ(read(3, 100'000).bytes, 6000u);             // up to the damage
    EXPECT_EQ(read(4).code, tablet_errc::storage_error);  // where the reader before stopped
    append(100);
    EXPECT_EQ(read(12).bytes, 100u);
}

TEST_F(tablet_reads, below_a_log_start_that_moved_are_out_of_range) {
    for (int i = 0; i < 12; ++i) append(6000);
    ASSERT_TRUE(world_.run(tablet_.log().write_behind()));
    tablet_.log().note_recorded(tablet_.log().point().segment_base);
    ASSERT_TRUE(world_.run(tablet_.log().move_log_start(offset(4))));
    EXPECT_EQ(read(3).code, tablet_errc::offset_out_of_range);
    EXPECT_EQ(tablet_.log_start(), offset(4));
    expect_batches(read(4), 4);
    EXPECT_EQ(read(4, 6000).bytes, 6000u);
}

TEST_F(tablet_reads, of_a_deleted_tablet_find_none) {
    append(500);
    tablet_.close_for_deletion();
    EXPECT_EQ(read(0).code, tablet_errc::unknown_tablet);
}

}  // namespace
}  // namespace logstore
