#include "kafka/protocol/messages/offset_for_leader_epoch.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

constexpr int first_version = 2;
constexpr int last_version = 4;

class offset_for_leader_epoch : public connection_fixture {
  protected:
    offset_for_leader_epoch() {
        broker.put("events", 1, batch_of(10));
        broker.at("events", 1).older_epochs = {{leader_epoch(1), next_offset(4)}};
    }
    offset_for_leader_epoch_response::partition find(int wanted, int current = -1, int version = last_version,
                                                     std::string_view name = "events",
                                                     std::int32_t index = 1) {
        offset_for_leader_epoch_request request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        auto& part = topic.partitions.emplace_back();
        part.index = partition_id(index);
        part.current_epoch = leader_epoch(current);
        part.epoch = leader_epoch(wanted);
        const auto response = ask<offset_for_leader_epoch_response>(request, version);
        EXPECT_EQ(response.topics.at(0).name, name);
        EXPECT_EQ(response.topics.at(0).partitions.at(0).index, partition_id(index));
        return response.topics.at(0).partitions.at(0);
    }
};

TEST_F(offset_for_leader_epoch, the_end_of_an_epoch_is_told_in_every_version) {
    for (int version = first_version; version <= last_version; ++version) {
        EXPECT_EQ(find(3, -1, version).error, error_code::none);
        EXPECT_EQ(find(3, -1, version).epoch, leader_epoch(3));
        EXPECT_EQ(find(3, -1, version).end, next_offset(10));
        EXPECT_EQ(find(1, 3, version).end, next_offset(4));
    }
}

TEST_F(offset_for_leader_epoch, an_epoch_that_is_still_to_come_has_no_end) {
    EXPECT_EQ(find(4).error, error_code::none);
    EXPECT_EQ(find(4).epoch, no_leader_epoch);
    EXPECT_EQ(find(4).end, next_offset(-1));
}

TEST_F(offset_for_leader_epoch, who_believes_in_another_leader_is_told_so) {
    EXPECT_EQ(find(1, 2).error, error_code::fenced_leader_epoch);
    EXPECT_EQ(find(1, 4).error, error_code::unknown_leader_epoch);
    EXPECT_EQ(find(1, 4).end, next_offset(-1));
}

TEST_F(offset_for_leader_epoch, a_partition_that_there_is_not_is_3) {
    EXPECT_EQ(find(1, -1, 3, "nothing", 0).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(find(1, -1, 3, "events", 3).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(find(1, -1, 3, "events", -1).error, error_code::unknown_topic_or_partition);
    broker.stopping = true;
    EXPECT_EQ(find(1).error, error_code::not_leader_or_follower);
}

}  // namespace
}  // namespace logstore::kafka
