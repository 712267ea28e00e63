// What a producer does about refusals, broken connections and lost answers, one at a time.
#include <map>

#include <gtest/gtest.h>

#include "kafka/client/broker_error.h"
#include "kafka/client/producer.h"
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

env::task<void> refused_for_a_while(producer_stage* on) {
    on->partition().produce_errors = {error_code::not_enough_replicas, error_code::kafka_storage_error};
    co_await append_many(on, 500);
    (void)co_await on->out.flush();
    EXPECT_EQ(values_in(on->partition()), values_up_to(500));
    EXPECT_EQ(on->out.counters().retries, 2u);
    EXPECT_EQ(on->out.counters().may_be_doubled, 0u);
}
TEST(producer_retries, a_retriable_refusal_is_tried_again_and_keeps_the_order) {
    run_on_stage(refused_for_a_while, {.batch_bytes = 500});
}

env::task<void> refused_for_good(producer_stage* on) {
    on->partition().produce_errors = {error_code::invalid_record};
    co_await append_many(on, 1);
    (void)co_await on->out.flush();
    CO_ASSERT_TRUE(on->told.all.size() == 1);
    EXPECT_EQ(on->told.all[0].outcome, delivery_outcome::failed);
    EXPECT_EQ(broker_error_code(on->told.all[0].why.value()), error_code::invalid_record);
    EXPECT_EQ(on->memory.produce_requests, 1u);
}
TEST(producer_retries, another_refusal_is_final) {
    run_on_stage(refused_for_good);
}

/// The connection goes after the first batch was stored.
env::task<void> lost_answer(producer_stage* on) {
    on->broker.decide = [done = false](const request_frame& request) mutable {
        const bool is_first = is_produce(request) && !std::exchange(done, true);
        return is_first ? fate::close_after : fate::serve;
    };
    co_await append_many(on, 10);
    (void)co_await on->out.flush();
}
env::task<void> lost_answer_doubles(producer_stage* on) {
    co_await lost_answer(on);
    std::vector<std::string> twice = values_up_to(10);
    for (const std::string& value : values_up_to(10)) twice.push_back(value);
    EXPECT_EQ(values_in(on->partition()), twice);
    EXPECT_EQ(on->out.counters().acknowledged, 10u);
    EXPECT_EQ(on->out.counters().may_be_doubled, 10u);
}
env::task<void> lost_answer_is_unknown(producer_stage* on) {
    co_await lost_answer(on);
    EXPECT_EQ(values_in(on->partition()), values_up_to(10));
    EXPECT_EQ(on->out.counters().unknown, 10u);
    CO_ASSERT_TRUE(on->told.all.size() == 1);
    EXPECT_EQ(on->told.all[0].why->code, client_errc::connection_lost);
}
TEST(producer_retries, a_batch_of_unknown_outcome_is_sent_again_for_at_least_once) {
    run_on_stage(lost_answer_doubles);
}
TEST(producer_retries, a_batch_of_unknown_outcome_is_told_where_nothing_may_be_doubled) {
    run_on_stage(lost_answer_is_unknown, {.at_least_once = false});
}

env::task<void> late_error(producer_stage* on) {
    on->partition().late_produce_errors = {error_code::not_enough_replicas_after_append};
    co_await append_many(on, 3);
    (void)co_await on->out.flush();
    EXPECT_EQ(on->out.counters().unknown, 3u);
    EXPECT_EQ(values_in(on->partition()), values_up_to(3));
}
TEST(producer_retries, an_error_that_comes_after_the_append_is_no_refusal) {
    run_on_stage(late_error, {.at_least_once = false});
}

env::task<void> closed_before(producer_stage* on) {
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
TEST(producer_retries, broken_connections_are_made_again_and_the_order_is_kept) {
    run_on_stage(closed_before, {.batch_bytes = 500});
}

env::task<void> silent(producer_stage* on) {
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
TEST(producer_retries, an_answer_that_does_not_come_ends_the_connection) {
    connection_options connection;
    connection.request_timeout = 2s;
    run_on_stage(silent, {}, 1, connection);
}

env::task<void> server_gone(producer_stage* on) {
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
TEST(producer_retries, nothing_is_tried_for_longer_than_the_delivery_timeout) {
    run_on_stage(server_gone, {.delivery_timeout = 5s});
}

env::task<void> split_up(producer_stage* on) {
    on->partition().batch_bytes_max = 400;
    co_await append_many(on, 300);
    std::string huge;
    for (std::uint32_t i = 1; huge.size() < 1000; i = i * 1664525 + 1013904223)
        huge.push_back(static_cast<char>(i >> 24));
    (void)co_await on->out.append(on->events, record_of(huge));
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
TEST(producer_retries, a_batch_that_is_too_large_for_the_broker_is_split) {
    run_on_stage(split_up);
    run_on_stage(split_up, {.codec = compression_codec::gzip});
}

env::task<void> leader_moves(producer_stage* on) {
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
TEST(producer_retries, batches_follow_the_leader) {
    run_on_stage(leader_moves);
}

}  // namespace
}  // namespace logstore::kafka
