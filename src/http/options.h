// The limits and rules of the HTTP front door. app/ fills them in from the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "env/clock.h"
#include "http/origin_policy.h"

namespace logstore::http {

/// Every default is finite. What is shared by all shards is in process_limits.h.
struct server_options {
    /// The first line and the fields of a request.
    std::size_t head_bytes_max = std::size_t(16) << 10;
    std::size_t body_bytes_max = std::size_t(2) << 20;
    /// Appends of one connection that wait for the disk; no further request is looked at while so many bytes
    /// of requests do.
    std::size_t in_flight_bytes_per_connection = std::size_t(4) << 20;
    std::size_t in_flight_appends_per_connection = 256;
    /// Above this much unsent output no further request of the connection is looked at.
    std::size_t unsent_bytes_soft_max = std::size_t(1) << 20;

    /// Of the JSON of one read, when the client does not say, and at most. One record is given however large
    /// it is.
    std::size_t read_bytes_default = std::size_t(1) << 20;
    std::size_t read_bytes_max = std::size_t(8) << 20;
    /// A stored batch that expands to more is not read.
    std::size_t decompressed_bytes_max = std::size_t(32) << 20;
    /// The longest that a read waits, whatever the client asks for.
    env::duration read_wait_max = std::chrono::seconds(60);
    /// A stream of records says so often that it is alive.
    env::duration heartbeat_interval = std::chrono::seconds(15);

    /// A connection without a request for this long is closed.
    env::duration idle_timeout = std::chrono::minutes(2);
    /// From its first byte on, a request has so long to arrive.
    env::duration request_timeout = std::chrono::seconds(30);
    /// A client that takes less than unsent_bytes_per_timeout of its answers in so long is cut off.
    env::duration write_timeout = std::chrono::seconds(30);
    /// At a stop: how long requests under way have to finish.
    env::duration stop_timeout = std::chrono::seconds(5);

    bool auto_create_topics = true;
    origin_options origins;
};

inline constexpr std::size_t unsent_bytes_per_timeout = std::size_t(64) << 10;

}  // namespace logstore::http
