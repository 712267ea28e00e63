// The options of [storage]: journals, caches, files.
#include <array>

#include "base/bytes.h"
#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

/// In the order of the enumeration.
constexpr std::array<std::string_view, 3> disk_backends{"auto", "io_uring", "threads"};

constexpr std::array table{
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

std::span<const server_option> storage_options() {
    return table;
}

}  // namespace logstore::config
