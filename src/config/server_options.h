// Everything that can be set on a server. The option table, of which process_options.cc, kafka_options.cc,
// http_options.cc, resp_options.cc, topic_options.cc, storage_options.cc and kv_options.cc each have a section, is the
// single source of names, meanings, defaults and bounds; the TOML reader, the printed configuration and the
// documentation all follow it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/logging.h"
#include "base/result.h"
#include "config/option.h"

namespace logstore::config {

enum class disk_backend { automatic, io_uring, threads };
enum class record_timestamps { create_time, log_append_time };

/// The options of a server, typed. A fresh one holds the defaults; a loaded one has passed every bound and
/// check_server_options. Plain values: app/ copies what each module needs into that module's own options.
struct server_options {
    /// The defaults of the table.
    server_options();

    // The process.
    std::string data_dir;
    std::uint32_t shards = 0;  ///< 0 = one for each processor core
    std::uint32_t worker_threads = 0;
    std::uint64_t memory_max = 0;  ///< 0 = what the machine or the control group has
    log_level log = log_level::info;

    // [kafka]: the Kafka listener and what its clients may use.
    std::string kafka_listen;
    std::string kafka_advertise;  ///< empty = the listen address
    std::uint32_t connections_max = 0;
    std::uint32_t connections_per_address_max = 0;
    std::int64_t connections_idle_max_ms = 0;
    std::uint32_t frame_bytes_max = 0;
    std::uint32_t other_request_bytes_max = 0;
    std::uint64_t in_flight_bytes_per_connection = 0;
    std::uint64_t in_flight_bytes = 0;
    std::uint64_t assembly_bytes_per_shard = 0;
    std::uint64_t unsent_bytes_per_connection = 0;
    std::uint64_t request_list_bytes_max = 0;
    std::int64_t stalled_request_max_ms = 0;
    std::int64_t stalled_request_when_scarce_max_ms = 0;
    std::uint64_t fetch_bytes_max = 0;
    std::uint64_t answer_bytes_in_flight = 0;
    std::int64_t fetch_wait_max_ms = 0;
    std::int64_t stop_wait_max_ms = 0;

    // [http]: the HTTP listener and what its clients may use.
    std::string http_listen;  ///< empty = none
    std::string http_allowed_hosts;
    std::string http_allowed_origins;
    std::uint32_t http_connections_max = 0;
    std::int64_t http_idle_max_ms = 0;
    std::int64_t http_request_max_ms = 0;
    std::int64_t http_stalled_answer_max_ms = 0;
    std::uint64_t http_body_bytes_max = 0;
    std::uint64_t http_request_bytes_in_flight = 0;
    std::uint64_t http_read_bytes_max = 0;
    std::uint64_t http_answer_bytes_in_flight = 0;
    std::int64_t http_read_wait_max_ms = 0;

    // [resp]: the listener for Redis clients and what they may use.
    std::string resp_listen;  ///< empty = none
    std::string resp_key_topic;
    std::uint32_t resp_connections_max = 0;
    std::uint32_t resp_connections_per_address_max = 0;
    std::int64_t resp_idle_max_ms = 0;
    std::int64_t resp_request_max_ms = 0;
    std::int64_t resp_stalled_answer_max_ms = 0;
    std::uint64_t resp_request_bytes_max = 0;
    std::uint64_t resp_request_bytes_in_flight = 0;
    std::uint64_t resp_answer_bytes_max = 0;
    std::uint64_t resp_answer_bytes_in_flight = 0;

    // [topics]: their number and what a topic gets when its own configuration does not say.
    bool auto_create_topics = false;
    std::int32_t partitions_default = 0;
    std::uint32_t topics_max = 0;
    std::uint32_t partitions_max = 0;
    std::uint32_t partitions_per_topic_max = 0;
    std::int64_t retention_ms = 0;     ///< -1 = no limit
    std::int64_t retention_bytes = 0;  ///< -1 = no limit
    std::int64_t retention_check_interval_ms = 0;
    std::int32_t segment_bytes = 0;
    std::int64_t segment_ms = 0;
    std::int32_t message_bytes_max = 0;
    record_timestamps message_timestamps = record_timestamps::create_time;
    std::int32_t min_insync_replicas = 0;

    // [storage]: journals, caches, files.
    disk_backend disk = disk_backend::automatic;
    std::uint64_t journal_file_bytes = 0;
    std::uint32_t journal_files = 0;
    std::uint64_t pinned_bytes_max = 0;
    std::uint64_t kv_memory_bytes = 0;
    std::uint64_t kv_write_buffer_bytes = 0;
    std::uint32_t kv_threads = 0;
    std::uint64_t tail_cache_bytes = 0;
    std::uint64_t index_cache_bytes = 0;
    std::int64_t checkpoint_interval_ms = 0;
    std::int64_t settle_idle_ms = 0;
    std::uint32_t open_files_max = 0;
    std::uint64_t free_bytes_min = 0;  ///< 0 = as much as the journals take
};

/// An option and the member that holds its value.
struct server_option : option {
    option_value (*read)(const server_options& from) = nullptr;
    /// REQUIRES: accepted by accept_value.
    void (*assign)(server_options& to, const option_value& value) = nullptr;
};

/// The option table, in the order in which it is printed; options of one section stand together.
std::span<const server_option> server_option_table();

/// One setting from the command line: "name=value".
struct option_override {
    std::string name;
    std::string value;
};
result<option_override> parse_override(std::string_view text);

/// The options that a configuration file's text and then the overrides (later ones win) leave. `source` names
/// the file in errors; empty `toml` means no file. Names may be ours or Kafka's; an unknown one is refused
/// with the nearest known one.
result<server_options> load_server_options(std::string_view toml, std::string_view source,
                                           const std::vector<option_override>& overrides = {});

/// Rules between options; load_server_options has applied them.
result<> check_server_options(const server_options& options);

}  // namespace logstore::config
