// What a topic's configs come to, typed.
#pragma once

#include <cstdint>

namespace logstore::cluster {

enum class timestamp_type : std::uint8_t { create_time, log_append_time };
enum class cleanup_policy : std::uint8_t { remove };
/// By which rule a key's partition is known to who reads by key.
enum class key_partitioner : std::uint8_t { automatic, murmur2, crc32 };
enum class compression_type : std::uint8_t { producer };

/// The settings of one topic. A fresh one holds this program's defaults (Kafka's, where Kafka has them).
/// Plain values. Clients set durations up to the largest number there is: subtract them from a time, never
/// add.
struct topic_settings {
    std::int64_t retention_ms = 7 * 24 * std::int64_t(3'600'000);  ///< −1 = no limit
    std::int64_t retention_bytes = -1;                             ///< of each partition; −1 = no limit
    std::int32_t segment_bytes = 1 << 30;
    std::int64_t segment_ms = 7 * 24 * std::int64_t(3'600'000);
    std::int32_t message_bytes_max = (1 << 20) + 12;  ///< the largest record batch
    timestamp_type timestamps = timestamp_type::create_time;
    std::int32_t min_insync_replicas = 1;
    cleanup_policy cleanup = cleanup_policy::remove;
    compression_type compression = compression_type::producer;
    bool unclean_leader_election = false;
    bool keeps_key_view = false;
    key_partitioner key_rule = key_partitioner::automatic;
    // Accepted for the tools that set them; every acknowledged record is on stable storage, so neither
    // changes anything.
    std::int64_t flush_messages = 1;
    std::int64_t flush_ms = 0;

    bool operator==(const topic_settings&) const = default;
};

}  // namespace logstore::cluster
