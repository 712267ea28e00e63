// What the Redis front door counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/histogram.h"
#include "env/clock.h"
#include "resp/command.h"

namespace logstore::resp {

/// Plain numbers of one shard, written and read by its thread; a copy is a snapshot.
struct server_metrics {
    /// By place in command_table(): commands that were answered, and those of them with an error.
    std::array<std::uint64_t, commands_max> commands{};
    std::array<std::uint64_t, commands_max> errors{};
    /// Commands that there are not.
    std::uint64_t unknown_commands = 0;
    /// By command_kind: from having the first request of those that are served together to their answers being on
    /// their way. Immediate ones are not timed.
    std::array<time_histogram, command_kinds> latencies{};
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    /// Keys that were asked for, and those that were there.
    std::uint64_t key_reads = 0;
    std::uint64_t key_hits = 0;

    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t connections_over_limit = 0;
    std::uint64_t connections_closed_as_idle = 0;
    /// The client did not read its answers.
    std::uint64_t connections_closed_as_stalled = 0;
    /// What it sent was no request.
    std::uint64_t connections_closed_as_invalid = 0;
    /// Closed in the place of an answer: the outcome of a write was not known.
    std::uint64_t connections_closed_unanswered = 0;

    void count_time(command_kind kind, env::duration took) {
        latencies[static_cast<std::size_t>(kind)].observe(static_cast<std::uint64_t>(took.count()));
    }
};

}  // namespace logstore::resp
