#include "tablet/tablet.h"

#include <algorithm>

#include "base/logging.h"
#include "log/log_errc.h"
#include "tablet/record_times.h"

namespace logstore {

tablet::tablet(log_context& context, tablet_id id, std::string topic, tablet_settings settings, leader_epoch epoch,
               std::optional<recovery_point> found)
    : topic_(std::move(topic)), settings_(settings), epoch_(epoch), log_(context, id, topic_, settings.log, found),
      reader_(context), high_watermark_(log_.next()) {}

tablet::~tablet() = default;

void tablet::set_settings(tablet_settings settings) {
    settings_ = settings;
    log_.set_settings(settings.log);
}

placed_append tablet::append(const record_batch_header& header, bytes_view batch, timestamp_ms now) {
    CHECK(!is_closed_ && batch.size() == header.size_bytes());
    placed_append placed;
    placed.base_offset = first_not_below(log_.next());
    record_batch_header stored = header;
    stored.base_offset = placed.base_offset;
    stored.epoch = epoch_;
    const log_location location = log_.place(stored, batch.size(), now);
    journal& appends = log_.context().appends;
    const mutable_bytes room = appends.begin_entry(batch.size());
    std::memcpy(room.data(), batch.data(), batch.size());
    assign_record_batch(room.data(), placed.base_offset, epoch_);
    if (settings_.log_append_time) {
        stamp_log_append_time(room, now);
        stored = *read_record_batch_header(room);
        placed.append_time = now;
    }
    placed.next = stored.next();
    journal_entry_header entry;
    entry.kind = journal_entry_kind::batch;
    entry.tablet = id();
    entry.epoch = epoch_;
    entry.base_offset = stored.base_offset;
    entry.next = placed.next;
    entry.segment_base = location.segment_base;
    entry.position = byte_position(location.position);
    placed.sequence = appends.end_entry(entry);
    log_.append(stored, room, placed.sequence, now);
    placed.end = {location.segment_base, location.position + batch.size()};
    return placed;
}

void tablet::note_durable(const placed_append& append) {
    if (is_closed_) return;
    log_.note_durable(append.end, append.next);
    CHECK(append.next > high_watermark_);
    high_watermark_ = append.next;
    if (watchers_.empty()) return;
    const auto watchers = std::exchange(watchers_, {});
    for (const auto& held : watchers)
        if (const auto watcher = held.lock()) watcher->on_tablet_changed();
}

tablet_errc tablet::check_epoch(leader_epoch of_caller) const {
    if (of_caller == no_leader_epoch || of_caller == epoch_) return tablet_errc::ok;
    return of_caller < epoch_ ? tablet_errc::fenced_leader_epoch : tablet_errc::unknown_leader_epoch;
}

bool tablet::watch(next_offset seen, std::weak_ptr<tablet_watcher> watcher) {
    if (is_closed_ || high_watermark_ > seen) return false;
    // Waits that ended by themselves leave an empty reference: without appends they would pile up.
    if (watchers_.size() >= watchers_sweep_at_) {
        forget_expired_watchers();
        watchers_sweep_at_ = std::max<std::size_t>(watchers_swept_min, watchers_.size() * 2);
    }
    watchers_.push_back(std::move(watcher));
    return true;
}

void tablet::forget_expired_watchers() {
    std::erase_if(watchers_, [](const auto& held) { return held.expired(); });
}

void tablet::close_for_deletion() {
    is_closed_ = true;
    const auto watchers = std::exchange(watchers_, {});
    for (const auto& held : watchers)
        if (const auto watcher = held.lock()) watcher->on_tablet_changed();
}

void tablet::remember_cursor(next_offset next, const segment_view& view, std::uint64_t position) {
    for (read_cursor& cursor : cursors_) {
        if (cursor.next != first_not_below(next)) continue;
        cursor = {first_not_below(next), view.base, position};
        return;
    }
    cursors_[next_cursor_++ % cursor_count] = {first_not_below(next), view.base, position};
}

tablet_errc tablet::code_of_failed_read(offset from, const error& why) const {
    // Retention took the segment while it was being read.
    if (from < log_start()) return tablet_errc::offset_out_of_range;
    // Damage is told when it is found, once.
    if (why.code != log_errc::corrupt) log_error("tablet", "{}: {}", log_.directory(), why.message());
    return tablet_errc::storage_error;
}

env::task<tablet_read> tablet::read(offset from, std::size_t bytes_max, bool at_least_one) {
    tablet_read out;
    if (is_closed_) out.code = tablet_errc::unknown_tablet;
    else if (from < log_start() || from.value() > high_watermark_.value()) out.code = tablet_errc::offset_out_of_range;
    if (out.code != tablet_errc::ok || from.value() == high_watermark_.value() || bytes_max == 0) co_return out;

    std::vector<segment_view> views;
    if (auto view = log_.active_view_for(from)) {
        views.push_back(std::move(*view));
    } else {
        auto found = co_await log_.views_from(from);
        if (!found) {
            out.code = code_of_failed_read(from, found.error());
            co_return out;
        }
        views = std::move(*found);
        // The log start moved meanwhile: what is there now does not hold `from`, and is not an answer to it.
        if (from < log_start()) {
            out.code = is_closed_ ? tablet_errc::unknown_tablet : tablet_errc::offset_out_of_range;
            co_return out;
        }
    }
    for (segment_view& view : views) {
        const auto cursor = std::ranges::find_if(
            cursors_, [&](const read_cursor& c) { return c.next == from && c.segment_base == view.base; });
        const auto position = cursor == std::end(cursors_) ? std::nullopt : std::optional(cursor->position);
        auto read = co_await reader_.read_from(view, from, position, bytes_max, at_least_one);
        if (!read) {
            out.code = code_of_failed_read(from, read.error());
            co_return out;
        }
        if (!*read) {
            // The segment was removed meanwhile, and what follows it is not an answer; else `from` lies behind its durable end.
            if (from < log_start()) {
                out.code = tablet_errc::offset_out_of_range;
                co_return out;
            }
            continue;
        }
        log_reader::batches& found = (**read).found;
        if (found.bytes > 0) {
            if (found.next) remember_cursor(*found.next, view, (**read).end);
            out.pieces = std::move(found.pieces);
            out.bytes = found.bytes;
        }
        co_return out;
    }
    co_return out;
}

env::task<result<epoch_end>> tablet::end_of_epoch(leader_epoch wanted) {
    if (wanted < leader_epoch(0) || wanted > epoch_) co_return epoch_end{};
    if (wanted == epoch_) co_return epoch_end{epoch_, log_end()};
    auto found = co_await log_.end_of_epoch(wanted);
    // A log without batches: as if this leader's epoch began at its end.
    if (found && found->epoch == no_leader_epoch) co_return epoch_end{wanted, log_end()};
    co_return found;
}

env::task<result<std::optional<timed_offset>>> tablet::first_record_at(segment_view view, timestamp_ms wanted,
                                                                       offset from) {
    for (;;) {
        auto batch = co_await reader_.find_timestamp(view, wanted, from);
        if (!batch) co_return std::unexpected(batch.error());
        if (!*batch) co_return std::optional<timed_offset>();
        auto bytes = co_await reader_.read_batch(view, **batch);
        if (!bytes) co_return std::unexpected(bytes.error());
        // The workers bound how many batches are decompressed at a time.
        env::environment& world = log_.context().world;
        const record_batch_header header = (*batch)->header;
        const offset first = std::max(from, header.base_offset);
        auto look = [batch_bytes = std::move(*bytes), wanted, first, is_whole = first == header.base_offset] {
            return is_whole ? first_record_not_before(batch_bytes, wanted)
                            : first_record_not_before(batch_bytes, wanted, first);
        };
        const std::optional<timed_record> found = co_await env::run_blocking(world.workers, world.loop, std::move(look));
        if (found) co_return timed_offset{found->record_offset.value(), found->timestamp};
        // What is late enough in this batch lies below the log start.
        from = first_not_below(header.next());
    }
}

env::task<result<timed_offset>> tablet::find_timestamp(timestamp_ms wanted) {
    auto views = co_await log_.all_views();
    if (!views) co_return std::unexpected(views.error());
    const offset from = log_start();
    for (const segment_view& view : *views) {
        if (view.limit == 0 || !is_below(from, view.end)) continue;
        if (view.max_timestamp != no_timestamp && view.max_timestamp < wanted) continue;
        auto found = co_await first_record_at(view, wanted, from);
        if (!found) co_return std::unexpected(found.error());
        if (*found) co_return **found;
    }
    co_return timed_offset{};
}

env::task<result<timed_offset>> tablet::latest_in(segment_view view, found_batch batch, offset from) {
    auto bytes = co_await reader_.read_batch(view, batch);
    if (!bytes) co_return std::unexpected(bytes.error());
    env::environment& world = log_.context().world;
    const offset first = std::max(from, batch.header.base_offset);
    auto look = [batch_bytes = std::move(*bytes), first] { return latest_record(batch_bytes, first); };
    const timed_record found = co_await env::run_blocking(world.workers, world.loop, std::move(look));
    co_return timed_offset{found.record_offset.value(), found.timestamp};
}

env::task<result<timed_offset>> tablet::latest_record_of(segment_view view, offset from) {
    auto latest = co_await reader_.find_latest(view, from);
    if (!latest) co_return std::unexpected(latest.error());
    if (!*latest) co_return timed_offset{};
    auto found = co_await latest_in(view, **latest, from);
    // The batch that holds the log start may owe its timestamp to a record below it.
    if (!found || found->timestamp >= (*latest)->header.max_timestamp) co_return found;
    auto behind = co_await reader_.find_latest(view, first_not_below((*latest)->header.next()));
    if (!behind) co_return std::unexpected(behind.error());
    if (!*behind || (*behind)->header.max_timestamp <= found->timestamp) co_return found;
    co_return co_await latest_in(view, **behind, from);
}

env::task<result<timed_offset>> tablet::find_max_timestamp() {
    auto views = co_await log_.all_views();
    if (!views) co_return std::unexpected(views.error());
    const offset from = log_start();
    timed_offset best;
    for (const segment_view& view : *views) {
        if (view.limit == 0 || !is_below(from, view.end)) continue;
        if (from > view.base) {
            auto latest = co_await latest_record_of(view, from);
            if (!latest) co_return std::unexpected(latest.error());
            if (latest->timestamp > best.timestamp) best = *latest;
            continue;
        }
        auto largest = co_await reader_.max_timestamp(view);
        if (!largest) co_return std::unexpected(largest.error());
        if (*largest <= best.timestamp) continue;
        auto found = co_await first_record_at(view, *largest, from);
        if (!found) co_return std::unexpected(found.error());
        if (*found) best = **found;
    }
    co_return best;
}

}  // namespace logstore
