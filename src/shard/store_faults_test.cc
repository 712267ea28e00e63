// Faults that only a whole store, with its metadata, can meet.
#include <gtest/gtest.h>

#include "shard/testing/faulted_store.h"

namespace logstore {
namespace {

class store_faults : public ::testing::Test {
  protected:
    /// A store that stopped cleanly, with records in the segments of one tablet.
    store_faults() {
        store_.keep_metadata();
        store_.start();
        CHECK(store_.world.run(store_.create_topic("t", 1)));
        store_.append(4, 2000);
        store_.stop();
    }
    std::string owner_file() const { return store_.logs_folder() + "/t-0/partition.metadata"; }
    void expect_start_refused() {
        const auto started = store_.world.run(store_.start_somehow());
        ASSERT_FALSE(started);
        EXPECT_NE(started.error().message().find("t-0"), std::string::npos) << started.error().message();
        store_.bury_process();
    }
    void expect_everything() {
        store_.start();
        store_.world.run(store_.compare(false, true));
        EXPECT_EQ(store_.finding(), "");
        EXPECT_GE(store_.ledger.acknowledged(), 4u);
        store_.stop();
    }

    faulted_store store_{1, 1};
};

TEST_F(store_faults, a_directory_whose_owner_cannot_be_read_stops_the_start_and_stays_where_it_is) {
    // One EIO moved a tablet with acknowledged records to the quarantine, and the store went on without them.
    for (const auto which : {env::sim_disk_operation_kind::open, env::sim_disk_operation_kind::size,
                             env::sim_disk_operation_kind::read}) {
        store_.world.disk().fail_matching(env::sim_disk_operations(which, "t-0/partition.metadata"),
                                          std::errc::io_error);
        expect_start_refused();
        store_.world.disk().clear_faults();
        expect_everything();
    }
}

TEST_F(store_faults, a_directory_whose_owner_is_damaged_stops_the_start_and_stays_where_it_is) {
    const auto content = store_.world.disk().durable_contents(owner_file());
    ASSERT_TRUE(content);
    const byte_vector damaged(content->size(), std::byte{'x'});
    store_.world.disk().overwrite_media(owner_file(), 0, damaged);
    store_.world.disk().drop_caches();
    expect_start_refused();
    store_.world.disk().overwrite_media(owner_file(), 0, *content);
    store_.world.disk().drop_caches();
    expect_everything();
}

}  // namespace
}  // namespace logstore
