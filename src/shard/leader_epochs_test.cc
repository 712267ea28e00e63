// Epoch checkpoints of a store: the power fails at every operation around them.
#include <cstdlib>

#include <gtest/gtest.h>

#include "shard/testing/shard_rig.h"
#include "shard/testing/stored_epochs.h"

namespace logstore {
namespace {

struct store_with_epochs {
    explicit store_with_epochs(std::uint64_t seed) : world(seed), random(seed * 17) {
        topic.id = topic_id::from_random_bits(1, 1);
        topic.name = "t";
        topic.partitions = 2;
        topic.settings.log.segment_bytes = 16 * 1024;
        topic.settings.log.retention_ms = -1;
        options.journal_file_bytes = 32 * 1024;
        options.tune = [](shard_options& made) {
            made.settle_after = std::chrono::milliseconds(900);
            made.checkpoint_interval = std::chrono::milliseconds(600);
        };
    }

    tablet_id tablet(int partition) const { return {topic.id, partition_id(partition)}; }
    std::string directory(int partition) const { return fmt::format("/data/logs/t-{}", partition); }

    /// Small and large ones, then a pause in which it is checkpointed and settled, then some more.
    env::task<> append_some(shard_rig* rig) {
        for (int i = 0; i < 24 && !cut; ++i) {
            byte_vector batch = make_test_batch(70 + random.next() % (i % 4 == 0 ? 4000 : 300));
            const auto outcome = co_await rig->append(tablet(i % 2), std::move(batch));
            if (outcome.code != tablet_errc::ok) co_return;
            if (i % 10 == 9) co_await env::sleep(world.loop(), std::chrono::milliseconds(1600));
        }
    }

    /// The process ends with the power at operation `at` (0 = a clean stop); answers how many operations
    /// there were.
    std::uint64_t live(int boot, std::uint64_t at) {
        shard_rig rig(world, boot_number(boot), options);
        const std::uint64_t before = world.disk().operations();
        cut = false;
        if (at > 0) world.disk().crash_after(at, [this] { cut = true; });
        auto running = world.start(work(&rig, at == 0));
        EXPECT_TRUE(world.run_until([&] { return cut || running.done(); }));
        const std::uint64_t operations = world.disk().operations() - before;
        world.disk().cancel_crash();
        if (at > 0) world.crash(at);
        EXPECT_TRUE(world.run_until([&] { return running.done(); }));
        rig.abandon();
        return operations;
    }

    env::task<> work(shard_rig* rig, bool stops) {
        auto started = co_await rig->start({topic});
        EXPECT_TRUE(started || cut);
        if (!started) co_return;
        co_await append_some(rig);
        if (!stops || cut) co_return;
        auto stopped = co_await rig->stop();
        EXPECT_TRUE(stopped);
    }

    /// Starts, compares the files with the batches, appends and stops, compares again.
    void expect_agreement(int boot) {
        byte_vector batches[2];
        {
            shard_rig rig(world, boot_number(boot), options);
            const auto started = world.run(rig.start({topic}));
            ASSERT_TRUE(started) << started.error().message();
            compare(rig, "after the recovery");
            for (int partition = 0; partition < 2; ++partition)
                ASSERT_EQ(world.run(rig.append(tablet(partition), make_test_batch(100))).code,
                          tablet_errc::ok);
            for (int partition = 0; partition < 2; ++partition)
            {
                const auto read = world.run(rig.read_all(tablet(partition)));
                ASSERT_TRUE(read) << read.error().message();
                batches[partition] = *read;
            }
            ASSERT_TRUE(world.run(rig.stop()));
        }
        for (int partition = 0; partition < 2; ++partition)
            EXPECT_EQ(epochs_of_file(world, directory(partition), offset(0)),
                      epochs_of_batches(batches[partition], offset(0)));
    }
    void compare(shard_rig& rig, const char* when) {
        for (int partition = 0; partition < 2; ++partition) {
            const auto batches = world.run(rig.read_all(tablet(partition)));
            ASSERT_TRUE(batches);
            if (batches->empty()) continue;
            EXPECT_EQ(epochs_of_file(world, directory(partition), offset(0)),
                      epochs_of_batches(*batches, offset(0)))
                << when;
        }
    }

    env::sim_world world;
    env::sim_random random;
    hosted_topic topic;
    shard_rig::options options;
    bool cut = false;
};

/// Life 1 ends well; in life 2 the power fails at operation `at`, then again in the recovery after it; life 4
/// must agree.
std::uint64_t cut_power_at(std::uint64_t at, std::uint64_t again_at) {
    SCOPED_TRACE(fmt::format("power cut at {} and {}", at, again_at));
    store_with_epochs store(11);
    store.live(1, 0);
    const std::uint64_t operations = store.live(2, at);
    if (again_at > 0) store.live(3, again_at);
    store.expect_agreement(4);
    return operations;
}

TEST(leader_epochs, the_files_agree_with_the_batches_after_a_power_cut_at_any_operation) {
    const std::uint64_t operations = cut_power_at(1'000'000, 0);
    ASSERT_GT(operations, 100u);
    // Every second; each one where time is no matter.
    const std::uint64_t step = std::getenv("LOGSTORE_THOROUGH") != nullptr ? 1 : 2;
    for (std::uint64_t at = 1; at <= operations && !::testing::Test::HasFailure(); at += step)
        cut_power_at(at, at % 3 == 0 ? 1 + at % 60 : 0);
}

TEST(leader_epochs, a_clean_start_and_stop_without_appends_touches_no_tablet) {
    store_with_epochs store(12);
    store.live(1, 0);
    shard_rig rig(store.world, boot_number(2), store.options);
    const std::uint64_t before = store.world.disk().operations();
    ASSERT_TRUE(store.world.run(rig.start({store.topic})));
    ASSERT_TRUE(store.world.run(rig.stop()));
    for (const auto& operation : store.world.disk().trace()) {
        const bool is_of_a_tablet = operation.number > before && operation.path.starts_with("/data/logs/");
        EXPECT_FALSE(is_of_a_tablet) << env::name_of(operation.kind) << " " << operation.path;
    }
}

}  // namespace
}  // namespace logstore
