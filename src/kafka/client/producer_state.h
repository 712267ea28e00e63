// The inside of a producer. Included by its sources alone.
#pragma once

#include "kafka/client/producer.h"

namespace logstore::kafka {

/// The batches of one partition, oldest first. Only the first one is ever under way.
struct producer::partition_queue {
    partition_queue(topic& of, topic_partition to) : owner(of), name(std::move(to)) {}

    topic& owner;
    const topic_partition name;
    std::deque<std::unique_ptr<produce_batch>> batches;
    bool is_in_flight = false;
    /// In producer::active_.
    bool is_active = false;

    produce_batch& front() { return *batches.front(); }
    const produce_batch& front() const { return *batches.front(); }
};

class producer::topic {
  public:
    topic(std::string the_name, std::size_t the_batch_bytes)
        : name(std::move(the_name)), batch_bytes(the_batch_bytes) {}

    const std::string name;
    std::vector<std::unique_ptr<partition_queue>> queues;
    /// Where records without a key go at the moment.
    std::size_t sticky = 0;
    /// Smaller than the option once the broker has refused a batch for its size.
    std::size_t batch_bytes;
};

struct producer::request_in_flight final : response_waiter {
    request_in_flight(producer& the_owner, broker_id the_broker, std::shared_ptr<client_connection> way,
                      api_version the_version, std::vector<partition_queue*> the_queues)
        : owner(the_owner),
          broker(the_broker),
          connection(std::move(way)),
          version(the_version),
          queues(std::move(the_queues)) {}

    void on_response(result<received_frame> response) override { owner.on_answer(*this, response); }

    producer& owner;
    const broker_id broker;
    const std::shared_ptr<client_connection> connection;
    const api_version version;
    const std::vector<partition_queue*> queues;
};

}  // namespace logstore::kafka
