// What a start finds: recovery points and journals of the last run, replayed into the segments.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "env/environment.h"
#include "log/recovery_points.h"

namespace logstore {

struct recovery_options {
    std::string journal_folder;
    std::string recovery_folder;
    std::string logs_folder;
    boot_number boot;
    std::size_t open_files_max = 1024;
    /// Tablets whose directories are there, each with its own partition.metadata. May be null.
    std::shared_ptr<const std::unordered_set<tablet_id>> known_directories;
    /// Go on over damage: what damaged groups of the journal and damaged places of segments held is lost, and said. Reads all
    /// segments.
    bool accept_loss = false;
};

struct recovered_store {
    /// Every tablet that has had a record, settled: its files hold all of it.
    std::unordered_map<tablet_id, recovery_point> points;
    /// Above every sequence ever written; the journals of this run start here.
    journal_sequence first_sequence{1};
    /// Of the journal groups of this run.
    std::uint64_t journal_salt = 0;
    /// Figures for the log line at the start.
    std::uint64_t replayed_groups = 0;
    std::uint64_t replayed_bytes = 0;
    std::size_t replayed_tablets = 0;
    bool tail_was_torn = false;
    /// What was given up, a sentence each: damage that was gone over and what it cost. Only with accept_loss.
    std::vector<std::string> losses;
};

/// The directory name of a tablet that exists; empty for one whose topic is gone.
using tablet_topic_lookup = std::function<std::string(const tablet_id&)>;

/// Reads all journals of the last run, whatever its shard count was, past the page cache, and brings the segments of every
/// tablet up to the last durable group; then records that, so that the old journals are obsolete before anything is served.
/// Safe to repeat after a crash at any point. log_errc::corrupt when acknowledged data in the journal is damaged: nothing is
/// changed, the message names groups, tablets and offsets.
env::task<result<recovered_store>> recover_store(env::environment world, recovery_options options, tablet_topic_lookup topic_of);

/// Why recover_store would refuse the journals, and what of the segments cannot be read, a sentence each. Reads only.
env::task<result<std::vector<std::string>>> find_damage(env::environment world, recovery_options options);

/// Removes journals and recovery points of earlier runs, and journals beyond `shards` × `files`. After recover_store.
env::task<result<>> remove_obsolete_files(env::environment world, recovery_options options, std::uint32_t shards,
                                          std::uint32_t journal_files);

}  // namespace logstore
