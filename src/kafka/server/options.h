// The limits and answers of the Kafka front door. app/ fills them in from the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "env/clock.h"
#include "env/stream.h"
#include "kafka/protocol/decoder.h"
#include "kafka/server/broker_config.h"

namespace logstore::kafka {

/// Every default is finite. What is shared by all shards is in process_limits.h.
struct server_options {
    /// What clients are told to connect to.
    env::socket_address advertised;
    /// What DescribeConfigs says of the broker; null = nothing.
    broker_configs configs;

    /// A connection that announces a larger frame is closed.
    std::size_t frame_bytes_max = std::size_t(32) << 20;
    /// The same for all but Produce.
    std::size_t other_request_bytes_max = std::size_t(4) << 20;
    /// Requests of one connection that were read and not answered; one more is let in while fewer bytes than
    /// this are held.
    std::size_t in_flight_bytes_per_connection = std::size_t(8) << 20;
    /// Above this much unsent output no further request of the connection is looked at.
    std::size_t unsent_bytes_soft_max = std::size_t(1) << 20;
    /// Record bytes in one answer to Fetch, whatever the client asks for.
    std::size_t fetch_bytes_max = std::size_t(50) << 20;
    /// Lists in one decoded request.
    std::size_t request_list_bytes_max = std::size_t(2) << 20;

    /// A connection on which nothing happens for this long is closed.
    env::duration idle_timeout = std::chrono::minutes(10);
    /// A large frame that stops arriving for this long closes its connection.
    env::duration stalled_frame_timeout = std::chrono::seconds(10);
    /// The same while others wait for the memory that unfinished frames hold; then it must also bring a part
    /// of what it holds within this time (connection::pace_divisor).
    env::duration stalled_frame_timeout_when_scarce = std::chrono::seconds(2);
    /// The longest that a Fetch waits, whatever the client asks for.
    env::duration fetch_wait_max = std::chrono::minutes(5);
    /// At a stop: how long requests under way have to finish.
    env::duration stop_timeout = std::chrono::seconds(5);

    /// Whether Metadata may create topics.
    bool auto_create_topics = true;
    /// Of topics whose creator does not say how many.
    std::int32_t partitions_default = 1;

    decode_limits request_limits() const {
        decode_limits limits;
        limits.list_memory_max_bytes = request_list_bytes_max;
        return limits;
    }
};

}  // namespace logstore::kafka
