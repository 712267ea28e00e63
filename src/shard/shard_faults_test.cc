// Errors of the disk, one at every operation, and what reading sees around settled blocks.
#include <gtest/gtest.h>

#include <cstdlib>

#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

using stored = std::map<std::int64_t, byte_vector>;  // base offset → acknowledged batch

struct store_under_fault {
    explicit store_under_fault(std::uint64_t seed, std::uint32_t shards = 2)
        : world(seed, shards), random(seed * 31) {
        for (int i = 0; i < 2; ++i) {
            hosted_topic topic;
            topic.id = topic_id::from_random_bits(i + 1, i + 1);
            topic.name = i == 0 ? "a" : "b";
            topic.partitions = 2;
            topic.settings.log.segment_bytes = 16 * 1024;
            topic.settings.log.retention_ms = -1;
            topics.push_back(topic);
        }
        options.shards = shards;
        options.journal_file_bytes = 32 * 1024;
        options.pinned_bytes_max = 64 * 1024;
        options.tune = [](shard_options& made) {
            made.settle_after = std::chrono::milliseconds(400);
            made.checkpoint_interval = std::chrono::seconds(1);
        };
    }

    /// Appends one after another; a refusal for lack of space is tried again later. Ends at any other
    /// refusal.
    env::task<> append_some(shard_rig* rig, leader_epoch epoch, int count) {
        for (int i = 0; i < count; ++i) {
            const hosted_topic& topic = topics[random.next() % topics.size()];
            const tablet_id tablet{topic.id, partition_id(static_cast<std::int32_t>(random.next() % 2))};
            byte_vector batch = make_test_batch(70 + random.next() % 5000);
            append_outcome outcome;
            for (int tries = 0; tries < 50; ++tries) {
                outcome = co_await rig->append(tablet, batch);
                if (outcome.code != tablet_errc::storage_unavailable) break;
                ++refused_for_space;
                co_await env::sleep(world.loop(), std::chrono::milliseconds(200));
            }
            last_code = outcome.code;
            if (outcome.code != tablet_errc::ok) co_return;
            assign_record_batch(batch.data(), outcome.base_offset, epoch);
            acknowledged[tablet][outcome.base_offset.value()] = std::move(batch);
            if (i % 15 == 14) co_await env::sleep(world.loop(), std::chrono::milliseconds(1200));
        }
    }

    void expect_all(shard_rig& rig) {
        for (const auto& [tablet, batches] : acknowledged) {
            const auto read = world.run(rig.read_all(tablet));
            ASSERT_TRUE(read) << read.error().message();
            stored found;
            for (bytes_view rest = *read; !rest.empty();) {
                const auto header = read_record_batch_header(rest);
                ASSERT_TRUE(header && header->size_bytes() <= rest.size());
                found.emplace(header->base_offset.value(),
                              byte_vector(rest.begin(), rest.begin() + header->size_bytes()));
                rest = rest.subspan(header->size_bytes());
            }
            for (const auto& [at, batch] : batches) {
                ASSERT_TRUE(found.contains(at)) << "offset " << at << " is lost";
                ASSERT_EQ(found[at], batch) << "offset " << at;
            }
        }
    }

    env::sim_world world;
    env::sim_random random;
    std::vector<hosted_topic> topics;
    shard_rig::options options;
    std::map<tablet_id, stored> acknowledged;
    tablet_errc last_code = tablet_errc::ok;
    int refused_for_space = 0;
};

/// One error at operation `at` after the start (0 = none). Answers how many operations there were.
std::uint64_t fail_once(std::uint64_t at) {
    SCOPED_TRACE(fmt::format("EIO at {}", at));
    store_under_fault store(4);
    std::uint64_t operations = 0;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        EXPECT_TRUE(store.world.run(rig.start(store.topics)));
        const std::uint64_t before = store.world.disk().operations();
        if (at > 0) store.world.disk().fail_operation(at, std::errc::io_error);
        store.world.run(store.append_some(&rig, leader_epoch(1), 40));
        operations = store.world.disk().operations() - before;
        if (rig.fatal().empty()) {
            EXPECT_EQ(store.last_code, tablet_errc::ok);
            store.world.disk().clear_faults();
            store.expect_all(rig);
        } else {
            EXPECT_NE(at, 0u) << rig.fatal();
        }
        // The process ends here, whatever it thinks of its disk.
        store.world.kill(at);
        rig.abandon();
        store.world.disk().clear_faults();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    const auto started = store.world.run(rig.start(store.topics));
    EXPECT_TRUE(started) << started.error().message();
    if (started) {
        store.expect_all(rig);
        EXPECT_TRUE(store.world.run(rig.stop()));
    }
    return operations;
}

TEST(shard_faults, an_error_at_any_operation_loses_nothing_acknowledged) {
    const std::uint64_t operations = fail_once(0);
    // Every fourth; each one where time is no matter.
    const std::uint64_t step = std::getenv("LOGSTORE_THOROUGH") != nullptr ? 1 : 4;
    for (std::uint64_t at = 1; at <= operations && !HasFailure(); at += step) fail_once(at);
}

/// No space from the n-th operation that needs some, for a dozen of them.
bool run_out_of_space(std::uint64_t at) {
    SCOPED_TRACE(fmt::format("ENOSPC at {}", at));
    store_under_fault store(5);
    using kind = env::sim_disk_operation_kind;
    std::uint64_t seen = 0;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        EXPECT_TRUE(store.world.run(rig.start(store.topics)));
        // The journal's own blocks are there already: only what grows can fail.
        const auto needs_space = [&seen, at](const env::sim_disk_operation& operation) {
            const bool grows = operation.kind == kind::write || operation.kind == kind::reserve ||
                               operation.kind == kind::make_directory;
            if (!grows) return false;
            ++seen;
            return seen >= at && seen < at + 12;
        };
        store.world.disk().fail_matching(needs_space, std::errc::no_space_on_device, 12);
        store.world.run(store.append_some(&rig, leader_epoch(1), 40));
        EXPECT_EQ(rig.fatal(), "");
        EXPECT_EQ(store.last_code, tablet_errc::ok);
        store.expect_all(rig);
        // Without space it stops all the same, and leaves what it could not write to the journal.
        const auto stopped = store.world.run(rig.stop());
        if (seen < at) return false;
        EXPECT_TRUE(stopped || seen >= at);
        store.world.disk().clear_faults();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    EXPECT_TRUE(store.world.run(rig.start(store.topics)));
    store.expect_all(rig);
    EXPECT_TRUE(store.world.run(rig.stop()));
    return true;
}

TEST(shard_faults, a_full_disk_refuses_appends_and_they_resume_with_space) {
    for (std::uint64_t at = 1; at < 200 && !HasFailure(); ++at)
        if (!run_out_of_space(at)) break;
}

TEST(shard_faults, without_descriptors_segments_wait_and_nothing_ends) {
    store_under_fault store(11);
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        ASSERT_TRUE(store.world.run(rig.start(store.topics)));
        store.world.disk().fail_matching(
            [](const env::sim_disk_operation& operation) {
                return operation.kind == env::sim_disk_operation_kind::open;
            },
            std::errc::too_many_files_open, 200);
        store.world.run(store.append_some(&rig, leader_epoch(1), 40));
        store.world.advance(std::chrono::seconds(5));
        EXPECT_EQ(rig.fatal(), "");
        store.world.disk().clear_faults();
        store.world.run(store.append_some(&rig, leader_epoch(1), 10));
        EXPECT_EQ(store.last_code, tablet_errc::ok);
        store.expect_all(rig);
        EXPECT_TRUE(store.world.run(rig.stop()));
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    store.expect_all(rig);
    EXPECT_TRUE(store.world.run(rig.stop()));
}

/// The n-th operation that makes a tablet's directory finds no space; the next try does. False when there were fewer.
bool make_directory_at_the_second_try(std::uint64_t n) {
    SCOPED_TRACE(fmt::format("ENOSPC at {}", n));
    store_under_fault store(16, 1);
    std::uint64_t seen = 0;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        EXPECT_TRUE(store.world.run(rig.start(store.topics)));
        const auto makes_directory = [&seen, n](const env::sim_disk_operation& operation) {
            const bool is_of_logs = operation.path.starts_with("/data/logs") && !operation.path.ends_with(".log");
            return is_of_logs && operation.kind != env::sim_disk_operation_kind::space && ++seen == n;
        };
        store.world.disk().fail_matching(makes_directory, std::errc::no_space_on_device);
        // One tablet: a flush for another's name would cover its own.
        const tablet_id tablet{store.topics[0].id, partition_id(0)};
        for (int i = 0; i < 3; ++i) {
            byte_vector batch = make_test_batch(3000);
            const auto outcome = store.world.run(rig.append(tablet, batch));
            EXPECT_EQ(outcome.code, tablet_errc::ok);
            assign_record_batch(batch.data(), outcome.base_offset, leader_epoch(1));
            store.acknowledged[tablet][outcome.base_offset.value()] = std::move(batch);
        }
        store.world.advance(std::chrono::seconds(4));
        EXPECT_EQ(rig.fatal(), "");
        store.world.crash(n, env::sim_crash_style::lose_unflushed);
        rig.abandon();
        store.world.disk().clear_faults();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    EXPECT_TRUE(store.world.run(rig.start(store.topics)));
    store.expect_all(rig);
    EXPECT_TRUE(store.world.run(rig.stop()));
    return seen >= n;
}

TEST(shard_faults, a_directory_that_is_made_at_the_second_try_is_durable_before_the_journal_lets_go) {
    // What the first try had left was taken for done: the directory's name was never flushed.
    for (std::uint64_t n = 1; n < 60 && !HasFailure(); ++n)
        if (!make_directory_at_the_second_try(n)) break;
}

TEST(shard_faults, a_read_across_the_end_of_a_settled_block_sees_what_was_appended_behind_it) {
    store_under_fault store(6, 1);
    const tablet_id tablet{store.topics[0].id, partition_id(0)};
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        ASSERT_TRUE(store.world.run(rig.start(store.topics)));
        ASSERT_EQ(store.world.run(rig.append(tablet, make_test_batch(5000, 1, 1, 'a'))).code,
                  tablet_errc::ok);
        // A clean stop would cut the file to its exact length: after this, recovery pads the block.
        store.world.kill(1);
        rig.abandon();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    ASSERT_EQ(store.world.run(rig.append(tablet, make_test_batch(300, 1, 2, 'b'))).code, tablet_errc::ok);
    read_request request;
    request.tablet = tablet;
    request.from = offset(0);
    request.bytes_max = 10'000;
    const auto read = store.world.run(rig.at(0).read(request));
    ASSERT_EQ(read.code, tablet_errc::ok);
    EXPECT_EQ(read.bytes, 5300u);  // the padding would end it after the first batch
    const auto all = store.world.run(rig.read_all(tablet));
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 5300u);
    EXPECT_EQ(all->back(), std::byte('b'));
    ASSERT_TRUE(store.world.run(rig.stop()));
}

TEST(shard_faults, ragged_ends_of_many_tablets_do_not_block_the_next_append) {
    // Twice the pinned limit in ends of less than a block, long before any tablet is idle.
    store_under_fault store(7, 1);
    store.topics.resize(1);
    store.topics[0].partitions = 60;
    store.options.journal_file_bytes = 256 * 1024;
    store.options.tune = [](shard_options& made) { made.settle_after = std::chrono::hours(1); };
    shard_rig rig(store.world, boot_number(1), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    const auto before = store.world.time().now();
    for (int round = 0; round < 2; ++round)
        for (int partition = 0; partition < 60; ++partition)
            ASSERT_EQ(
                store.world
                    .run(rig.append({store.topics[0].id, partition_id(partition)}, make_test_batch(2000)))
                    .code,
                tablet_errc::ok);
    EXPECT_LT(store.world.time().now() - before, std::chrono::seconds(5));
    ASSERT_TRUE(store.world.run(rig.stop()));
    EXPECT_EQ(rig.at(0).storage().pinned_bytes, 0u);
    EXPECT_EQ(rig.at(0).storage().images_owed, 0u);
}

TEST(shard_faults, settled_tablets_that_all_wake_up_find_room_for_their_images) {
    store_under_fault store(8, 1);
    store.topics.resize(1);
    store.topics[0].partitions = 40;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        ASSERT_TRUE(store.world.run(rig.start(store.topics)));
        for (int partition = 0; partition < 40; ++partition)
            ASSERT_EQ(
                store.world
                    .run(rig.append({store.topics[0].id, partition_id(partition)}, make_test_batch(3900)))
                    .code,
                tablet_errc::ok);
        ASSERT_TRUE(store.world.run(rig.stop()));
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    for (int round = 0; round < 5; ++round)
        for (int partition = 0; partition < 40; ++partition)
            ASSERT_EQ(
                store.world
                    .run(rig.append({store.topics[0].id, partition_id(partition)}, make_test_batch(100)))
                    .code,
                tablet_errc::ok);
    ASSERT_TRUE(store.world.run(rig.stop()));
}

TEST(shard_faults, a_topic_deleted_while_appends_go_on_comes_back_empty_under_its_name) {
    store_under_fault store(9, 2);
    shard_rig rig(store.world, boot_number(1), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    std::uint64_t next_id = 10;
    for (int round = 0; round < 6; ++round) {
        auto appending = store.world.start(store.append_some(&rig, leader_epoch(1), 60));
        for (int i = 0; i < 300 + 400 * round; ++i) store.world.advance(std::chrono::microseconds(100));
        auto topics = std::make_shared<std::vector<hosted_topic>>(store.topics);
        topics->at(0).id = topic_id::from_random_bits(next_id, next_id);
        ++next_id;
        for (std::uint32_t index = 0; index < 2; ++index)
            ASSERT_TRUE(store.world.run(rig.at(index).remove_topics_except(topics), index));
        for (std::uint32_t index = 0; index < 2; ++index)
            ASSERT_TRUE(store.world.run(rig.at(index).set_topics(topics, nullptr), index));
        ASSERT_TRUE(store.world.run_until([&] { return appending.done(); }));
        store.acknowledged.clear();
        store.topics = *topics;
        const auto outcome =
            store.world.run(rig.append({store.topics[0].id, partition_id(0)}, make_test_batch(200)));
        ASSERT_EQ(outcome.code, tablet_errc::ok);
        EXPECT_EQ(outcome.base_offset, offset(0));
        EXPECT_EQ(rig.fatal(), "");
    }
    ASSERT_TRUE(store.world.run(rig.stop()));
    for (std::uint32_t index = 0; index < 2; ++index) {
        EXPECT_EQ(rig.at(index).storage().pinned_bytes, 0u);
        EXPECT_EQ(rig.at(index).storage().images_owed, 0u);
    }
}

/// The n-th flush of a segment fails, appends go on as long as they may, then the power fails. False when there were fewer.
bool fail_flush_then_cut(std::uint64_t n) {
    SCOPED_TRACE(fmt::format("EIO at flush {}", n));
    store_under_fault store(11, 1);
    std::uint64_t flushes = 0;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        EXPECT_TRUE(store.world.run(rig.start(store.topics)));
        const auto is_segment_flush = env::sim_disk_operations(env::sim_disk_operation_kind::flush, ".log");
        store.world.disk().fail_matching(
            [&](const env::sim_disk_operation& operation) { return is_segment_flush(operation) && ++flushes == n; },
            std::errc::io_error);
        store.world.run(store.append_some(&rig, leader_epoch(1), 80));
        EXPECT_EQ(rig.fatal().empty(), flushes < n);
        store.world.crash(n);
        rig.abandon();
        store.world.disk().clear_faults();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    const auto started = store.world.run(rig.start(store.topics));
    EXPECT_TRUE(started) << started.error().message();
    if (started) store.expect_all(rig);
    EXPECT_TRUE(store.world.run(rig.stop()));
    return flushes >= n;
}

TEST(shard_faults, a_flush_that_failed_is_not_tried_again_and_a_power_cut_after_it_loses_nothing) {
    for (std::uint64_t n = 1; n < 100 && !HasFailure(); ++n)
        if (!fail_flush_then_cut(n)) break;
}

/// Tablets settle and are appended to, again and again, until the power fails at operation `at` after the start. False when
/// there were fewer.
bool cut_while_blocks_are_rewritten(std::uint64_t at) {
    SCOPED_TRACE(fmt::format("power cut at {}", at));
    store_under_fault store(15, 1);
    bool cut = false;
    {
        shard_rig rig(store.world, boot_number(1), store.options);
        EXPECT_TRUE(store.world.run(rig.start(store.topics)));
        store.world.disk().crash_after(at, [&cut] { cut = true; });
        auto appending = store.world.start(store.append_some(&rig, leader_epoch(1), 90));
        store.world.run_until([&] { return cut || appending.done(); });
        store.world.disk().cancel_crash();
        store.world.crash(at);
        store.world.run_until([&] { return appending.done(); });
        rig.abandon();
    }
    shard_rig rig(store.world, boot_number(2), store.options);
    const auto started = store.world.run(rig.start(store.topics));
    EXPECT_TRUE(started) << started.error().message();
    if (started) {
        store.expect_all(rig);
        EXPECT_TRUE(store.world.run(rig.stop()));
    }
    return cut;
}

TEST(shard_faults, a_power_cut_while_settled_blocks_are_rewritten_loses_nothing) {
    for (std::uint64_t at = 1; !HasFailure(); at += 3)
        if (!cut_while_blocks_are_rewritten(at)) break;
}

TEST(shard_faults, a_reader_sees_nothing_that_a_power_cut_could_take_back) {
    store_under_fault store(12, 1);
    const tablet_id tablet{store.topics[0].id, partition_id(0)};
    shard_rig rig(store.world, boot_number(1), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    ASSERT_EQ(store.world.run(rig.append(tablet, make_test_batch(300))).code, tablet_errc::ok);
    store.world.disk().hold(env::sim_disk_operations(env::sim_disk_operation_kind::write_durably));
    auto appending = store.world.start(rig.append(tablet, make_test_batch(400)));
    store.world.advance(std::chrono::milliseconds(50));
    read_request request;
    request.tablet = tablet;
    request.from = offset(0);
    request.bytes_max = 10'000;
    EXPECT_EQ(store.world.run(rig.at(0).read(request)).bytes, 300u);
    store.world.disk().release();
    store.world.run_until([&] { return appending.done(); });
    EXPECT_EQ(store.world.run(rig.at(0).read(request)).bytes, 700u);
    ASSERT_TRUE(store.world.run(rig.stop()));
}

TEST(shard_faults, every_start_gives_its_journals_another_salt) {
    // Whoever knew the salt could write a record that poses as a journal group.
    store_under_fault store(13, 1);
    std::vector<std::uint64_t> salts;
    for (int boot = 1; boot <= 2; ++boot) {
        shard_rig rig(store.world, boot_number(boot), store.options);
        ASSERT_TRUE(store.world.run(rig.start(store.topics)));
        salts.push_back(rig.recovered().journal_salt);
        ASSERT_TRUE(store.world.run(rig.stop()));
    }
    EXPECT_NE(salts[0], salts[1]);
}

TEST(shard_faults, a_stop_does_not_wait_for_a_deletion_that_a_full_disk_holds_up) {
    store_under_fault store(10, 1);
    store.topics[0].partitions = 40;
    shard_rig rig(store.world, boot_number(1), store.options);
    ASSERT_TRUE(store.world.run(rig.start(store.topics)));
    ASSERT_EQ(store.world.run(rig.append({store.topics[1].id, partition_id(0)}, make_test_batch(5000))).code,
              tablet_errc::ok);
    // Nothing leaves the journal any more, so that the entries of the deletions fill it.
    using kind = env::sim_disk_operation_kind;
    store.world.disk().fail_matching(
        [](const env::sim_disk_operation& operation) {
            return operation.kind == kind::reserve || operation.kind == kind::make_directory;
        },
        std::errc::no_space_on_device, 1'000'000);
    auto left = std::make_shared<std::vector<hosted_topic>>(store.topics.begin() + 1, store.topics.end());
    auto removing = store.world.start(rig.at(0).remove_topics_except(left));
    store.world.advance(std::chrono::seconds(30));
    ASSERT_FALSE(removing.done());
    auto stopping = store.world.start(rig.stop());
    EXPECT_TRUE(store.world.run_until([&] { return stopping.done() && removing.done(); }, std::chrono::minutes(1)));
    EXPECT_EQ(rig.fatal(), "");
}

}  // namespace
}  // namespace logstore
