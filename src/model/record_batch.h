// Kafka's record batch, version 2: the unit of append, of storage and of fetch. docs/formats/segment.md has the layout.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore {

enum class compression_codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

inline constexpr std::size_t record_batch_header_bytes = 61;
/// Bytes in front of what the batch's length field counts.
inline constexpr std::size_t record_batch_length_prefix_bytes = 12;
/// Where the CRC-32C starts to count: attributes to the end. The broker may change what lies before.
inline constexpr std::size_t record_batch_crc_start = 21;
inline constexpr std::int8_t record_batch_magic = 2;

/// The header of a batch, decoded. Field order as stored.
struct record_batch_header {
    offset base_offset;
    std::int32_t batch_length = 0;  ///< bytes after this field
    leader_epoch epoch;
    std::int8_t magic = 0;
    std::uint32_t crc = 0;
    std::int16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    timestamp_ms base_timestamp;
    timestamp_ms max_timestamp;
    producer_id producer;
    std::int16_t producer_epoch = 0;
    std::int32_t base_sequence = 0;
    std::int32_t record_count = 0;

    std::size_t size_bytes() const { return record_batch_length_prefix_bytes + static_cast<std::size_t>(batch_length); }
    offset last_offset() const { return base_offset + last_offset_delta; }
    next_offset next() const { return next_after(last_offset()); }
    int codec_number() const { return attributes & 7; }
    bool is_log_append_time() const { return attributes & 8; }
    bool is_transactional() const { return attributes & 16; }
    bool is_control() const { return attributes & 32; }
};

/// The header at the start of `bytes`, or nothing when there are fewer than record_batch_header_bytes, the magic is not 2 or
/// the length field is smaller than a header. Reads no further than the header; says nothing of the CRC.
std::optional<record_batch_header> read_record_batch_header(bytes_view bytes);

/// Whether the whole batch at the start of `bytes` is there and its CRC-32C holds.
bool record_batch_crc_holds(const record_batch_header& header, bytes_view bytes);

/// Writes the two fields the broker owns; both lie outside the CRC. REQUIRES: `batch` holds a header.
void assign_record_batch(std::byte* batch, offset base_offset, leader_epoch epoch);

/// Turns a batch to LogAppendTime `now`: attribute bit 3, the maximum timestamp, a new CRC. REQUIRES: a whole valid batch.
void stamp_log_append_time(mutable_bytes batch, timestamp_ms now);

}  // namespace logstore
