// A producer and the broker that it writes to, for tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/testing/sim_world.h"
#include "kafka/client/producer.h"
#include "kafka/client/testing/memory_topics.h"

namespace logstore::kafka::testing {

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
    void on_delivery(const delivery& what) override;

    std::vector<told> all;
};

/// A broker with the topic "events", and a producer that has it open. One executor.
struct producer_stage {
    producer_stage(env::environment the_world, producer_options options, std::int32_t partitions,
                   connection_options connection);
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

/// Runs a test, which is one coroutine, in simulated worlds of several seeds. Afterwards every record that
/// was appended has been told of.
using producer_test_body = env::task<void> (*)(producer_stage*);
void run_on_stage(producer_test_body what, producer_options options = {}, std::int32_t partitions = 1,
                  connection_options connection = {});

new_record record_of(std::string_view value);
/// Values v0, v1, … of which every append waits for room.
env::task<void> append_many(producer_stage* on, int count, int from = 0);
std::vector<std::string> values_up_to(int count);
bool is_produce(const request_frame& request);

}  // namespace logstore::kafka::testing
