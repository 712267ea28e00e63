// What one address can make the shard do before others have their turn.
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

class fairness : public connection_fixture {
  protected:
    std::uint64_t served() const { return metrics.requests[static_cast<std::size_t>(api_key::metadata)]; }
    static byte_vector metadata_frame(std::int32_t correlation_id) {
        return frame_of(metadata_request(), 8, correlation_id);
    }
    /// From so many connections of one address.
    std::vector<stream_end*> connect_many(int count) {
        std::vector<stream_end*> all;
        for (int i = 0; i < count; ++i) all.push_back(&connect("10.0.0.1:" + std::to_string(1000 + i)));
        return all;
    }
    static byte_vector flood(int count) {
        std::vector<byte_vector> requests;
        for (int i = 0; i < count; ++i) requests.push_back(metadata_frame(i));
        return concatenated(requests);
    }
};

TEST_F(fairness, the_connections_of_an_address_that_wants_much_wait_for_their_turns) {
    constexpr int connection_count = 200;
    constexpr int requests_each = 50;
    const auto attackers = connect_many(connection_count);
    stream_end& other = connect("10.0.0.2:1000");
    for (stream_end* one : attackers) one->deliver(flood(requests_each));
    EXPECT_LT(served(), std::uint64_t(connection_count) * requests_each / 2);
    EXPECT_GT(metrics.turn_waits, 0u);
    EXPECT_TRUE(attackers.back()->is_paused());
    other.deliver(metadata_frame(1));
    EXPECT_EQ(frames_in(other.sent()).size(), 1u);
    run();
    for (stream_end* one : attackers) {
        EXPECT_EQ(frames_in(one->sent()).size(), std::size_t(requests_each));
        EXPECT_FALSE(one->is_paused());
    }
}

TEST_F(fairness, one_who_vanishes_while_it_waits_leaves_nothing_behind) {
    const auto attackers = connect_many(200);
    connect("10.0.0.2:1000");
    for (stream_end* one : attackers) one->deliver(flood(50));
    EXPECT_GT(turns.waiting(), 0u);
    for (stream_end* one : attackers) one->close();
    EXPECT_EQ(turns.waiting(), 0u);
    run();
    EXPECT_EQ(connections.size(), 1u);
}

TEST_F(fairness, a_large_request_is_read_piece_by_piece) {
    const byte_vector large = produce_frame(1, batch_of(20, 50'000));
    stream_end& client = connect("10.0.0.1:1000");
    connect("10.0.0.2:1000");
    for (int i = 0; i < 10; ++i) client.deliver(large);
    EXPECT_GT(metrics.turn_waits, 0u);
    EXPECT_GT(client.waiting_bytes(), 0u);
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 10u);
    EXPECT_EQ(broker.appended.size(), 10u);
}

TEST_F(fairness, a_request_of_many_partitions_leaves_others_their_turn) {
    list_offsets_request request;
    auto& topic = request.topics.emplace_back();
    topic.name = "events";
    for (int i = 0; i < 10'000; ++i) {
        topic.partitions.emplace_back().timestamp = latest_timestamp;
        topic.partitions.back().index = partition_id(i % 3);
    }
    stream_end& client = connect("10.0.0.1:1000");
    stream_end& other = connect("10.0.0.2:1000");
    client.deliver(frame_of(request, 7, 1));
    EXPECT_EQ(client.sent_bytes(), 0u);
    other.deliver(metadata_frame(1));
    EXPECT_EQ(frames_in(other.sent()).size(), 1u);
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 1u);
}

TEST_F(fairness, only_produce_requests_may_be_very_large) {
    options.other_request_bytes_max = 100'000;
    byte_vector begun = metadata_frame(1);
    store_big(begun.data(), std::int32_t(100'001));
    begun.resize(frame_reader::small_frame_bytes_max + 1000);
    stream_end& refused = connect();
    refused.deliver(begun);
    run();
    EXPECT_TRUE(refused.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_invalid, 1u);

    store_big(begun.data(), std::int32_t(100'000));
    stream_end& let_in = connect();
    let_in.deliver(begun);
    run();
    EXPECT_FALSE(let_in.is_closed());

    stream_end& producing = connect();
    producing.deliver(produce_frame(1, batch_of(20, 10'000)));
    run();
    EXPECT_EQ(frames_in(producing.sent()).size(), 1u);
}

}  // namespace
}  // namespace logstore::kafka
