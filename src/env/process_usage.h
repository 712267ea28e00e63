// What this process takes of the machine.
#pragma once

#include <cstdint>

#include "env/clock.h"
#include "model/numbers.h"

namespace logstore::env {

struct process_usage {
    std::uint64_t open_files = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    /// Of all threads, in the program and in the kernel.
    duration processor_time{};
    timestamp_ms started{0};
};

/// Asks the system; what it does not tell is 0. Takes longer with many open files: not on a shard's thread.
process_usage read_process_usage();

/// Processor time of the calling thread. Any thread, quick.
duration thread_processor_time();

}  // namespace logstore::env
