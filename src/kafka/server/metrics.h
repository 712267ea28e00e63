// What the Kafka front door counts: plain numbers of one shard, written and read by its thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/histogram.h"
#include "env/clock.h"
#include "kafka/protocol/api_table.h"
#include "kafka/protocol/error_code.h"

namespace logstore::kafka {

struct server_metrics {
    static constexpr std::size_t error_codes =
        static_cast<std::size_t>(error_code::share_session_limit_reached) + 2;

    /// By API key: requests whose header was understood.
    std::array<std::uint64_t, api_table.size()> requests{};
    /// By API key: from the request being understood to its answer being on its way, waits that the client asked
    /// for included.
    std::array<time_histogram, api_table.size()> latencies{};
    /// By error code + 1 (unknown_server_error comes first): error codes in answers, counted for each
    /// partition or topic.
    std::array<std::uint64_t, error_codes> errors{};
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t appended_batches = 0;
    std::uint64_t appended_bytes = 0;
    std::uint64_t fetched_bytes = 0;

    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t connections_over_limit = 0;
    std::uint64_t connections_closed_as_idle = 0;
    /// Closed because the peer took none of its answers while others waited for their memory.
    std::uint64_t connections_closed_as_unread = 0;
    /// Closed for a frame or request that breaks the protocol.
    std::uint64_t connections_closed_as_invalid = 0;
    /// Closed in the place of an answer: the outcome of an append was not known, or one with acks=0 failed.
    std::uint64_t connections_closed_unanswered = 0;
    /// How often a connection stopped receiving because of a limit.
    std::uint64_t receive_pauses = 0;
    /// How often one waited for the turn of its address.
    std::uint64_t turn_waits = 0;

    void count(api_key key) { ++requests[static_cast<std::size_t>(key)]; }
    void count_time(api_key key, env::duration took) {
        latencies[static_cast<std::size_t>(key)].observe(static_cast<std::uint64_t>(took.count()));
    }
    void count(error_code code) {
        const auto index = static_cast<std::size_t>(static_cast<int>(code) + 1);
        if (code != error_code::none && index < errors.size()) ++errors[index];
    }
    std::uint64_t of(error_code code) const {
        return errors[static_cast<std::size_t>(static_cast<int>(code) + 1)];
    }
};

}  // namespace logstore::kafka
