// The limits that all shards of the process share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "env/executor.h"
#include "kafka/server/assembly_memory.h"
#include "shard/byte_budget.h"

namespace logstore::kafka {

/// What clients can make the process hold is the sum of these; and for each connection the first
/// frame_reader::small_frame_bytes_max of a frame, what one delivery of the stream had brought when the
/// connection paused (256 KiB at most), and server_options::unsent_bytes_soft_max.
struct process_limit_options {
    /// Requests of all connections that have arrived whole and are not answered; one more is let in while
    /// fewer bytes than this are held.
    std::size_t in_flight_bytes = std::size_t(256) << 20;
    /// Of each shard: requests above frame_reader::small_frame_bytes_max that have not arrived whole, counted
    /// as their bytes come and not as they are announced. Where a frame may be larger than a quarter of
    /// this: three quarters and one frame. See assembly_memory.
    std::size_t assembly_bytes_per_shard = std::size_t(64) << 20;
    /// Records on their way to all clients that fetch. At the limit a fetch is answered with one batch.
    std::size_t fetch_bytes = std::size_t(256) << 20;
    /// Further connections are closed at once.
    std::uint32_t connections_max = 10'000;
};

/// One for the process, made before the servers and outliving the executors. Any thread, but each shard its
/// own frame_memory.
struct process_limits {
    process_limits(const process_limit_options& options, const std::vector<env::executor*>& shards)
        : request_memory(options.in_flight_bytes, shards),
          fetch_memory(options.fetch_bytes, shards),
          connections_max(options.connections_max) {
        for (env::executor* shard : shards) {
            frame_memory.push_back(
                std::make_unique<assembly_memory>(options.assembly_bytes_per_shard, *shard));
        }
    }

    byte_budget request_memory;
    byte_budget fetch_memory;
    std::vector<std::unique_ptr<assembly_memory>> frame_memory;
    const std::uint32_t connections_max;
    std::atomic<std::uint32_t> connections{0};
};

}  // namespace logstore::kafka
