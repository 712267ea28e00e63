// What survives and what does not, without injected faults.
#include "env/testing/sim_disk_fixture.h"

namespace logstore::env {
namespace {

using sim_file_system_test = sim_disk_test;

TEST_F(sim_file_system_test, a_crash_loses_what_was_not_flushed_and_keeps_what_was) {
    auto written = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(written->write(0, bytes_of("kept"))));
    ASSERT_TRUE(wait(written->flush()));
    ASSERT_TRUE(wait(written->write(4, bytes_of(" lost"))));
    EXPECT_EQ(text("log"), "kept lost");
    EXPECT_EQ(durable_text("log"), "kept");
    EXPECT_EQ(text_of(*disk.durable_contents("log", 1, 2)), "ep");
    EXPECT_EQ(text_of(*disk.durable_contents("log", 3, 100)), "t");
    EXPECT_TRUE(disk.durable_contents("log", 100, 1)->empty());
    written.reset();
    crash(1, sim_crash_style::lose_unflushed);
    EXPECT_EQ(text("log"), "kept");
}

TEST_F(sim_file_system_test, a_file_whose_directory_was_not_synced_is_gone_after_a_crash) {
    auto written = open_buffered("log");
    ASSERT_TRUE(wait(written->write(0, bytes_of("flushed"))));
    ASSERT_TRUE(wait(written->flush()));
    EXPECT_EQ(durable_text("log"), "absent");
    written.reset();
    crash(1, sim_crash_style::lose_unflushed);
    EXPECT_EQ(text("log"), "absent");
}

TEST_F(sim_file_system_test, a_direct_write_is_volatile_until_a_flush_and_a_durable_one_is_not) {
    auto log = open_direct("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    const auto a = blocks(1, 'a');
    const auto b = blocks(1, 'b');
    ASSERT_TRUE(wait(log->write(0, a.span())));
    ASSERT_TRUE(wait(log->write_durably(block_bytes, b.span())));
    const std::string b_text(block_bytes, 'b');
    EXPECT_EQ(durable_text("log"), std::string(block_bytes, '\0') + b_text)
        << "the durable write covers its range alone";
    ASSERT_TRUE(wait(log->flush()));
    EXPECT_EQ(durable_text("log"), std::string(block_bytes, 'a') + b_text);
}

TEST_F(sim_file_system_test, reads_stop_at_the_end_of_the_file_and_holes_are_zeros) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(10'000, bytes_of("end"))));
    EXPECT_EQ(wait(log->size()).value(), 10'003u);
    const auto all = read_text(*log);
    EXPECT_EQ(all.size(), 10'003u);
    EXPECT_EQ(all.substr(0, 10'000), std::string(10'000, '\0'));
    byte_vector into(10);
    EXPECT_EQ(wait(log->read(10'001, into)).value(), 2u);
    EXPECT_EQ(wait(log->read(20'000, into)).value(), 0u);
}

TEST_F(sim_file_system_test, a_truncated_file_reads_zeros_where_it_grows_again) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(0, bytes_of("0123456789"))));
    ASSERT_TRUE(wait(log->truncate(4)));
    ASSERT_TRUE(wait(log->reserve(0, 8)));
    EXPECT_EQ(text("log"), std::string("0123\0\0\0\0", 8));
}

TEST_F(sim_file_system_test, a_truncation_is_durable_after_a_flush_only) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("")));
    ASSERT_TRUE(wait(log->write(0, bytes_of("0123456789"))));
    ASSERT_TRUE(wait(log->flush()));
    ASSERT_TRUE(wait(log->truncate(4)));
    EXPECT_EQ(durable_text("log"), "0123456789");
    ASSERT_TRUE(wait(log->flush()));
    EXPECT_EQ(durable_text("log"), "0123");
}

TEST_F(sim_file_system_test, a_cut_or_a_reservation_writes_the_last_block_again) {
    for (const bool cuts : {true, false}) {
        int damaged = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            auto log = open_buffered("log");
            ASSERT_TRUE(wait(files->sync_directory("")));
            const std::string old(cuts ? 3000 : 2000, 'a');
            ASSERT_TRUE(wait(log->write(0, bytes_of(old))));
            ASSERT_TRUE(wait(log->flush()));
            ASSERT_TRUE(cuts ? wait(log->truncate(2000)) : wait(log->reserve(0, 8192)));
            log.reset();
            crash(seed);
            damaged += text("log").substr(0, 2000) != old.substr(0, 2000);
            ASSERT_TRUE(wait(files->remove_file("log")));
        }
        EXPECT_GT(damaged, 0) << (cuts ? "cut" : "reserved");
        EXPECT_LT(damaged, 20) << (cuts ? "cut" : "reserved");
    }
}

TEST_F(sim_file_system_test, a_flush_does_not_cover_what_is_written_while_it_is_under_way) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write(0, bytes_of("first"))));
    disk.hold(sim_disk_operations(sim_disk_operation_kind::flush));
    auto flushing = start(loop, log->flush());
    scheduler.run_until_idle();
    ASSERT_TRUE(wait(log->write(0, bytes_of("SECOND"))));
    disk.release();
    scheduler.run_until_idle();
    ASSERT_TRUE(flushing.done() && flushing.take());
    EXPECT_EQ(durable_text("log"), "first");
    EXPECT_EQ(text("log"), "SECOND");
}

TEST_F(sim_file_system_test, an_older_flush_that_ends_last_does_not_bring_back_older_bytes) {
    auto log = open_direct("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    const auto a = blocks(2, 'a');
    const auto b = blocks(1, 'b');
    const auto c = blocks(1, 'c');
    ASSERT_TRUE(wait(log->write(0, a.span())));
    disk.hold(sim_disk_operations(sim_disk_operation_kind::flush));
    auto flushing = start(loop, log->flush());
    scheduler.run_until_idle();
    ASSERT_TRUE(wait(log->write_durably(0, b.span())));
    ASSERT_TRUE(wait(log->write(block_bytes, c.span())));
    disk.release();
    scheduler.run_until_idle();
    ASSERT_TRUE(flushing.done() && flushing.take());
    EXPECT_EQ(durable_text("log"), std::string(block_bytes, 'b') + std::string(block_bytes, 'a'));
}

TEST_F(sim_file_system_test, a_rename_that_was_not_synced_reverts_and_a_synced_one_stays) {
    auto made = open_buffered("tmp");
    ASSERT_TRUE(wait(made->write(0, bytes_of("content"))));
    ASSERT_TRUE(wait(made->flush()));
    made.reset();
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(files->rename("tmp", "final")));
    EXPECT_EQ(text("final"), "content");
    crash(1, sim_crash_style::lose_unflushed);
    EXPECT_EQ(text("final"), "absent");
    EXPECT_EQ(text("tmp"), "content");
    ASSERT_TRUE(wait(files->rename("tmp", "final")));
    ASSERT_TRUE(wait(files->sync_directory("/")));
    crash(2, sim_crash_style::lose_unflushed);
    EXPECT_EQ(text("final"), "content");
    EXPECT_EQ(text("tmp"), "absent");
}

TEST_F(sim_file_system_test, a_rename_between_directories_is_in_one_of_them_whatever_the_crash) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        ASSERT_TRUE(wait(files->make_directory("a")));
        ASSERT_TRUE(wait(files->make_directory("b")));
        open_buffered("a/x");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(files->sync_directory("a")));
        ASSERT_TRUE(wait(files->sync_directory("b")));
        ASSERT_TRUE(wait(files->rename("a/x", "b/y")));
        crash(seed);
        ASSERT_NE(text("a/x") == "absent", text("b/y") == "absent") << seed;
        (void)wait(files->remove_file("a/x"));
        (void)wait(files->remove_file("b/y"));
    }
}

TEST_F(sim_file_system_test, syncing_one_directory_of_a_rename_does_not_leave_the_file_in_both) {
    ASSERT_TRUE(wait(files->make_directory("a")));
    ASSERT_TRUE(wait(files->make_directory("b")));
    ASSERT_TRUE(wait(files->sync_directory("/")));
    open_buffered("a/x");
    ASSERT_TRUE(wait(files->rename("a/x", "b/x")));
    ASSERT_TRUE(wait(files->sync_directory("b")));
    crash(1, sim_crash_style::keep_unflushed);
    EXPECT_EQ(text("a/x"), "absent");
    EXPECT_EQ(text("b/x"), "");
}

TEST_F(sim_file_system_test, a_sync_of_a_directory_does_not_cover_what_changes_while_it_is_under_way) {
    open_buffered("before");
    disk.hold(sim_disk_operations(sim_disk_operation_kind::sync_directory));
    auto syncing = start(loop, files->sync_directory("/"));
    scheduler.run_until_idle();
    open_buffered("meanwhile");
    disk.release();
    scheduler.run_until_idle();
    ASSERT_TRUE(syncing.done() && syncing.take());
    EXPECT_EQ(disk.durable_names("/"), (std::vector<std::string>{"before"}));
}

TEST_F(sim_file_system_test, a_file_renamed_away_from_a_name_that_is_used_again_is_never_lost) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        auto old = open_buffered("current");
        ASSERT_TRUE(wait(old->write(0, bytes_of("precious"))));
        ASSERT_TRUE(wait(old->flush()));
        old.reset();
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(files->rename("current", "previous")));
        open_buffered("current");
        crash(seed);
        ASSERT_TRUE(text("current") == "precious" || text("previous") == "precious") << seed;
        (void)wait(files->remove_file("current"));
        (void)wait(files->remove_file("previous"));
        ASSERT_TRUE(wait(files->sync_directory("/")));
    }
    EXPECT_GT(disk.counters().crash.names_kept, 0u);
    EXPECT_GT(disk.counters().crash.names_lost, 0u);
}

TEST_F(sim_file_system_test, a_removal_that_was_not_synced_may_come_back) {
    open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(files->remove_file("log")));
    EXPECT_EQ(text("log"), "absent");
    crash(1, sim_crash_style::lose_unflushed);
    EXPECT_EQ(text("log"), "");
}

TEST_F(sim_file_system_test, a_killed_process_loses_nothing_that_was_written) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(0, bytes_of("in the page cache"))));
    log.reset();
    disk.kill(1);
    start_process();
    EXPECT_EQ(text("log"), "in the page cache");
}

TEST_F(sim_file_system_test, files_and_file_systems_of_a_process_that_is_gone_answer_enodev) {
    auto log = open_buffered("log");
    auto writing = start(loop, log->write(0, bytes_of("under way")));
    scheduler.step();
    crash();
    ASSERT_TRUE(writing.done());
    EXPECT_EQ(errno_of(writing.take()), ENODEV);
    EXPECT_EQ(errno_of(wait(log->flush())), ENODEV);
    EXPECT_EQ(errno_of(wait(old_processes[0]->exists("log"))), ENODEV);
    EXPECT_TRUE(wait(files->exists("log")));
}

TEST_F(sim_file_system_test, a_lock_is_exclusive_until_it_is_given_back_or_its_process_ends) {
    auto held = wait(files->lock("lock"));
    ASSERT_TRUE(held);
    EXPECT_EQ(errno_of(wait(files->lock("lock"))), EAGAIN);
    held->reset();
    auto again = wait(files->lock("lock"));
    ASSERT_TRUE(again);
    disk.kill(1);
    start_process();
    EXPECT_TRUE(wait(files->lock("lock")));
}

TEST_F(sim_file_system_test, names_follow_the_rules_of_posix) {
    ASSERT_TRUE(wait(files->make_directory("a")));
    ASSERT_TRUE(wait(files->make_directory("a"))) << "no error when it is there";
    open_buffered("a/y");
    open_buffered("a/x");
    EXPECT_EQ(errno_of(wait(files->make_directory("a/x"))), EEXIST);
    EXPECT_EQ(errno_of(wait(files->make_directory("none/b"))), ENOENT);
    EXPECT_EQ(errno_of(wait(files->open("a/none", open_options::read_only()))), ENOENT);
    EXPECT_EQ(errno_of(wait(files->open("a/x", open_options::read_write().creating().exclusively()))),
              EEXIST);
    EXPECT_EQ(errno_of(wait(files->open("a/x/z", open_options::read_write().creating()))), ENOTDIR);
    EXPECT_EQ(errno_of(wait(files->remove_directory("a"))), ENOTEMPTY);
    EXPECT_EQ(errno_of(wait(files->remove_file("a"))), EISDIR);
    EXPECT_EQ(errno_of(wait(files->remove_file("a/none"))), ENOENT);
    EXPECT_EQ(errno_of(wait(files->rename("a", "a/b"))), EINVAL);
    const auto entries = wait(files->list("a"));
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 2u);
    EXPECT_EQ((*entries)[0].name, "x");
    EXPECT_EQ((*entries)[1].name, "y");
    EXPECT_FALSE((*entries)[0].is_directory);
    EXPECT_EQ(errno_of(wait(files->list("none"))), ENOENT);
    ASSERT_TRUE(wait(files->remove_file("a/x")));
    ASSERT_TRUE(wait(files->remove_file("a/y")));
    ASSERT_TRUE(wait(files->remove_directory("a")));
    EXPECT_FALSE(wait(files->exists("a")).value());
}

TEST_F(sim_file_system_test, an_open_file_outlives_its_name) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(0, bytes_of("still here"))));
    ASSERT_TRUE(wait(files->remove_file("log")));
    EXPECT_EQ(read_text(*log), "still here");
}

TEST_F(sim_file_system_test, a_file_opened_for_reading_cannot_be_written) {
    open_buffered("log");
    auto log = open("log", open_options::read_only());
    EXPECT_EQ(errno_of(wait(log->write(0, bytes_of("x")))), EBADF);
}

TEST_F(sim_file_system_test, pieces_lie_one_after_another) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write_pieces(2, {bytes_of("ab"), bytes_of(""), bytes_of("cde")})));
    EXPECT_EQ(text("log"), std::string("\0\0abcde", 7));
}

using sim_file_system_death = sim_disk_test;

TEST_F(sim_file_system_death, an_unaligned_direct_transfer_ends_the_process) {
    auto log = open_direct("log");
    const auto block = blocks(2, 'x');
    EXPECT_DEATH((void)wait(log->write(512, block.span())), "position 512");
    EXPECT_DEATH((void)wait(log->write(0, block.span().first(100))), "length 100");
    EXPECT_DEATH((void)wait(log->write(0, block.span().subspan(512, block_bytes))), "memory at");
}

TEST_F(sim_file_system_death, changing_the_bytes_of_a_write_under_way_ends_the_process) {
    auto log = open_direct("log");
    auto block = blocks(1, 'x');
    EXPECT_DEATH(
        {
            auto writing = start(loop, log->write(0, block.span()));
            scheduler.step();
            block.data()[100] = std::byte{0};
            scheduler.run_until_idle();
        },
        "changed while it was under way");
}

}  // namespace
}  // namespace logstore::env
