// Cutting a segment to its length when its last block settled earlier. Found by power cuts on XFS: cutting a file zeroes the
// rest of its last block, and so writes acknowledged bytes again that the journal had long let go.
#include <gtest/gtest.h>

#include <functional>

#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

constexpr std::size_t segment_bytes = 16 * 1024;

struct one_tablet_store {
    explicit one_tablet_store(std::uint64_t seed) : world(seed, 1) {
        topics.resize(1);
        topics[0].id = tablet.topic;
        topics[0].name = "t";
        topics[0].partitions = 1;
        topics[0].settings.log.segment_bytes = segment_bytes;
        topics[0].settings.log.retention_ms = -1;
        options.tune = [](shard_options& made) { made.settle_after = std::chrono::milliseconds(50); };
    }

    void append(shard_rig& rig, std::size_t bytes) {
        ASSERT_EQ(world.run(rig.append(tablet, make_test_batch(bytes))).code, tablet_errc::ok);
        acknowledged_bytes += bytes;
    }
    void wait() { world.advance(std::chrono::seconds(3)); }

    const tablet_id tablet{topic_id::from_random_bits(1, 1), partition_id(0)};
    env::sim_world world;
    std::vector<hosted_topic> topics;
    shard_rig::options options;
    std::size_t acknowledged_bytes = 0;
};

using scenario = std::function<env::task<>(one_tablet_store*, shard_rig*)>;

env::task<> append_more(one_tablet_store* store, shard_rig* rig, std::size_t bytes) {
    const append_outcome outcome = co_await rig->append(store->tablet, make_test_batch(bytes));
    if (outcome.code == tablet_errc::ok) store->acknowledged_bytes += bytes;
    co_await env::sleep(store->world.loop(), std::chrono::seconds(3));
}

env::task<> stop(shard_rig* rig) {
    auto stopped = co_await rig->stop();
    (void)stopped;
}

/// How the run ended that made the last block. After a kill the recovery has padded it, and no journal holds it any more.
enum class ended { by_stop, by_kill };

/// A tablet's last block settles, then `action` runs until the power fails at operation `at`. False when it had fewer.
bool cut_during(const scenario& action, ended first_run, std::uint64_t at, std::uint64_t seed) {
    SCOPED_TRACE(fmt::format("power cut at {}, seed {}", at, seed));
    one_tablet_store store(seed);
    auto rig = std::make_unique<shard_rig>(store.world, boot_number(1), store.options);
    EXPECT_TRUE(store.world.run(rig->start(store.topics)));
    store.append(*rig, 5000);
    store.wait();
    if (first_run == ended::by_stop) {
        EXPECT_TRUE(store.world.run(rig->stop()));
    } else {
        store.world.kill(seed);
        rig->abandon();
    }
    rig = std::make_unique<shard_rig>(store.world, boot_number(2), store.options);
    EXPECT_TRUE(store.world.run(rig->start(store.topics)));
    bool cut = false;
    store.world.disk().crash_after(at, [&cut] { cut = true; });
    auto acting = store.world.start(action(&store, rig.get()));
    store.world.run_until([&] { return cut || acting.done(); });
    store.world.disk().cancel_crash();
    store.world.crash(seed);
    store.world.run_until([&] { return acting.done(); });
    rig->abandon();
    rig = std::make_unique<shard_rig>(store.world, boot_number(3), store.options);
    EXPECT_TRUE(store.world.run(rig->start(store.topics)));
    const auto all = store.world.run(rig->read_all(store.tablet));
    EXPECT_TRUE(all) << all.error().message();
    if (all) EXPECT_GE(all->size(), store.acknowledged_bytes);
    EXPECT_TRUE(store.world.run(rig->stop()));
    return cut;
}

void cut_everywhere_during(ended first_run, const scenario& action) {
    std::uint64_t at = 0;
    for (bool cut = true; cut && !::testing::Test::HasFailure();) {
        ++at;
        for (std::uint64_t seed = 1; seed <= 4; ++seed) cut = cut_during(action, first_run, at, seed);
    }
    EXPECT_GT(at, 5u);
}

TEST(exact_lengths, sealing_a_segment_that_settled_puts_its_last_block_at_no_risk) {
    cut_everywhere_during(ended::by_kill, [](one_tablet_store* store, shard_rig* rig) {
        return append_more(store, rig, segment_bytes - 1000);
    });
}

TEST(exact_lengths, a_clean_stop_puts_the_last_block_of_an_idle_tablet_at_no_risk) {
    cut_everywhere_during(ended::by_kill, [](one_tablet_store*, shard_rig* rig) { return stop(rig); });
}

TEST(exact_lengths, growing_again_after_a_clean_stop_puts_the_last_block_at_no_risk) {
    cut_everywhere_during(ended::by_stop, [](one_tablet_store* store, shard_rig* rig) { return append_more(store, rig, 3000); });
}

}  // namespace
}  // namespace logstore
