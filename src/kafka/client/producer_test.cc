#include "kafka/client/producer.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/testing/log_content.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"
#include "kafka/protocol/key_placement.h"

namespace logstore::kafka {
namespace {

using namespace std::chrono_literals;
using testing::fake_broker;
using testing::memory_topics;
using testing::values_in;
using fate = fake_broker::fate;

/// Keeps what it is told.
struct deliveries final : delivery_listener {
    struct told {
        topic_partition to;
        std::uint64_t batch;
        std::int32_t first_index, record_count;
        delivery_outcome outcome;
        offset base_offset;
        std::optional<error> why;
    };
    void on_delivery(const delivery& what) override {
        all.push_back({what.to, what.batch, what.first_index, what.record_count, what.outcome,
                       what.base_offset, what.why == nullptr ? std::nullopt : std::optional(*what.why)});
    }
    std::vector<told> all;
};

/// A broker with the topic "events", and a producer. Each test is one coroutine in a simulated world.
struct stage {
    stage(env::environment the_world, producer_options options, std::int32_t partitions,
          connection_options connection)
        : world(the_world),
          broker(world),
          memory(broker),
          cluster(world, {.bootstrap = {broker.address()}, .connection = connection}),
          out(cluster, options, &told) {
        memory.add("events", partitions);
    }
    memory_topics::partition& partition(std::size_t index = 0) {
        return memory.topics.at("events").partitions.at(index);
    }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    deliveries told;
    cluster_view cluster;
    producer out;
    producer::topic* events = nullptr;
};

using body = env::task<void> (*)(stage*);

env::task<void> run_stage(stage* on, body what) {
    const auto opened = co_await on->out.open("events", on->world.time().now() + 10s);
    CO_ASSERT_TRUE(opened);
    on->events = *opened;
    co_await what(on);
}

env::task<void> open_and_close(env::environment world, producer_options options, std::int32_t partitions,
                               connection_options connection, body what) {
    stage on(world, options, partitions, connection);
    co_await run_stage(&on, what);
    (void)co_await on.out.close();
    co_await on.cluster.close();
    EXPECT_EQ(on.out.counters().settled(), on.out.counters().appended);
    EXPECT_EQ(on.out.buffered_bytes(), 0u);
}

void run(body what, producer_options options = {}, std::int32_t partitions = 1,
         connection_options connection = {}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        env::sim_world world(seed);
        world.run(open_and_close(world.shard(), options, partitions, connection, what));
    }
}

new_record of(std::string_view value) {
    new_record made;
    made.value = bytes_of(value);
    made.timestamp = timestamp_ms(1'700'000'000'000);
    return made;
}

/// Values v0, v1, … of which every append waits for room.
env::task<void> append_many(stage* on, int count, int from = 0) {
    for (int i = from; i < from + count; ++i) {
        const std::string value = "v" + std::to_string(i);
        const auto appended = co_await on->out.append(on->events, of(value));
        EXPECT_TRUE(appended.has_value());
    }
}

std::vector<std::string> values_up_to(int count) {
    std::vector<std::string> made;
    for (int i = 0; i < count; ++i) made.push_back("v" + std::to_string(i));
    return made;
}

bool is_produce(const request_frame& request) {
    return request.header.api == api_key::produce;
}

// --- appending

env::task<void> batches(stage* on) {
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
    run(batches);
}

env::task<void> lingering(stage* on) {
    const env::monotonic_time start = on->world.time().now();
    co_await append_many(on, 1);
    while (on->told.all.empty()) co_await env::sleep(on->world.loop, 1ms);
    const env::duration took = on->world.time().now() - start;
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 300ms);
}
TEST(producer, a_lonely_record_leaves_when_it_has_lingered) {
    run(lingering, {.linger = 200ms});
}

env::task<void> tickets(stage* on) {
    const auto first = co_await on->out.append(on->events, of("a"));
    const auto second = co_await on->out.append(on->events, of("b"));
    CO_ASSERT_TRUE(first && second);
    (void)co_await on->out.flush();
    const auto third = co_await on->out.append(on->events, of("c"));
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
    run(tickets);
}

env::task<void> content(stage* on) {
    const record_header headers[] = {{"name", bytes_of("x")}, {"empty", std::nullopt}};
    new_record full = of("value");
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
        run(content, {.codec = codec});
}

env::task<void> too_large(stage* on) {
    const std::string value(2000, 'x');
    const auto refused = co_await on->out.append(on->events, of(value));
    CO_ASSERT_FALSE(refused);
    EXPECT_EQ(broker_error_code(refused.error()), error_code::message_too_large);
    new_record elsewhere = of("v");
    elsewhere.partition = partition_id(1);
    const auto nowhere = co_await on->out.append(on->events, elsewhere);
    CO_ASSERT_FALSE(nowhere);
    EXPECT_EQ(broker_error_code(nowhere.error()), error_code::unknown_topic_or_partition);
}
TEST(producer, what_can_never_be_sent_is_refused_at_once) {
    run(too_large, {.batch_bytes = 500, .record_bytes_max = 1000, .buffer_bytes_max = 2000});
}

env::task<void> bounded(stage* on) {
    on->broker.answer_delay = 10ms;
    const std::string value(900, 'x');
    for (int i = 0; i < 100; ++i) {
        (void)co_await on->out.append(on->events, of(value));
        EXPECT_LE(on->out.buffered_bytes(), 10'000u);
    }
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()).size(), 100u);
}
TEST(producer, memory_is_bounded_and_appends_wait_for_room) {
    run(bounded, {.batch_bytes = 2000,
                  .request_bytes_max = 4000,
                  .record_bytes_max = 4000,
                  .buffer_bytes_max = 10'000,
                  .linger = 1h});
}

// --- partitions

env::task<void> keyed(stage* on) {
    for (int i = 0; i < 100; ++i) {
        const std::string key = "k" + std::to_string(i);
        new_record one = of(key);
        one.key = bytes_of(key);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    for (std::int32_t i = 0; i < 5; ++i) {
        for (const std::string& key : values_in(on->partition(static_cast<std::size_t>(i))))
            EXPECT_EQ(murmur2_partition(bytes_of(key), 5), partition_id(i));
    }
    EXPECT_EQ(on->out.counters().acknowledged, 100u);
}
TEST(producer, a_key_decides_the_partition) {
    run(keyed, {}, 5);
}

env::task<void> keyless(stage* on) {
    co_await append_many(on, 2000);
    (void)co_await on->out.flush();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto values = values_in(on->partition(i));
        EXPECT_GT(values.size(), 100u) << i;
        seen.insert(values.begin(), values.end());
    }
    EXPECT_EQ(seen.size(), 2000u);
    // As many batches as their size demands, and not one for each record.
    EXPECT_LT(on->told.all.size(), 50u);
}
TEST(producer, records_without_a_key_fill_one_batch_after_the_other) {
    run(keyless, {.batch_bytes = 1000}, 4);
}

env::task<void> together(stage* on) {
    for (int i = 0; i < 64; ++i) {
        new_record one = of("v");
        one.partition = partition_id(i);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().acknowledged, 64u);
    EXPECT_LE(on->memory.produce_requests, 3u);
}
TEST(producer, batches_of_many_partitions_go_in_one_request) {
    run(together, {}, 64);
}

// --- retries

env::task<void> refused_for_a_while(stage* on) {
    on->partition().produce_errors = {error_code::not_enough_replicas, error_code::kafka_storage_error};
    co_await append_many(on, 500);
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()), values_up_to(500));
    EXPECT_EQ(on->out.counters().retries, 2u);
    EXPECT_EQ(on->out.counters().may_be_doubled, 0u);
}
TEST(producer, a_retriable_refusal_is_tried_again_and_keeps_the_order) {
    run(refused_for_a_while, {.batch_bytes = 500});
}

env::task<void> refused_for_good(stage* on) {
    on->partition().produce_errors = {error_code::invalid_record};
    co_await append_many(on, 1);
    (void)co_await on->out.flush();
    CO_ASSERT_TRUE(on->told.all.size() == 1);
    EXPECT_EQ(on->told.all[0].outcome, delivery_outcome::failed);
    EXPECT_EQ(broker_error_code(on->told.all[0].why.value()), error_code::invalid_record);
    EXPECT_EQ(on->memory.produce_requests, 1u);
}
TEST(producer, another_refusal_is_final) {
    run(refused_for_good);
}

/// The connection goes after the first batch was stored.
env::task<void> lost_answer(stage* on) {
    on->broker.decide = [done = false](const request_frame& request) mutable {
        const bool is_first = is_produce(request) && !std::exchange(done, true);
        return is_first ? fate::close_after : fate::serve;
    };
    co_await append_many(on, 10);
    (void)co_await on->out.flush();
}
env::task<void> lost_answer_doubles(stage* on) {
    co_await lost_answer(on);
    std::vector<std::string> twice = values_up_to(10);
    for (const std::string& value : values_up_to(10)) twice.push_back(value);
    EXPECT_EQ(values_in(on->partition()), twice);
    EXPECT_EQ(on->out.counters().acknowledged, 10u);
    EXPECT_EQ(on->out.counters().may_be_doubled, 10u);
}
env::task<void> lost_answer_is_unknown(stage* on) {
    co_await lost_answer(on);
    EXPECT_EQ(values_in(on->partition()), values_up_to(10));
    EXPECT_EQ(on->out.counters().unknown, 10u);
    CO_ASSERT_TRUE(on->told.all.size() == 1);
    EXPECT_EQ(on->told.all[0].why->code, client_errc::connection_lost);
}
TEST(producer, a_batch_of_unknown_outcome_is_sent_again_for_at_least_once) {
    run(lost_answer_doubles);
}
TEST(producer, a_batch_of_unknown_outcome_is_told_where_nothing_may_be_doubled) {
    run(lost_answer_is_unknown, {.at_least_once = false});
}

env::task<void> late_error(stage* on) {
    on->partition().late_produce_errors = {error_code::not_enough_replicas_after_append};
    co_await append_many(on, 3);
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().unknown, 3u);
    EXPECT_EQ(values_in(on->partition()), values_up_to(3));
}
TEST(producer, an_error_that_comes_after_the_append_is_no_refusal) {
    run(late_error, {.at_least_once = false});
}

env::task<void> closed_before(stage* on) {
    int left = 3;
    on->broker.decide = [&left](const request_frame& request) {
        return is_produce(request) && left-- > 0 ? fate::close_before : fate::serve;
    };
    co_await append_many(on, 300);
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().acknowledged, 300u);
    EXPECT_EQ(values_in(on->partition()), values_up_to(300));
    on->broker.decide = {};
}
TEST(producer, broken_connections_are_made_again_and_the_order_is_kept) {
    run(closed_before, {.batch_bytes = 500});
}

env::task<void> silent(stage* on) {
    bool once = false;
    on->broker.decide = [&once](const request_frame& request) {
        return is_produce(request) && !std::exchange(once, true) ? fate::silence : fate::serve;
    };
    const env::monotonic_time start = on->world.time().now();
    co_await append_many(on, 3);
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().acknowledged, 3u);
    EXPECT_GE(on->world.time().now() - start, 2s);
    on->broker.decide = {};
}
TEST(producer, an_answer_that_does_not_come_ends_the_connection) {
    connection_options connection;
    connection.request_timeout = 2s;
    run(silent, {}, 1, connection);
}

env::task<void> server_gone(stage* on) {
    on->broker.stop_listening();
    on->broker.close_all();
    co_await env::sleep(on->world.loop, 100ms);
    co_await append_many(on, 10);
    const env::monotonic_time start = on->world.time().now();
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().failed, 10u);
    EXPECT_NEAR(std::chrono::duration<double>(on->world.time().now() - start).count(), 5, 0.5);
    CO_ASSERT_TRUE(!on->told.all.empty());
    EXPECT_EQ(on->told.all[0].why->code, client_errc::unreachable);
    EXPECT_NE(on->told.all[0].why->detail.find("not delivered in 5 s"), std::string::npos);
}
TEST(producer, nothing_is_tried_for_longer_than_the_delivery_timeout) {
    run(server_gone, {.delivery_timeout = 5s});
}

env::task<void> split_up(stage* on) {
    on->partition().batch_bytes_max = 400;
    co_await append_many(on, 300);
    std::string huge;
    for (std::uint32_t i = 1; huge.size() < 1000; i = i * 1664525 + 1013904223)
        huge.push_back(static_cast<char>(i >> 24));
    (void)co_await on->out.append(on->events, of(huge));
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()), values_up_to(300));
    EXPECT_EQ(on->out.counters().acknowledged, 300u);
    EXPECT_EQ(on->out.counters().failed, 1u);
    const std::size_t learnt_from = on->memory.produce_requests;
    co_await append_many(on, 30, 300);
    (void)co_await on->out.flush();
    EXPECT_LE(on->memory.produce_requests - learnt_from, 8u);
    // Every record is told once.
    std::map<std::uint64_t, std::int32_t> told;
    for (const auto& one : on->told.all) {
        EXPECT_EQ(one.first_index, told[one.batch]);
        told[one.batch] += one.record_count;
    }
}
TEST(producer, a_batch_that_is_too_large_for_the_broker_is_split) {
    run(split_up);
    run(split_up, {.codec = compression_codec::gzip});
}

env::task<void> leader_moves(stage* on) {
    fake_broker second(on->world);
    memory_topics its_memory(second);
    its_memory.add("events", 1);
    metadata_response::broker& other = on->memory.other_brokers.emplace_back();
    other.id = broker_id(2);
    other.host = second.address().host;
    other.port = second.address().port;
    co_await append_many(on, 5);
    (void)co_await on->out.flush();
    on->partition().leader = broker_id(2);
    on->partition().produce_errors = {error_code::not_leader_or_follower};
    co_await append_many(on, 5, 5);
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()), values_up_to(5));
    EXPECT_EQ(values_in(its_memory.topics.at("events").partitions[0]).size(), 5u);
    EXPECT_EQ(on->out.counters().acknowledged, 10u);
    on->cluster.shut();
    co_await env::sleep(on->world.loop, 100ms);
}
TEST(producer, batches_follow_the_leader) {
    run(leader_moves);
}

// --- windows

env::task<void> window(stage* on) {
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
        new_record one = of("0123456789");
        one.partition = partition_id(i % 20);
        (void)co_await on->out.append(on->events, one);
    }
    (void)co_await on->out.flush();
    co_await env::sleep(on->world.loop, 100ms);
    EXPECT_EQ(most, 5u);
    on->broker.decide = {};
}
TEST(producer, only_so_many_requests_are_under_way) {
    run(window, {.batch_bytes = 150, .request_bytes_max = 700}, 20);
}

env::task<void> without_acks(stage* on) {
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
    run(without_acks, {.acks = required_acks::none, .batch_bytes = 500});
}

// --- the end

env::task<void> aborted(stage* on) {
    on->broker.answer_delay = 50ms;
    for (int i = 0; i < 10; ++i) co_await append_many(on, 100, i * 100);
    co_await env::sleep(on->world.loop, 10ms);
    on->out.abort(error(client_errc::closed, "stopped"));
    const auto late = co_await on->out.append(on->events, of("late"));
    EXPECT_FALSE(late.has_value());
    (void)co_await on->out.flush();
    const producer_counters& counted = on->out.counters();
    EXPECT_GT(counted.acknowledged, 0u);
    EXPECT_GT(counted.failed, 0u);
    EXPECT_EQ(counted.unknown, 0u);
    EXPECT_EQ(values_in(on->partition()).size(), counted.acknowledged);
}
TEST(producer, an_abort_waits_for_what_is_under_way_and_drops_the_rest) {
    run(aborted, {.batch_bytes = 1000});
}

env::task<void> shut_in_flight(stage* on) {
    on->broker.answer_delay = 1h;
    co_await append_many(on, 10);
    co_await env::sleep(on->world.loop, 100ms);
    on->out.abort(error(client_errc::closed, "stopped"));
    on->cluster.shut();
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().unknown, 10u);
}
TEST(producer, what_is_under_way_when_the_connections_are_shut_is_unknown) {
    run(shut_in_flight);
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
