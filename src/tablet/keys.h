// Reading and writing by key: what is asked of a tablet's key view and what comes back. docs/kv.md says what is promised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "model/numbers.h"
#include "model/topic_partition.h"
#include "tablet/tablet_errc.h"

namespace logstore {

/// A record as the view keeps it: the latest of its key.
struct keyed_record {
    offset at{-1};
    timestamp_ms timestamp = no_timestamp;
    /// Of the value, whether it is here or not.
    std::size_t value_bytes = 0;
    byte_vector value;
    /// As in the record batch: each a varint length and a key, a varint length (-1: null) and a value.
    std::int32_t header_count = 0;
    byte_vector headers;
};

/// Of what a view stores (kv/stored_record.h).
keyed_record keyed_record_of(bytes_view stored);

/// A read sees every write to the tablet that was acknowledged before the call.
struct key_read_request {
    tablet_id tablet;
    std::vector<byte_vector> keys;
    /// Values and headers are wanted; else only whether, where and when.
    bool with_values = true;
    /// Of values and headers together.
    std::size_t bytes_max = std::size_t(64) << 20;
};

/// tablet_errc::no_view: the topic keeps none; view_building: not yet (worth a retry); too_large: the values
/// together are more than was asked for at the most.
struct key_read_outcome {
    tablet_errc code = tablet_errc::ok;
    /// One of each key asked, in that order; nothing where there is none.
    std::vector<std::optional<keyed_record>> found;
    /// As in key_view_status, when this was read.
    bool holds_murmur2 = true;
    bool holds_crc32 = true;
};

/// The keys of one tablet in the order of their bytes.
struct key_scan_request {
    tablet_id tablet;
    /// Only keys that begin with it.
    byte_vector prefix;
    /// From here on, included or not; before the first key of the prefix: from that.
    byte_vector from;
    bool is_from_included = true;
    /// Up to here, not included; empty: to the end of the prefix.
    byte_vector to;
    std::size_t keys_max = 0;
    /// Of keys, values and headers together; at least one key comes when there is one.
    std::size_t bytes_max = 0;
    bool with_values = true;
};

struct key_scan_outcome {
    struct entry {
        byte_vector key;
        keyed_record record;
    };
    tablet_errc code = tablet_errc::ok;
    std::vector<entry> entries;
    /// There may be more behind the last entry.
    bool has_more = false;
};

/// When a write may happen; decided in log order, by all that is in the log before it.
enum class key_condition : std::uint8_t {
    none,
    /// The key has no value.
    absent,
    present,
    /// The key's latest record lies at `key_write::expected`.
    at_offset,
};

/// One record to append.
struct key_write {
    byte_vector key;
    /// Nothing deletes the key.
    std::optional<byte_vector> value;
    std::int32_t header_count = 0;
    byte_vector headers;  ///< as in keyed_record
    key_condition condition = key_condition::none;
    offset expected{-1};
};

/// Writes to one tablet, in this order, in one record batch: those whose condition holds are appended, all of
/// them or, after a failure or crash, none. A delete of a key that has no value appends nothing.
struct key_write_request {
    tablet_id tablet;
    std::vector<key_write> writes;
    /// Conditions of one request that fail keep all of it from being written.
    bool is_all_or_nothing = false;
    /// The record that was there before is wanted.
    bool with_previous = false;
};

struct key_write_result {
    /// False: its condition did not hold, or there was nothing to delete; nothing was appended for it.
    bool is_written = false;
    /// Just before it, in log order.
    bool had_value = false;
    offset at{-1};
    std::optional<keyed_record> previous;
};

/// Complete when what was written is on stable storage and in the view: a read that begins later sees it.
struct key_write_outcome {
    tablet_errc code = tablet_errc::ok;
    /// One of each write, in order, when the code is ok.
    std::vector<key_write_result> results;
};

struct key_view_request {
    tablet_id tablet;
};

struct key_count_outcome {
    tablet_errc code = tablet_errc::ok;
    std::uint64_t count = 0;
};

/// By which rule producers spread keys over the partitions of a topic.
enum class key_placement : std::uint8_t { unknown, murmur2, crc32 };

/// What a view knows of itself.
struct key_view_status {
    tablet_errc code = tablet_errc::ok;
    /// The first offset it has not seen.
    next_offset applied{-1};
    next_offset high_watermark{-1};
    offset log_start{-1};
    /// About: keys whose record has left the log may be among them. broker::count_keys is exact.
    std::uint64_t key_count = 0;
    /// All keys in this tablet so far lie where the Java clients', or librdkafka's, default partitioner puts
    /// them with the topic's number of partitions. Both hold for a tablet without keys.
    bool holds_murmur2 = true;
    bool holds_crc32 = true;
    std::uint64_t disk_bytes = 0;
};

/// Of keys, values and headers that one read answers.
inline constexpr std::size_t key_answer_bytes_max = std::size_t(64) << 20;
/// Of one key.
inline constexpr std::size_t key_bytes_max = std::size_t(64) << 10;

}  // namespace logstore
