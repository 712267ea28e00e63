// The limits that the HTTP doors of all shards share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "env/executor.h"
#include "shard/byte_budget.h"

namespace logstore::http {

/// What clients can make the process hold is the sum of these, requests times two for the record batches that are
/// made of them; connection::floor_bytes for each connection; and for each shard what understanding one body takes
/// (body_reader).
struct process_limit_options {
    /// Requests that have begun to arrive and are not answered, with what it takes to answer them. What does not
    /// fit is refused with 503.
    std::size_t request_bytes = std::size_t(64) << 20;
    /// Answers on their way to clients, but for a little of each connection. A large one that does not fit is
    /// refused with 503.
    std::size_t answer_bytes = std::size_t(128) << 20;
    /// Further connections are closed at once.
    std::uint32_t connections_max = 10'000;
};

/// One for the process, made before the servers and outliving the executors. Any thread.
struct process_limits {
    process_limits(const process_limit_options& options, const std::vector<env::executor*>& shards)
        : request_memory(options.request_bytes, shards),
          answer_memory(options.answer_bytes, shards),
          connections_max(options.connections_max) {}

    byte_budget request_memory;
    byte_budget answer_memory;
    const std::uint32_t connections_max;
    std::atomic<std::uint32_t> connections{0};
};

}  // namespace logstore::http
