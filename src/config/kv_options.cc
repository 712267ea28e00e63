// The options of [kv]: the key views of all topics that keep one.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

constexpr std::array table{
    bound<&server_options::kv_memory_bytes>({
        .name = "kv.memory_bytes",
        .meaning = "Memory of all key views together: for what is cached of their files, and for what is not "
                   "in files yet.",
        .default_value = 256_MiB,
        .counts = unit::bytes,
        .min = 8_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::kv_write_buffer_bytes>({
        .name = "kv.write_buffer_bytes",
        .meaning = "Of kv.memory_bytes: what may be in memory only. A start after a crash applies about so much "
                   "of the logs again.",
        .default_value = 64_MiB,
        .counts = unit::bytes,
        .min = 1_MiB,
        .max = 1_TiB,
    }),
    bound<&server_options::kv_threads>({
        .name = "kv.threads",
        .meaning = "Threads that write and merge the files of key views.",
        .default_value = std::int64_t(2),
        .min = 2,
        .max = 64,
    }),
};

}  // namespace

std::span<const server_option> kv_options() {
    return table;
}

}  // namespace logstore::config
