#include "cluster/metadata_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/testing/simulated_process.h"

namespace logstore::cluster {
namespace {

metadata_changes change(std::int64_t revision, std::size_t value_bytes) {
    metadata_changes out;
    out.revision = metadata_revision(revision);
    out.changes.push_back({{"k", byte_vector(value_bytes), metadata_revision(1), out.revision}, false});
    return out;
}

/// The revisions a watch from `after` is told, 0 for a gap.
std::vector<std::int64_t> told(simulated_process& process, metadata_history& history, std::int64_t after) {
    std::vector<std::int64_t> revisions;
    const auto watch = history.watch("", metadata_revision(after), [&](const metadata_changes& seen) {
        revisions.push_back(seen.gap ? 0 : seen.revision.value());
    });
    process.scheduler.run_until_idle();
    return revisions;
}

TEST(metadata_history, forgets_the_oldest_transactions_beyond_their_number) {
    simulated_process process;
    metadata_history history(process.loop, no_revision);
    const auto count = static_cast<std::int64_t>(metadata_history::transactions_max);
    for (std::int64_t i = 1; i <= count + 5; ++i) history.publish(change(i, 1));
    EXPECT_THAT(told(process, history, 4), testing::ElementsAre(0));
    EXPECT_EQ(told(process, history, 5).size(), metadata_history::transactions_max);
    EXPECT_EQ(told(process, history, 5).front(), 6);
}

TEST(metadata_history, forgets_the_oldest_transactions_beyond_their_bytes) {
    simulated_process process;
    metadata_history history(process.loop, no_revision);
    const std::size_t third = metadata_history::bytes_max / 3;
    for (std::int64_t i = 1; i <= 4; ++i) history.publish(change(i, third));
    EXPECT_THAT(told(process, history, 1), testing::ElementsAre(0));
    EXPECT_THAT(told(process, history, 2), testing::ElementsAre(3, 4));
    history.publish(change(5, 10 * third));
    EXPECT_THAT(told(process, history, 4), testing::ElementsAre(5))
        << "the last one is kept whatever its size";
}

}  // namespace
}  // namespace logstore::cluster
