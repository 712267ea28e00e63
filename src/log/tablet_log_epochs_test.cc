// Leader epochs of one log over several starts: asked for, saved, lost and found again.
#include <gtest/gtest.h>

#include "log/epoch_checkpoint.h"
#include "log/segment_files.h"
#include "log/testing/log_rig.h"

namespace logstore {
namespace {

class log_epochs : public ::testing::Test {
  protected:
    static tablet_log_settings small_segments() {
        tablet_log_settings settings;
        settings.retention_ms = -1;  // the records are of 1970
        settings.segment_bytes = 40'000;
        return settings;
    }
    /// One start a line: which epoch, how many batches.
    void live(int epoch, int batches, std::size_t bytes = 700) {
        rig_.open();
        append(epoch, batches, bytes);
        rig_.close();
    }
    void append(int epoch, int batches, std::size_t bytes = 700) {
        for (int i = 0; i < batches; ++i)
            rig_.append(leader_epoch(epoch), bytes + static_cast<std::size_t>(i) * 37 % 500, 2);
    }
    epoch_history expected() {
        epoch_history history;
        for (const auto& [base, bytes] : rig_.expected) {
            const auto header = *read_record_batch_header(bytes);
            history.note(header.epoch, header.base_offset);
        }
        history.trim_start(rig_.log().log_start());
        return history;
    }
    /// Every answer, against what was appended.
    void expect_right_answers() {
        const epoch_history history = expected();
        for (int epoch = 0; epoch < 12; ++epoch) {
            const auto end = rig_.world.run(rig_.log().end_of_epoch(leader_epoch(epoch)));
            ASSERT_TRUE(end) << end.error().message();
            EXPECT_EQ(*end, history.end_of(leader_epoch(epoch), rig_.log().next())) << epoch;
        }
        for (std::int64_t at = rig_.log().log_start().value(); at < rig_.log().next().value(); ++at)
            ASSERT_EQ(*rig_.world.run(rig_.log().epoch_at(offset(at))), history.epoch_at(offset(at))) << at;
    }
    std::string path() { return rig_.directory() + "/leader-epoch-checkpoint"; }
    std::string content() {
        const auto bytes = rig_.world.disk().contents(path());
        return bytes ? std::string(text_of(*bytes)) : "none";
    }
    void damage(std::string_view text) {
        byte_vector bytes(bytes_of(text).begin(), bytes_of(text).end());
        ASSERT_TRUE(rig_.world.run(write_text(
            &rig_.world.shard().files, rig_.directory() + "/leader-epoch-checkpoint", std::move(bytes))));
    }
    static env::task<result<>> write_text(env::file_system* files, std::string path, byte_vector bytes) {
        auto opened = co_await files->open(path, env::open_options::read_write().creating());
        if (!opened) co_return std::unexpected(opened.error());
        const std::unique_ptr<env::file> file = std::move(*opened);
        auto cut = co_await file->truncate(0);
        if (!cut) co_return cut;
        co_return co_await file->write(0, bytes);
    }
    std::uint64_t written() { return rig_.context().counters.epoch_checkpoints_written; }

    log_rig rig_{3, small_segments()};
};

TEST_F(log_epochs, are_known_in_memory_and_after_every_start) {
    for (const int epoch : {1, 2, 5, 9}) {
        rig_.open();
        append(epoch, 40);
        expect_right_answers();
        rig_.close();
        rig_.open();
        EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
        expect_right_answers();
        rig_.close();
    }
}

TEST_F(log_epochs, an_idle_start_reads_and_writes_nothing) {
    live(1, 10);
    rig_.open();
    const std::uint64_t operations = rig_.world.disk().operations();
    rig_.close();
    std::uint64_t touched = 0;
    for (const auto& operation : rig_.world.disk().trace())
        if (operation.number > operations && operation.path.starts_with(rig_.directory())) ++touched;
    EXPECT_EQ(touched, 0u);
}

TEST_F(log_epochs, the_journal_keeps_the_first_batch_of_an_epoch_until_the_file_names_it) {
    live(1, 3);
    rig_.open();
    append(2, 1, 4096 * 2);
    const journal_sequence first = *rig_.log().first_needed_sequence();
    append(2, 30, 4096 * 2);
    ASSERT_TRUE(rig_.world.run(rig_.log().write_behind()));
    EXPECT_EQ(rig_.log().first_needed_sequence(), first);
    EXPECT_EQ(rig_.log().point().covered, first - 1);
    EXPECT_EQ(written(), 0u);
    ASSERT_TRUE(rig_.world.run(rig_.log().leave_journal(rig_.appends().durable_sequence())));
    EXPECT_EQ(written(), 1u);
    EXPECT_GT(*rig_.log().first_needed_sequence(), first);
    EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
    append(2, 30, 4096 * 2);
    ASSERT_TRUE(rig_.world.run(rig_.log().leave_journal(rig_.appends().durable_sequence())));
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    rig_.close();
    rig_.open();
    EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
    rig_.close();
}

TEST_F(log_epochs, the_file_names_no_epoch_that_a_power_cut_could_take_back) {
    live(1, 3);
    rig_.open();
    append(2, 1);
    const auto appended = rig_.put(leader_epoch(3), 100);
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    EXPECT_EQ(content(), "0\n2\n1 0\n2 6\n");
    EXPECT_LE(*rig_.log().first_needed_sequence(), appended.sequence);
    rig_.make_durable(appended);
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    EXPECT_EQ(content(), "0\n3\n1 0\n2 6\n3 8\n");
    rig_.close();
}

TEST_F(log_epochs, a_settled_log_needs_nothing_of_the_journal) {
    rig_.open();
    append(1, 1, 100);
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    EXPECT_FALSE(rig_.log().first_needed_sequence());
    EXPECT_EQ(content(), "0\n1\n1 0\n");
    rig_.close();
}

TEST_F(log_epochs, a_lost_file_is_made_again_from_the_batches) {
    for (const int epoch : {1, 2, 3, 4, 6, 7}) live(epoch, epoch == 3 ? 150 : 20);
    ASSERT_TRUE(rig_.world.run(rig_.world.shard().files.remove_file(path())));
    rig_.open();
    expect_right_answers();
    rig_.close();
    rig_.open();
    EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
    rig_.close();
}

TEST_F(log_epochs, a_lost_file_is_made_again_with_the_first_batch_of_a_run) {
    for (const int epoch : {1, 2, 3}) live(epoch, 60);
    ASSERT_TRUE(rig_.world.run(rig_.world.shard().files.remove_file(path())));
    rig_.open();
    append(4, 3);
    expect_right_answers();
    rig_.close();
    rig_.open();
    EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
    rig_.close();
}

TEST_F(log_epochs, making_the_file_again_reads_little_of_the_data) {
    rig_.settings.segment_bytes = std::uint64_t(6) << 20;
    live(1, 500, 8000);
    live(2, 500, 8000);  // begins inside the first segment
    live(3, 1);
    ASSERT_TRUE(rig_.world.run(rig_.world.shard().files.remove_file(path())));
    rig_.open();
    const auto end = rig_.world.run(rig_.log().end_of_epoch(leader_epoch(1)));
    ASSERT_TRUE(end);
    EXPECT_EQ(end->end, next_offset(1000));
    // The active segment has no index yet and is read once; of the sealed one some blocks.
    const std::uint64_t active = rig_.log().point().segment_bytes;
    EXPECT_LT(rig_.context().counters.file_bytes_read, active + (std::uint64_t(2) << 20));
    rig_.close();
}

TEST_F(log_epochs, a_damaged_file_is_made_again) {
    for (const int epoch : {1, 2, 3}) live(epoch, 60);
    for (const char* text : {"", "0\n1\n", "7\n0\n", "0\n0\n", "0\n1\n3 90\n", "rubbish"}) {
        damage(text);
        rig_.open();
        expect_right_answers();
        rig_.close();
        rig_.open();
        EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected()))) << text;
        rig_.close();
    }
}

TEST_F(log_epochs, entries_behind_the_end_of_the_log_are_not_believed) {
    live(1, 10);
    damage("0\n2\n1 0\n5 1000\n");
    rig_.open();
    expect_right_answers();
    append(6, 2);
    expect_right_answers();
    rig_.close();
    EXPECT_EQ(content(), "0\n2\n1 0\n6 20\n");
}

TEST_F(log_epochs, without_file_and_with_a_damaged_segment_there_is_an_error_and_appends_go_on) {
    for (const int epoch : {1, 2}) live(epoch, 100);
    ASSERT_TRUE(rig_.world.run(rig_.world.shard().files.remove_file(path())));
    const std::string first = segment_path(rig_.directory(), offset(0), "log");
    rig_.world.disk().overwrite_media(first, 0, byte_vector(4096));
    rig_.world.disk().drop_caches();
    rig_.open();
    EXPECT_FALSE(rig_.world.run(rig_.log().end_of_epoch(leader_epoch(1))));
    append(3, 5);
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    EXPECT_FALSE(rig_.log().first_needed_sequence());
    EXPECT_EQ(content(), "none");
    rig_.close();
}

TEST_F(log_epochs, go_with_the_segments_that_retention_removes) {
    for (const int epoch : {1, 2, 3, 4}) live(epoch, 60);
    rig_.settings.retention_bytes = 60'000;
    rig_.open();
    append(5, 1);
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    rig_.log().note_recorded(rig_.log().point().segment_base);
    ASSERT_TRUE(rig_.world.run(rig_.log().apply_retention(timestamp_ms(1000))));
    ASSERT_GT(rig_.log().log_start(), offset(0));
    std::erase_if(rig_.expected,
                  [&](const auto& entry) { return offset(entry.first) < rig_.log().log_start(); });
    EXPECT_LT(expected().starts().size(), 5u);
    expect_right_answers();
    append(6, 1);
    rig_.close();
    rig_.open();
    EXPECT_EQ(content(), text_of(encode_epoch_checkpoint(expected())));
    expect_right_answers();
    rig_.close();
}

TEST_F(log_epochs, no_room_for_the_file_is_an_error_that_may_be_tried_again) {
    rig_.open();
    append(1, 1, 100);
    rig_.world.disk().fail_matching(
        env::sim_disk_operations(env::sim_disk_operation_kind::write, "leader-epoch-checkpoint.new"),
        std::errc::no_space_on_device);
    const auto failed = rig_.world.run(rig_.log().settle());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, std::errc::no_space_on_device);
    EXPECT_TRUE(rig_.log().first_needed_sequence());
    ASSERT_TRUE(rig_.world.run(rig_.log().settle()));
    EXPECT_EQ(content(), "0\n1\n1 0\n");
    rig_.close();
}

TEST_F(log_epochs, take_little_memory_in_an_idle_log) {
    EXPECT_LE(sizeof(tablet_epochs), 100u);
}

}  // namespace
}  // namespace logstore
