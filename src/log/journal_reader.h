// What the journal files of a stopped store hold: found, checked and put in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "env/environment.h"
#include "log/journal_format.h"

namespace logstore {

/// One group found on disk.
struct found_group {
    journal_group_header header;
    std::uint32_t file = 0;  ///< index in journal_scan::files
    std::uint64_t position = 0;
    bool payload_holds = false;
};

/// The groups of one shard's journal, in sequence order, each whole.
struct journal_scan {
    std::vector<std::string> files;
    std::vector<found_group> groups;  ///< what a replay reads, lowest sequence first, without gaps
    journal_sequence highest{0};      ///< the highest sequence seen anywhere, torn or not; new ones start above
    bool tail_was_torn = false;       ///< a last group was cut: it was never acknowledged
    std::vector<std::string> damage;  ///< empty = the journal is whole; else one sentence a finding
};

/// Names of the journal files of each shard in `folder`, by shard.
struct journal_file_name {
    shard_id shard;
    std::uint32_t index = 0;
    std::string path;
};
env::task<result<std::vector<journal_file_name>>> list_journal_files(env::file_system* files, std::string folder);

/// Every group with `salt` (nothing: with any, for looking at a file) found in one file, also those of earlier uses of the
/// file. Reads past the page cache.
env::task<result<std::vector<found_group>>> scan_journal_file(env::file_system* files, std::string path,
                                                              std::uint32_t file_index,
                                                              std::optional<std::uint64_t> salt = std::nullopt);

/// Reads all files of one shard's journal and decides what holds. Groups below `floor` are not needed and not judged.
/// A damaged last group is a torn tail and is cut; damage before it is reported in `damage` and nothing is repaired:
/// group n+1 was begun only after n was durable, so a valid n+1 proves that n was whole once.
env::task<result<journal_scan>> scan_journal(env::file_system* files, std::vector<std::string> paths, journal_sequence floor,
                                            std::uint64_t salt);

/// Puts the groups of one shard in order and judges them; the I/O-free heart of scan_journal.
journal_scan order_journal_groups(std::vector<found_group> found, journal_sequence floor);

/// Reads the payload of one group past the page cache.
env::task<result<byte_vector>> read_journal_payload(env::file* from, found_group group);

}  // namespace logstore
