// The options of [resp]: the listener for Redis clients and what they may use.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

constexpr std::array table{
    bound<&server_options::resp_listen>({
        .name = "resp.listen",
        .meaning = "Address and port on which Redis clients are served. Empty means not at all.",
        .default_value = std::string_view(""),
        .example = "\"127.0.0.1:6380\"",
    }),
    bound<&server_options::resp_key_topic>({
        .name = "resp.key_topic",
        .meaning = "The topic in which the keys of Redis clients lie that are no fields of a hash (GET, SET and so "
                   "on). Its first use makes it.",
        .default_value = std::string_view("kv"),
        .example = "\"cache\"",
    }),
    bound<&server_options::resp_connections_max>({
        .name = "resp.connections_max",
        .meaning = "Connections served at the same time; further ones are closed at once, after an error.",
        .default_value = std::int64_t(10'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::resp_connections_per_address_max>({
        .name = "resp.connections_per_address_max",
        .meaning = "Connections of one address at the same time; further ones are closed at once, after an error.",
        .default_value = std::int64_t(5'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::resp_idle_max_ms>({
        .name = "resp.connections_idle_max_ms",
        .meaning = "A connection without a command for this long is closed; one that waits for records is not idle.",
        .default_value = hour_ms,
        .counts = unit::milliseconds,
        .min = second_ms,
        .max = duration_max_ms,
    }),
    bound<&server_options::resp_request_max_ms>({
        .name = "resp.request_max_ms",
        .meaning = "How long a command may take to arrive, from its first byte to its last.",
        .default_value = 30 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::resp_stalled_answer_max_ms>({
        .name = "resp.stalled_answer_max_ms",
        .meaning = "A client that takes less than 64 KiB of a waiting answer in this time is closed.",
        .default_value = 30 * second_ms,
        .counts = unit::milliseconds,
        .min = 100,
        .max = hour_ms,
    }),
    bound<&server_options::resp_request_bytes_max>({
        .name = "resp.request_bytes_max",
        .meaning = "The largest command, with all its keys and values. A connection that announces a larger one is "
                   "closed, after an error.",
        .default_value = 4_MiB,
        .counts = unit::bytes,
        .min = 1_KiB,
        .max = 256_MiB,
    }),
    bound<&server_options::resp_request_bytes_in_flight>({
        .name = "resp.request_bytes_in_flight",
        .meaning = "Bytes of all clients' commands above 16 KiB that may arrive or wait for the disk at the same "
                   "time. A connection whose command does not fit is closed, after an error.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 1_TiB,
    }),
    bound<&server_options::resp_answer_bytes_max>({
        .name = "resp.answer_bytes_max",
        .meaning = "Bytes in the answer to one command; one that asks for more is answered with an error.",
        .default_value = 16_MiB,
        .counts = unit::bytes,
        .min = 64_KiB,
        .max = 64_MiB,
    }),
    bound<&server_options::resp_answer_bytes_in_flight>({
        .name = "resp.answer_bytes_in_flight",
        .meaning = "Bytes of answers above 32 KiB that are made for, or on their way to, all Redis clients; further "
                   "ones wait.",
        .default_value = 128_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
};

}  // namespace

std::span<const server_option> resp_options() {
    return table;
}

}  // namespace logstore::config
