// A topic of a whole store gets more partitions: all of them or none, whatever comes between.
#include <gtest/gtest.h>

#include "cluster/errc.h"
#include "shard/store_broker.h"
#include "shard/testing/faulted_store.h"

namespace logstore {
namespace {

class add_partitions : public ::testing::Test {
  protected:
    add_partitions() {
        store_.keep_metadata();
        store_.start();
        CHECK(store_.world.run(store_.create_topic("t", 2)));
        store_.append(6, 1500);
    }
    ~add_partitions() override { EXPECT_EQ(store_.finding(), ""); }

    result<cluster::topic> grow(std::int32_t count, bool validate_only = false, std::string topic = "t") {
        return store_.world.run(store_.rig->whole_store()->add_partitions(
            &store_.rig->at(1), std::move(topic), count, validate_only));
    }
    std::int32_t partitions(std::uint32_t shard = 0) {
        return store_.rig->whole_store()->topics(shard_id(shard))->find("t")->partition_count;
    }
    void expect_usable(std::int32_t count) {
        store_.topics[0].partitions = count;
        for (const tablet_id& tablet : store_.tablets())
            EXPECT_EQ(store_.world.run(store_.append_to(tablet, 700)).code, tablet_errc::ok);
        store_.world.run(store_.compare(false, false));
    }

    faulted_store store_{3, 2};
};

TEST_F(add_partitions, are_there_for_every_shard_when_it_is_answered) {
    const auto grown = grow(7);
    ASSERT_TRUE(grown) << grown.error().message();
    EXPECT_EQ(grown->partition_count, 7);
    for (std::uint32_t shard = 0; shard < 2; ++shard) EXPECT_EQ(partitions(shard), 7);
    expect_usable(7);
    store_.stop();
}

TEST_F(add_partitions, survive_a_kill_and_a_power_cut_with_what_was_written_to_them) {
    ASSERT_TRUE(grow(5));
    store_.kill();
    store_.start();
    EXPECT_EQ(partitions(), 5);
    expect_usable(5);
    ASSERT_TRUE(grow(9));
    store_.world.crash(7);
    store_.bury_process();
    store_.start();
    EXPECT_EQ(partitions(), 9);
    store_.world.run(store_.compare(false, true));
    expect_usable(9);
    store_.stop();
}

TEST_F(add_partitions, nothing_changes_where_it_is_refused_or_only_tried) {
    EXPECT_TRUE(grow(7, true));
    EXPECT_EQ(grow(2).error().code, cluster::errc::invalid_partition_count);
    EXPECT_EQ(grow(1).error().code, cluster::errc::invalid_partition_count);
    EXPECT_EQ(grow(1'000'000).error().code, cluster::errc::invalid_partition_count);
    EXPECT_EQ(grow(5, false, "absent").error().code, cluster::errc::unknown_topic);
    EXPECT_EQ(partitions(), 2);
    store_.stop();
}

TEST_F(add_partitions, go_with_their_topic) {
    ASSERT_TRUE(grow(6));
    expect_usable(6);
    ASSERT_TRUE(store_.world.run(store_.delete_topic("t")));
    store_.stop();
    for (const std::string& name : store_.world.disk().durable_names(store_.logs_folder()))
        EXPECT_FALSE(name.starts_with("t-")) << name;
}

TEST_F(add_partitions, are_seen_by_a_broker_of_any_shard) {
    store_broker broker(*store_.rig->whole_store(), 1);
    ASSERT_TRUE(store_.world.run(broker.add_partitions("t", 4, false), 1));
    EXPECT_EQ(broker.topics()->find("t")->partition_count, 4);
    EXPECT_TRUE(broker.log_folder().ends_with("/logs"));
    store_.topics[0].partitions = 4;
    store_.stop();
}

}  // namespace
}  // namespace logstore
