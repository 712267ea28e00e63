// How large the journals of all shards may be, together and on this disk.
#pragma once

#include <cstdint>
#include <string>

#include "env/environment.h"

namespace logstore {

/// All journals of a store together.
inline constexpr std::uint64_t journal_bytes_max = std::uint64_t(1) << 30;
/// They take at most this part of their file system.
inline constexpr std::uint64_t journal_file_system_part = 16;
/// Files are not made smaller than this by themselves: groups would fill them too soon to be worth their
/// checkpoints.
inline constexpr std::uint64_t journal_file_bytes_min = std::uint64_t(4) << 20;

struct journal_sizes {
    std::uint64_t file_bytes = 0;
    std::uint32_t files = 0;  ///< of each shard
    std::uint32_t shards = 0;

    std::uint64_t total_bytes() const { return file_bytes * files * shards; }
};

struct chosen_journals {
    journal_sizes sizes;
    /// One line for the log; empty when everything is as it was asked for.
    std::string why_smaller;
};

/// Makes files smaller where all together are too large: whole MiB, and down to journal_file_bytes_min (or to
/// what was asked, where that is less). Refuses, with a sentence that says what to do, where that does not
/// suffice. `total_bytes` is the size of the file system, 0 where it does not tell.
result<chosen_journals> choose_journals(journal_sizes asked, std::uint64_t total_bytes,
                                        const std::string& data_dir);

/// The same for the file system of `folder`, where the journals are.
env::task<result<chosen_journals>> choose_journals_in(env::environment world, std::string folder,
                                                      std::string data_dir, journal_sizes asked);

/// How many shards a store has at most, on any disk, with so many files each.
std::uint32_t shards_max_of_journals(std::uint64_t file_bytes, std::uint32_t files);

/// The largest batch that fits one entry of a journal of such files.
std::uint64_t journal_batch_bytes_max(std::uint64_t file_bytes);

}  // namespace logstore
