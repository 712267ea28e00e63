#include "kafka/client/records.h"

#include <gtest/gtest.h>

#include "kafka/client/broker_error.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/record.h"

namespace logstore::kafka {
namespace {

using testing::fake_broker;
using testing::memory_topics;

byte_vector batch_of(std::initializer_list<std::string_view> values) {
    record_batch_builder builder;
    for (const std::string_view value : values)
        builder.append(timestamp_ms(1'700'000'000'000), {}, bytes_of(value));
    return builder.finish();
}

const topic_partition events_1{"events", partition_id(1)};

env::task<void> there_and_back(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.add("events", 2);
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    const byte_vector first = batch_of({"one", "two"});
    const byte_vector second = batch_of({"three"});
    const auto appended_first = co_await append_batch(connection->get(), events_1, first, required_acks::all);
    const auto appended_second =
        co_await append_batch(connection->get(), events_1, second, required_acks::leader);
    CO_ASSERT_TRUE(appended_first && appended_second);
    EXPECT_EQ(appended_first->base_offset, offset(0));
    EXPECT_EQ(appended_second->base_offset, offset(2));

    const auto got = co_await fetch_batches(connection->get(), events_1, offset(0), {});
    CO_ASSERT_TRUE(got);
    EXPECT_EQ(got->high_watermark, next_offset(3));
    CO_ASSERT_TRUE(got->batches.size() == first.size() + second.size());
    auto reader = record_reader::of_batch(got->batches);
    CO_ASSERT_TRUE(reader);
    const auto record = reader->next();
    CO_ASSERT_TRUE(record && *record);
    EXPECT_EQ(text_of((*record)->value.value()), "one");

    const auto ends = co_await list_offsets(
        connection->get(), "events", {partition_id(0), partition_id(1), partition_id(2)}, latest_timestamp);
    CO_ASSERT_TRUE(ends && ends->size() == 3);
    EXPECT_EQ((*ends)[0].found, offset(0));
    EXPECT_EQ((*ends)[1].found, offset(3));
    EXPECT_EQ((*ends)[2].error, error_code::unknown_topic_or_partition);
}
TEST(records, batches_are_appended_and_read_back) {
    testing::run_on_host(there_and_back);
}

env::task<void> refused(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.add("events", 2).partitions[1].produce_errors = {error_code::kafka_storage_error};
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    const byte_vector batch = batch_of({"one"});
    const auto no_room = co_await append_batch(connection->get(), events_1, batch, required_acks::all);
    CO_ASSERT_FALSE(no_room);
    EXPECT_EQ(broker_error_code(no_room.error()), error_code::kafka_storage_error);
    EXPECT_TRUE((*connection)->is_open());
    const auto beyond = co_await fetch_batches(connection->get(), events_1, offset(1), {});
    CO_ASSERT_FALSE(beyond);
    EXPECT_EQ(broker_error_code(beyond.error()), error_code::offset_out_of_range);
}
TEST(records, what_the_broker_refuses_is_told_with_its_code) {
    testing::run_on_host(refused);
}

struct kept_answer final : response_waiter {
    env::completion<env::shared_bytes> frame;
    void on_response(result<received_frame> response) override { frame.set(response.value().take()); }
};

env::task<void> frame_sent_twice(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.add("events", 2);
    auto connection = co_await client_connection::connect(world, broker.address(), {});
    CO_ASSERT_TRUE(connection);
    const byte_vector batch = batch_of({"one"});
    byte_vector frame;
    const auto encoded = append_produce_frame(frame, **connection, 77, events_1, batch, required_acks::all);
    CO_ASSERT_TRUE(encoded);
    const auto version = (*connection)->versions().choose(api_key::produce);
    for (int i = 0; i < 2; ++i) {
        kept_answer answer;
        const auto sent = (*connection)->send_frame(env::shared_bytes(nullptr, frame), 77, answer);
        CO_ASSERT_TRUE(sent);
        (*connection)->flush();
        const env::shared_bytes got = co_await answer.frame;
        const auto outcome = read_produce_answer(got.bytes, *version);
        CO_ASSERT_TRUE(outcome);
        EXPECT_EQ(outcome->base_offset, offset(i));
    }
}
TEST(records, a_frame_may_be_built_once_and_sent_again) {
    testing::run_on_host(frame_sent_twice);
}

TEST(records, an_answer_about_another_number_of_partitions_is_no_answer) {
    produce_response response;
    byte_vector frame;
    ASSERT_TRUE(append_response(frame, api_version(7), 1, response));
    const auto outcome = read_produce_answer(bytes_view(frame).subspan(frame_prefix_bytes), api_version(7));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, client_errc::bad_response);
}

}  // namespace
}  // namespace logstore::kafka
