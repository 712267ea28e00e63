#include "tablet/tablet.h"

#include <string>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/protocol/record.h"
#include "kafka/protocol/testing/compression.h"

namespace logstore {
namespace {

/// A tablet on a journal of its own, in a simulated world.
class tablet_lookup : public ::testing::Test, journal_listener {
  protected:
    void SetUp() override {
        for (const char* folder : {"/data", "/data/journal", "/data/logs"})
            ASSERT_TRUE(world_.run(world_.shard().files.make_directory(folder)));
        ASSERT_TRUE(world_.run(journal_.open(journal_sequence(1), 7)));
    }
    void TearDown() override { world_.run(journal_.close()); }

    void on_group_durable(journal_sequence) override {}
    void on_journal_failed(error why) override { FAIL() << why.message(); }

    /// Five records a batch, at `time`, `time` + 10, …; durable when it returns.
    void append(std::int64_t time, compression_codec codec) {
        kafka::record_batch_builder builder;
        const std::string value(100, 'v');
        for (int i = 0; i < 5; ++i)
            builder.append(timestamp_ms(time + i * 10), std::nullopt, bytes_of(value));
        const byte_vector batch =
            builder.finish(codec, kafka::testing::compressed_by(codec, builder.records()));
        const placed_append placed =
            tablet_.append(*read_record_batch_header(batch), batch, timestamp_ms(time));
        ASSERT_TRUE(world_.run(journal_.until_durable(placed.sequence)));
        tablet_.note_durable(placed);
    }

    env::sim_world world_{1};
    journal journal_{
        world_.shard(), {.folder = "/data/journal", .shard = shard_id(0), .file_bytes = 1 << 20}, *this};
    log_context context_{world_.shard(), journal_, "/data/logs", 16, 1 << 20, 1 << 20};
    tablet tablet_{context_,    {topic_id::from_random_bits(1, 1), partition_id(0)}, "t", {}, leader_epoch(0),
                   std::nullopt};
};

TEST_F(tablet_lookup, a_time_within_a_batch_of_any_codec_gives_its_record) {
    std::int64_t time = 1000;
    for (const auto codec : {compression_codec::none, compression_codec::gzip, compression_codec::snappy,
                             compression_codec::lz4, compression_codec::zstd}) {
        append(time, codec);
        time += 100;
    }
    for (std::int64_t batch = 0; batch < 5; ++batch) {
        for (std::int64_t record = 0; record < 5; ++record) {
            const timestamp_ms at(1000 + batch * 100 + record * 10);
            for (const timestamp_ms wanted : {at, timestamp_ms(at.value() - 1)}) {
                const auto found = world_.run(tablet_.find_timestamp(wanted));
                ASSERT_TRUE(found) << found.error().message();
                EXPECT_EQ(found->found_offset, batch * 5 + record);
                EXPECT_EQ(found->timestamp, at);
            }
        }
    }
    EXPECT_EQ(world_.run(tablet_.find_timestamp(timestamp_ms(2000)))->found_offset, -1);
    EXPECT_EQ(world_.run(tablet_.find_max_timestamp())->found_offset, 24);
}

TEST_F(tablet_lookup, an_epoch_ends_where_a_later_leader_began_and_its_own_with_the_log) {
    tablet later(context_, {topic_id::from_random_bits(1, 2), partition_id(0)}, "u", {}, leader_epoch(5),
                 std::nullopt);
    const auto end_of = [&](tablet& asked, int epoch) {
        return *world_.run(asked.end_of_epoch(leader_epoch(epoch)));
    };
    // Before its first batch a leader's epoch begins, and ends, with the log.
    EXPECT_EQ(end_of(later, 5), (epoch_end{leader_epoch(5), next_offset(0)}));
    EXPECT_EQ(end_of(later, 3), (epoch_end{leader_epoch(3), next_offset(0)}));
    EXPECT_EQ(end_of(later, 6), epoch_end());
    EXPECT_EQ(end_of(later, -1), epoch_end());
    append(1000, compression_codec::none);
    EXPECT_EQ(end_of(tablet_, 0), (epoch_end{leader_epoch(0), next_offset(5)}));
    EXPECT_EQ(end_of(tablet_, 1), epoch_end());
}

}  // namespace
}  // namespace logstore
