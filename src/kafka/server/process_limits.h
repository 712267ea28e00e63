// The limits that all shards of the process share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "env/executor.h"
#include "kafka/server/assembly_memory.h"
#include "shard/connection_counts.h"
#include "shard/byte_budget.h"

namespace logstore::kafka {

/// What clients can make the process hold is the sum of these, one request and one answer of each shard that go
/// above them, and connection::floor_bytes for each connection.
struct process_limit_options {
    /// Requests of all connections that have arrived whole and are not answered, with what they decode to; one
    /// more is let in while fewer bytes than this are held. And an eighth of it for what was received behind
    /// them: above that, little is received at a time.
    std::size_t in_flight_bytes = std::size_t(256) << 20;
    /// Of each shard: requests above frame_reader::small_frame_bytes_max that have not arrived whole, counted
    /// as their bytes come and not as they are announced. Where a frame may be larger than a quarter of
    /// this: three quarters and one frame. See assembly_memory.
    std::size_t assembly_bytes_per_shard = std::size_t(64) << 20;
    /// Answers that clients have not taken yet, and records that are read for them. At the limit only small
    /// answers are made.
    std::size_t answer_bytes = std::size_t(256) << 20;
    /// Further connections are closed at once.
    std::uint32_t connections_max = 10'000;
    /// Of one address.
    std::uint32_t connections_per_address_max = 5'000;
};

/// One for the process, made before the servers and outliving the executors. Any thread, but each shard its
/// own frame_memory.
struct process_limits {
    process_limits(const process_limit_options& options, const std::vector<env::executor*>& shards)
        : request_memory(options.in_flight_bytes, shards),
          kept_memory(std::max<std::size_t>(1, options.in_flight_bytes / 8), shards),
          answer_memory(options.answer_bytes, shards),
          connections(options.connections_max, options.connections_per_address_max) {
        for (env::executor* shard : shards) {
            frame_memory.push_back(
                std::make_unique<assembly_memory>(options.assembly_bytes_per_shard, *shard));
        }
    }

    byte_budget request_memory;
    /// Nobody waits for it: who waits to be let in may hold some of it.
    byte_budget kept_memory;
    byte_budget answer_memory;
    std::vector<std::unique_ptr<assembly_memory>> frame_memory;
    connection_counts connections;
};

}  // namespace logstore::kafka
