#include "shard/shard.h"

#include <gtest/gtest.h>

#include "env/completion.h"
#include "shard/testing/shard_rig.h"
#include "shard/testing/stored_segments.h"

namespace logstore {
namespace {

hosted_topic make_topic(std::string name, std::int32_t partitions, std::uint64_t number) {
    hosted_topic topic;
    topic.id = topic_id::from_random_bits(number, number);
    topic.name = std::move(name);
    topic.partitions = partitions;
    return topic;
}

TEST(shard, what_is_appended_is_read_back) {
    env::sim_world world(1);
    const hosted_topic topic = make_topic("t", 1, 1);
    shard_rig rig(world, boot_number(1), {});
    ASSERT_TRUE(world.run(rig.start({topic})));
    const tablet_id tablet{topic.id, partition_id(0)};
    for (int i = 0; i < 10; ++i) {
        const auto outcome = world.run(rig.append(tablet, make_test_batch(100 + i * 500)));
        ASSERT_EQ(outcome.code, tablet_errc::ok);
        EXPECT_EQ(outcome.base_offset, offset(i));
    }
    const auto read = world.run(rig.read_all(tablet));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 10 * 100 + 45 * 500);
    ASSERT_TRUE(world.run(rig.stop()));
}

TEST(shard, a_clean_stop_cuts_what_a_killed_run_had_reserved) {
    env::sim_world world(3);
    const hosted_topic topic = make_topic("t", 2, 1);
    const auto live = [&](int boot, int appends, env::duration pause, bool is_killed) {
        shard_rig rig(world, boot_number(boot), {});
        ASSERT_TRUE(world.run(rig.start({topic})));
        for (int i = 0; i < appends; ++i)
            ASSERT_EQ(world.run(rig.append({topic.id, partition_id(i % 2)}, make_test_batch(3000))).code,
                      tablet_errc::ok);
        world.advance(pause);
        if (is_killed) {
            world.kill(1);
            rig.abandon();
        } else {
            ASSERT_TRUE(world.run(rig.stop()));
        }
    };
    const auto expect_exact = [&] {
        ASSERT_EQ(stored_segments(world).size(), 2u);
        for (const std::string& path : stored_segments(world))
            EXPECT_TRUE(holds_whole_batches(world, path)) << path;
    };
    live(1, 20, std::chrono::seconds(20), true);
    EXPECT_FALSE(holds_whole_batches(world, stored_segments(world).at(0)));
    live(2, 0, {}, false);
    expect_exact();
    const std::uint64_t before = world.disk().operations();
    live(3, 0, {}, false);
    for (const auto& operation : world.disk().trace())
        EXPECT_FALSE(operation.number > before && operation.path.ends_with(".log")) << operation.path;
    // Killed before any recovery point of that run: the points still say what the clean stop left.
    live(4, 2, {}, true);
    live(5, 0, {}, false);
    expect_exact();
}

class retention_by_age : public ::testing::Test {
  protected:
    retention_by_age() {
        topic_.settings.log.retention_ms = 24 * 3600 * 1000;
        options_.tune = [](shard_options& made) { made.retention_interval = std::chrono::minutes(1); };
    }
    std::unique_ptr<shard_rig> start() {
        auto rig = std::make_unique<shard_rig>(world_, boot_number(++boot_), options_);
        EXPECT_TRUE(world_.run(rig->start({topic_})));
        return rig;
    }
    void append(shard_rig& rig) {
        const std::int64_t now = world_.time().wall_now().value();
        for (int i = 0; i < 20; ++i)
            ASSERT_EQ(world_.run(rig.append(tablet_, make_test_batch(3000, 1, now))).code, tablet_errc::ok);
    }
    std::uint64_t bytes_read_by_retention(shard_rig& rig) {
        const std::uint64_t before = rig.at(0).storage().counters.file_bytes_read;
        world_.advance(std::chrono::minutes(3));
        return rig.at(0).storage().counters.file_bytes_read - before;
    }
    void kill(shard_rig& rig) {
        world_.kill(1);
        rig.abandon();
    }

    env::sim_world world_{4};
    hosted_topic topic_ = make_topic("t", 1, 1);
    const tablet_id tablet_{topic_.id, partition_id(0)};
    shard_rig::options options_;
    int boot_ = 0;
};

TEST_F(retention_by_age, reads_no_active_segment_after_a_stop_or_a_kill) {
    auto rig = start();
    append(*rig);
    ASSERT_TRUE(world_.run(rig->stop()));
    rig = start();
    EXPECT_EQ(bytes_read_by_retention(*rig), 0u);
    append(*rig);  // all in the journal when it is killed
    kill(*rig);
    rig = start();
    EXPECT_EQ(bytes_read_by_retention(*rig), 0u);
    append(*rig);
    world_.advance(std::chrono::minutes(1));  // settled
    kill(*rig);
    rig = start();
    EXPECT_EQ(bytes_read_by_retention(*rig), 0u);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST_F(retention_by_age, counts_the_records_that_only_the_journal_held) {
    auto rig = start();
    append(*rig);
    ASSERT_TRUE(world_.run(rig->stop()));
    world_.advance(std::chrono::hours(20));
    rig = start();
    append(*rig);
    kill(*rig);
    rig = start();
    world_.advance(std::chrono::hours(5));
    EXPECT_EQ(world_.run(rig->read_all(tablet_))->size(), 40u * 3000);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST_F(retention_by_age, removes_an_idle_log_after_a_start_when_its_newest_record_is_too_old) {
    auto rig = start();
    append(*rig);
    ASSERT_TRUE(world_.run(rig->stop()));
    rig = start();
    world_.advance(std::chrono::hours(23));
    list_offset_request earliest;
    earliest.tablet = tablet_;
    earliest.query = offset_query::earliest;
    EXPECT_EQ(world_.run(rig->at(0).list_offset(earliest)).found_offset, 0);
    world_.advance(std::chrono::hours(2));
    EXPECT_EQ(world_.run(rig->at(0).list_offset(earliest)).found_offset, 20);
    EXPECT_EQ(stored_segments(world_).size(), 0u);
    EXPECT_EQ(rig->at(0).storage().counters.file_bytes_read, 0u);
    append(*rig);
    ASSERT_TRUE(world_.run(rig->stop()));
    EXPECT_EQ(stored_segments(world_).size(), 1u);
    rig = start();
    EXPECT_EQ(world_.run(rig->at(0).list_offset(earliest)).found_offset, 20);
    EXPECT_EQ(world_.run(rig->read_all(tablet_))->size(), 20u * 3000);
    ASSERT_TRUE(world_.run(rig->stop()));
}

TEST(shard, after_a_clean_stop_everything_is_there_with_another_shard_count) {
    env::sim_world world(2, 2);
    const hosted_topic topic = make_topic("t", 3, 1);
    shard_rig::options options;
    options.shards = 2;
    byte_vector before[3];
    {
        shard_rig rig(world, boot_number(1), options);
        ASSERT_TRUE(world.run(rig.start({topic})));
        for (int i = 0; i < 300; ++i) {
            const tablet_id tablet{topic.id, partition_id(i % 3)};
            ASSERT_EQ(world.run(rig.append(tablet, make_test_batch(100 + i * 7))).code, tablet_errc::ok);
        }
        for (int p = 0; p < 3; ++p) before[p] = *world.run(rig.read_all({topic.id, partition_id(p)}));
        ASSERT_TRUE(world.run(rig.stop()));
    }
    options.shards = 1;
    shard_rig rig(world, boot_number(2), options);
    const auto started = world.run(rig.start({topic}));
    ASSERT_TRUE(started) << started.error().message();
    EXPECT_EQ(rig.recovered().replayed_bytes, 0u);
    for (int p = 0; p < 3; ++p) EXPECT_EQ(*world.run(rig.read_all({topic.id, partition_id(p)})), before[p]);
    ASSERT_TRUE(world.run(rig.stop()));
}

struct crash_run {
    std::uint64_t operations = 0;  // of the first process, when it was not cut
    std::uint64_t recovery_operations = 0;
};

env::task<> append_randomly(shard_rig* rig, std::vector<hosted_topic> topics, env::sim_random* random,
                            std::map<tablet_id, byte_vector>* acknowledged, int count, leader_epoch epoch) {
    auto started = co_await rig->start(topics);
    if (!started) co_return;
    for (int i = 0; i < count; ++i) {
        const hosted_topic& topic = topics[random->next() % topics.size()];
        const tablet_id tablet{topic.id, partition_id(static_cast<std::int32_t>(random->next() % topic.partitions))};
        byte_vector batch = make_test_batch(70 + random->next() % 6000, 1, i, static_cast<std::uint8_t>(i));
        const append_outcome outcome = co_await rig->append(tablet, batch);
        if (outcome.code != tablet_errc::ok) co_return;
        assign_record_batch(batch.data(), outcome.base_offset, epoch);
        byte_vector& all = (*acknowledged)[tablet];
        all.insert(all.end(), batch.begin(), batch.end());
    }
    co_await rig->stop();
}

/// Appends until the power fails at the n-th operation (0 = never), recovers while it fails again at the m-th, recovers again,
/// and compares what is read with what was acknowledged.
crash_run crash_and_compare(std::uint64_t seed, std::uint64_t crash_at, std::uint64_t second_crash_at) {
    SCOPED_TRACE(fmt::format("seed {} crash at {} and {}", seed, crash_at, second_crash_at));
    crash_run figures;
    env::sim_world world(seed);
    std::vector<hosted_topic> topics{make_topic("a", 2, 1), make_topic("b", 1, 2)};
    for (auto& topic : topics) topic.settings.log.segment_bytes = 24 * 1024;
    shard_rig::options options;
    options.journal_file_bytes = 32 * 1024;
    options.pinned_bytes_max = 64 * 1024;
    std::map<tablet_id, byte_vector> acknowledged;
    env::sim_random random(seed * 7919);
    {
        shard_rig rig(world, boot_number(1), options);
        bool cut = false;
        if (crash_at > 0) world.disk().crash_after(crash_at, [&] { cut = true; });
        auto running = world.start(append_randomly(&rig, topics, &random, &acknowledged, 60, leader_epoch(1)));
        EXPECT_TRUE(world.run_until([&] { return cut || running.done(); }));
        figures.operations = world.disk().operations();
        world.disk().cancel_crash();
        world.crash(seed + crash_at);
        EXPECT_TRUE(world.run_until([&] { return running.done(); }));
        rig.abandon();
    }
    {
        shard_rig rig(world, boot_number(2), options);
        bool cut = false;
        const std::uint64_t before = world.disk().operations();
        if (second_crash_at > 0) world.disk().crash_after(second_crash_at, [&] { cut = true; });
        auto running = world.start(rig.start(topics));
        EXPECT_TRUE(world.run_until([&] { return cut || running.done(); }));
        figures.recovery_operations = world.disk().operations() - before;
        world.disk().cancel_crash();
        world.crash(seed + second_crash_at + 1);
        EXPECT_TRUE(world.run_until([&] { return running.done(); }));
        rig.abandon();
    }
    shard_rig rig(world, boot_number(3), options);
    const auto started = world.run(rig.start(topics));
    EXPECT_TRUE(started) << started.error().message();
    if (!started) return figures;
    for (const auto& [tablet, expected] : acknowledged) {
        const auto read = world.run(rig.read_all(tablet));
        EXPECT_TRUE(read) << read.error().message();
        if (!read) continue;
        EXPECT_GE(read->size(), expected.size());
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), read->begin()));
        // An append goes on after the recovered end.
        EXPECT_EQ(world.run(rig.append(tablet, make_test_batch(100))).code, tablet_errc::ok);
    }
    EXPECT_TRUE(world.run(rig.stop()));
    return figures;
}

TEST(shard, survives_a_power_cut_at_every_operation) {
    const crash_run whole = crash_and_compare(1, 0, 0);
    for (std::uint64_t at = 1; at <= whole.operations && !testing::Test::HasFailure(); ++at) crash_and_compare(1, at, 0);
}

TEST(shard, survives_a_power_cut_at_every_operation_of_the_recovery) {
    const std::uint64_t middle = crash_and_compare(2, 0, 0).operations * 3 / 4;
    const std::uint64_t recovery = crash_and_compare(2, middle, 0).recovery_operations;
    for (std::uint64_t at = 1; at <= recovery && !testing::Test::HasFailure(); ++at) crash_and_compare(2, middle, at);
}

}  // namespace
}  // namespace logstore
