// Power cuts: what they leave, and what they stop.
#include <algorithm>
#include <set>

#include "env/testing/sim_disk_fixture.h"

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

// ---- what a crash does to bytes that were not flushed

TEST_F(sim_disk_test, sectors_of_a_direct_write_survive_a_crash_new_old_zero_or_garbled) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto log = open_direct("log");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        const auto before = blocks(8, 'a');
        ASSERT_TRUE(wait(log->write_durably(0, before.span())));
        const auto after = blocks(8, 'b');
        ASSERT_TRUE(wait(log->write(0, after.span())));
        log.reset();
        crash(seed);
        ASSERT_EQ(text("log").size(), 8 * block_bytes);
    }
    const auto& counters = disk.counters().crash;
    EXPECT_GT(counters.sectors_kept, 0u);
    EXPECT_GT(counters.sectors_lost, 0u);
    EXPECT_GT(counters.sectors_zeroed, 0u);
    EXPECT_GT(counters.sectors_garbled, 0u);
    EXPECT_GT(counters.writes_torn, 0u);
}

TEST_F(sim_disk_test, a_torn_write_is_torn_at_sectors) {
    bool torn = false;
    for (std::uint64_t seed = 1; seed <= 20 && !torn; ++seed) {
        auto log = open_direct("log");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(log->write_durably(0, blocks(1, 'a').span())));
        ASSERT_TRUE(wait(log->write(0, blocks(1, 'b').span())));
        log.reset();
        crash(seed);
        const auto bytes = text("log");
        std::size_t fresh = 0;
        std::size_t old = 0;
        for (std::size_t at = 0; at < bytes.size(); at += sim_sector_bytes) {
            const auto sector = bytes.substr(at, sim_sector_bytes);
            fresh += sector == std::string(sim_sector_bytes, 'b') ? 1 : 0;
            old += sector == std::string(sim_sector_bytes, 'a') ? 1 : 0;
        }
        torn = fresh > 0 && old > 0;
    }
    EXPECT_TRUE(torn);
}

TEST_F(sim_disk_test, pages_of_a_buffered_write_are_kept_or_lost_whole) {
    std::size_t kept = 0;
    std::size_t lost = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto log = open_buffered("log");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(log->write(0, bytes_of(std::string(4 * block_bytes, 'a')))));
        ASSERT_TRUE(wait(log->flush()));
        ASSERT_TRUE(wait(log->write(0, bytes_of(std::string(4 * block_bytes, 'b')))));
        log.reset();
        crash(seed);
        const auto bytes = text("log");
        for (std::size_t at = 0; at < bytes.size(); at += block_bytes) {
            const auto page = bytes.substr(at, block_bytes);
            const bool is_kept = page == std::string(block_bytes, 'b');
            const bool is_lost = page == std::string(block_bytes, 'a');
            ASSERT_TRUE(is_kept || is_lost);
            kept += is_kept ? 1 : 0;
            lost += is_lost ? 1 : 0;
        }
    }
    EXPECT_GT(kept, 0u);
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(disk.counters().crash.pages_kept, kept);
    EXPECT_EQ(disk.counters().crash.pages_lost, lost);
}

TEST_F(sim_disk_test, a_size_that_was_not_flushed_is_one_of_those_the_file_had) {
    std::set<std::size_t> sizes;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        auto log = open_buffered("log" + std::to_string(seed));
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(log->write(0, bytes_of("abc"))));
        ASSERT_TRUE(wait(log->flush()));
        ASSERT_TRUE(wait(log->write(3, bytes_of("def"))));
        ASSERT_TRUE(wait(log->truncate(1)));
        log.reset();
        crash(seed);
        sizes.insert(text("log" + std::to_string(seed)).size());  // the cut puts the block's bytes at risk
    }
    EXPECT_EQ(sizes, (std::set<std::size_t>{1, 3, 6}));
}

TEST_F(sim_disk_test, the_same_seed_gives_the_same_image_and_another_seed_another) {
    const auto image_after = [](std::uint64_t crash_seed) {
        sim_scheduler scheduler(9);
        sim_clock time(scheduler.now());
        sim_executor loop(scheduler, time);
        sim_disk disk(scheduler, 9);
        sim_file_system files(disk, loop);
        auto options = open_options::read_write();
        options.creating().directly();
        auto log = std::move(*run(loop, files.open("log", options)));
        CHECK(run(loop, files.sync_directory("/")).has_value());
        aligned_buffer buffer(64 * block_bytes);
        sim_random(1).fill(buffer.span());
        CHECK(run(loop, log->reserve(0, buffer.size())).has_value());
        CHECK(run(loop, log->flush()).has_value());
        CHECK(run(loop, log->write(0, buffer.span())).has_value());
        log.reset();
        disk.crash(crash_seed);
        return *disk.contents("log");
    };
    EXPECT_EQ(image_after(1), image_after(1));
    EXPECT_NE(image_after(1), image_after(2));
}

// ---- what is under way when the power fails

TEST_F(sim_disk_test, when_the_power_fails_nothing_ends_any_more_until_the_crash) {
    auto log = open_buffered("log");
    bool called = false;
    disk.crash_after(3, [&] { called = true; });
    EXPECT_TRUE(wait(log->write(0, bytes_of("a"))));
    EXPECT_TRUE(disk.has_power());
    auto second = start(loop, log->write(1, bytes_of("b")));
    auto third = start(loop, log->flush());
    scheduler.run_until_idle();
    EXPECT_FALSE(disk.has_power());
    EXPECT_TRUE(called);
    auto later = start(loop, log->write(2, bytes_of("c")));
    const auto operations = disk.operations();
    scheduler.advance(1h);
    EXPECT_FALSE(second.done());
    EXPECT_FALSE(third.done());
    EXPECT_FALSE(later.done());
    EXPECT_EQ(disk.operations(), operations) << "what comes after the power is gone does not count";
    crash();
    EXPECT_TRUE(disk.has_power());
    EXPECT_EQ(errno_of(second.take()), ENODEV);
    EXPECT_EQ(errno_of(third.take()), ENODEV);
    EXPECT_EQ(errno_of(later.take()), ENODEV);
    EXPECT_EQ(disk.counters().operations_interrupted, 2u);
}

TEST_F(sim_disk_test, frames_that_hang_without_power_can_be_destroyed) {
    auto log = open_buffered("log");
    disk.crash_after(1);
    {
        auto hanging = start(loop, log->write(0, bytes_of("a")));
        scheduler.run_until_idle();
        EXPECT_FALSE(hanging.done());
    }
    log.reset();
    crash();
}

TEST_F(sim_disk_test, a_durable_write_under_way_at_the_crash_is_there_or_not_or_torn) {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        auto log = open_direct("log");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        ASSERT_TRUE(wait(log->write_durably(0, blocks(1, 'a').span())));
        const auto fresh = blocks(1, 'b');
        disk.crash_after(1);
        auto writing = start(loop, log->write_durably(0, fresh.span()));
        scheduler.run_until_idle();
        crash(seed);
        EXPECT_EQ(errno_of(writing.take()), ENODEV);
        const auto bytes = text("log");
        const bool is_old = bytes == std::string(block_bytes, 'a');
        const bool is_new = bytes == std::string(block_bytes, 'b');
        outcomes.insert(is_old ? "old" : is_new ? "new" : "torn");
    }
    EXPECT_EQ(outcomes, (std::set<std::string>{"new", "old", "torn"}));
}

TEST_F(sim_disk_test, a_rename_under_way_at_the_crash_happens_or_not) {
    std::set<bool> happened;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        open_buffered("a");
        ASSERT_TRUE(wait(files->sync_directory("/")));
        disk.crash_after(1);
        auto renaming = start(loop, files->rename("a", "b"));
        scheduler.run_until_idle();
        crash(seed);
        ASSERT_NE(text("a") == "absent", text("b") == "absent") << seed;
        happened.insert(text("a") == "absent");
        (void)wait(files->remove_file("b"));
        ASSERT_TRUE(wait(files->sync_directory("/")));
    }
    EXPECT_EQ(happened.size(), 2u);
}

/// How many records were acknowledged and lost, over a crash at every operation.
std::uint64_t acknowledged_and_lost(bool flushes) {
    std::uint64_t lost = 0;
    for (std::uint64_t n = 1; n <= 13; ++n) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            sim_scheduler scheduler(seed);
            sim_clock time(scheduler.now());
            sim_executor loop(scheduler, time);
            sim_disk disk(scheduler, seed);
            sim_file_system files(disk, loop);
            std::uint64_t acknowledged = 0;
            disk.crash_after(n);
            auto appending = start(loop, append_records(files, flushes, &acknowledged));
            scheduler.run_until_idle();
            disk.crash(seed);
            scheduler.run_until_idle();
            const auto bytes = disk.contents("log").value_or(byte_vector());
            for (std::uint64_t i = 0; i < acknowledged; ++i) {
                const bool there = bytes.size() >= (i + 1) * block_bytes &&
                                   load_big<std::uint64_t>(bytes.data() + i * block_bytes) == i + 1;
                lost += there ? 0 : 1;
            }
        }
    }
    return lost;
}

TEST(sim_disk, a_crash_at_every_operation_loses_nothing_that_was_flushed) {
    EXPECT_EQ(acknowledged_and_lost(true), 0u);
}

TEST(sim_disk, a_crash_at_every_operation_finds_the_missing_flush) {
    EXPECT_GT(acknowledged_and_lost(false), 0u);
}

}  // namespace
}  // namespace logstore::env
