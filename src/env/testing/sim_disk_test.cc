// Faults: each kind by itself, and that they really happen.
#include <algorithm>
#include <set>

#include "env/testing/sim_disk_fixture.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;
using kind = sim_disk_operation_kind;

// ---- fsyncgate

TEST_F(sim_disk_test, after_a_failed_flush_the_retry_succeeds_and_the_bytes_are_lost_all_the_same) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write(0, bytes_of("old bytes"))));
    ASSERT_TRUE(wait(log->flush()));
    ASSERT_TRUE(wait(log->write(0, bytes_of("new bytes"))));
    disk.fail_matching(sim_disk_operations(kind::flush, "log"), std::errc::io_error);

    EXPECT_EQ(errno_of(wait(log->flush())), EIO);
    EXPECT_TRUE(wait(log->flush())) << "the retry lies";
    EXPECT_EQ(read_text(*log), "new bytes");
    auto second = open_buffered("log");
    EXPECT_EQ(read_text(*second), "new bytes") << "another reader believes the page cache as well";
    EXPECT_EQ(durable_text("log"), "old bytes");
    log.reset();
    second.reset();
    disk.kill(1);
    start_process();
    log = open_buffered("log");
    EXPECT_EQ(read_text(*log), "new bytes") << "so does the next process";
    ASSERT_TRUE(wait(log->drop_cache()));
    EXPECT_EQ(read_text(*log), "old bytes");
}

TEST_F(sim_disk_test, a_direct_read_sees_past_the_page_cache_after_a_failed_flush) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(0, bytes_of("old"))));
    ASSERT_TRUE(wait(log->flush()));
    ASSERT_TRUE(wait(log->write(0, bytes_of("new"))));
    disk.fail_matching(sim_disk_operations(kind::flush), std::errc::io_error);
    EXPECT_FALSE(wait(log->flush()));
    auto direct = open_direct("log");
    aligned_buffer into(block_bytes);
    ASSERT_EQ(wait(direct->read(0, into.span())).value(), 3u);
    EXPECT_EQ(text_of(into.span().first(3)), "old");
}

TEST_F(sim_disk_test, a_durable_write_through_the_cache_that_fails_leaves_what_a_failed_flush_leaves) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write_durably(0, bytes_of("old"))));
    disk.fail_matching(sim_disk_operations(kind::write_durably), std::errc::io_error);
    EXPECT_EQ(errno_of(wait(log->write_durably(0, bytes_of("new")))), EIO);
    EXPECT_TRUE(wait(log->flush()));
    EXPECT_EQ(text("log"), "new");
    EXPECT_EQ(durable_text("log"), "old");
}

TEST_F(sim_disk_test, a_direct_write_that_fails_may_leave_a_part_of_its_bytes) {
    std::set<std::size_t> lengths;
    for (int i = 0; i < 30; ++i) {
        auto log = open_direct("log" + std::to_string(i));
        const auto block = blocks(2, 'x');
        disk.fail_matching(sim_disk_operations(kind::write_durably), std::errc::io_error);
        EXPECT_EQ(errno_of(wait(log->write_durably(0, block.span()))), EIO);
        lengths.insert(text("log" + std::to_string(i)).size());
    }
    EXPECT_GT(lengths.size(), 5u);
}

// ---- the n-th operation

TEST_F(sim_disk_test, the_nth_operation_fails_and_no_other) {
    auto log = open_buffered("log");
    disk.fail_operation(3, std::errc::io_error);
    EXPECT_TRUE(wait(log->write(0, bytes_of("a"))));
    EXPECT_TRUE(wait(log->flush()));
    EXPECT_EQ(errno_of(wait(log->size())), EIO);
    EXPECT_TRUE(wait(log->size()));
    EXPECT_EQ(disk.counters().errors_injected, 1u);
}

TEST_F(sim_disk_test, every_operation_from_the_nth_on_fails_until_faults_are_cleared) {
    auto log = open_buffered("log");
    disk.fail_operation(2, std::errc::read_only_file_system, true);
    EXPECT_TRUE(wait(log->write(0, bytes_of("a"))));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(errno_of(wait(log->write(0, bytes_of("b")))), EROFS);
    EXPECT_EQ(errno_of(wait(files->rename("log", "other"))), EROFS);
    EXPECT_EQ(text("other"), "absent");
    disk.clear_faults();
    EXPECT_TRUE(wait(log->write(0, bytes_of("b"))));
}

TEST_F(sim_disk_test, matching_operations_fail_as_often_as_asked) {
    auto log = open_buffered("a.log");
    auto index = open_buffered("a.index");
    disk.fail_matching(sim_disk_operations(kind::write, ".log"), std::errc::io_error, 2);
    EXPECT_TRUE(wait(index->write(0, bytes_of("x"))));
    EXPECT_EQ(errno_of(wait(log->write(0, bytes_of("x")))), EIO);
    EXPECT_EQ(errno_of(wait(log->write(0, bytes_of("x")))), EIO);
    EXPECT_TRUE(wait(log->write(0, bytes_of("x"))));
}

// ---- space

TEST_F(sim_disk_test, without_space_writes_fail_and_go_on_when_space_returns) {
    auto log = open_direct("log");
    disk.set_free_bytes(2 * block_bytes);
    const auto block = blocks(1, 'x');
    EXPECT_TRUE(wait(log->write_durably(0, block.span())));
    EXPECT_TRUE(wait(log->write_durably(block_bytes, block.span())));
    EXPECT_EQ(errno_of(wait(log->write_durably(2 * block_bytes, block.span()))), ENOSPC);
    EXPECT_EQ(errno_of(wait(log->reserve(0, 4 * block_bytes))), ENOSPC);
    EXPECT_TRUE(wait(log->write_durably(0, block.span()))) << "over blocks that are there";
    EXPECT_EQ(wait(files->space("/"))->free_bytes, 0u);
    disk.set_free_bytes(block_bytes);
    EXPECT_TRUE(wait(log->write_durably(2 * block_bytes, block.span())));
}

TEST_F(sim_disk_test, a_write_that_runs_out_of_space_writes_what_there_is_room_for) {
    auto log = open_buffered("log");
    disk.set_free_bytes(2 * block_bytes);
    EXPECT_EQ(errno_of(wait(log->write(0, bytes_of(std::string(3 * block_bytes, 'x'))))), ENOSPC);
    EXPECT_EQ(text("log"), std::string(2 * block_bytes, 'x'));
}

TEST_F(sim_disk_test, removing_and_truncating_files_gives_their_space_back) {
    const auto free = disk.free_bytes();
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->reserve(0, 10 * block_bytes)));
    EXPECT_EQ(disk.free_bytes(), free - 10 * block_bytes);
    ASSERT_TRUE(wait(log->truncate(3 * block_bytes)));
    EXPECT_EQ(disk.free_bytes(), free - 3 * block_bytes);
    ASSERT_TRUE(wait(files->remove_file("log")));
    EXPECT_EQ(disk.free_bytes(), free - 3 * block_bytes) << "it is still open";
    log.reset();
    EXPECT_EQ(disk.free_bytes(), free);
}

TEST_F(sim_disk_test, files_end_at_the_largest_size) {
    auto log = open_buffered("log");
    EXPECT_EQ(errno_of(wait(log->truncate(~std::uint64_t{0}))), EFBIG);
    EXPECT_EQ(errno_of(wait(log->write(~std::uint64_t{0} - 1, bytes_of("x")))), EFBIG);
    EXPECT_EQ(errno_of(wait(log->reserve(1, ~std::uint64_t{0}))), EFBIG);
}

// ---- damage

TEST_F(sim_disk_test, a_flipped_bit_is_hidden_by_the_page_cache_and_stays) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write(0, bytes_of("abcd"))));
    ASSERT_TRUE(wait(log->flush()));
    disk.flip_bit("log", 2, 0);
    EXPECT_EQ(read_text(*log), "abcd");
    ASSERT_TRUE(wait(log->drop_cache()));
    EXPECT_EQ(read_text(*log), "abbd");
    log.reset();
    crash();
    EXPECT_EQ(text("log"), "abbd");
}

TEST_F(sim_disk_test, bits_are_flipped_at_the_places_that_are_told) {
    auto log = open_direct("log");
    const auto block = blocks(4, 'a');
    ASSERT_TRUE(wait(log->write_durably(0, block.span())));
    const auto places = disk.flip_bits("log", block_bytes, block_bytes, 3, 7);
    ASSERT_EQ(places.size(), 3u);
    const auto bytes = text("log");
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto times = std::ranges::count(places, at);
        EXPECT_TRUE(times > 1 || (bytes[at] != 'a') == (times == 1)) << at;
    }
    EXPECT_EQ(disk.counters().bits_flipped, 3u);
}

TEST_F(sim_disk_test, a_lost_write_reports_success_and_leaves_the_old_bytes) {
    auto log = open_direct("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write_durably(0, blocks(2, 'a').span())));
    disk.lose_writes(sim_disk_operations(kind::write_durably));
    EXPECT_TRUE(wait(log->write_durably(0, blocks(1, 'b').span())));
    EXPECT_EQ(durable_text("log"), std::string(2 * block_bytes, 'a'));
    EXPECT_TRUE(wait(log->write_durably(0, blocks(1, 'c').span())));
    EXPECT_EQ(durable_text("log"), std::string(block_bytes, 'c') + std::string(block_bytes, 'a'));
    EXPECT_EQ(disk.counters().writes_lost, 1u);
}

TEST_F(sim_disk_test, a_lost_write_through_the_cache_shows_when_the_cache_is_dropped) {
    auto log = open_buffered("log");
    ASSERT_TRUE(wait(log->write(0, bytes_of("old"))));
    ASSERT_TRUE(wait(log->flush()));
    disk.lose_writes(sim_disk_operations(kind::write));
    EXPECT_TRUE(wait(log->write(0, bytes_of("new"))));
    EXPECT_TRUE(wait(log->flush()));
    EXPECT_EQ(read_text(*log), "new");
    disk.drop_caches();
    EXPECT_EQ(read_text(*log), "old");
}

TEST_F(sim_disk_test, a_misdirected_write_lands_elsewhere_and_not_where_it_belongs) {
    auto log = open_direct("log");
    ASSERT_TRUE(wait(files->sync_directory("/")));
    ASSERT_TRUE(wait(log->write_durably(0, blocks(3, 'a').span())));
    disk.misdirect_writes(sim_disk_operations(kind::write_durably), block_bytes);
    EXPECT_TRUE(wait(log->write_durably(0, blocks(1, 'b').span())));
    ASSERT_TRUE(wait(log->flush()));
    EXPECT_EQ(durable_text("log"),
              std::string(block_bytes, 'a') + std::string(block_bytes, 'b') + std::string(block_bytes, 'a'));
    EXPECT_EQ(disk.counters().writes_misdirected, 1u);
}

// ---- time

TEST_F(sim_disk_test, a_slow_flush_takes_its_time) {
    auto log = open_buffered("log");
    disk.set_latency(kind::flush, {30s, 0s});
    const auto before = scheduler.now();
    ASSERT_TRUE(wait(log->flush()));
    EXPECT_EQ(scheduler.now() - before, duration(30s));
}

TEST_F(sim_disk_test, operations_overtake_each_other) {
    auto log = open_direct("log");
    const auto block = blocks(1, 'x');
    bool overtaken = false;
    for (int i = 0; i < 50 && !overtaken; ++i) {
        auto first = start(loop, log->write(0, block.span()));
        auto second = start(loop, log->write(block_bytes, block.span()));
        scheduler.run_until([&] { return first.done() || second.done(); });
        overtaken = second.done() && !first.done();
        scheduler.run_until_idle();
    }
    EXPECT_TRUE(overtaken);
}

TEST_F(sim_disk_test, a_held_operation_ends_when_it_is_released) {
    auto log = open_buffered("log");
    disk.hold(sim_disk_operations(kind::write));
    auto writing = start(loop, log->write(0, bytes_of("x")));
    scheduler.advance(1h);
    EXPECT_FALSE(writing.done());
    EXPECT_TRUE(wait(log->size()));
    disk.release();
    scheduler.run_until_idle();
    EXPECT_TRUE(writing.done());
}

// ---- determinism and trace

std::pair<std::uint64_t, std::string> trace_of(std::uint64_t seed) {
    sim_scheduler scheduler(seed);
    sim_clock time(scheduler.now());
    sim_executor first(scheduler, time);
    sim_executor second(scheduler, time);
    sim_disk disk(scheduler, seed);
    sim_file_system files_of_first(disk, first);
    sim_file_system files_of_second(disk, second);
    std::uint64_t acknowledged = 0;
    auto one = start(first, append_records(files_of_first, true, &acknowledged));
    auto two = start(second, append_records(files_of_second, true, &acknowledged));
    scheduler.run_until_idle();
    CHECK(one.done() && two.done());
    return {disk.trace_hash(), disk.trace_text()};
}

TEST(sim_disk, the_same_seed_gives_the_same_trace) {
    EXPECT_EQ(trace_of(3), trace_of(3));
    EXPECT_NE(trace_of(3).first, trace_of(4).first);
}

TEST_F(sim_disk_test, the_trace_tells_kind_path_place_and_outcome) {
    auto log = open_buffered("log");
    disk.fail_operation(2, std::errc::io_error);
    ASSERT_TRUE(wait(log->write(7, bytes_of("abc"))));
    ASSERT_FALSE(wait(log->flush()));
    ASSERT_EQ(disk.trace().size(), 3u);
    const auto& write = disk.trace()[1];
    EXPECT_EQ(write.kind, kind::write);
    EXPECT_EQ(write.path, "log");
    EXPECT_EQ(write.position, 7u);
    EXPECT_EQ(write.length, 3u);
    EXPECT_EQ(write.number, 2u);
    EXPECT_EQ(write.outcome, std::error_code());
    EXPECT_EQ(disk.trace()[2].outcome->value(), EIO);
    EXPECT_NE(disk.trace_text().find("write            log 7+3  ok"), std::string::npos) << disk.trace_text();
}

}  // namespace
}  // namespace logstore::env
