#include "kafka/client/testing/producer_stage.h"

#include <gtest/gtest.h>

#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka::testing {

using namespace std::chrono_literals;

void deliveries::on_delivery(const delivery& what) {
    all.push_back({what.to, what.batch, what.first_index, what.record_count, what.outcome, what.base_offset,
                   what.why == nullptr ? std::nullopt : std::optional(*what.why)});
}

producer_stage::producer_stage(env::environment the_world, producer_options options, std::int32_t partitions,
                               connection_options connection)
    : world(the_world),
      broker(world),
      memory(broker),
      cluster(world, {.bootstrap = {broker.address()}, .connection = connection}),
      out(cluster, options, &told) {
    memory.add("events", partitions);
}

namespace {

env::task<void> run_opened(producer_stage* on, producer_test_body what) {
    const auto opened = co_await on->out.open("events", on->world.time().now() + 10s);
    CO_ASSERT_TRUE(opened);
    on->events = *opened;
    co_await what(on);
}

env::task<void> open_and_close(env::environment world, producer_options options, std::int32_t partitions,
                               connection_options connection, producer_test_body what) {
    producer_stage on(world, options, partitions, connection);
    co_await run_opened(&on, what);
    (void)co_await on.out.close();
    co_await on.cluster.close();
    EXPECT_EQ(on.out.counters().settled(), on.out.counters().appended);
    EXPECT_EQ(on.out.buffered_bytes(), 0u);
}

}  // namespace

void run_on_stage(producer_test_body what, producer_options options, std::int32_t partitions,
                  connection_options connection) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        env::sim_world world(seed);
        world.run(open_and_close(world.shard(), options, partitions, connection, what));
    }
}

new_record record_of(std::string_view value) {
    new_record made;
    made.value = bytes_of(value);
    made.timestamp = timestamp_ms(1'700'000'000'000);
    return made;
}

env::task<void> append_many(producer_stage* on, int count, int from) {
    for (int i = from; i < from + count; ++i) {
        const std::string value = "v" + std::to_string(i);
        const auto appended = co_await on->out.append(on->events, record_of(value));
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

}  // namespace logstore::kafka::testing
