// The limits that the Redis doors of all shards share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "env/executor.h"
#include "shard/byte_budget.h"
#include "shard/connection_counts.h"

namespace logstore::resp {

/// What clients can make the process hold is the sum of these, requests times two for the record batches that are
/// made of them, and connection::floor_bytes for each connection.
struct process_limit_options {
    /// Requests that have arrived in part or are under way, but for a little of each connection. At the limit a
    /// connection with a request above that little is closed.
    std::size_t request_bytes = std::size_t(64) << 20;
    /// Answers on their way to clients, but for a little of each connection. At the limit large ones wait.
    std::size_t answer_bytes = std::size_t(128) << 20;
    /// Further connections are closed at once, after an error that says so.
    std::uint32_t connections_max = 10'000;
    /// Of one address.
    std::uint32_t connections_per_address_max = 5'000;
};

/// One for the process, made before the servers and outliving the executors. Any thread.
struct process_limits {
    process_limits(const process_limit_options& options, const std::vector<env::executor*>& shards)
        : request_memory(options.request_bytes, shards),
          answer_memory(options.answer_bytes, shards),
          connections(options.connections_max, options.connections_per_address_max) {}

    byte_budget request_memory;
    byte_budget answer_memory;
    connection_counts connections;
    /// What CLIENT ID tells.
    std::atomic<std::uint64_t> last_connection_id{0};
};

}  // namespace logstore::resp
