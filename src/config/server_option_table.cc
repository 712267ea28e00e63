// The option table: the single source of names, meanings, defaults and bounds.
#include <array>
#include <concepts>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "config/server_options.h"

namespace logstore::config {
namespace {

constexpr std::int64_t operator""_KiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 10);
}
constexpr std::int64_t operator""_MiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 20);
}
constexpr std::int64_t operator""_GiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 30);
}
constexpr std::int64_t operator""_TiB(unsigned long long n) {
    return static_cast<std::int64_t>(n << 40);
}

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t hour_ms = 3600 * second_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
/// Further than any clock reaches; leaves room to add to a timestamp.
constexpr std::int64_t duration_max_ms = 36'500 * day_ms;
constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

// In the order of the enumerations they stand for.
constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 3> disk_backends{"auto", "io_uring", "threads"};
constexpr std::array<std::string_view, 2> timestamp_types{"CreateTime", "LogAppendTime"};

template <auto Member>
using member_type = std::remove_cvref_t<decltype(std::declval<server_options>().*Member)>;

template <auto Member>
option_value read_member(const server_options& from) {
    using type = member_type<Member>;
    if constexpr (std::same_as<type, bool> || std::same_as<type, std::string>)
        return from.*Member;
    else
        return static_cast<std::int64_t>(from.*Member);
}

template <auto Member>
void assign_member(server_options& to, const option_value& value) {
    using type = member_type<Member>;
    if constexpr (std::same_as<type, bool> || std::same_as<type, std::string>)
        to.*Member = std::get<type>(value);
    else
        to.*Member = static_cast<type>(std::get<std::int64_t>(value));
}

/// Joins a description and its member; a bound that the member's type cannot hold does not compile.
template <auto Member>
consteval server_option bound(option about) {
    using type = member_type<Member>;
    if constexpr (std::integral<type> && !std::same_as<type, bool>) {
        if (!about.is_number()) throw "a number's default must be a number";
        if (!std::in_range<type>(about.min) || !std::in_range<type>(about.max))
            throw "bounds exceed the member's type";
    } else if constexpr (std::same_as<type, bool>) {
        if (!about.is_switch()) throw "a switch's default must be true or false";
    } else if (std::is_enum_v<type> != about.is_choice()) {
        throw "choices belong to enumerations";
    }
    return {about, &read_member<Member>, &assign_member<Member>};
}

constexpr std::array table{
    bound<&server_options::data_dir>({
        .name = "data_dir",
        .meaning = "The directory that holds everything: journals, segments, metadata. It is made when it is "
                   "absent. Only one "
                   "process may use it.",
        .default_value = std::string_view("logstore-data"),
        .example = "\"/var/lib/logstore\"",
    }),
    bound<&server_options::shards>({
        .name = "shards",
        .meaning = "Threads that own tablets and connections. 0 means one for each processor core.",
        .default_value = std::int64_t(0),
        .max = 1024,
    }),
    bound<&server_options::worker_threads>({
        .name = "worker_threads",
        .meaning =
            "Threads for work that blocks: the metadata store, and disk work where io_uring is not used.",
        .default_value = std::int64_t(4),
        .min = 1,
        .max = 256,
    }),
    bound<&server_options::memory_max>({
        .name = "memory_max",
        .meaning = "Memory that the limits below must fit: where their sum is more than four fifths of it, those "
                   "that stand at their defaults are made smaller at the start. 0 means the memory of the "
                   "machine or of the control group (container) that the server runs in.",
        .default_value = std::int64_t(0),
        .counts = unit::bytes,
        .max = 1024_TiB,
        .example = "\"2GiB\"",
    }),
    bound<&server_options::log>({
        .name = "log_level",
        .meaning = "The least important lines of the process log that are written.",
        .default_value = std::string_view("info"),
        .choices = log_levels,
        .example = "\"debug\"",
    }),

    bound<&server_options::kafka_listen>({
        .name = "kafka.listen",
        .meaning =
            "Address and port on which Kafka clients are served. The default serves this machine only.",
        .default_value = std::string_view("127.0.0.1:9092"),
        .example = "\"0.0.0.0:9092\"",
    }),
    bound<&server_options::kafka_advertise>({
        .name = "kafka.advertise",
        .meaning = "Address and port that clients are told to connect to. Empty means the listen address. "
                   "Set it where clients "
                   "reach this server under another name.",
        .default_value = std::string_view(""),
        .example = "\"log1.example.net:9092\"",
    }),
    bound<&server_options::connections_max>({
        .name = "kafka.connections_max",
        .kafka_name = "max.connections",
        .meaning = "Connections served at the same time; further ones are closed at once.",
        .default_value = std::int64_t(10'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::connections_per_address_max>({
        .name = "kafka.connections_per_address_max",
        .kafka_name = "max.connections.per.ip",
        .meaning = "Connections of one address at the same time; further ones are closed at once.",
        .default_value = std::int64_t(5'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::connections_idle_max_ms>({
        .name = "kafka.connections_idle_max_ms",
        .kafka_name = "connections.max.idle.ms",
        .meaning = "A connection without a request for this long is closed.",
        .default_value = 600 * second_ms,
        .counts = unit::milliseconds,
        .min = second_ms,
        .max = duration_max_ms,
    }),
    bound<&server_options::frame_bytes_max>({
        .name = "kafka.frame_bytes_max",
        .kafka_name = "socket.request.max.bytes",
        .meaning = "The largest request. A connection that announces a larger one is closed.",
        .default_value = 32_MiB,
        .counts = unit::bytes,
        .min = 16_KiB,
        .max = 1_GiB,
    }),
    bound<&server_options::in_flight_bytes_per_connection>({
        .name = "kafka.in_flight_bytes_per_connection",
        .meaning = "Bytes of one connection's requests that may wait for their answers; at the limit nothing "
                   "more is read from it. "
                   "One request is admitted whatever its size.",
        .default_value = 8_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 1_TiB,
    }),
    bound<&server_options::in_flight_bytes>({
        .name = "kafka.in_flight_bytes",
        .kafka_name = "queued.max.request.bytes",
        .meaning = "Bytes of all connections' requests that have arrived and may wait for their answers, with "
                   "what they become in memory; at the limit only small requests are let in, and fetches that "
                   "wait for records are answered. At least one largest request.",
        .default_value = 256_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::assembly_bytes_per_shard>({
        .name = "kafka.assembly_bytes_per_shard",
        .meaning = "Memory of each shard for requests above 16 KiB of which only a part has arrived. It is "
                   "taken as bytes come, not for what a client announces; where it runs short, requests "
                   "wait and are let through one after another, and a client that stops in the middle of "
                   "one is closed sooner. Requests up to a 32nd of this do not wait for larger ones. Where a "
                   "request may be larger than a quarter of this, three quarters and its size may be held.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::stalled_request_max_ms>({
        .name = "kafka.stalled_request_max_ms",
        .meaning = "A client that stops for this long in the middle of a request above 16 KiB is closed.",
        .default_value = 10 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::stalled_request_when_scarce_max_ms>({
        .name = "kafka.stalled_request_when_scarce_max_ms",
        .meaning = "The same while other requests wait for a part of kafka.assembly_bytes_per_shard; then "
                   "each must also bring a 64th of what it holds within this time. "
                   "kafka.stalled_request_max_ms counts where it is shorter.",
        .default_value = 2 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::request_list_bytes_max>({
        .name = "kafka.request_list_bytes_max",
        .meaning = "Memory for the lists (of topics, partitions and so on) of one request. A client whose "
                   "request needs more is closed.",
        .default_value = 4_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 1_GiB,
    }),
    bound<&server_options::unsent_bytes_per_connection>({
        .name = "kafka.unsent_bytes_per_connection",
        .meaning = "While a client has left more than so many bytes of its answers unread, no further "
                   "request of it is looked at.",
        .default_value = 1_MiB,
        .counts = unit::bytes,
        .min = 4_KiB,
        .max = 1_TiB,
    }),
    bound<&server_options::fetch_bytes_max>({
        .name = "kafka.fetch_bytes_max",
        .kafka_name = "fetch.max.bytes",
        .meaning = "Record bytes in one answer to a fetch, whatever the client asks for. A batch that is "
                   "larger is sent alone.",
        .default_value = 50_MiB,
        .counts = unit::bytes,
        .min = 1_KiB,
        .max = 1_GiB,
    }),
    bound<&server_options::answer_bytes_in_flight>({
        .name = "kafka.answer_bytes_in_flight",
        .meaning = "Bytes of answers that all clients together have not taken yet, and of records that are "
                   "read for them. At the limit only answers up to 16 KiB are made, larger ones wait, and a "
                   "client that takes nothing for kafka.stalled_request_when_scarce_max_ms is closed.",
        .default_value = 256_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::fetch_wait_max_ms>({
        .name = "kafka.fetch_wait_max_ms",
        .meaning = "The longest that a fetch waits for records, whatever the client asks for.",
        .default_value = 300 * second_ms,
        .counts = unit::milliseconds,
        .max = day_ms,
    }),
    bound<&server_options::stop_wait_max_ms>({
        .name = "kafka.stop_wait_max_ms",
        .meaning = "When the server stops: how long requests under way may take to be answered before their "
                   "connections are closed.",
        .default_value = 5 * second_ms,
        .counts = unit::milliseconds,
        .max = hour_ms,
    }),

    bound<&server_options::http_listen>({
        .name = "http.listen",
        .meaning = "Address and port on which HTTP clients are served. Empty means not at all.",
        .default_value = std::string_view(""),
        .example = "\"127.0.0.1:8080\"",
    }),
    bound<&server_options::http_allowed_hosts>({
        .name = "http.allowed_hosts",
        .meaning = "Names, separated by commas, under which web pages may reach this server; addresses and "
                   "localhost always may. Where it listens for this machine only, these are the only names "
                   "for all clients.",
        .default_value = std::string_view(""),
        .example = "\"log1.example.net\"",
    }),
    bound<&server_options::http_allowed_origins>({
        .name = "http.allowed_origins",
        .meaning = "Origins, separated by commas, whose web pages may use this server beside its own.",
        .default_value = std::string_view(""),
        .example = "\"https://console.example.net\"",
    }),
    bound<&server_options::http_connections_max>({
        .name = "http.connections_max",
        .meaning = "Connections served at the same time; further ones are closed at once.",
        .default_value = std::int64_t(10'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::http_idle_max_ms>({
        .name = "http.connections_idle_max_ms",
        .meaning = "A connection without a request for this long is closed.",
        .default_value = 120 * second_ms,
        .counts = unit::milliseconds,
        .min = second_ms,
        .max = duration_max_ms,
    }),
    bound<&server_options::http_request_max_ms>({
        .name = "http.request_max_ms",
        .meaning = "How long a request may take to arrive, from its first byte to its last.",
        .default_value = 30 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::http_stalled_answer_max_ms>({
        .name = "http.stalled_answer_max_ms",
        .meaning = "A client that takes less than 64 KiB of a waiting answer in this time is closed.",
        .default_value = 30 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::http_body_bytes_max>({
        .name = "http.body_bytes_max",
        .meaning = "The largest body of a request. JSON is larger than the records in it: base64 by a third, "
                   "escapes by more.",
        .default_value = 2_MiB,
        .counts = unit::bytes,
        .min = 1_KiB,
        .max = 256_MiB,
    }),
    bound<&server_options::http_request_bytes_in_flight>({
        .name = "http.request_bytes_in_flight",
        .meaning = "Bytes of all clients' request bodies that may arrive or wait for the disk at the same "
                   "time; further ones are answered with 503.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 1_TiB,
    }),
    bound<&server_options::http_read_bytes_max>({
        .name = "http.read_bytes_max",
        .meaning = "Bytes of JSON in one answer to a read, whatever the client asks for. A record that is "
                   "larger is sent alone.",
        .default_value = 8_MiB,
        .counts = unit::bytes,
        .min = 1_KiB,
        .max = 256_MiB,
    }),
    bound<&server_options::http_answer_bytes_in_flight>({
        .name = "http.answer_bytes_in_flight",
        .meaning = "Bytes of records on their way to all HTTP clients; further reads are answered with 503.",
        .default_value = 128_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::http_read_wait_max_ms>({
        .name = "http.read_wait_max_ms",
        .meaning = "The longest that a read waits for records, whatever the client asks for.",
        .default_value = 60 * second_ms,
        .counts = unit::milliseconds,
        .max = day_ms,
    }),

    bound<&server_options::auto_create_topics>({
        .name = "topics.auto_create",
        .kafka_name = "auto.create.topics.enable",
        .meaning = "Whether a client's first use of a topic makes it, when the client asks for that.",
        .default_value = true,
        .example = "false",
    }),
    bound<&server_options::partitions_default>({
        .name = "topics.partitions_default",
        .kafka_name = "num.partitions",
        .meaning = "Partitions of a topic whose creator does not say how many. At most "
                   "topics.partitions_per_topic_max.",
        .default_value = std::int64_t(1),
        .min = 1,
        .max = 100'000,
    }),
    bound<&server_options::topics_max>({
        .name = "topics.topics_max",
        .meaning = "Topics this server holds; creating more is refused.",
        .default_value = std::int64_t(20'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::partitions_max>({
        .name = "topics.partitions_max",
        .meaning = "Partitions of all topics together; creating more is refused.",
        .default_value = std::int64_t(20'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::partitions_per_topic_max>({
        .name = "topics.partitions_per_topic_max",
        .meaning = "Partitions of one topic; creating more is refused.",
        .default_value = std::int64_t(10'000),
        .min = 1,
        .max = 100'000,
    }),
    bound<&server_options::retention_ms>({
        .name = "topics.retention_ms",
        .kafka_name = "log.retention.ms",
        .meaning =
            "How long records are kept where a topic's retention.ms does not say. -1 means without limit.",
        .default_value = 7 * day_ms,
        .counts = unit::milliseconds,
        .min = -1,
        .max = duration_max_ms,
    }),
    bound<&server_options::retention_bytes>({
        .name = "topics.retention_bytes",
        .kafka_name = "log.retention.bytes",
        .meaning = "How many bytes of each partition are kept where a topic's retention.bytes does not say. "
                   "-1 means without limit.",
        .default_value = std::int64_t(-1),
        .counts = unit::bytes,
        .min = -1,
        .example = "\"10GiB\"",
    }),
    bound<&server_options::retention_check_interval_ms>({
        .name = "topics.retention_check_interval_ms",
        .kafka_name = "log.retention.check.interval.ms",
        .meaning = "How often is looked for segments whose time is over.",
        .default_value = 300 * second_ms,
        .counts = unit::milliseconds,
        .min = 10,
        .max = duration_max_ms,
    }),
    bound<&server_options::segment_bytes>({
        .name = "topics.segment_bytes",
        .kafka_name = "log.segment.bytes",
        .meaning = "Size at which a segment is closed and the next one begun, where a topic's segment.bytes "
                   "does not say.",
        .default_value = 1_GiB,
        .counts = unit::bytes,
        .min = 16_KiB,
        .max = int32_max,
    }),
    bound<&server_options::segment_ms>({
        .name = "topics.segment_ms",
        .kafka_name = "log.roll.ms",
        .meaning = "Age at which a segment is closed and the next one begun, where a topic's segment.ms does "
                   "not say.",
        .default_value = 7 * day_ms,
        .counts = unit::milliseconds,
        .min = 1,
        .max = duration_max_ms,
    }),
    bound<&server_options::message_bytes_max>({
        .name = "topics.message_bytes_max",
        .kafka_name = "message.max.bytes",
        .meaning = "The largest record batch where a topic's max.message.bytes does not say. At most "
                   "kafka.frame_bytes_max.",
        .default_value = 1_MiB + 12,
        .counts = unit::bytes,
        .min = 1024,
        .max = 1_GiB,
    }),
    bound<&server_options::message_timestamps>({
        .name = "topics.message_timestamp_type",
        .kafka_name = "log.message.timestamp.type",
        .meaning = "Whose time a record carries where a topic's message.timestamp.type does not say: its "
                   "producer's or the server's.",
        .default_value = std::string_view("CreateTime"),
        .choices = timestamp_types,
    }),
    bound<&server_options::min_insync_replicas>({
        .name = "topics.min_insync_replicas",
        .kafka_name = "min.insync.replicas",
        .meaning =
            "In-sync replicas that must exist for acks=all where a topic's min.insync.replicas does not say.",
        .default_value = std::int64_t(1),
        .min = 1,
        .max = 32,
    }),

    bound<&server_options::disk>({
        .name = "storage.disk_backend",
        .meaning = "How files are written and read: io_uring, a pool of threads with plain system calls, or "
                   "auto: io_uring where the "
                   "kernel allows it.",
        .default_value = std::string_view("auto"),
        .choices = disk_backends,
        .example = "\"threads\"",
    }),
    bound<&server_options::journal_file_bytes>({
        .name = "storage.journal_file_bytes",
        .meaning = "Size of one journal file. All journals together take at most 1 GiB and a sixteenth of "
                   "the file system.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_GiB,
        .multiple_of = block_bytes,
    }),
    bound<&server_options::journal_files>({
        .name = "storage.journal_files",
        .meaning = "Journal files of each shard. One of them is in reserve for checkpoints.",
        .default_value = std::int64_t(4),
        .min = 3,
        .max = 64,
    }),
    bound<&server_options::pinned_bytes_max>({
        .name = "storage.pinned_bytes_max",
        .meaning = "Bytes of each shard that may be in the journal and not yet in segments; they stay in "
                   "memory. At the limit producers "
                   "wait.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::tail_cache_bytes>({
        .name = "storage.tail_cache_bytes",
        .meaning = "Memory of each shard for the newest record batches, so that consumers at the tail touch "
                   "no disk.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .max = 1_TiB,
    }),
    bound<&server_options::index_cache_bytes>({
        .name = "storage.index_cache_bytes",
        .meaning = "Memory of each shard for the indexes of segments that are read.",
        .default_value = 16_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 1_TiB,
    }),
    bound<&server_options::checkpoint_interval_ms>({
        .name = "storage.checkpoint_interval_ms",
        .meaning = "The longest time between two checkpoints while there is something to write behind.",
        .default_value = 10 * second_ms,
        .counts = unit::milliseconds,
        .min = 10,
        .max = hour_ms,
    }),
    bound<&server_options::settle_idle_ms>({
        .name = "storage.settle_idle_ms",
        .meaning =
            "A tablet without an append for this long writes its last block and gives its memory back.",
        .default_value = 5 * second_ms,
        .counts = unit::milliseconds,
        .min = 10,
        .max = hour_ms,
    }),
    bound<&server_options::open_files_max>({
        .name = "storage.open_files_max",
        .meaning = "Segment and index files that are open at the same time; others are closed and opened "
                   "again when needed.",
        .default_value = std::int64_t(4096),
        .min = 64,
        .max = 1'000'000,
    }),
    bound<&server_options::free_bytes_min>({
        .name = "storage.free_bytes_min",
        .meaning = "Bytes of the file system that are kept free: with less, producers get a retriable error "
                   "while reads, deletes and "
                   "retention go on. At least the size of all journals is kept whatever this says.",
        .default_value = std::int64_t(0),
        .counts = unit::bytes,
        .max = 1_TiB,
        .example = "\"5GiB\"",
    }),
};

}  // namespace

std::span<const server_option> server_option_table() {
    return table;
}

server_options::server_options() {
    for (const server_option& about : table) about.assign(*this, about.initial());
}

}  // namespace logstore::config
