#include "app/module_options.h"

#include <algorithm>
#include <chrono>

#include "app/version.h"

namespace logstore::app {
namespace {

env::duration milliseconds(std::int64_t count) {
    return std::chrono::milliseconds(count);
}

/// "a, b" and "a,b" alike.
std::vector<std::string> names_in(std::string_view text) {
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view name = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (name.starts_with(' ')) name.remove_prefix(1);
        while (name.ends_with(' ')) name.remove_suffix(1);
        if (!name.empty()) names.emplace_back(name);
    }
    return names;
}

bool is_this_machine_only(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

store_options store_options_of(const config::server_options& from, std::uint32_t shards) {
    store_options to;
    to.data_dir = from.data_dir;
    to.shard.journal_file_bytes = from.journal_file_bytes;
    to.shard.journal_files = from.journal_files;
    to.shard.pinned_bytes_max = from.pinned_bytes_max;
    to.shard.tail_cache_bytes_max = from.tail_cache_bytes;
    to.shard.index_cache_bytes_max = from.index_cache_bytes;
    to.shard.checkpoint_interval = milliseconds(from.checkpoint_interval_ms);
    to.shard.settle_after = milliseconds(from.settle_idle_ms);
    to.shard.retention_interval = milliseconds(from.retention_check_interval_ms);
    to.shard.open_files_max = std::max<std::size_t>(16, from.open_files_max / shards);
    // At least what the journals take: the store sees to that, which knows their size.
    to.shard.reserve_bytes = from.free_bytes_min;
    kv::view_resources_options views;
    views.memory_bytes = from.kv_memory_bytes;
    views.write_buffer_bytes = std::min(from.kv_write_buffer_bytes, from.kv_memory_bytes / 2);
    views.threads = static_cast<int>(from.kv_threads);
    to.shard.views = std::make_shared<const kv::view_resources>(views);
    to.topics.partitions_default = from.partitions_default;
    to.topics.limits.partitions_per_topic_max = static_cast<std::int32_t>(from.partitions_per_topic_max);
    to.topics.limits.partitions_max = from.partitions_max;
    to.topics.limits.topics_max = from.topics_max;
    cluster::topic_settings& defaults = to.topics.defaults;
    defaults.retention_ms = from.retention_ms;
    defaults.retention_bytes = from.retention_bytes;
    defaults.segment_bytes = from.segment_bytes;
    defaults.segment_ms = from.segment_ms;
    defaults.message_bytes_max = from.message_bytes_max;
    defaults.min_insync_replicas = from.min_insync_replicas;
    if (from.message_timestamps == config::record_timestamps::log_append_time)
        defaults.timestamps = cluster::timestamp_type::log_append_time;
    return to;
}

kafka::server_options kafka_options_of(const config::server_options& from) {
    kafka::server_options to;
    to.frame_bytes_max = from.frame_bytes_max;
    to.other_request_bytes_max = from.other_request_bytes_max;
    to.in_flight_bytes_per_connection = from.in_flight_bytes_per_connection;
    to.unsent_bytes_soft_max = from.unsent_bytes_per_connection;
    to.fetch_bytes_max = from.fetch_bytes_max;
    to.request_list_bytes_max = from.request_list_bytes_max;
    to.idle_timeout = milliseconds(from.connections_idle_max_ms);
    to.stalled_frame_timeout = milliseconds(from.stalled_request_max_ms);
    to.stalled_frame_timeout_when_scarce = milliseconds(from.stalled_request_when_scarce_max_ms);
    to.fetch_wait_max = milliseconds(from.fetch_wait_max_ms);
    to.stop_timeout = milliseconds(from.stop_wait_max_ms);
    to.auto_create_topics = from.auto_create_topics;
    to.partitions_default = from.partitions_default;
    return to;
}

kafka::process_limit_options process_limits_of(const config::server_options& from) {
    kafka::process_limit_options to;
    to.in_flight_bytes = from.in_flight_bytes;
    to.assembly_bytes_per_shard = from.assembly_bytes_per_shard;
    to.answer_bytes = from.answer_bytes_in_flight;
    to.connections_max = from.connections_max;
    to.connections_per_address_max = std::min(from.connections_per_address_max, from.connections_max);
    return to;
}

http::server_options http_options_of(const config::server_options& from, const env::socket_address& at) {
    http::server_options to;
    to.body_bytes_max = from.http_body_bytes_max;
    to.read_bytes_max = from.http_read_bytes_max;
    to.read_bytes_default = std::min(to.read_bytes_default, to.read_bytes_max);
    to.read_wait_max = milliseconds(from.http_read_wait_max_ms);
    to.idle_timeout = milliseconds(from.http_idle_max_ms);
    to.request_timeout = milliseconds(from.http_request_max_ms);
    to.write_timeout = milliseconds(from.http_stalled_answer_max_ms);
    to.stop_timeout = milliseconds(from.stop_wait_max_ms);
    to.auto_create_topics = from.auto_create_topics;
    to.origins.allowed_hosts = names_in(from.http_allowed_hosts);
    to.origins.allowed_origins = names_in(from.http_allowed_origins);
    to.origins.serves_other_machines = !is_this_machine_only(at.host);
    return to;
}

resp::server_options resp_options_of(const config::server_options& from) {
    resp::server_options to;
    to.requests.request_bytes_max = from.resp_request_bytes_max;
    to.answer_bytes_max = from.resp_answer_bytes_max;
    to.idle_timeout = milliseconds(from.resp_idle_max_ms);
    to.request_timeout = milliseconds(from.resp_request_max_ms);
    to.write_timeout = milliseconds(from.resp_stalled_answer_max_ms);
    to.stop_timeout = milliseconds(from.stop_wait_max_ms);
    to.auto_create_topics = from.auto_create_topics;
    to.key_topic = from.resp_key_topic;
    to.program_version = version_number();
    return to;
}

resp::process_limit_options resp_limits_of(const config::server_options& from) {
    resp::process_limit_options to;
    to.request_bytes = from.resp_request_bytes_in_flight;
    to.answer_bytes = from.resp_answer_bytes_in_flight;
    to.connections_max = from.resp_connections_max;
    to.connections_per_address_max = std::min(from.resp_connections_per_address_max, from.resp_connections_max);
    return to;
}

http::process_limit_options http_limits_of(const config::server_options& from) {
    http::process_limit_options to;
    to.request_bytes = from.http_request_bytes_in_flight;
    to.answer_bytes = from.http_answer_bytes_in_flight;
    to.connections_max = from.http_connections_max;
    return to;
}

}  // namespace logstore::app
