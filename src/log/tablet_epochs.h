// What one log knows of its leader epochs in memory, and what its checkpoint file lacks.
#pragma once

#include <optional>
#include <vector>

#include "log/epoch_history.h"

namespace logstore {

/// The appended batches tell of new epochs; the file is read when something is asked or is to be written,
/// never by an append. Until a new epoch is in the file, its first journal group is needed: so a start finds
/// in the journal what the file lacks. Memory: what is not saved (one entry a run), and while the tablet is
/// in use a history of at most cached_max entries. One shard.
class tablet_epochs {
  public:
    /// More entries are read from the file each time.
    static constexpr std::size_t cached_max = 64;

    /// A batch goes to the log's end, in journal group `sequence`.
    void note_batch(leader_epoch epoch, offset base, journal_sequence sequence) {
        if (epoch != latest_) note_new(epoch, base, sequence);
    }
    /// The lowest group that tells of an epoch which the file lacks.
    std::optional<journal_sequence> first_needed_sequence() const;

    /// Whether the file is not what it should be, as far as groups up to `durable` tell.
    bool is_unsaved(journal_sequence durable) const;
    /// Whether the batches of this run alone tell the epochs of everything from `log_start` on.
    bool covers(offset log_start) const {
        return !unsaved_.empty() && unsaved_.front().entry.start <= log_start;
    }
    /// The file's content as last read or written.
    const std::optional<epoch_history>& saved() const { return saved_; }
    /// `is_in_file`: false when it was made from the batches.
    void note_loaded(epoch_history history, bool is_in_file);
    /// saved() and what groups up to `last` add. REQUIRES: saved().
    epoch_history with_groups_to(journal_sequence last) const;
    /// with_groups_to(durable) is in the file, or there is no file.
    void note_saved(epoch_history history, journal_sequence durable);
    void note_removed(journal_sequence durable);
    /// What is known need not be in memory any more.
    void drop_memory();
    void drop_memory_above_limit() {
        if (saved_ && saved_->starts().size() > cached_max) drop_memory();
    }
    /// The log start moved.
    void trim_start(offset log_start);

  private:
    struct unsaved_epoch {
        epoch_start entry;
        journal_sequence sequence;
    };
    void note_new(leader_epoch epoch, offset base, journal_sequence sequence);
    void forget_groups_to(journal_sequence last);

    std::optional<epoch_history> saved_;
    std::vector<unsaved_epoch> unsaved_;
    leader_epoch latest_ = no_leader_epoch;  // of a batch in this run
    bool is_stale_ = false;                  // saved_ differs from the file
};

}  // namespace logstore
