// Whose the groups of one journal file are, and whether those that matter hold. Pure: bytes in, sentences
// out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "log/journal_reader.h"

namespace logstore::app {

/// What the recovery points of a store say of the journal of one shard.
struct journal_reference {
    std::uint64_t salt = 0;     ///< of every group of the present start of the store
    boot_number boot;           ///< the number of that start
    journal_sequence floor{0};  ///< groups below are in segments: no replay needs them
    std::string source;         ///< the file that says so
};

/// A file is used round and round and keeps what was not yet written over.
enum class group_use {
    needed,         ///< of the present use of the file, and a replay would read it
    covered,        ///< of the present use; what it holds is in segments
    earlier_use,    ///< left from an earlier round of the present start
    earlier_start,  ///< left from an earlier start of the store, or bytes of a record that look like a group
};

struct judged_group {
    found_group group;
    group_use use = group_use::needed;
};

struct journal_verdict {
    /// The salt that was taken for the present one.
    std::uint64_t salt = 0;
    std::vector<judged_group> groups;  ///< by position
    /// The last needed group does not hold. It was never acknowledged, unless the journal goes on in another
    /// file.
    bool tail_is_torn = false;
    /// What is wrong with needed groups; empty = nothing.
    std::vector<std::string> damage;

    std::size_t count(group_use use) const;
};

/// The present use of a file begins at its first byte and its sequences have no gap; what is lower, or has
/// another salt, was there before. Without a reference, the present start is the one whose group the file
/// begins with, and every group of the present use is needed.
journal_verdict judge_journal(std::vector<found_group> groups,
                              const std::optional<journal_reference>& reference);

}  // namespace logstore::app
