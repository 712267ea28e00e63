// The limits that all shards of the process share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "env/executor.h"
#include "kafka/server/byte_budget.h"

namespace logstore::kafka {

struct process_limit_options {
    /// Requests of all connections that were read and not answered; one more is let in while fewer bytes than
    /// this are held.
    std::size_t in_flight_bytes = std::size_t(256) << 20;
    /// Records on their way to all clients that fetch. At the limit a fetch is answered with one batch.
    std::size_t fetch_bytes = std::size_t(256) << 20;
    /// Further connections are closed at once.
    std::uint32_t connections_max = 10'000;
};

/// One for the process, made before the servers and outliving the executors. Any thread.
struct process_limits {
    process_limits(const process_limit_options& options, const std::vector<env::executor*>& shards)
        : request_memory(options.in_flight_bytes, shards),
          fetch_memory(options.fetch_bytes, shards),
          connections_max(options.connections_max) {}

    byte_budget request_memory;
    byte_budget fetch_memory;
    const std::uint32_t connections_max;
    std::atomic<std::uint32_t> connections{0};
};

}  // namespace logstore::kafka
