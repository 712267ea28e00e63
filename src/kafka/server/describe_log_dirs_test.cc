#include "kafka/protocol/messages/describe_log_dirs.h"

#include "kafka/server/answer_hold.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

constexpr int first_version = 1;
constexpr int last_version = 4;

class describe_log_dirs : public connection_fixture {
  protected:
    describe_log_dirs() {
        broker.add_topic("orders", 2);
        broker.put("events", 1, batch_of(2, 100));
        broker.put("events", 1, batch_of(1, 10));
        broker.put("orders", 0, batch_of(1, 50));
    }
    static describe_log_dirs_request all() { return {}; }
    static describe_log_dirs_request of(std::string_view name, std::vector<std::int32_t> partitions) {
        describe_log_dirs_request request;
        auto& topic = request.topics.emplace().emplace_back();
        topic.name = name;
        for (const std::int32_t one : partitions) topic.partitions.emplace_back(one);
        return request;
    }
    describe_log_dirs_response::folder describe(const describe_log_dirs_request& request,
                                                int version = last_version) {
        const auto response = ask<describe_log_dirs_response>(request, version);
        EXPECT_EQ(response.error, error_code::none);
        EXPECT_EQ(response.folders.size(), 1u);
        return response.folders.at(0);
    }
};

TEST_F(describe_log_dirs, all_partitions_are_told_in_every_version) {
    const auto bytes_of_events = static_cast<std::int64_t>(batch_of(2, 100).size() + batch_of(1, 10).size());
    for (int version = first_version; version <= last_version; ++version) {
        const auto folder = describe(all(), version);
        EXPECT_EQ(folder.error, error_code::none);
        EXPECT_EQ(folder.path, "/memory/logs");
        ASSERT_EQ(folder.topics.size(), 2u);
        EXPECT_EQ(folder.topics[0].name, "events");
        ASSERT_EQ(folder.topics[0].partitions.size(), 3u);
        EXPECT_EQ(folder.topics[0].partitions[0].size_bytes, 0);
        EXPECT_EQ(folder.topics[0].partitions[1].index, partition_id(1));
        EXPECT_EQ(folder.topics[0].partitions[1].size_bytes, bytes_of_events);
        EXPECT_EQ(folder.topics[0].partitions[1].offset_lag, 0);
        EXPECT_FALSE(folder.topics[0].partitions[1].is_future);
        EXPECT_EQ(folder.topics[1].name, "orders");
        EXPECT_EQ(folder.topics[1].partitions.size(), 2u);
        EXPECT_EQ(folder.total_bytes, version >= 4 ? 1 << 20 : -1);
        EXPECT_EQ(folder.usable_bytes, version >= 4 ? 1 << 10 : -1);
    }
}

TEST_F(describe_log_dirs, those_that_there_are_not_are_left_out) {
    const auto folder = describe(of("events", {2, 3, -1, 1}));
    ASSERT_EQ(folder.topics.size(), 1u);
    ASSERT_EQ(folder.topics[0].partitions.size(), 2u);
    EXPECT_EQ(folder.topics[0].partitions[0].index, partition_id(2));
    EXPECT_EQ(folder.topics[0].partitions[1].index, partition_id(1));
    EXPECT_TRUE(describe(of("nothing", {0})).topics.empty());
    EXPECT_TRUE(describe(of("events", {})).topics.empty());
    EXPECT_EQ(describe(of("nothing", {0})).error, error_code::none);
}

TEST_F(describe_log_dirs, an_answer_does_not_grow_with_repetitions) {
    const auto folder = describe(of("events", std::vector<std::int32_t>(1000, 1)));
    ASSERT_EQ(folder.topics.size(), 1u);
    EXPECT_EQ(folder.topics[0].partitions.size(), 1u);
}

TEST_F(describe_log_dirs, what_cannot_be_measured_is_an_error_beside_the_rest) {
    broker.unmeasurable.insert(broker.tablet_of("events", 1));
    const auto folder = describe(all());
    EXPECT_EQ(folder.error, error_code::kafka_storage_error);
    EXPECT_EQ(folder.topics.at(0).partitions.size(), 2u);
    broker.unmeasurable.clear();
    broker.space_failure = error(std::make_error_code(std::errc::io_error));
    EXPECT_EQ(describe(all()).error, error_code::kafka_storage_error);
    EXPECT_EQ(describe(all()).total_bytes, -1);
    EXPECT_EQ(describe(all(), 3).error, error_code::none);
}

TEST_F(describe_log_dirs, a_large_answer_waits_for_the_memory_of_others) {
    limit_process_bytes(64 << 10);
    broker.add_topic("large", 1000);
    limits->answer_memory.share(0).take_anyway(64 << 10);
    stream_end& with = connect();
    EXPECT_TRUE(exchange(with, frame_of(all(), last_version)).empty());
    stream_end& small = connect();
    EXPECT_FALSE(exchange(small, frame_of(of("large", {7}), last_version)).empty());
    limits->answer_memory.share(0).give_back(64 << 10);
    run();
    EXPECT_FALSE(with.sent().empty());
}

}  // namespace
}  // namespace logstore::kafka
