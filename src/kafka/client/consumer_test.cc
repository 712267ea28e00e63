#include "kafka/client/consumer.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/compression.h"
#include "kafka/client/find_offsets.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka {
namespace {

using namespace std::chrono_literals;
using testing::fake_broker;
using testing::memory_topics;
using fate = fake_broker::fate;

/// A broker with the topic "events", and a consumer. Each test is one coroutine in a simulated world.
struct stage {
    stage(env::environment the_world, consumer_options options, std::int32_t partitions)
        : world(the_world),
          broker(world),
          memory(broker),
          cluster(world, {.bootstrap = {broker.address()}, .connection = {}}),
          in(cluster, options) {
        memory.add("events", partitions);
    }
    memory_topics::partition& partition(std::size_t index = 0) {
        return memory.topics.at("events").partitions.at(index);
    }
    /// Batches of `each` records with the values v0, v1, …
    void fill(std::size_t index, int count, int each = 10,
              compression_codec codec = compression_codec::none) {
        memory_topics::partition& to = partition(index);
        for (int i = 0; i < count; i += each) {
            record_batch_builder builder;
            for (int j = i; j < std::min(count, i + each); ++j)
                builder.append(timestamp_ms(1000 + j), {}, bytes_of("v" + std::to_string(j)));
            byte_vector batch = codec == compression_codec::none
                                    ? builder.finish()
                                    : builder.finish(codec, compress_records(codec, builder.records()));
            assign_record_batch(batch.data(), offset(to.next_offset), leader_epoch(7));
            to.log.insert(to.log.end(), batch.begin(), batch.end());
            to.next_offset += builder.record_count();
        }
    }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    cluster_view cluster;
    consumer in;
};

using body = env::task<void> (*)(stage*);

env::task<void> open_and_close(env::environment world, consumer_options options, std::int32_t partitions,
                               body what) {
    stage on(world, options, partitions);
    const auto known = co_await on.cluster.refresh("events");
    EXPECT_TRUE(known.has_value());
    co_await what(&on);
    on.in.stop();
    on.cluster.shut();
    co_await on.in.close();
    co_await on.cluster.close();
}

void run(body what, consumer_options options = {}, std::int32_t partitions = 1) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        env::sim_world world(seed);
        world.run(open_and_close(world.shard(), options, partitions, what));
    }
}

topic_partition events(std::int32_t partition = 0) {
    return {"events", partition_id(partition)};
}

/// "offset:value" of the next `count` records of all partitions; fewer where next() fails.
env::task<std::vector<std::string>> read(stage* on, std::size_t count) {
    std::vector<std::string> seen;
    while (seen.size() < count) {
        const auto block = co_await on->in.next();
        if (!block) {
            seen.push_back(block.error().code.message());
            break;
        }
        if (!*block) continue;
        (*block)->for_each([&](const consumed_record& one) {
            seen.push_back(std::to_string(one.offset.value()) + ":" +
                           std::string(text_of(one.value.value())));
            return true;
        });
    }
    co_return seen;
}

std::vector<std::string> expected(int from, int to) {
    std::vector<std::string> made;
    for (int i = from; i < to; ++i) made.push_back(std::to_string(i) + ":v" + std::to_string(i));
    return made;
}

// --- reading

env::task<void> everything(stage* on) {
    on->memory.fetch_bytes_max = 1000;
    for (const auto codec : {compression_codec::none, compression_codec::gzip, compression_codec::snappy,
                             compression_codec::lz4, compression_codec::zstd}) {
        on->partition().log.clear();
        on->partition().next_offset = 0;
        on->fill(0, 500, 10, codec);
        on->in.add(events(), offset(0));
        const auto seen = co_await read(on, 500);
        EXPECT_EQ(seen, expected(0, 500));
        EXPECT_EQ(on->in.position(events()), offset(500));
        on->in.remove(events());
    }
}
TEST(consumer, every_codec_is_read_in_order) {
    run(everything);
}

env::task<void> from_the_middle(stage* on) {
    on->fill(0, 100);
    on->in.add(events(), offset(55));
    const auto seen = co_await read(on, 45);
    EXPECT_EQ(seen, expected(55, 100));
}
TEST(consumer, records_below_the_offset_are_left_out) {
    run(from_the_middle);
}

env::task<void> what_comes_later(stage* on) {
    on->in.add(events(), offset(0));
    on->world.loop.start_timer(on->world.time().now() + 3s, [on] { on->fill(0, 20); });
    const auto seen = co_await read(on, 20);
    EXPECT_EQ(seen, expected(0, 20));
    // A long poll each half second, not a busy loop.
    EXPECT_LT(on->broker.requests, 20u);
}
TEST(consumer, it_waits_for_what_comes_later) {
    run(what_comes_later);
}

env::task<void> many(stage* on) {
    on->memory.fetch_bytes_max = 500;
    for (std::size_t i = 0; i < 8; ++i) {
        on->fill(i, 200);
        on->in.add(events(static_cast<std::int32_t>(i)), offset(0));
    }
    std::map<partition_id, std::vector<std::string>> seen;
    for (std::size_t count = 0; count < 1600;) {
        const auto block = co_await on->in.next();
        CO_ASSERT_TRUE(block && *block);
        (*block)->for_each([&](const consumed_record& one) {
            seen[(*block)->from().partition].push_back(std::to_string(one.offset.value()) + ":" +
                                                       std::string(text_of(one.value.value())));
            ++count;
            return true;
        });
    }
    for (const auto& [partition, values] : seen) EXPECT_EQ(values, expected(0, 200));
    EXPECT_EQ(seen.size(), 8u);
}
TEST(consumer, each_partition_is_read_in_order) {
    run(many, {}, 8);
}

env::task<void> bounded(stage* on) {
    on->memory.fetch_bytes_max = 2000;
    on->fill(0, 5000);
    on->in.add(events(), offset(0));
    co_await env::sleep(on->world.loop, 10s);
    // Two answers of the partition, and no more however long nobody reads.
    EXPECT_LE(on->broker.requests, 4u);
    const auto seen = co_await read(on, 5000);
    EXPECT_EQ(seen, expected(0, 5000));
}
TEST(consumer, no_more_is_read_ahead_than_there_is_room_for) {
    run(bounded);
}

env::task<void> stopped(stage* on) {
    on->in.add(events(), offset(0));
    on->world.loop.start_timer(on->world.time().now() + 10ms, [on] { on->in.stop(); });
    const env::monotonic_time start = on->world.time().now();
    const auto block = co_await on->in.next();
    CO_ASSERT_FALSE(block);
    EXPECT_EQ(block.error().code, client_errc::closed);
    EXPECT_LT(on->world.time().now() - start, 20ms);
}
TEST(consumer, a_stop_ends_the_wait_at_once) {
    run(stopped);
}

// --- what goes wrong

env::task<void> trouble(stage* on) {
    on->memory.fetch_bytes_max = 300;
    on->fill(0, 300);
    on->partition().fetch_errors = {error_code::not_leader_or_follower, error_code::kafka_storage_error};
    on->broker.decide = [number = 0](const request_frame& request) mutable {
        const bool is_fetch = request.header.api == api_key::fetch;
        return is_fetch && ++number % 5 == 0 ? fate::close_after : fate::serve;
    };
    on->in.add(events(), offset(0));
    const auto seen = co_await read(on, 300);
    EXPECT_EQ(seen, expected(0, 300));
    EXPECT_GT(on->broker.connections_accepted(), 3u);
}
TEST(consumer, errors_that_pass_and_broken_connections_lose_and_double_nothing) {
    run(trouble);
}

env::task<void> gone(stage* on) {
    on->in.add(events(), offset(0));
    on->broker.stop_listening();
    on->broker.close_all();
    const env::monotonic_time start = on->world.time().now();
    const auto seen = co_await read(on, 1);
    EXPECT_EQ(seen, std::vector<std::string>{make_error_code(client_errc::unreachable).message()});
    EXPECT_NEAR(std::chrono::duration<double>(on->world.time().now() - start).count(), 5, 1.5);
}
TEST(consumer, a_server_that_is_gone_is_told_when_patience_ends) {
    run(gone, {.patience = 5s});
}

env::task<void> damaged(stage* on) {
    on->fill(0, 30);
    on->partition().log.at(300) ^= std::byte(1);
    on->in.add(events(), offset(0));
    const auto seen = co_await read(on, 30);
    CO_ASSERT_TRUE(!seen.empty());
    EXPECT_NE(seen.back().find("CORRUPT_MESSAGE"), std::string::npos) << seen.back();
    EXPECT_LT(seen.size(), 21u);
    EXPECT_EQ(on->in.partition_count(), 0u);
}
TEST(consumer, a_batch_whose_checksum_does_not_hold_is_never_given) {
    run(damaged);
}

env::task<void> impossible(stage* on) {
    on->fill(0, 10);
    // The checksum does not cover it.
    store_big(on->partition().log.data(), std::int64_t(-5));
    on->in.add(events(), offset(0));
    const auto seen = co_await read(on, 1);
    EXPECT_EQ(seen, std::vector<std::string>{make_error_code(client_errc::bad_response).message()});
}
TEST(consumer, a_batch_of_impossible_offsets_is_no_answer) {
    run(impossible, {.patience = 2s});
}

void drop_first(stage* on, std::int64_t records) {
    memory_topics::partition& of = on->partition();
    of.log_start = records;
    while (!of.log.empty() && read_record_batch_header(of.log)->last_offset() < offset(records))
        of.log.erase(of.log.begin(), of.log.begin() + static_cast<std::ptrdiff_t>(
                                                          read_record_batch_header(of.log)->size_bytes()));
}

env::task<void> below_the_start(stage* on) {
    on->fill(0, 100);
    drop_first(on, 50);
    on->in.add(events(), offset(0));
    const auto seen = co_await read(on, 50);
    EXPECT_EQ(seen, expected(50, 100));
}
env::task<void> below_the_start_of_nothing(stage* on) {
    on->fill(0, 100);
    drop_first(on, 100);
    on->in.add(events(), offset(0));
    const auto moved = co_await on->in.next();
    CO_ASSERT_TRUE(moved.has_value());
    EXPECT_FALSE(moved->has_value());
    EXPECT_EQ(on->in.position(events()), offset(100));
}
env::task<void> above_the_end(stage* on) {
    on->fill(0, 100);
    on->in.add(events(), offset(500));
    on->world.loop.start_timer(on->world.time().now() + 2s, [on] { on->fill(0, 10); });
    const auto seen = co_await read(on, 10);
    CO_ASSERT_TRUE(!seen.empty());
    EXPECT_EQ(seen.front(), "100:v0");
}
env::task<void> refused_range(stage* on) {
    on->fill(0, 100);
    on->in.add(events(), offset(101));
    const auto seen = co_await read(on, 1);
    EXPECT_NE(seen.at(0).find("OFFSET_OUT_OF_RANGE"), std::string::npos) << seen.at(0);
}
TEST(consumer, an_offset_out_of_range_is_followed_as_the_policy_says) {
    run(below_the_start, {.out_of_range = out_of_range_policy::earliest});
    run(below_the_start_of_nothing, {.out_of_range = out_of_range_policy::earliest});
    run(above_the_end, {.out_of_range = out_of_range_policy::latest});
    run(refused_range);
}

// --- where to begin

env::task<void> beginnings(stage* on) {
    on->fill(0, 100);
    on->fill(1, 10);
    const std::vector<partition_id> both{partition_id(0), partition_id(1)};
    const env::monotonic_time until = on->world.time().now() + 10s;
    const auto first = co_await find_offsets(&on->cluster, "events", both, earliest_timestamp, until);
    const auto end = co_await find_offsets(&on->cluster, "events", both, latest_timestamp, until);
    const auto later = co_await find_offsets(&on->cluster, "events", both, timestamp_ms(1050), until);
    CO_ASSERT_TRUE(first && end && later);
    EXPECT_EQ(first->at(partition_id(0)), offset(0));
    EXPECT_EQ(end->at(partition_id(0)), offset(100));
    EXPECT_EQ(later->at(partition_id(0)), offset(50));
    // Where nothing is as late: the end.
    EXPECT_EQ(later->at(partition_id(1)), offset(10));
    const std::vector<partition_id> none{partition_id(7)};
    const auto absent =
        co_await find_offsets(&on->cluster, "events", none, latest_timestamp, on->world.time().now() + 2s);
    EXPECT_FALSE(absent.has_value());
}
TEST(find_offsets, by_place_and_by_time) {
    run(beginnings, {}, 2);
}

}  // namespace
}  // namespace logstore::kafka
