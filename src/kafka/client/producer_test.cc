#include "kafka/client/producer.h"

#include <gtest/gtest.h>

#include "kafka/client/broker_error.h"
#include "kafka/client/testing/log_content.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/producer_stage.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka {
namespace {

using namespace std::chrono_literals;
using testing::append_many;
using testing::fake_broker;
using testing::is_produce;
using testing::memory_topics;
using testing::producer_stage;
using testing::record_of;
using testing::run_on_stage;
using testing::values_in;
using testing::values_up_to;
using fate = fake_broker::fate;

// --- appending

env::task<void> batches(producer_stage* on) {
    co_await append_many(on, 1000);
    const auto flushed = co_await on->out.flush();
    EXPECT_TRUE(flushed.has_value());
    EXPECT_EQ(values_in(on->partition()), values_up_to(1000));
    EXPECT_EQ(on->out.counters().acknowledged, 1000u);
    EXPECT_LT(on->memory.produce_requests, 10u);
    std::int64_t next = 0;
    for (const auto& one : on->told.all) {
        EXPECT_EQ(one.base_offset, offset(next));
        next += one.record_count;
    }
    EXPECT_EQ(next, 1000);
}
TEST(producer, records_are_sent_in_batches_and_in_order) {
    run_on_stage(batches);
}

env::task<void> lingering(producer_stage* on) {
    const env::monotonic_time start = on->world.time().now();
    co_await append_many(on, 1);
    while (on->told.all.empty()) co_await env::sleep(on->world.loop, 1ms);
    const env::duration took = on->world.time().now() - start;
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 300ms);
}
TEST(producer, a_lonely_record_leaves_when_it_has_lingered) {
    run_on_stage(lingering, {.linger = 200ms});
}

env::task<void> tickets(producer_stage* on) {
    const auto first = co_await on->out.append(on->events, record_of("a"));
    const auto second = co_await on->out.append(on->events, record_of("b"));
    CO_ASSERT_TRUE(first && second);
    (void)co_await on->out.flush();
    const auto third = co_await on->out.append(on->events, record_of("c"));
    CO_ASSERT_TRUE(third);
    (void)co_await on->out.flush();
    CO_ASSERT_TRUE(on->told.all.size() == 2);
    EXPECT_EQ(first->batch, second->batch);
    EXPECT_EQ(second->index, 1);
    EXPECT_EQ(on->told.all[0].batch, first->batch);
    EXPECT_EQ(on->told.all[1].batch, third->batch);
    EXPECT_EQ(on->told.all[1].base_offset, offset(2));
}
TEST(producer, a_ticket_says_which_delivery_is_a_records) {
    run_on_stage(tickets);
}

env::task<void> content(producer_stage* on) {
    const record_header headers[] = {{"name", bytes_of("x")}, {"empty", std::nullopt}};
    new_record full = record_of("value");
    full.key = bytes_of("key");
    full.headers = headers;
    (void)co_await on->out.append(on->events, full);
    new_record tombstone;
    tombstone.key = bytes_of("gone");
    tombstone.timestamp = timestamp_ms(5);
    (void)co_await on->out.append(on->events, tombstone);
    (void)co_await on->out.flush();
    std::string seen;
    testing::for_each_record(on->partition().log, [&](const auto& batch, const record& one) {
        seen += std::string(text_of(one.key.value())) + "=" +
                (one.value ? std::string(text_of(*one.value)) : "null") + "@" +
                std::to_string(record_timestamp(batch, one).value());
        one.headers.for_each([&](const record_header& header) {
            seen += " " + std::string(header.key) + (header.value ? "+" : "-");
        });
        seen += "\n";
    });
    EXPECT_EQ(seen, "key=value@1700000000000 name+ empty-\ngone=null@5\n");
}
TEST(producer, keys_values_headers_and_times_arrive_as_given) {
    for (const auto codec : {compression_codec::none, compression_codec::gzip, compression_codec::snappy,
                             compression_codec::lz4, compression_codec::zstd})
        run_on_stage(content, {.codec = codec});
}

env::task<void> too_large(producer_stage* on) {
    const std::string value(2000, 'x');
    const auto refused = co_await on->out.append(on->events, record_of(value));
    CO_ASSERT_FALSE(refused);
    EXPECT_EQ(broker_error_code(refused.error()), error_code::message_too_large);
    new_record elsewhere = record_of("v");
    elsewhere.partition = partition_id(1);
    const auto nowhere = co_await on->out.append(on->events, elsewhere);
    CO_ASSERT_FALSE(nowhere);
    EXPECT_EQ(broker_error_code(nowhere.error()), error_code::unknown_topic_or_partition);
}
TEST(producer, what_can_never_be_sent_is_refused_at_once) {
    run_on_stage(too_large, {.batch_bytes = 500, .record_bytes_max = 1000, .buffer_bytes_max = 2000});
}

env::task<void> bounded(producer_stage* on) {
    on->broker.answer_delay = 10ms;
    const std::string value(900, 'x');
    for (int i = 0; i < 100; ++i) {
        (void)co_await on->out.append(on->events, record_of(value));
        EXPECT_LE(on->out.buffered_bytes(), 10'000u);
    }
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()).size(), 100u);
}
TEST(producer, memory_is_bounded_and_appends_wait_for_room) {
    run_on_stage(bounded, {.batch_bytes = 2000,
                           .request_bytes_max = 4000,
                           .record_bytes_max = 4000,
                           .buffer_bytes_max = 10'000,
                           .linger = 1h});
}

// --- windows

env::task<void> window(producer_stage* on) {
    std::size_t under_way = 0, most = 0;
    on->broker.answer_delay = 20ms;
    on->broker.decide = [&](const request_frame& request) {
        if (is_produce(request)) {
            most = std::max(most, ++under_way);
            on->world.loop.start_timer(on->world.time().now() + 20ms, [&under_way] { --under_way; });
        }
        return fate::serve;
    };
    for (int i = 0; i < 400; ++i) {
        new_record one = record_of("0123456789");
        one.partition = partition_id(i % 20);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    co_await env::sleep(on->world.loop, 100ms);
    EXPECT_EQ(most, 5u);
    on->broker.decide = {};
}
TEST(producer, only_so_many_requests_are_under_way) {
    run_on_stage(window, {.batch_bytes = 150, .request_bytes_max = 700}, 20);
}

env::task<void> without_acks(producer_stage* on) {
    co_await append_many(on, 500);
    const auto flushed = co_await on->out.flush();
    EXPECT_TRUE(flushed.has_value());
    EXPECT_EQ(on->out.counters().sent, 500u);
    EXPECT_EQ(on->out.counters().acknowledged, 0u);
    EXPECT_EQ(values_in(on->partition()), values_up_to(500));

    on->broker.decide = [](const request_frame& request) {
        return is_produce(request) ? fate::close_before : fate::serve;
    };
    co_await append_many(on, 1, 500);
    const auto lost = co_await on->out.flush();
    EXPECT_FALSE(lost.has_value());
    on->broker.decide = {};
}
TEST(producer, without_acks_a_flush_says_whether_all_was_taken) {
    run_on_stage(without_acks, {.acks = required_acks::none, .batch_bytes = 500});
}

// --- the end

env::task<void> aborted(producer_stage* on) {
    on->broker.answer_delay = 50ms;
    for (int i = 0; i < 10; ++i) co_await append_many(on, 100, i * 100);
    co_await env::sleep(on->world.loop, 10ms);
    on->out.abort(error(client_errc::closed, "stopped"));
    const auto late = co_await on->out.append(on->events, record_of("late"));
    EXPECT_FALSE(late.has_value());
    (void)co_await on->out.flush();
    const producer_counters& counted = on->out.counters();
    EXPECT_GT(counted.acknowledged, 0u);
    EXPECT_GT(counted.failed, 0u);
    EXPECT_EQ(counted.unknown, 0u);
    EXPECT_EQ(values_in(on->partition()).size(), counted.acknowledged);
}
TEST(producer, an_abort_waits_for_what_is_under_way_and_drops_the_rest) {
    run_on_stage(aborted, {.batch_bytes = 1000});
}

env::task<void> shut_in_flight(producer_stage* on) {
    on->broker.answer_delay = 1h;
    co_await append_many(on, 10);
    co_await env::sleep(on->world.loop, 100ms);
    on->out.abort(error(client_errc::closed, "stopped"));
    on->cluster.shut();
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().unknown, 10u);
}
TEST(producer, what_is_under_way_when_the_connections_are_shut_is_unknown) {
    run_on_stage(shut_in_flight);
}

env::task<void> absent(env::environment world) {
    fake_broker broker(world);
    memory_topics memory(broker);
    cluster_view cluster(world, {.bootstrap = {broker.address()}, .connection = {}});
    producer out(cluster, {}, nullptr);
    const env::monotonic_time start = world.time().now();
    const auto opened = co_await out.open("absent", start + 10s);
    CO_ASSERT_FALSE(opened);
    EXPECT_EQ(broker_error_code(opened.error()), error_code::unknown_topic_or_partition);
    EXPECT_LT(world.time().now() - start, 1s);

    broker.stop_listening();
    broker.close_all();
    co_await env::sleep(world.loop, 100ms);
    const env::monotonic_time again = world.time().now();
    const auto unreachable = co_await out.open("absent", again + 10s);
    CO_ASSERT_FALSE(unreachable);
    EXPECT_EQ(unreachable.error().code, client_errc::unreachable);
    EXPECT_GT(world.time().now() - again, 8s);
    (void)co_await out.close();
    co_await cluster.close();
}
TEST(producer, an_absent_topic_is_told_at_once_and_an_absent_server_is_waited_for) {
    env::sim_world world(1);
    world.run(absent(world.shard()));
}

}  // namespace
}  // namespace logstore::kafka
