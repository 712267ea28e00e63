#include "log/tablet_epochs.h"

#include <algorithm>

#include "base/check.h"

namespace logstore {

void tablet_epochs::note_new(leader_epoch epoch, offset base, journal_sequence sequence) {
    CHECK(unsaved_.empty() || (unsaved_.back().entry.start < base && unsaved_.back().sequence <= sequence));
    latest_ = epoch;
    unsaved_.push_back({{epoch, base}, sequence});
}

std::optional<journal_sequence> tablet_epochs::first_needed_sequence() const {
    if (unsaved_.empty()) return std::nullopt;
    return unsaved_.front().sequence;
}

bool tablet_epochs::is_unsaved(journal_sequence durable) const {
    return is_stale_ || (!unsaved_.empty() && unsaved_.front().sequence <= durable);
}

void tablet_epochs::note_loaded(epoch_history history, bool is_in_file) {
    saved_ = std::move(history);
    is_stale_ = !is_in_file;
}

epoch_history tablet_epochs::with_groups_to(journal_sequence last) const {
    CHECK(saved_);
    epoch_history whole = *saved_;
    for (const unsaved_epoch& one : unsaved_)
        if (one.sequence <= last) whole.note(one.entry.epoch, one.entry.start);
    return whole;
}

void tablet_epochs::forget_groups_to(journal_sequence last) {
    std::erase_if(unsaved_, [last](const unsaved_epoch& one) { return one.sequence <= last; });
    if (unsaved_.empty()) unsaved_.shrink_to_fit();
}

void tablet_epochs::note_saved(epoch_history history, journal_sequence durable) {
    saved_ = std::move(history);
    is_stale_ = false;
    forget_groups_to(durable);
}

void tablet_epochs::note_removed(journal_sequence durable) {
    saved_.reset();
    is_stale_ = false;
    forget_groups_to(durable);
}

void tablet_epochs::drop_memory() {
    // What differs from the file is made again from the batches when it is asked for again.
    saved_.reset();
    is_stale_ = false;
}

void tablet_epochs::trim_start(offset log_start) {
    if (saved_ && saved_->trim_start(log_start)) is_stale_ = true;
}

}  // namespace logstore
