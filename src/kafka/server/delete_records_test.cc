#include "kafka/protocol/messages/delete_records.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

constexpr int last_version = 2;

class delete_records : public connection_fixture {
  protected:
    delete_records() {
        broker.put("events", 1, batch_of(10));
        broker.put("events", 2, batch_of(5));
    }
    static delete_records_request of(std::string_view name,
                                     std::vector<std::pair<std::int32_t, std::int64_t>> parts) {
        delete_records_request request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        for (const auto& [index, up_to] : parts) {
            auto& part = topic.partitions.emplace_back();
            part.index = partition_id(index);
            part.up_to = offset(up_to);
        }
        return request;
    }
    delete_records_response::partition remove(std::int64_t up_to, int version = last_version,
                                              std::string_view name = "events", std::int32_t index = 1) {
        const auto response = ask<delete_records_response>(of(name, {{index, up_to}}), version);
        EXPECT_EQ(response.topics.at(0).name, name);
        EXPECT_EQ(response.topics.at(0).partitions.at(0).index, partition_id(index));
        return response.topics.at(0).partitions.at(0);
    }
    void expect_refused(error_code code, const delete_records_response::partition& answered) {
        EXPECT_EQ(answered.error, code);
        EXPECT_EQ(answered.low_watermark, offset(-1));
    }
};

TEST_F(delete_records, the_log_start_moves_in_every_version) {
    for (int version = 0; version <= last_version; ++version) {
        const auto answered = remove(2 + version, version);
        EXPECT_EQ(answered.error, error_code::none);
        EXPECT_EQ(answered.low_watermark, offset(2 + version));
        EXPECT_EQ(broker.at("events", 1).log_start, offset(2 + version));
    }
}

TEST_F(delete_records, minus_one_is_everything_up_to_the_high_watermark) {
    EXPECT_EQ(remove(-1).low_watermark, offset(10));
    EXPECT_EQ(broker.log_start_requests.at(0).to, std::nullopt);
    EXPECT_EQ(remove(10).low_watermark, offset(10));
}

TEST_F(delete_records, what_is_gone_already_is_no_error_and_moves_nothing_back) {
    EXPECT_EQ(remove(7).low_watermark, offset(7));
    EXPECT_EQ(remove(3).error, error_code::none);
    EXPECT_EQ(remove(3).low_watermark, offset(7));
}

TEST_F(delete_records, offsets_outside_are_1) {
    expect_refused(error_code::offset_out_of_range, remove(11));
    expect_refused(error_code::offset_out_of_range, remove(-2));
    EXPECT_EQ(broker.at("events", 1).log_start, offset(0));
}

TEST_F(delete_records, a_partition_that_there_is_not_is_3_and_an_internal_topic_17) {
    expect_refused(error_code::unknown_topic_or_partition, remove(0, 1, "nothing", 0));
    expect_refused(error_code::unknown_topic_or_partition, remove(0, 1, "events", 3));
    broker.add_topic("__consumer_offsets", 1);
    expect_refused(error_code::invalid_topic_exception, remove(0, 1, "__consumer_offsets", 0));
    EXPECT_TRUE(broker.log_start_requests.empty());
}

TEST_F(delete_records, each_partition_is_answered_in_its_place) {
    delete_records_request request = of("events", {{2, 5}, {9, 0}, {1, 99}, {0, -1}});
    request.topics.push_back(of("nothing", {{0, 0}}).topics[0]);
    const auto response = ask<delete_records_response>(request, last_version);
    ASSERT_EQ(response.topics.size(), 2u);
    const auto& parts = response.topics[0].partitions;
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[0].low_watermark, offset(5));
    EXPECT_EQ(parts[1].error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(parts[2].error, error_code::offset_out_of_range);
    EXPECT_EQ(parts[3].low_watermark, offset(0));
    EXPECT_EQ(response.topics[1].partitions.at(0).error, error_code::unknown_topic_or_partition);
    EXPECT_TRUE(ask<delete_records_response>(delete_records_request(), 0).topics.empty());
}

TEST_F(delete_records, more_partitions_than_go_together_are_all_deleted) {
    constexpr std::int32_t count = 500;
    broker.add_topic("wide", count);
    std::vector<std::pair<std::int32_t, std::int64_t>> parts;
    for (std::int32_t i = 0; i < count; ++i) {
        broker.put("wide", i, batch_of(3));
        parts.emplace_back(i, 1 + i % 3);
    }
    const auto response = ask<delete_records_response>(of("wide", parts), last_version);
    for (std::int32_t i = 0; i < count; ++i) {
        EXPECT_EQ(response.topics[0].partitions.at(static_cast<std::size_t>(i)).low_watermark,
                  offset(1 + i % 3));
        EXPECT_EQ(broker.at("wide", i).log_start, offset(1 + i % 3));
    }
}

TEST_F(delete_records, a_failure_says_whether_it_may_have_happened) {
    broker.log_start_failure = tablet_errc::storage_unavailable;
    expect_refused(error_code::kafka_storage_error, remove(1));
    broker.log_start_failure = tablet_errc::stopping;
    expect_refused(error_code::not_leader_or_follower, remove(1));
    broker.log_start_failure = tablet_errc::outcome_unknown;
    expect_refused(error_code::request_timed_out, remove(1));
}

}  // namespace
}  // namespace logstore::kafka
