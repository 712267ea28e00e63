// The options of [http]: the HTTP listener and what its clients may use.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

constexpr std::array table{
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
};

}  // namespace

std::span<const server_option> http_options() {
    return table;
}

}  // namespace logstore::config
