// Damaged requests in damaged pieces: whatever arrives, the connection lives or closes, and gives everything
// back.
#include "env/testing/sim_random.h"
#include "kafka/protocol/messages/api_versions.h"
#include "kafka/protocol/messages/create_topics.h"
#include "kafka/protocol/messages/delete_topics.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/find_coordinator.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

class hostile_input : public connection_fixture {
  protected:
    hostile_input() {
        fetch_request fetch;
        fetch.max_wait_ms = 50;
        fetch.min_bytes = 1;
        fetch.topics.emplace_back().name = "events";
        fetch.topics.back().partitions.emplace_back().max_bytes = 10'000;
        list_offsets_request list;
        list.topics.emplace_back().name = "events";
        list.topics.back().partitions.emplace_back().timestamp = latest_timestamp;
        metadata_request some;
        some.topics.emplace();
        some.topics->emplace_back().name = "made";
        create_topics_request create;
        create.topics.emplace_back().name = "created";
        create.topics.back().partition_count = 2;
        create.topics.back().replication_factor = 1;
        delete_topics_request remove;
        remove.topics.emplace_back().name = "created";
        find_coordinator_request find;
        find.key = "group";
        frames = {
            produce_frame(1, small),
            produce_frame(2, small, 1, 0),
            produce_frame(3, large, 2),
            frame_of(produce_of({{"events", 0, small}, {"made", 0, small}}), 9, 4),
            frame_of(fetch, 11, 5),
            frame_of(fetch, 12, 6),
            frame_of(list, 7, 7),
            frame_of(some, 12, 8),
            frame_of(metadata_request(), 1, 9),
            frame_of(create, 7, 10),
            frame_of(remove, 6, 11),
            frame_of(find, 2, 12),
            frame_of(api_versions_request{"tester", "1"}, 3, 13),
        };
    }

    /// Some frames one after another, with some bytes damaged.
    byte_vector conversation(env::sim_random& random) {
        std::vector<byte_vector> said;
        for (std::uint64_t i = 0, count = 1 + random.below(8); i < count; ++i)
            said.push_back(frames[random.below(frames.size())]);
        byte_vector bytes = concatenated(said);
        for (std::uint64_t i = 0, count = random.below(4); i < count; ++i) {
            bytes[random.below(bytes.size())] = std::byte(random.next());
        }
        return bytes;
    }

    const byte_vector small = batch_of();
    const byte_vector large = batch_of(20, 2000);
    std::vector<byte_vector> frames;
};

TEST_F(hostile_input, damaged_conversations_harm_nobody) {
    options.in_flight_bytes_per_connection = 3000;
    limit_process_bytes(60'000);
    env::sim_random random(20260101);
    broker.remote.insert(broker.tablet_of("events", 0));
    for (int round = 0; round < 3000; ++round) {
        stream_end& client = connect();
        if (random.below(4) == 0) client.take_at_most(random.below(200));
        const byte_vector bytes = conversation(random);
        const std::size_t piece_max = 1 + random.below(bytes.size());
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t piece = std::min<std::size_t>(1 + random.below(piece_max), bytes.size() - at);
            client.deliver(bytes_view(bytes).subspan(at, piece));
            at += piece;
            if (random.below(3) == 0) run();
        }
        if (random.below(2) == 0) world.advance(100ms);
        client.close();
        run();
        world.advance(100ms);
        ASSERT_TRUE(connections.empty()) << round;
        ASSERT_EQ(limits->request_memory.held_bytes(), 0u) << round;
        ASSERT_EQ(limits->answer_memory.held_bytes(), 0u) << round;
        ends.clear();
    }
    // Only whole batches with a CRC that holds were appended.
    for (auto& [tablet, batch] : broker.appended) {
        assign_record_batch(batch.data(), offset(0),
                            no_leader_epoch);  // outside the CRC, and the broker's to write
        ASSERT_TRUE(batch == small || batch == large);
    }
    EXPECT_GT(broker.appended.size(), 1000u);
}

}  // namespace
}  // namespace logstore::kafka
