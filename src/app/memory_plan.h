// Limits that fit the memory there is.
#pragma once

#include <cstdint>
#include <string>

#include "config/server_options.h"

namespace logstore::app {

/// The most that a server with these limits holds, whatever its clients do: their sum. docs/limits.md has the
/// rows. What the kernel keeps for its sockets and files is not in it.
std::uint64_t memory_of_limits(const config::server_options& limits, std::uint32_t shards);

struct memory_plan {
    config::server_options options;
    /// What was found or given.
    std::uint64_t memory_bytes = 0;
    /// Of the limits in `options`.
    std::uint64_t limits_bytes = 0;
    /// They were made smaller.
    bool is_scaled = false;
};

/// Makes limits that stand at their defaults smaller, all by one factor, until the sum is at most four fifths
/// of options.memory_max, or where that is 0 of `usable_bytes`. What was set stays.
memory_plan plan_memory(config::server_options options, std::uint32_t shards, std::uint64_t usable_bytes);

/// One line for the log.
std::string describe(const memory_plan& plan);

}  // namespace logstore::app
