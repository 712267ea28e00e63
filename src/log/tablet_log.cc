#include "log/tablet_log.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/logging.h"
#include "base/planted_fault.h"
#include "log/log_errc.h"
#include "log/log_reader.h"
#include "log/segment_files.h"

namespace logstore {

tablet_log::tablet_log(log_context& context, tablet_id id, const std::string& topic, tablet_log_settings settings,
                       std::optional<recovery_point> found)
    : context_(context), id_(id), settings_(settings), sealed_loaded_(!found),
      writer_(context, id, context.folder + "/" + tablet_directory_name(topic, id.partition)), turn_(context.world.loop) {
    if (!found) {
        live_.push_back(std::make_shared<live_segment>(offset(0)));
        return;
    }
    CHECK(!found->has_journal_tail, "recovery settles every tablet before it is opened");
    log_start_ = log_start_promised_ = found->log_start;
    recorded_base_ = found->segment_base;
    live_.push_back(std::make_shared<live_segment>(found->segment_base, found->segment_bytes, found->next));
    live_.back()->has_exact_length = found->has_exact_length;
    if (found->max_timestamp != no_timestamp) prefix_max_timestamp_ = found->max_timestamp;
}

bool tablet_log::needs_roll(const record_batch_header& header, std::size_t batch_bytes, timestamp_ms now) const {
    const live_segment& last = *live_.back();
    if (last.is_empty()) return false;
    // Kafka's index files have 32-bit relative offsets and positions.
    const bool offsets_fit = header.last_offset() - last.base() <= std::numeric_limits<std::int32_t>::max();
    const bool is_old = last.first_append_time() != no_timestamp && now - last.first_append_time() >= settings_.segment_ms;
    const std::uint64_t bytes_max = std::min<std::uint64_t>(settings_.segment_bytes, std::numeric_limits<std::int32_t>::max());
    return last.end() + batch_bytes > bytes_max || !offsets_fit || is_old;
}

void tablet_log::roll() {
    // Sealing cuts the file, for which its last block is written again.
    if (!active().has_exact_length) context_.owe_image(active());
    live_.push_back(std::make_shared<live_segment>(first_not_below(live_.back()->next())));
}

log_location tablet_log::place(const record_batch_header& header, std::size_t batch_bytes, timestamp_ms now) {
    if (needs_roll(header, batch_bytes, now)) roll();
    return {active().base(), active().end()};
}

void tablet_log::append(const record_batch_header& header, bytes_view batch, journal_sequence sequence, timestamp_ms now) {
    live_segment& segment = active();
    const std::size_t memory_before = segment.tail().memory_bytes();
    context_.owe_image(segment);
    segment.append(header, batch, sequence, now);
    epochs_.note_batch(header.epoch, header.base_offset, sequence);
    context_.tail_memory_bytes += segment.tail().memory_bytes() - memory_before;
    context_.pinned_bytes += batch.size();
    last_append_time_ = now;
}

void tablet_log::note_durable(log_location up_to, next_offset next) {
    // Usually one segment; after a roll the older ones are durable as a whole.
    for (auto at = live_.rbegin(); at != live_.rend(); ++at) {
        live_segment& segment = **at;
        if (segment.base() == up_to.segment_base) segment.note_durable(up_to.position, next);
        if (segment.base() < up_to.segment_base) {
            if (segment.durable_end() == segment.end()) break;
            segment.note_durable(segment.end(), segment.next());
        }
    }
}

std::uint64_t tablet_log::unwritten_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& segment : live_) sum += segment->unwritten_bytes();
    return sum;
}

bool tablet_log::has_work_behind() const {
    const live_segment& first = *live_.front();
    const bool can_be_sealed = live_.size() > 1 && first.durable_end() == first.end();
    return can_be_sealed || round_down_to_block(first.durable_end()) > first.written();
}

std::optional<journal_sequence> tablet_log::first_needed_sequence() const {
    const auto of_bytes = first_sequence_of_bytes();
    const auto of_epochs = epochs_.first_needed_sequence();
    return of_bytes && of_epochs ? std::min(of_bytes, of_epochs) : of_bytes ? of_bytes : of_epochs;
}

std::optional<journal_sequence> tablet_log::first_sequence_of_bytes() const {
    std::optional<journal_sequence> first;
    for (const auto& segment : live_)
        if (segment->needs_journal())
            first = std::min(first.value_or(segment->first_needed_sequence()), segment->first_needed_sequence());
    return first;
}

timestamp_ms tablet_log::known_max_timestamp() const {
    const live_segment& first = *live_.front();
    if (first.index_complete()) return first.index().max_timestamp();
    // Of bytes that could not be read nothing is known.
    const timestamp_ms before = prefix_max_timestamp_.value_or(no_timestamp);
    return before == no_timestamp ? no_timestamp : std::max(first.index().max_timestamp(), before);
}

recovery_point tablet_log::point() const {
    const live_segment& first = *live_.front();
    const auto needed = first_needed_sequence();
    recovery_point point;
    point.tablet = id_;
    point.log_start = log_start_promised_;
    point.segment_base = first.base();
    point.segment_bytes = first.durable_file_bytes();
    point.next = first.durable_next();
    point.covered = needed ? *needed - 1 : context_.appends.collecting_sequence() - 1;
    point.has_exact_length = first.has_exact_length;
    point.max_timestamp = known_max_timestamp();
    // A group that is not durable may never be: what it holds is not promised here.
    point.has_journal_tail =
        first.needs_journal() && first.first_needed_sequence() <= context_.appends.durable_sequence();
    if (is_planted(planted_fault::point_before_flush) && first.written() > first.durable_file_bytes()) {
        point.segment_bytes = first.written();
        point.covered = context_.appends.collecting_sequence() - 1;
        point.has_journal_tail = false;
    }
    return point;
}

env::task<result<>> tablet_log::seal_first() {
    const std::shared_ptr<live_segment> rolled = live_.front();
    const timestamp_ms largest = known_max_timestamp();
    // What retention removes next is not read for its index.
    const bool is_going = is_older_than_retention(largest, context_.world.time().wall_now());
    if (!rolled->index_complete() && !is_going) {
        // The part from before the last start: indexed now, so that the index files and the largest timestamp are there when
        // the memory is gone. Damage there is for readers to report.
        segment_view before = view_of(rolled);
        auto index = co_await log_reader(context_).index_of(std::move(before));
        if (index) rolled->complete_index(**index);
        else log_error("log", "{}: no index: {}", directory(), index.error().message());
        context_.indexes.forget(id_, rolled->base());
    }
    auto sealed = co_await writer_.seal(rolled);
    if (!sealed) co_return sealed;
    sealed_segment segment;
    segment.base = rolled->base();
    segment.bytes = rolled->end();
    segment.max_timestamp = rolled->index_complete() ? rolled->index().max_timestamp() : largest;
    segment.cached = rolled;
    // What readers need no more goes with its memory, its index above all.
    for (sealed_segment& older : sealed_)
        if (older.cached && older.cached->tail().memory_bytes() == 0) older.cached.reset();
    if (!rolled->is_empty()) sealed_.push_back(std::move(segment));
    live_.pop_front();
    sealed_since_retention_ = true;
    prefix_max_timestamp_.reset();
    co_return result<>{};
}

env::task<result<>> tablet_log::write_behind_in_turn() {
    while (live_.size() > 1 && live_.front()->durable_end() == live_.front()->end()) {
        auto sealed = co_await seal_first();
        if (!sealed) co_return sealed;
    }
    const std::shared_ptr<live_segment> first = live_.front();
    co_return co_await writer_.write_blocks(first);
}

env::task<result<>> tablet_log::write_behind() {
    co_await turn_.take();
    auto written = co_await write_behind_in_turn();
    turn_.give();
    co_return written;
}

env::task<result<>> tablet_log::leave_journal(journal_sequence sequence) {
    co_await turn_.take();
    auto done = co_await write_behind_in_turn();
    if (done) {
        const std::shared_ptr<live_segment> first = live_.front();
        done = co_await writer_.flush(first);
    }
    const auto epoch_told = epochs_.first_needed_sequence();
    if (done && epoch_told && *epoch_told <= sequence) done = co_await save_epochs_in_turn();
    const auto needed = first_sequence_of_bytes();
    if (done && needed && *needed <= sequence) {
        bool copied = true;
        const std::vector<std::shared_ptr<live_segment>> leaving(live_.begin(), live_.end());
        for (const std::shared_ptr<live_segment>& segment : leaving) {
            if (!segment->needs_journal() || segment->first_needed_sequence() > sequence) continue;
            auto copy = co_await writer_.copy_forward(segment);
            if (!copy) done = std::unexpected(copy.error());
            else copied = *copy;
            if (!done || !copied) break;
        }
        // No room for the copy: the ragged end goes into the file instead.
        if (done && !copied) done = co_await settle_in_turn();
    }
    turn_.give();
    co_return done;
}

env::task<result<>> tablet_log::settle_in_turn() {
    auto behind = co_await write_behind_in_turn();
    if (!behind) co_return behind;
    const std::shared_ptr<live_segment> last = live_.back();
    if (live_.size() > 1 || last->durable_end() != last->end()) co_return result<>{};
    co_return co_await writer_.settle(last);
}

env::task<result<>> tablet_log::settle() {
    co_await turn_.take();
    auto settled = co_await settle_in_turn();
    if (settled) settled = co_await save_epochs_in_turn();
    if (settled) epochs_.drop_memory();
    if (settled && live_.size() == 1 && !active().needs_journal()) {
        context_.tail_memory_bytes -= active().drop_all_memory();
        context_.files.forget(segment_path(directory(), active().base(), "log"));
    }
    turn_.give();
    co_return settled;
}

env::task<result<>> tablet_log::close() {
    co_await turn_.take();
    auto closed = co_await write_behind_in_turn();
    const std::shared_ptr<live_segment> last = live_.back();
    const bool is_durable = live_.size() == 1 && last->durable_end() == last->end();
    if (closed && is_durable) closed = co_await writer_.settle_to_length(last);
    if (closed) closed = co_await save_epochs_in_turn();
    context_.tail_memory_bytes -= last->needs_journal() ? 0 : last->drop_all_memory();
    turn_.give();
    co_return closed;
}

env::task<result<>> tablet_log::load_sealed() {
    if (sealed_loaded_) co_return result<>{};
    auto entries = co_await context_.world.files.list(directory());
    if (!entries) {
        if (entries.error().code != std::errc::no_such_file_or_directory) co_return std::unexpected(entries.error());
        entries = std::vector<env::directory_entry>{};
    }
    std::deque<sealed_segment> found;
    for (const auto& entry : *entries) {
        const auto base = parse_segment_name(entry.name);
        if (!base || *base >= live_.front()->base()) continue;
        sealed_segment segment;
        segment.base = *base;
        auto seal = co_await read_segment_seal(&context_.world.files, directory(), *base);
        if (seal) {
            segment.bytes = seal->segment_bytes;
            segment.max_timestamp = seal->max_timestamp;
        } else {
            const std::string path = segment_path(directory(), *base, "log");
            auto opened = co_await context_.files.open_to_read(path);
            // Another has loaded the list meanwhile, and retention may have removed this segment since.
            if (!opened && sealed_loaded_) co_return result<>{};
            if (!opened) co_return std::unexpected(opened.error());
            const std::shared_ptr<env::file> file = *opened;
            auto size = co_await file->size();
            if (!size) co_return std::unexpected(size.error());
            segment.bytes = *size;
        }
        found.push_back(std::move(segment));
    }
    // Others may have loaded it, and segments may have been sealed, while this waited.
    if (!sealed_loaded_) {
        std::erase_if(found, [&](const sealed_segment& s) {
            return std::ranges::any_of(sealed_, [&](const sealed_segment& known) { return known.base == s.base; });
        });
        sealed_.insert(sealed_.begin(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
        std::ranges::sort(sealed_, {}, &sealed_segment::base);
        sealed_loaded_ = true;
    }
    co_return result<>{};
}

segment_view tablet_log::view_of_sealed(std::size_t index) const {
    const sealed_segment& segment = sealed_[index];
    const offset later = index + 1 < sealed_.size() ? sealed_[index + 1].base : live_.front()->base();
    segment_view view;
    view.tablet = id_;
    view.base = segment.base;
    view.limit = segment.bytes;
    view.end = next_offset(later.value());
    view.path = segment_path(directory(), segment.base, "log");
    view.live = segment.cached;
    view.max_timestamp = segment.max_timestamp;
    return view;
}

segment_view tablet_log::view_of(const std::shared_ptr<live_segment>& segment) const {
    segment_view view;
    view.tablet = id_;
    view.base = segment->base();
    const bool reads_all = is_planted(planted_fault::read_beyond_durable);
    view.limit = reads_all ? segment->end() : segment->durable_end();
    view.end = reads_all ? segment->next() : segment->durable_next();
    view.path = segment_path(directory(), segment->base(), "log");
    view.live = segment;
    return view;
}

std::optional<segment_view> tablet_log::active_view_for(offset from) const {
    if (from < live_.back()->base()) return std::nullopt;
    return view_of(live_.back());
}

env::task<result<std::vector<segment_view>>> tablet_log::all_views() {
    auto loaded = co_await load_sealed();
    if (!loaded) co_return std::unexpected(loaded.error());
    std::vector<segment_view> views;
    views.reserve(sealed_.size() + live_.size());
    for (std::size_t index = 0; index < sealed_.size(); ++index) views.push_back(view_of_sealed(index));
    for (const auto& segment : live_) views.push_back(view_of(segment));
    co_return views;
}

env::task<result<std::vector<segment_view>>> tablet_log::views_from(offset from) {
    auto views = co_await all_views();
    if (!views) co_return views;
    const auto after = std::ranges::find_if(*views, [&](const segment_view& view) { return view.base > from; });
    if (after != views->begin()) views->erase(views->begin(), std::prev(after));
    co_return views;
}

std::string deleted_directory_name(const std::string& directory, topic_id topic) {
    return directory + "." + topic.text() + "-delete";
}

env::task<result<>> tablet_log::rename_for_deletion() {
    co_await turn_.take();
    for (const auto& segment : live_) {
        context_.pay_image(*segment);
        context_.pinned_bytes -= segment->unwritten_bytes();
        context_.tail_memory_bytes -= segment->tail().memory_bytes();
    }
    for (const auto& segment : sealed_)
        if (segment.cached) context_.tail_memory_bytes -= segment.cached->tail().memory_bytes();
    live_.clear();
    live_.push_back(std::make_shared<live_segment>(offset(0)));
    sealed_.clear();
    context_.damage.forget(id_);
    epochs_ = tablet_epochs();
    context_.files.forget(directory() + "/");
    context_.indexes.forget(id_);
    context_.ahead.forget(id_);
    result<> done;
    auto there = co_await context_.world.files.exists(directory());
    if (!there) done = std::unexpected(there.error());
    if (there && *there) {
        const std::string target = deleted_directory_name(directory(), id_.topic);
        done = co_await context_.world.files.rename(directory(), target);
        if (done) done = co_await context_.tablet_names.flush();
    }
    turn_.give();
    co_return done;
}

env::task<result<>> remove_renamed_directory(env::file_system* files, std::string folder, std::string directory) {
    auto entries = co_await files->list(directory);
    if (!entries) {
        if (entries.error().code == std::errc::no_such_file_or_directory) co_return result<>{};
        co_return std::unexpected(entries.error());
    }
    for (const auto& entry : *entries) {
        auto removed = co_await files->remove_file(directory + "/" + entry.name);
        if (!removed) co_return removed;
    }
    auto gone = co_await files->remove_directory(directory);
    if (!gone) co_return gone;
    co_return co_await files->sync_directory(folder);
}

env::task<result<std::uint64_t>> tablet_log::size_bytes() {
    auto loaded = co_await load_sealed();
    if (!loaded) co_return std::unexpected(loaded.error());
    co_return loaded_size_bytes();
}

std::uint64_t tablet_log::loaded_size_bytes() const {
    std::uint64_t sum = 0;
    for (const sealed_segment& segment : sealed_) sum += segment.bytes;
    for (const auto& segment : live_) sum += segment->end();
    return sum;
}

std::size_t tablet_log::memory_bytes() const {
    std::size_t sum = sizeof *this;
    for (const auto& segment : live_) sum += sizeof *segment + segment->tail().memory_bytes() + segment->index().memory_bytes();
    return sum;
}

}  // namespace logstore
