// The leader epochs of a tablet's log: asked for, and kept in their file.
#include "base/logging.h"
#include "log/epoch_checkpoint.h"
#include "log/epoch_rebuild.h"
#include "log/tablet_log.h"

namespace logstore {

env::task<result<>> tablet_log::load_epochs_in_turn() {
    if (epochs_.saved()) co_return result<>{};
    if (epochs_.covers(log_start_)) {
        epochs_.note_loaded({}, true);
        co_return result<>{};
    }
    auto stored = co_await read_epoch_checkpoint(&context_.world.files, directory());
    if (stored && stored->covers(log_start_, next())) {
        const bool has_more = stored->cut_end(next());
        epochs_.note_loaded(std::move(*stored), !has_more);
        co_return result<>{};
    }
    if (!is_below(log_start_, next())) {
        epochs_.note_loaded({}, true);
        co_return result<>{};
    }
    // A recovery makes none for a log that only the journal held.
    const bool has_none = !stored && stored.error().code == std::errc::no_such_file_or_directory;
    if (!has_none) {
        const std::string why = stored ? "it lacks older epochs" : stored.error().message();
        log_warning("log", "{}: {} is made again from the batches: {}", directory(), epoch_checkpoint_name, why);
    }
    auto views = co_await all_views();
    if (!views) co_return std::unexpected(views.error());
    auto made = co_await rebuild_epochs(&context_, std::move(*views));
    if (!made) co_return std::unexpected(made.error());
    epochs_.note_loaded(std::move(*made), false);
    co_return result<>{};
}

env::task<result<>> tablet_log::save_epochs_in_turn() {
    const journal_sequence durable = context_.appends.durable_sequence();
    if (!epochs_.is_unsaved(durable)) co_return result<>{};
    auto loaded = co_await load_epochs_in_turn();
    if (!loaded) {
        // Readers meet the damage too. Without a file the epochs are made from what can be read, when it can
        // be read again.
        log_error("log", "{}: no leader epochs: {}", directory(), loaded.error().message());
        auto removed = co_await remove_epoch_checkpoint(&context_.world.files, directory());
        if (removed) epochs_.note_removed(durable);
        co_return removed;
    }
    epoch_history whole = epochs_.with_groups_to(durable);
    whole.trim_start(log_start_);
    auto made = co_await writer_.make_directory();
    if (!made) co_return made;
    auto written = co_await write_epoch_checkpoint(&context_.world.files, directory(), whole);
    if (!written) co_return written;
    ++context_.counters.epoch_checkpoints_written;
    epochs_.note_saved(std::move(whole), durable);
    epochs_.drop_memory_above_limit();
    co_return result<>{};
}

env::task<result<epoch_history>> tablet_log::epochs() {
    co_await turn_.take();
    auto loaded = co_await load_epochs_in_turn();
    result<epoch_history> known;
    if (loaded) {
        known = epochs_.with_groups_to(context_.appends.last_added_sequence());
        known->trim_start(log_start_);
        epochs_.drop_memory_above_limit();
    } else {
        known = std::unexpected(loaded.error());
    }
    turn_.give();
    co_return known;
}

env::task<result<epoch_end>> tablet_log::end_of_epoch(leader_epoch wanted) {
    auto known = co_await epochs();
    if (!known) co_return std::unexpected(known.error());
    co_return known->end_of(wanted, next());
}

env::task<result<leader_epoch>> tablet_log::epoch_at(offset wanted) {
    auto known = co_await epochs();
    if (!known) co_return std::unexpected(known.error());
    co_return is_below(wanted, next()) ? known->epoch_at(wanted) : no_leader_epoch;
}

}  // namespace logstore
