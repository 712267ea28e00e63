#include "cluster/store_identity.h"

#include <set>

#include <gtest/gtest.h>

#include "cluster/memory_metadata_store.h"
#include "cluster/testing/simulated_process.h"
#include "model/topic_id.h"

namespace logstore::cluster {
namespace {

class store_identity_test : public testing::Test {
  protected:
    ~store_identity_test() override { process.wait(store.close()); }

    result<store_identity> boot() { return process.wait(begin_boot(&store, &process.random)); }
    void store_value(byte_vector value) {
        ASSERT_TRUE(
            process.wait(store.transact(metadata_transaction().put("store/identity", std::move(value)))));
    }

    simulated_process process;
    memory_metadata_store store{process.loop};
};

TEST_F(store_identity_test, each_start_counts_one_more_and_keeps_the_cluster_id) {
    const auto first = boot().value();
    EXPECT_EQ(first.boot, boot_number(1));
    EXPECT_TRUE(topic_id::from_text(first.cluster_id));
    for (std::int32_t i = 2; i <= 5; ++i) {
        const auto next = boot().value();
        EXPECT_EQ(next.boot, boot_number(i));
        EXPECT_EQ(next.cluster_id, first.cluster_id);
    }
}

TEST_F(store_identity_test, starts_at_the_same_moment_get_different_numbers) {
    std::vector<env::sim_running<result<store_identity>>> running;
    for (int i = 0; i < 5; ++i)
        running.push_back(env::start(process.loop, begin_boot(&store, &process.random)));
    process.scheduler.run_until_idle();
    std::set<boot_number> numbers;
    std::set<std::string> clusters;
    for (auto& each : running) {
        const auto identity = each.take().value();
        numbers.insert(identity.boot);
        clusters.insert(identity.cluster_id);
    }
    EXPECT_EQ(numbers.size(), 5u);
    EXPECT_EQ(*numbers.rbegin(), boot_number(5));
    EXPECT_EQ(clusters.size(), 1u);
}

TEST_F(store_identity_test, a_number_whose_write_has_an_unknown_outcome_is_not_used) {
    ASSERT_TRUE(boot());
    store.fail_transactions_after(0, errc::unknown_outcome);
    EXPECT_EQ(boot().error().code, errc::unknown_outcome);
    store.stop_failing();
    EXPECT_EQ(boot()->boot, boot_number(3));
}

TEST_F(store_identity_test, a_damaged_or_newer_identity_is_refused) {
    store_value({});
    EXPECT_EQ(boot().error().code, errc::corrupt);
    store_value(byte_vector(31, std::byte{1}));
    EXPECT_EQ(boot().error().code, errc::corrupt);
    store_value({std::byte{2}});
    EXPECT_EQ(boot().error().code, errc::unsupported_version);
}

}  // namespace
}  // namespace logstore::cluster
