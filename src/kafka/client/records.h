// Records: appending batches to a partition, reading them back, finding offsets.
#pragma once

#include <string>
#include <vector>

#include "kafka/client/client_connection.h"
#include "kafka/protocol/error_code.h"
#include "model/topic_partition.h"

// The connection of each call outlives it and leads to the partition's leader. Errors: errc.h, and
// broker_error.h for what the broker refuses.
namespace logstore::kafka {

enum class required_acks : std::int16_t {
    none = 0,  ///< no answer at all: not for the calls below that wait for one
    leader = 1,
    all = -1,
};

struct appended {
    /// -1 when the broker does not say.
    offset base_offset{-1};
    /// no_timestamp unless the broker stamped the batch.
    timestamp_ms log_append_time = no_timestamp;
};

/// Appends one record batch; `batch` lives until the call is awaited. When it completes the batch is stored
/// as `acks` says. When the answer does not come, the batch may have been appended.
env::task<result<appended>> append_batch(client_connection* connection, topic_partition to, bytes_view batch,
                                         required_acks acks);

/// Appends to `out` the frame of a request that append_batch would send, to be sent by
/// client_connection::send_frame.
result<> append_produce_frame(byte_vector& out, const client_connection& connection,
                              std::int32_t correlation_id, const topic_partition& to, bytes_view batch,
                              required_acks acks);
/// What such a request was answered.
result<appended> read_produce_answer(bytes_view frame, api_version version);

struct fetch_options {
    /// Of record batches in the answer. The first batch comes whole however large it is, within the
    /// connection's limit.
    std::int32_t bytes_max = 1 << 20;
    /// How long the broker waits for the first byte.
    std::chrono::milliseconds wait_max{500};
};

struct fetched {
    /// Record batches back to back, the last one perhaps cut short; the first may begin below the offset
    /// asked for.
    bytes_view batches;
    next_offset high_watermark{-1};
    offset log_start_offset{-1};
    env::shared_bytes frame;
};

/// Reads from `from` on. offset_out_of_range when it is below the log start or above the high watermark.
env::task<result<fetched>> fetch_batches(client_connection* connection, topic_partition of, offset from,
                                         fetch_options options);

struct partition_offset {
    partition_id partition;
    error_code error = error_code::none;
    offset found{-1};
};

/// The offset that belongs to `timestamp` (or to a place: latest_timestamp, earliest_timestamp) in each of
/// the partitions.
env::task<result<std::vector<partition_offset>>> list_offsets(client_connection* connection,
                                                              std::string topic,
                                                              std::vector<partition_id> partitions,
                                                              timestamp_ms timestamp);

}  // namespace logstore::kafka
