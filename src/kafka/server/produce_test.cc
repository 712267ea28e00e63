// Produce: answers in every version, and what tablets say in Kafka's words.
#include "kafka/server/tablet_errors.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class produce_test : public connection_fixture {
  protected:
    const byte_vector batch = batch_of(2);

    error_code code_for(tablet_errc code) {
        append_outcome outcome;
        outcome.code = code;
        broker.outcomes = {outcome};
        return produce(produce_of({{"events", 0, batch}})).error;
    }
};

TEST_F(produce_test, a_batch_is_appended_in_every_version) {
    for (int version = 3; version <= 10; ++version) {
        const auto answered = produce(produce_of({{"events", 1, batch}}), version);
        EXPECT_EQ(answered.error, error_code::none) << version;
        EXPECT_EQ(answered.index, partition_id(1));
        EXPECT_EQ(answered.base_offset, offset(2 * (version - 3)));
        EXPECT_EQ(answered.log_append_time, no_timestamp);
        if (version >= 5) EXPECT_EQ(answered.log_start_offset, offset(0));
        EXPECT_TRUE(answered.record_errors.empty());
        EXPECT_FALSE(answered.error_message.has_value());
    }
    EXPECT_EQ(broker.appended.size(), 8u);
    EXPECT_EQ(broker.appended[0].second, batch);
    EXPECT_EQ(metrics.appended_bytes, 8 * batch.size());
    EXPECT_EQ(metrics.requests[0], 8u);
}

TEST_F(produce_test, acks_1_waits_as_acks_all_does) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(produce_frame(1, batch, 0, 1));
    run();
    EXPECT_TRUE(client.sent().empty());
    broker.complete_all();
    EXPECT_EQ(frames_in(client.sent()).size(), 1u);
}

TEST_F(produce_test, the_append_time_of_the_broker_is_told) {
    broker.append_time = timestamp_ms(4711);
    EXPECT_EQ(produce(produce_of({{"events", 0, batch}})).log_append_time, timestamp_ms(4711));
}

// A code that says "not written" where that is certain, and a retriable one for what passes
// (kafka-protocol 2.3, 2.10).
TEST_F(produce_test, refusals_of_tablets_have_codes_that_say_not_written) {
    EXPECT_EQ(code_for(tablet_errc::unknown_tablet), error_code::unknown_topic_or_partition);
    EXPECT_EQ(code_for(tablet_errc::storage_unavailable), error_code::kafka_storage_error);
    EXPECT_EQ(code_for(tablet_errc::stopping), error_code::not_leader_or_follower);
    EXPECT_EQ(code_for(tablet_errc::corrupt_batch), error_code::corrupt_message);
    EXPECT_EQ(code_for(tablet_errc::batch_too_large), error_code::message_too_large);
    EXPECT_EQ(code_for(tablet_errc::invalid_batch), error_code::invalid_record);
    for (const auto passing :
         {tablet_errc::unknown_tablet, tablet_errc::storage_unavailable, tablet_errc::stopping}) {
        EXPECT_TRUE(is_retriable(produce_error(passing)));
    }
}

TEST_F(produce_test, the_tablets_sentence_reaches_the_client) {
    append_outcome outcome;
    outcome.code = tablet_errc::invalid_batch;
    outcome.message = "records of a compacted topic need keys";
    broker.outcomes = {outcome};
    const auto answered = produce(produce_of({{"events", 0, batch}}));
    EXPECT_EQ(answered.error_message, "records of a compacted topic need keys");
    EXPECT_EQ(answered.base_offset, offset(-1));
}

TEST_F(produce_test, a_request_without_partitions_is_answered) {
    EXPECT_TRUE(ask<produce_response>(produce_request{std::nullopt, -1, 1000, {}}, 7).topics.empty());
}

TEST_F(produce_test, many_partitions_are_answered_in_the_order_of_the_request) {
    broker.add_topic("wide", 200);
    std::vector<produce_part> parts;
    for (int i = 199; i >= 0; --i)
        parts.push_back({i % 3 == 0 ? "events" : "wide", i % 3 == 0 ? i % 9 / 3 : i, batch});
    const auto response = ask<produce_response>(produce_of(parts), 9);
    ASSERT_EQ(response.topics.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(response.topics[i].name, parts[i].topic);
        EXPECT_EQ(response.topics[i].partitions[0].index.value(), parts[i].partition);
        EXPECT_EQ(response.topics[i].partitions[0].error, error_code::none);
    }
}

}  // namespace
}  // namespace logstore::kafka
