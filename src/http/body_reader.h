// The JSON that clients send, as what it means.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "cluster/topic_config.h"
#include "http/api_error.h"
#include "kafka/protocol/record.h"

namespace logstore::http {

/// One record to be appended. Views of the body_reader.
struct posted_record {
    std::optional<bytes_view> key;
    std::optional<bytes_view> value;
    std::optional<std::int32_t> partition;
    std::optional<timestamp_ms> timestamp;
    /// Of posted_records::headers.
    std::size_t first_header = 0;
    std::size_t header_count = 0;
};

struct posted_records {
    std::string_view topic;
    std::vector<posted_record> records;
    std::vector<kafka::record_header> headers;
};

struct posted_topic {
    std::string name;
    std::optional<std::int32_t> partitions;
    cluster::topic_configs configs;
};

/// Reads bodies, one at a time. Strict: a field that is not known or of another type is refused with a
/// sentence that names it; so is text that is not UTF-8, and a value left out rather than null. Of a field
/// given twice the last one counts. What a read gave stays valid until the next one. One shard.
class body_reader {
  public:
    /// Nesting that no body here needs.
    static constexpr std::size_t depth_max = 16;
    /// What one body may take in memory, times its size, and this on top.
    static constexpr std::size_t memory_factor = 32;
    static constexpr std::size_t memory_bytes_base = std::size_t(64) << 10;

    body_reader();
    ~body_reader();
    body_reader(const body_reader&) = delete;
    body_reader& operator=(const body_reader&) = delete;

    /// {"key", "value", "topic", "partition", "headers", "timestamp", "encoding"}: all but "value" may be
    /// missing.
    api_result<const posted_records*> read_append(bytes_view body);
    /// {"records": [{…}], "partition", "encoding"}: records as above without the topic.
    api_result<const posted_records*> read_records(bytes_view body);
    /// {"name", "partitions", "configs": {}}. Without `has_name` the name is no field. An empty body is an
    /// empty object.
    api_result<posted_topic> read_topic(bytes_view body, bool has_name);

  private:
    struct state;
    const std::unique_ptr<state> state_;
};

}  // namespace logstore::http
