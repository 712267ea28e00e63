// The options outside sections: the process as a whole.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

/// In the order of the enumeration.
constexpr std::array<std::string_view, 4> log_levels{"debug", "info", "warning", "error"};

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
        .meaning =
            "Memory that the limits below must fit: where their sum is more than four fifths of it, those "
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
};

}  // namespace

std::span<const server_option> process_options() {
    return table;
}

}  // namespace logstore::config
