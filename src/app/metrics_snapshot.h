// The figures of the whole process at about one moment, as /metrics gives them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "env/file.h"
#include "env/process_usage.h"
#include "http/metrics.h"
#include "kafka/server/metrics.h"
#include "resp/metrics.h"
#include "shard/shard_figures.h"

namespace logstore::app {

/// What does not change while a server runs.
struct start_facts {
    /// From the opening of the data directory until everything in it could be served.
    std::chrono::nanoseconds recovery_time{};
    std::uint64_t recovered_groups = 0;
    std::uint64_t recovered_bytes = 0;
    /// The sum of docs/limits.md.
    std::uint64_t limits_bytes = 0;
};

/// Of one shard; copied on its thread.
struct shard_sample {
    std::uint32_t index = 0;
    shard_figures storage;
    kafka::server_metrics kafka;
    std::uint64_t kafka_assembly_bytes = 0;
    http::server_metrics http;
    resp::server_metrics resp;
};

/// Bytes that a limit of the process counts.
struct memory_sample {
    /// Of the option that sets it: "kafka.in_flight_bytes".
    std::string_view limit;
    std::uint64_t held_bytes = 0;
    std::uint64_t limit_bytes = 0;
};

struct metrics_snapshot {
    start_facts start;
    /// Those that were not stopping.
    std::vector<shard_sample> shards;
    std::vector<memory_sample> memory;
    std::uint32_t kafka_connections_max = 0;
    std::uint32_t http_connections_max = 0;
    std::uint32_t resp_connections_max = 0;
    std::uint64_t topics = 0;
    std::uint64_t partitions = 0;
    std::uint64_t open_files_max = 0;
    env::process_usage process;
    /// Of the file system with the data; zeros when it could not be asked.
    env::file_system_space disk;
};

}  // namespace logstore::app
