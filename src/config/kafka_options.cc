// The options of [kafka]: the Kafka listener and what its clients may use.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

constexpr std::array table{
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
    bound<&server_options::other_request_bytes_max>({
        .name = "kafka.other_request_bytes_max",
        .meaning = "The largest request other than Produce, where kafka.frame_bytes_max is not less. A connection "
                   "that begins a larger one is closed.",
        .default_value = 4_MiB,
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
        .meaning =
            "Bytes of all connections' requests that have arrived and may wait for their answers, with "
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
                   "request needs more is closed. A fetch takes 40 bytes for each partition.",
        .default_value = 2_MiB,
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
};

}  // namespace

std::span<const server_option> kafka_options() {
    return table;
}

}  // namespace logstore::config
