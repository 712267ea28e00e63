// Retention of a tablet's log: what is too old or too much goes, and the log start moves before it.
#include <algorithm>

#include "base/logging.h"
#include "base/planted_fault.h"
#include "log/log_reader.h"
#include "log/segment_files.h"
#include "log/tablet_log.h"

namespace logstore {

env::task<timestamp_ms> tablet_log::max_timestamp_of(segment_view view) {
    auto largest = co_await log_reader(context_).max_timestamp(view);
    if (!largest) log_error("retention", "{}: {}", view.path, largest.error().message());
    co_return largest ? *largest : no_timestamp;
}

bool tablet_log::is_older_than_retention(timestamp_ms largest, timestamp_ms now) const {
    return settings_.retention_ms >= 0 && largest != no_timestamp && now - largest > settings_.retention_ms;
}

env::task<> tablet_log::roll_when_old(timestamp_ms now) {
    const std::shared_ptr<live_segment> last = live_.back();
    if (settings_.retention_ms < 0 || last->is_empty()) co_return;
    const timestamp_ms appended = last->index().max_timestamp();
    if (appended != no_timestamp && !is_older_than_retention(appended, now)) co_return;
    timestamp_ms largest = appended;
    if (!last->index_complete()) {
        if (!prefix_max_timestamp_) {
            segment_view view = view_of(last);
            const timestamp_ms before = co_await max_timestamp_of(std::move(view));
            if (last != live_.back()) co_return;
            prefix_max_timestamp_ = before;
        }
        largest = std::max(last->index().max_timestamp(), *prefix_max_timestamp_);
    }
    if (is_older_than_retention(largest, now)) roll();
}

env::task<result<std::uint64_t>> tablet_log::apply_retention(timestamp_ms now, offset limit) {
    sealed_since_retention_ = false;
    auto loaded = co_await load_sealed();
    if (!loaded) co_return std::unexpected(loaded.error());
    // An active segment whose newest record is too old is rolled, so that it can go.
    co_await roll_when_old(now);
    // Sealed now: a log without appends is not written behind by anybody else.
    if (live_.size() > 1) {
        auto sealed = co_await write_behind();
        if (!sealed) co_return std::unexpected(sealed.error());
    }
    // Those that a start found without their index files.
    for (std::size_t index = 0; settings_.retention_ms >= 0 && index < sealed_.size(); ++index) {
        if (sealed_[index].max_timestamp == no_timestamp) {
            const offset base = sealed_[index].base;
            segment_view view = view_of_sealed(index);
            const timestamp_ms largest = co_await max_timestamp_of(std::move(view));
            const auto at = std::ranges::find(sealed_, base, &sealed_segment::base);
            if (at == sealed_.end()) break;
            at->max_timestamp = largest;
            index = static_cast<std::size_t>(at - sealed_.begin());  // older ones may have gone meanwhile
        }
        if (!is_older_than_retention(sealed_[index].max_timestamp, now)) break;
    }
    const std::uint64_t total = loaded_size_bytes();
    std::uint64_t freed = 0;
    std::uint64_t left_over = 0;
    offset new_start = log_start_;
    for (std::size_t index = 0; index < sealed_.size(); ++index) {
        const sealed_segment& segment = sealed_[index];
        const bool is_old = is_older_than_retention(segment.max_timestamp, now);
        const bool is_over = settings_.retention_bytes >= 0 &&
                             total - freed - left_over - segment.bytes >= static_cast<std::uint64_t>(settings_.retention_bytes);
        const offset after = index + 1 < sealed_.size() ? sealed_[index + 1].base : live_.front()->base();
        const bool is_below = after <= log_start_;  // left over: the log start moved before
        if (after > limit || (!is_old && !is_over && !is_below)) break;
        (is_below ? left_over : freed) += segment.bytes;
        new_start = std::max(new_start, after);
    }
    auto moved = co_await move_log_start(new_start);
    if (!moved) co_return std::unexpected(moved.error());
    co_return freed;
}

env::task<result<>> tablet_log::move_log_start(offset to) {
    auto loaded = co_await load_sealed();
    if (!loaded) co_return loaded;
    if (to <= log_start_) {
        // A crash, or a recovery point that still named them, may have left segments below the log start.
        co_await turn_.take();
        auto left_over = co_await remove_below_log_start();
        turn_.give();
        co_return left_over;
    }
    if (!context_.appends.has_room_for_checkpoint(0))
        co_return fail(std::make_error_code(std::errc::no_buffer_space), "the journal is full");
    journal_entry_header header;
    header.kind = journal_entry_kind::log_start;
    header.tablet = id_;
    header.base_offset = to;
    if (is_planted(planted_fault::log_start_after_unlink)) {
        log_start_ = to;
        co_return co_await remove_below_log_start();
    }
    const journal_sequence sequence = context_.appends.add(header, {});
    // A recovery point may cover that group before this has heard that it is durable.
    log_start_promised_ = std::max(log_start_promised_, to);
    const bool durable = co_await context_.appends.until_durable(sequence);
    if (!durable) co_return fail(std::make_error_code(std::errc::io_error), "the journal failed");
    log_start_ = std::max(log_start_, to);
    co_await turn_.take();
    epochs_.trim_start(log_start_);
    auto removed = co_await remove_below_log_start();
    turn_.give();
    co_return removed;
}

env::task<result<>> tablet_log::remove_below_log_start() {
    while (!sealed_.empty()) {
        const offset after = sealed_.size() > 1 ? sealed_[1].base : live_.front()->base();
        if (after > log_start_) break;
        // A start replays on top of what the last recovery point names: that file must be there.
        if (recorded_base_ && sealed_.front().base >= *recorded_base_) break;
        const sealed_segment gone = sealed_.front();
        sealed_.pop_front();
        if (gone.cached) context_.tail_memory_bytes -= gone.cached->drop_all_memory();
        context_.files.forget(segment_path(directory(), gone.base, "log"));
        // The log last: a segment without its index is rebuilt, an index without its segment is garbage.
        for (const char* ending : {"index", "timeindex", "seal", "log"}) {
            const std::string path = segment_path(directory(), gone.base, ending);
            auto removed = co_await context_.world.files.remove_file(path);
            if (!removed && removed.error().code != std::errc::no_such_file_or_directory) co_return removed;
        }
        ++context_.counters.segments_removed;
        context_.indexes.forget(id_, gone.base);
        context_.damage.forget(id_, gone.base);
    }
    co_return result<>{};
}

}  // namespace logstore
