#include "kafka/protocol/messages/list_offsets.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class list_offsets : public connection_fixture {
  protected:
    list_offsets() {
        broker.put("events", 1, batch_of(2, 10, timestamp_ms(1000)));
        broker.put("events", 1, batch_of(3, 10, timestamp_ms(3000)));
        broker.put("events", 1, batch_of(1, 10, timestamp_ms(2000)));
        broker.at("events", 1).log_start = offset(1);
    }

    list_offsets_response::partition list(timestamp_ms timestamp, int version = 8,
                                          std::string_view name = "events", std::int32_t index = 1) {
        list_offsets_request request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        auto& part = topic.partitions.emplace_back();
        part.index = partition_id(index);
        part.timestamp = timestamp;
        const auto response = ask<list_offsets_response>(request, version);
        EXPECT_EQ(response.topics.at(0).name, name);
        return response.topics.at(0).partitions.at(0);
    }
};

TEST_F(list_offsets, first_and_last_are_told_in_every_version) {
    for (int version = 1; version <= 8; ++version) {
        EXPECT_EQ(list(latest_timestamp, version).found_offset, offset(6));
        EXPECT_EQ(list(latest_timestamp, version).timestamp, no_timestamp);
        EXPECT_EQ(list(earliest_timestamp, version).found_offset, offset(1));
        EXPECT_EQ(list(earliest_timestamp, version).error, error_code::none);
        if (version >= 4) EXPECT_EQ(list(latest_timestamp, version).epoch, leader_epoch(3));
    }
}

TEST_F(list_offsets, a_time_finds_the_first_record_that_is_not_older) {
    EXPECT_EQ(list(timestamp_ms(0)).found_offset, offset(0));
    EXPECT_EQ(list(timestamp_ms(1001)).found_offset, offset(2));
    EXPECT_EQ(list(timestamp_ms(1001)).timestamp, timestamp_ms(3000));
    EXPECT_EQ(list(timestamp_ms(3001)).found_offset, offset(-1));
    EXPECT_EQ(list(timestamp_ms(3001)).error, error_code::none);
}

TEST_F(list_offsets, special_timestamps_mean_something_only_where_they_exist) {
    EXPECT_EQ(list(max_timestamp, 7).found_offset, offset(2));
    EXPECT_EQ(list(max_timestamp, 6).error, error_code::unsupported_version);
    EXPECT_EQ(list(earliest_local_timestamp, 8).found_offset, offset(1));
    EXPECT_EQ(list(earliest_local_timestamp, 7).error, error_code::unsupported_version);
    EXPECT_EQ(list(timestamp_ms(-5), 8).error, error_code::unsupported_version);
}

TEST_F(list_offsets, an_unknown_partition_is_3) {
    EXPECT_EQ(list(latest_timestamp, 5, "nothing", 0).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(list(latest_timestamp, 5, "events", 3).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(list(latest_timestamp, 5, "events", -1).error, error_code::unknown_topic_or_partition);
}

}  // namespace
}  // namespace logstore::kafka
