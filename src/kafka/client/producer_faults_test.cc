// A producer over a network that breaks, and a broker that refuses, is slow and forgets to answer: what it
// says of each record is compared with the log.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/client/producer.h"
#include "kafka/client/testing/log_content.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::kafka {
namespace {

using namespace std::chrono_literals;
using testing::fake_broker;
using testing::memory_topics;
using fate = fake_broker::fate;

constexpr std::int32_t partitions = 4;
constexpr int records = 600;

/// What the producer said of each batch.
struct ledger final : delivery_listener {
    void on_delivery(const delivery& what) override {
        for (std::int32_t i = 0; i < what.record_count; ++i) {
            const auto [place, is_new] =
                outcomes.emplace(std::pair(what.batch, what.first_index + i), what.outcome);
            EXPECT_TRUE(is_new) << "a record is settled once";
        }
    }
    std::map<std::pair<std::uint64_t, std::int32_t>, delivery_outcome> outcomes;
};

/// One in so many requests each.
fate random_fate(env::random_source& random, const request_frame& request) {
    const bool is_produce = request.header.api == api_key::produce;
    switch (random.next() % 20) {
        case 0: return fate::close_before;
        case 1: return is_produce ? fate::close_after : fate::serve;
        case 2: return is_produce ? fate::silence : fate::serve;
        default: return fate::serve;
    }
}

struct sent_record {
    std::string value;
    record_ticket ticket;
};

void compare(const memory_topics::partition& log, const std::vector<sent_record>& sent, const ledger& told,
             bool at_least_once) {
    std::map<std::string, int> seen;
    std::vector<std::string> first_seen;
    for (const std::string& value : testing::values_in(log))
        if (++seen[value] == 1) first_seen.push_back(value);
    std::vector<std::string> expected_order;
    for (const sent_record& one : sent) {
        const delivery_outcome outcome = told.outcomes.at({one.ticket.batch, one.ticket.index});
        if (outcome == delivery_outcome::acknowledged) EXPECT_GE(seen[one.value], 1) << one.value;
        if (outcome == delivery_outcome::failed) EXPECT_EQ(seen[one.value], 0) << one.value;
        if (!at_least_once) EXPECT_LE(seen[one.value], 1) << one.value;
        if (at_least_once) EXPECT_EQ(outcome, delivery_outcome::acknowledged) << one.value;
        if (seen[one.value] > 0) expected_order.push_back(one.value);
    }
    EXPECT_EQ(first_seen, expected_order);
}

env::task<void> random_life(env::environment world, bool at_least_once) {
    fake_broker broker(world);
    memory_topics memory(broker);
    memory.add("events", partitions);
    connection_options connection;
    connection.request_timeout = 500ms;
    cluster_view cluster(world, {.bootstrap = {broker.address()}, .connection = connection});
    ledger told;
    producer out(cluster,
                 {.batch_bytes = 200,
                  .request_bytes_max = 500,
                  .buffer_bytes_max = 1 << 20,
                  .linger = 2ms,
                  .delivery_timeout = 1h,
                  .at_least_once = at_least_once},
                 &told);
    const auto opened = co_await out.open("events", world.time().now() + 1min);
    CO_ASSERT_TRUE(opened);
    broker.decide = [&](const request_frame& request) { return random_fate(world.random, request); };

    std::vector<std::vector<sent_record>> sent(partitions);
    for (int i = 0; i < records; ++i) {
        const auto partition = static_cast<std::int32_t>(world.random.next() % partitions);
        sent_record made{"v" + std::to_string(i), {}};
        new_record record;
        record.value = bytes_of(made.value);
        record.timestamp = timestamp_ms(1);
        record.partition = partition_id(partition);
        const auto ticket = co_await out.append(*opened, record);
        CO_ASSERT_TRUE(ticket);
        made.ticket = *ticket;
        sent[static_cast<std::size_t>(partition)].push_back(std::move(made));
        if (world.random.next() % 10 == 0) co_await env::sleep(world.loop, 3ms);
        auto& errors =
            memory.topics.at("events").partitions[static_cast<std::size_t>(partition)].produce_errors;
        if (world.random.next() % 50 == 0) errors.push_back(error_code::not_enough_replicas);
    }
    (void)co_await out.flush();
    EXPECT_EQ(told.outcomes.size(), static_cast<std::size_t>(records));
    for (std::size_t i = 0; i < sent.size(); ++i)
        compare(memory.topics.at("events").partitions[i], sent[i], told, at_least_once);
    EXPECT_GT(out.counters().retries, 0u);
    broker.decide = {};
    (void)co_await out.close();
    co_await cluster.close();
}

void run_seeds(bool at_least_once) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        env::sim_world_options options;
        options.seed = seed;
        options.network.break_one_in = 300;
        env::sim_world world(options);
        world.run(random_life(world.shard(), at_least_once));
    }
}

TEST(producer_faults, at_least_once_loses_nothing_and_keeps_the_order) {
    run_seeds(true);
}
TEST(producer_faults, at_most_once_doubles_nothing_and_what_it_says_is_true) {
    run_seeds(false);
}

}  // namespace
}  // namespace logstore::kafka
