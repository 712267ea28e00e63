// What the storage does, one operation after another, through every fault of the disk (docs/reliability.md
// has the matrix).
#include "shard/testing/fault_matrix.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

using namespace std::chrono_literals;

// ---- shapes

void checkpoints_often(faulted_store& store) {
    store.tune([](shard_options& made) { made.checkpoint_interval = 400ms; });
}

void settles_soon(faulted_store& store) {
    store.tune([](shard_options& made) { made.settle_after = 200ms; });
}

/// One tablet gets more than the megabyte that is written behind at once.
void takes_megabytes(faulted_store& store) {
    store.options.journal_file_bytes = 1 << 20;
    store.options.pinned_bytes_max = 4 << 20;
    store.topics[0].partitions = 1;
    store.topics[0].settings.log.segment_bytes = 1 << 30;
}

void retains_little(faulted_store& store) {
    store.topics[0].settings.log.segment_bytes = 8 * 1024;
    store.topics[0].settings.log.retention_bytes = 24 * 1024;
    store.tune([](shard_options& made) {
        made.retention_interval = 600ms;
        made.checkpoint_interval = 400ms;
    });
}

void has_two_topics(faulted_store& store) {
    store.add_topic("b", 2);
    checkpoints_often(store);
}

/// A whole store; its topics are made while it runs.
void is_a_store(faulted_store& store) {
    store.keep_metadata();
    checkpoints_often(store);
}

// ---- what comes before

void running(faulted_store& store) {
    store.start();
}

void running_with_records(faulted_store& store) {
    store.start();
    store.append(8, 1500);
}

void stopped_with_records(faulted_store& store) {
    running_with_records(store);
    store.stop();
}

void killed_with_records(faulted_store& store) {
    running_with_records(store);
    store.kill();
}

void store_with_topics(faulted_store& store) {
    store.start();
    for (const char* name : {"a", "b"}) CHECK(store.world.run(store.create_topic(name, 2)));
    store.append(8, 1500);
}

void killed_store(faulted_store& store) {
    store_with_topics(store);
    store.kill();
}

// ---- operations

env::task<> append(faulted_store* store) {
    co_await store->append_each(4, 700);
    co_await store->append_together(6, 1500);
    co_await store->compare(true, false);
}

env::task<> append_and_wait(faulted_store* store) {
    for (int round = 0; round < 2; ++round) {
        co_await store->append_each(4, 2500);
        co_await store->wait(1200ms);
    }
}

env::task<> roll(faulted_store* store) {
    co_await store->append_each(10, 6000);
    co_await store->wait(1200ms);
    co_await store->append_each(4, 6000);
    co_await store->compare(true, false);
}

env::task<> append_megabytes(faulted_store* store) {
    co_await store->append_together(30, 64 << 10);
    co_await store->append_each(1, 64 << 10);
}

env::task<> fill_memory(faulted_store* store) {
    co_await store->append_together(40, 2500);
    co_await store->compare(true, false);
}

env::task<> fill_journal(faulted_store* store) {
    co_await store->append_each(36, 6000);
}

env::task<> outgrow_retention(faulted_store* store) {
    co_await store->append_each(20, 4000);
    co_await store->wait(1500ms);
    co_await store->append_each(8, 4000);
    co_await store->wait(1500ms);
}

env::task<> start_again(faulted_store* store) {
    auto started = co_await store->start_somehow();
    if (started) co_await store->append_each(2, 500);
}

env::task<> stop(faulted_store* store) {
    co_await store->append_each(3, 800);
    auto stopped = co_await store->stop_somehow();
    (void)stopped;
}

/// The first batch of an epoch has its name in the epoch checkpoint before the journal lets go of it.
env::task<> begin_epoch(faulted_store* store) {
    auto started = co_await store->start_somehow();
    if (!started) co_return;
    co_await store->append_each(4, 500);
    co_await store->wait(1200ms);
}

env::task<> create_topic(faulted_store* store) {
    auto created = co_await store->create_topic("c", 3);
    if (!created) co_return;
    co_await store->append_each(6, 5000);
    co_await store->wait(1200ms);
}

env::task<> delete_topic(faulted_store* store) {
    auto deleted = co_await store->delete_topic("b");
    if (!deleted) co_return;
    co_await store->append_each(2, 500);
    auto created = co_await store->create_topic("b", 1);
    if (!created) co_return;
    co_await store->append_each(4, 3000);
    co_await store->wait(1200ms);
}

/// With appends under way to what goes.
env::task<> delete_and_create(faulted_store* store) {
    env::gate beside;
    env::spawn(beside, store->append_each(8, 2500));
    auto deleted = co_await store->delete_topic("b");
    auto created = co_await store->create_topic("c", 3);
    co_await beside.close();
    if (deleted) created = co_await store->create_topic("b", 1);
    co_await store->append_each(6, 2500);
    co_await store->wait(1200ms);
}

/// Into a segment, to its end, and of everything; with appends under way.
env::task<> delete_records(faulted_store* store) {
    env::gate beside;
    env::spawn(beside, store->append_each(8, 2500));
    for (const std::int64_t records_left : {7, 1, 0}) {
        for (std::size_t n = 0; n < 2; ++n) {
            const log_start_outcome moved =
                co_await store->delete_records(store->nth_tablet(n), records_left);
            (void)moved;
        }
        co_await store->wait(700ms);
    }
    co_await beside.close();
    co_await store->append_each(2, 700);
}

env::task<> add_partitions(faulted_store* store) {
    env::gate beside;
    env::spawn(beside, store->append_each(6, 2500));
    auto grown = co_await store->add_partitions("b", 5);
    co_await beside.close();
    if (grown) grown = co_await store->add_partitions("a", 3);
    co_await store->append_each(8, 2500);
    co_await store->wait(1200ms);
}

const fault_scenario append_scenario{"append", 2, nullptr, running, append};
const fault_scenario roll_scenario{"roll", 1, checkpoints_often, running, roll};
const fault_scenario write_behind_scenario{"write_behind",   1,   takes_megabytes, running,
                                           append_megabytes, true};
const fault_scenario memory_pressure_scenario{"memory_pressure", 1, nullptr, running_with_records,
                                              fill_memory};
const fault_scenario settle_scenario{"settle", 1, settles_soon, running_with_records, append_and_wait};
const fault_scenario checkpoint_scenario{"checkpoint", 1, checkpoints_often, running_with_records,
                                         append_and_wait};
const fault_scenario journal_reuse_scenario{"journal_reuse", 1, nullptr, running, fill_journal, true};
const fault_scenario recover_scenario{"recover", 2, nullptr, killed_with_records, start_again};
const fault_scenario move_log_start_scenario{"move_log_start", 1, retains_little, running, outgrow_retention};
const fault_scenario delete_records_scenario{"delete_records", 1, retains_little, running_with_records,
                                             delete_records};
const fault_scenario delete_topic_scenario{"delete_topic", 1, has_two_topics, running_with_records,
                                           delete_topic};
const fault_scenario create_topic_scenario{"create_topic", 1, checkpoints_often, running_with_records,
                                           create_topic};
const fault_scenario epoch_write_scenario{"epoch_write", 1, checkpoints_often, stopped_with_records,
                                          begin_epoch};
const fault_scenario clean_stop_scenario{"clean_stop", 2, nullptr, running_with_records, stop};
const fault_scenario clean_start_scenario{"clean_start", 2, nullptr, stopped_with_records, start_again};

// Of a whole store: the metadata is RocksDB on the real disk, which sees no faults.
const fault_scenario store_topics_scenario{"store_topics",    2,   is_a_store, store_with_topics,
                                           delete_and_create, true};
const fault_scenario add_partitions_scenario{"add_partitions", 2,   is_a_store, store_with_topics,
                                             add_partitions,   true};
const fault_scenario store_start_scenario{"store_start", 2, is_a_store, killed_store, start_again, true};

// ---- the matrix

class disk_faults : public ::testing::TestWithParam<std::tuple<const fault_scenario*, fault_column>> {};

TEST_P(disk_faults, lose_nothing_and_tell_no_lie) {
    const auto [scenario, column] = GetParam();
    fault_matrix(*scenario, column).run();
}

std::string column_of(const testing::TestParamInfo<std::tuple<const fault_scenario*, fault_column>>& info) {
    return std::string(name_of(std::get<1>(info.param)));
}

#define LOGSTORE_FAULTS_OF(name)                                                                   \
    INSTANTIATE_TEST_SUITE_P(                                                                      \
        name, disk_faults,                                                                         \
        testing::Combine(testing::Values(&name##_scenario), testing::ValuesIn(all_fault_columns)), \
        column_of)

LOGSTORE_FAULTS_OF(append);
LOGSTORE_FAULTS_OF(roll);
LOGSTORE_FAULTS_OF(write_behind);
LOGSTORE_FAULTS_OF(memory_pressure);
LOGSTORE_FAULTS_OF(settle);
LOGSTORE_FAULTS_OF(checkpoint);
LOGSTORE_FAULTS_OF(journal_reuse);
LOGSTORE_FAULTS_OF(recover);
LOGSTORE_FAULTS_OF(move_log_start);
LOGSTORE_FAULTS_OF(delete_records);
LOGSTORE_FAULTS_OF(delete_topic);
LOGSTORE_FAULTS_OF(create_topic);
LOGSTORE_FAULTS_OF(epoch_write);
LOGSTORE_FAULTS_OF(clean_stop);
LOGSTORE_FAULTS_OF(clean_start);
LOGSTORE_FAULTS_OF(store_topics);
LOGSTORE_FAULTS_OF(store_start);
LOGSTORE_FAULTS_OF(add_partitions);

}  // namespace
}  // namespace logstore
