// Batches of the largest size over small journal files: every file is reused again and again, then the power
// fails.
#include <algorithm>

#include <gtest/gtest.h>

#include "env/gate.h"
#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

constexpr std::uint64_t journal_file_bytes = std::uint64_t(4) << 20;
constexpr std::size_t batch_bytes = std::size_t(1) << 20;
constexpr int tablets = 5;

class large_batches : public ::testing::TestWithParam<int> {
  protected:
    struct stored_batch {
        std::uint32_t crc;
        std::size_t bytes;
        bool operator==(const stored_batch&) const = default;
    };
    struct call final : append_call {
        large_batches* test;
        stored_batch sent;
        env::gate* open;
        void on_appended() override {
            if (outcome.code == tablet_errc::ok)
                test->acknowledged_[tablet.partition.value()].emplace(outcome.base_offset.value(), sent);
            else
                EXPECT_TRUE(test->cut_) << static_cast<int>(outcome.code);
            open->leave();
            delete this;
        }
    };

    large_batches()
        : world_(static_cast<std::uint64_t>(GetParam())),
          random_(static_cast<std::uint64_t>(GetParam()) * 101) {
        topic_.id = topic_id::from_random_bits(1, 1);
        topic_.name = "large";
        topic_.partitions = tablets;
        topic_.settings.log.segment_bytes = 12 * batch_bytes;
        topic_.settings.log.retention_ms = -1;
        options_.journal_file_bytes = journal_file_bytes;
        options_.pinned_bytes_max = 16 * batch_bytes;
        options_.tune = [](shard_options& made) { made.tail_cache_bytes_max = 4 * batch_bytes; };
    }

    tablet_id tablet(int partition) const { return {topic_.id, partition_id(partition)}; }

    void append(shard_rig* rig, env::gate* open) {
        auto* made = new call;
        made->test = this;
        made->tablet = tablet(static_cast<int>(random_.next() % tablets));
        // Mostly the largest; small ones leave ragged ends between them.
        const std::size_t bytes =
            random_.next() % 5 == 0 ? 61 + random_.next() % 9000 : batch_bytes - random_.next() % 3;
        auto batch = std::make_shared<byte_vector>(
            make_test_batch(bytes, 1, 1000, static_cast<std::uint8_t>(random_.next())));
        made->sent = {read_record_batch_header(*batch)->crc, bytes};
        made->batch = *batch;
        made->owner = batch;
        made->open = open;
        CHECK(open->enter());
        rig->at(0).append(*made);
    }

    env::task<> append_many(shard_rig* rig, int bursts) {
        env::gate open;
        for (int burst = 0; burst < bursts && !cut_; ++burst) {
            for (int i = 0; i < 6; ++i) append(rig, &open);
            co_await env::sleep(world_.loop(), std::chrono::milliseconds(random_.next() % 8));
        }
        co_await open.close();
    }

    /// Through nothing but reads.
    void expect_all(shard_rig& rig) {
        for (int partition = 0; partition < tablets; ++partition) {
            const auto read = world_.run(rig.read_all(tablet(partition)));
            ASSERT_TRUE(read) << read.error().message();
            std::map<std::int64_t, stored_batch> found;
            std::int64_t next = 0;
            for (bytes_view rest = *read; !rest.empty();) {
                const auto header = *read_record_batch_header(rest);
                ASSERT_EQ(header.base_offset.value(), next);
                next = header.next().value();
                found.emplace(header.base_offset.value(), stored_batch{header.crc, header.size_bytes()});
                rest = rest.subspan(header.size_bytes());
            }
            for (const auto& [at, batch] : acknowledged_[partition]) {
                ASSERT_TRUE(found.contains(at))
                    << "partition " << partition << ", offset " << at << " is lost";
                EXPECT_EQ(found[at], batch) << "partition " << partition << ", offset " << at;
            }
        }
    }

    env::sim_world world_;
    env::sim_random random_;
    hosted_topic topic_;
    shard_rig::options options_;
    std::map<std::int64_t, stored_batch> acknowledged_[tablets];
    bool cut_ = false;
};

TEST_P(large_batches, survive_a_power_cut_while_every_journal_file_is_reused) {
    {
        shard_rig rig(world_, boot_number(1), options_);
        ASSERT_TRUE(world_.run(rig.start({topic_})));
        world_.run(append_many(&rig, 12));
        world_.disk().crash_after(1 + random_.next() % 120, [this] { cut_ = true; });
        auto running = world_.start(append_many(&rig, 12));
        ASSERT_TRUE(world_.run_until([&] { return cut_ || running.done(); }));
        // Each of the four files was let go more than once.
        EXPECT_GE(rig.at(0).appends().counters().files_released, 8u);
        EXPECT_EQ(rig.fatal(), "");
        cut_ = true;
        world_.disk().cancel_crash();
        world_.crash(random_.next());
        ASSERT_TRUE(world_.run_until([&] { return running.done(); }));
        rig.abandon();
        cut_ = false;
    }
    for (int boot = 2; boot < 4; ++boot) {
        shard_rig rig(world_, boot_number(boot), options_);
        const auto started = world_.run(rig.start({topic_}));
        ASSERT_TRUE(started) << started.error().message();
        expect_all(rig);
        world_.run(append_many(&rig, 4));
        expect_all(rig);
        ASSERT_TRUE(world_.run(rig.stop()));
        EXPECT_EQ(rig.at(0).storage().pinned_bytes, 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, large_batches, ::testing::Range(1, 6));

}  // namespace
}  // namespace logstore
