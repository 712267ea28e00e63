// The limits and rules of the Redis front door. app/ fills them in from the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "env/clock.h"
#include "resp/request_parser.h"

namespace logstore::resp {

/// Every default is finite. What is shared by all shards is in process_limits.h.
struct server_options {
    request_limits requests;
    /// Commands of one connection that are under way; no further one is looked at while their requests have so many
    /// bytes.
    std::size_t in_flight_bytes_per_connection = std::size_t(4) << 20;
    /// Above this much unsent output no further request of the connection is looked at.
    std::size_t unsent_bytes_soft_max = std::size_t(1) << 20;
    /// One answer: of a command that asks for more there is an error.
    std::size_t answer_bytes_max = std::size_t(16) << 20;
    /// A stored batch that expands to more is not read.
    std::size_t decompressed_bytes_max = std::size_t(32) << 20;
    /// A connection without a request for this long is closed.
    env::duration idle_timeout = std::chrono::hours(1);
    /// From its first byte on, a request has so long to arrive.
    env::duration request_timeout = std::chrono::seconds(30);
    /// A client that takes less than unsent_bytes_per_timeout of its answers in so long is cut off.
    env::duration write_timeout = std::chrono::seconds(30);
    /// At a stop: how long requests under way have to finish.
    env::duration stop_timeout = std::chrono::seconds(5);
    bool auto_create_topics = true;
    /// Where keys live that are no fields of a hash.
    std::string key_topic = "kv";
    /// What clients are told.
    std::string program_version = "0";
};

inline constexpr std::size_t unsent_bytes_per_timeout = std::size_t(64) << 10;

}  // namespace logstore::resp
