#include "shard/journal_budget.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "log/journal_format.h"

namespace logstore {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t(1) << 20;

std::string text_of_size(std::uint64_t bytes) {
    return bytes % mebibyte == 0 ? fmt::format("{} MiB", bytes / mebibyte) : fmt::format("{} bytes", bytes);
}

std::string text_of_sizes(const journal_sizes& sizes) {
    return fmt::format("{} x {} for each of {} shard{}", sizes.files, text_of_size(sizes.file_bytes),
                       sizes.shards, sizes.shards == 1 ? "" : "s");
}

}  // namespace

result<chosen_journals> choose_journals(journal_sizes asked, std::uint64_t total_bytes,
                                        const std::string& data_dir) {
    const std::uint64_t part =
        total_bytes > 0 ? total_bytes / journal_file_system_part : std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t cap = std::min(journal_bytes_max, part);
    if (asked.total_bytes() <= cap) return chosen_journals{asked, {}};
    const std::string limit =
        part < journal_bytes_max
            ? fmt::format("all journals take at most a sixteenth of the file system of {}, which has {} MiB",
                          data_dir, total_bytes / mebibyte)
            : fmt::format("all journals take at most {}", text_of_size(journal_bytes_max));
    chosen_journals chosen{asked, {}};
    const std::uint64_t fitting = cap / (std::uint64_t(asked.files) * asked.shards);
    chosen.sizes.file_bytes = fitting / mebibyte * mebibyte;
    const std::uint64_t least = std::min(asked.file_bytes, journal_file_bytes_min);
    if (chosen.sizes.file_bytes < least) {
        chosen.sizes.file_bytes = least;
        return fail(std::make_error_code(std::errc::no_space_on_device),
                    fmt::format("{}, and {} are the least: give fewer --shards, a lower "
                                "storage.journal_files, or a --data-dir "
                                "on a larger disk",
                                limit, text_of_sizes(chosen.sizes)));
    }
    chosen.why_smaller = fmt::format("journals are {}, not of {}: {}; a batch has at most {} bytes",
                                     text_of_sizes(chosen.sizes), text_of_size(asked.file_bytes), limit,
                                     journal_batch_bytes_max(chosen.sizes.file_bytes));
    return chosen;
}

env::task<result<chosen_journals>> choose_journals_in(env::environment world, std::string folder,
                                                      std::string data_dir, journal_sizes asked) {
    auto space = co_await world.files.space(folder);
    if (!space) co_return std::unexpected(space.error());
    co_return choose_journals(asked, space->total_bytes, data_dir);
}

std::uint32_t shards_max_of_journals(std::uint64_t file_bytes, std::uint32_t files) {
    const std::uint64_t of_one = std::min(file_bytes, journal_file_bytes_min) * files;
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, journal_bytes_max / of_one));
}

std::uint64_t journal_batch_bytes_max(std::uint64_t file_bytes) {
    static_assert(journal_group_header_bytes + journal_entry_header_bytes <= block_bytes,
                  "half a file holds a batch, its headers and the rest of a block");
    return file_bytes / 2 - 2 * block_bytes;
}

}  // namespace logstore
