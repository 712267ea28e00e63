// Produce requests of one connection: overlap, order, bursts, back-pressure, acks=0, unknown outcomes.
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class produce_pipeline : public connection_fixture {
  protected:
    const byte_vector batch = batch_of();

    byte_vector metadata_frame(std::int32_t correlation_id) {
        metadata_request request;
        request.topics.emplace();
        return frame_of(request, 8, correlation_id);
    }
};

TEST_F(produce_pipeline, requests_are_appended_while_earlier_ones_wait) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(concatenated({produce_frame(1, batch), produce_frame(2, batch), produce_frame(3, batch)}));
    EXPECT_EQ(broker.held(), 3u);
    run();
    EXPECT_TRUE(client.sent().empty());
}

TEST_F(produce_pipeline, answers_leave_in_the_order_of_the_requests) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(
        concatenated({produce_frame(1, batch, 0), produce_frame(2, batch, 1), produce_frame(3, batch, 2)}));
    broker.complete(2);
    broker.complete(1);
    broker.end_burst();
    run();
    EXPECT_TRUE(client.sent().empty());
    broker.complete(0);
    broker.end_burst();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1, 2, 3}));
}

TEST_F(produce_pipeline, all_answers_of_a_burst_leave_in_one_flush) {
    broker.holds_appends = true;
    stream_end& client = connect();
    for (int i = 0; i < 20; ++i) client.deliver(produce_frame(i, batch));
    const std::size_t before = client.flushes();
    broker.complete_all();
    EXPECT_EQ(client.flushes(), before + 1);
    EXPECT_EQ(frames_in(client.sent()).size(), 20u);
}

TEST_F(produce_pipeline, appends_of_one_connection_keep_their_order) {
    stream_end& client = connect();
    std::vector<byte_vector> batches;
    std::vector<byte_vector> frames;
    for (int i = 0; i < 50; ++i) {
        batches.push_back(batch_of(1, static_cast<std::size_t>(i)));
        frames.push_back(produce_frame(i, batches.back()));
    }
    exchange(client, concatenated(frames));
    ASSERT_EQ(broker.appended.size(), 50u);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(broker.appended[i].second, batches[i]);
}

TEST_F(produce_pipeline, another_request_waits_for_the_produce_requests_before_it) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(concatenated({produce_frame(1, batch), metadata_frame(2), produce_frame(3, batch)}));
    run();
    EXPECT_EQ(broker.held(), 1u);  // and what comes after it waits for it
    EXPECT_TRUE(client.sent().empty());
    broker.complete_all();
    run();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1, 2}));
    EXPECT_EQ(broker.held(), 1u);
    broker.complete_all();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{3}));
}

TEST_F(produce_pipeline, an_error_waits_for_its_turn) {
    broker.holds_appends = true;
    stream_end& client = connect();
    const produce_request unknown = produce_of({{"nothing", 0, batch}});
    client.deliver(concatenated({produce_frame(1, batch), frame_of(unknown, 7, 2), produce_frame(3, batch)}));
    EXPECT_EQ(broker.held(), 2u);
    EXPECT_TRUE(client.sent().empty());
    broker.complete_all();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1, 2, 3}));
}

TEST_F(produce_pipeline, an_error_at_the_head_is_answered_at_once) {
    stream_end& client = connect();
    client.deliver(frame_of(produce_of({{"nothing", 0, batch}}), 7, 1));
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1}));
}

TEST_F(produce_pipeline, a_frame_that_is_cut_anywhere_arrives_whole) {
    const byte_vector frame = produce_frame(9, batch);
    for (std::size_t cut = 1; cut < frame.size(); ++cut) {
        stream_end& client = connect();
        client.deliver(bytes_view(frame).first(cut));
        run();
        EXPECT_EQ(correlation_ids_in(exchange(client, bytes_view(frame).subspan(cut))),
                  std::vector<std::int32_t>{9})
            << cut;
        EXPECT_EQ(broker.appended.back().second, batch) << cut;
    }
    EXPECT_EQ(broker.appended.size(), frame.size() - 1);
}

TEST_F(produce_pipeline, frames_arrive_whole_whatever_the_pieces) {
    const byte_vector large = batch_of(30, 2000);
    const byte_vector frames =
        concatenated({produce_frame(1, batch), produce_frame(2, large), metadata_frame(3),
                      produce_frame(4, batch), produce_frame(5, large), produce_frame(6, large)});
    for (const std::size_t piece : {1u, 3u, 7u, 100u, 4096u, 20000u, 70000u}) {
        stream_end& client = connect();
        broker.appended.clear();
        byte_vector answers;
        for (std::size_t at = 0; at < frames.size(); at += piece) {
            const byte_vector sent =
                exchange(client, bytes_view(frames).subspan(at, std::min(piece, frames.size() - at)));
            answers.insert(answers.end(), sent.begin(), sent.end());
        }
        EXPECT_EQ(correlation_ids_in(answers), (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6})) << piece;
        ASSERT_EQ(broker.appended.size(), 5u);
        EXPECT_EQ(broker.appended[1].second, large);
        EXPECT_EQ(broker.appended[4].second, large);
    }
}

TEST_F(produce_pipeline, the_rest_of_a_large_frame_is_received_in_place) {
    const byte_vector large = batch_of(100, 5000);
    const byte_vector frame = produce_frame(1, large);
    stream_end& client = connect();
    client.deliver(bytes_view(frame).first(1000));
    client.deliver(bytes_view(frame).subspan(1000));
    EXPECT_EQ(client.bytes_into_space(), frame.size() - 1000);
    run();
    EXPECT_EQ(broker.appended.at(0).second, large);
}

TEST_F(produce_pipeline, a_batch_for_another_shard_is_kept_until_it_is_appended) {
    broker.holds_appends = true;
    broker.remote.insert(broker.tablet_of("events", 0));
    broker.remote.insert(broker.tablet_of("events", 2));
    stream_end& client = connect();
    const byte_vector other = batch_of(3, 33);
    client.deliver(
        frame_of(produce_of({{"events", 0, batch}, {"events", 1, batch}, {"events", 2, other}}), 7, 1));
    const byte_vector large = batch_of(50, 2000);
    const byte_vector second = produce_frame(2, large);
    client.deliver(bytes_view(second).first(50));
    client.deliver(bytes_view(second).subspan(50));
    const byte_vector third =
        frame_of(produce_of({{"events", 0, large}, {"events", 2, batch}, {"events", 0, other}}), 7, 3);
    client.deliver(bytes_view(third).first(5000));
    client.deliver(bytes_view(third).subspan(5000));
    EXPECT_EQ(broker.held(), 7u);
    run();
    broker.complete_all();  // checks the bytes
    EXPECT_EQ(frames_in(client.sent()).size(), 3u);
}

TEST_F(produce_pipeline, a_partition_named_twice_is_appended_and_answered_twice) {
    const byte_vector second = batch_of(4);
    produce_request request = produce_of({{"events", 1, batch}, {"events", 1, second}});
    auto& again = request.topics[0].partitions.emplace_back();
    again.index = partition_id(1);
    again.records = record_bytes(second);
    const auto response = ask<produce_response>(request, 7);
    ASSERT_EQ(response.topics.size(), 2u);
    ASSERT_EQ(response.topics[0].partitions.size(), 2u);
    EXPECT_EQ(response.topics[0].partitions[0].base_offset, offset(0));
    EXPECT_EQ(response.topics[0].partitions[1].base_offset, offset(1));
    EXPECT_EQ(response.topics[1].partitions[0].base_offset, offset(5));
    EXPECT_EQ(response.topics[0].name, "events");
    EXPECT_EQ(response.topics[1].name, "events");
}

// --- acks=0

TEST_F(produce_pipeline, acks_0_is_appended_and_not_answered) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(concatenated({produce_frame(1, batch, 0, 0), produce_frame(2, batch)}));
    EXPECT_EQ(broker.held(), 2u);
    EXPECT_GT(limits->request_memory.held_bytes(), 2 * batch.size());
    broker.complete_all();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{2}));
    EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
    EXPECT_FALSE(client.is_closed());
}

TEST_F(produce_pipeline, an_error_with_acks_0_closes_the_connection) {
    stream_end& client = connect();
    byte_vector broken = batch;
    broken.back() ^= std::byte(1);
    const byte_vector sent = exchange(
        client,
        concatenated({produce_frame(1, batch), produce_frame(2, broken, 0, 0), produce_frame(3, batch)}));
    EXPECT_EQ(correlation_ids_in(sent), (std::vector<std::int32_t>{1}));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(produce_pipeline, a_refused_append_with_acks_0_closes_the_connection) {
    append_outcome full;
    full.code = tablet_errc::storage_unavailable;
    broker.outcomes = {full};
    stream_end& client = connect();
    EXPECT_TRUE(exchange(client, produce_frame(1, batch, 0, 0)).empty());
    EXPECT_TRUE(client.is_closed());
}

// --- unknown outcomes

TEST_F(produce_pipeline, an_unknown_outcome_closes_the_connection_without_an_answer) {
    broker.holds_appends = true;
    stream_end& client = connect();
    for (int i = 1; i <= 3; ++i) client.deliver(produce_frame(i, batch));
    append_outcome unknown;
    unknown.code = tablet_errc::outcome_unknown;
    broker.complete(1, unknown);
    broker.end_burst();
    client.deliver(produce_frame(4, batch));
    EXPECT_EQ(broker.held(), 2u);  // nothing more is appended
    EXPECT_FALSE(client.is_closed());
    broker.complete(0);
    broker.complete(0);
    broker.end_burst();
    run();
    EXPECT_EQ(correlation_ids_in(client.sent()),
              (std::vector<std::int32_t>{1}));  // what was before it, not what came after
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(metrics.connections_closed_unanswered, 1u);
}

TEST_F(produce_pipeline, one_unknown_outcome_among_partitions_closes_too) {
    append_outcome unknown;
    unknown.code = tablet_errc::outcome_unknown;
    broker.outcomes = {append_outcome(), unknown};
    stream_end& client = connect();
    EXPECT_TRUE(
        exchange(client, frame_of(produce_of({{"events", 0, batch}, {"events", 1, batch}}), 7)).empty());
    EXPECT_TRUE(client.is_closed());
}

// --- closing

TEST_F(produce_pipeline, appends_outlive_their_connection) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(concatenated({produce_frame(1, batch), produce_frame(2, batch), metadata_frame(3)}));
    client.close();
    run();
    EXPECT_EQ(connections.size(), 1u);
    broker.complete_all();
    run();
    EXPECT_TRUE(connections.empty());
    EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
}

TEST_F(produce_pipeline, a_connection_that_finishes_answers_what_is_under_way) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(produce_frame(1, batch));
    last->finish();
    client.deliver(produce_frame(2, batch));
    run();
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(broker.held(), 1u);
    broker.complete_all();
    run();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1}));
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(connections.empty());
}

TEST_F(produce_pipeline, an_idle_connection_that_finishes_closes_at_once) {
    stream_end& client = connect();
    last->finish();
    run();
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(connections.empty());
}

}  // namespace
}  // namespace logstore::kafka
