#include "shard/journal_replay.h"

#include <algorithm>

#include "base/logging.h"
#include "env/lanes.h"
#include "log/epoch_checkpoint.h"
#include "log/log_errc.h"
#include "log/log_reader.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

/// A tablet with so much in memory is written while the replay goes on.
constexpr std::uint64_t early_write_bytes = std::uint64_t(1) << 20;
/// So many that their flushes share commits of the file system's own journal, and bounded memory.
constexpr std::size_t tablets_at_once = 128;

journal_options no_journal() {
    journal_options options;
    options.folder = "";
    return options;
}

}  // namespace

journal_replay::journal_replay(env::environment world, recovery_options options, tablet_topic_lookup topic_of,
                               std::unordered_map<tablet_id, recovery_point> points, std::vector<block_image> images)
    : options_(std::move(options)), topic_of_(std::move(topic_of)), points_(std::move(points)),
      unused_journal_(world, no_journal(), *this),
      context_(world, unused_journal_, options_.logs_folder, options_.open_files_max, 0, 0) {
    for (block_image& image : images) images_.emplace(image.tablet, std::move(image));
}

journal_replay::~journal_replay() = default;

env::task<result<journal_replay::state*>> journal_replay::state_of(tablet_id id, std::string topic) {
    if (const auto at = states_.find(id); at != states_.end()) co_return at->second.get();
    auto made = std::make_unique<state>();
    made->directory = options_.logs_folder + "/" + tablet_directory_name(topic, id.partition);
    made->writer = std::make_unique<segment_writer>(context_, id, made->directory);
    if (options_.known_directories && options_.known_directories->contains(id)) made->writer->note_directory_made();
    if (const auto point = points_.find(id); point != points_.end()) {
        made->log_start = point->second.log_start;
        // With more in the journal, `next` is not yet what these bytes end with: a later segment must not follow them now.
        const next_offset next =
            point->second.has_journal_tail ? next_offset(point->second.segment_base.value()) : point->second.next;
        made->segment = std::make_shared<live_segment>(point->second.segment_base, point->second.segment_bytes, next);
        made->max_timestamp = point->second.max_timestamp;
        made->is_max_timestamp_known = made->max_timestamp != no_timestamp || point->second.segment_bytes == 0;
        auto loaded = co_await made->writer->load_hole(made->segment);
        if (!loaded) co_return std::unexpected(loaded.error());
        restore_block(id, made->segment.get());
        // Its image is durable before anything is written: it may be rewritten.
        made->segment->note_image_durable();
        context_.pinned_bytes += made->segment->unwritten_bytes();
    }
    co_return states_.emplace(id, std::move(made)).first->second.get();
}

void journal_replay::restore_block(tablet_id id, live_segment* segment) const {
    const std::uint64_t start = segment->written();
    for (auto [at, end] = images_.equal_range(id); at != end; ++at) {
        const block_image& image = at->second;
        if (image.segment_base != segment->base() || image.position != start ||
            start + image.bytes.size() != segment->end())
            continue;
        CHECK(segment->place(start, image.bytes, segment->next(), journal_sequence(0)));
    }
}

bool journal_replay::has_settled_blocks() const {
    return std::ranges::any_of(points_, [](const auto& entry) { return !is_block_aligned(entry.second.segment_bytes); });
}

std::vector<block_image> journal_replay::settled_blocks() const {
    std::vector<block_image> images;
    for (const auto& [id, at] : states_) {
        if (!at->segment || is_block_aligned(at->segment->end())) continue;
        const std::uint64_t start = at->segment->written();
        block_image image;
        image.tablet = id;
        image.segment_base = at->segment->base();
        image.position = start;
        image.bytes.resize(at->segment->end() - start);
        at->segment->tail().copy(start, image.bytes);
        images.push_back(std::move(image));
    }
    return images;
}

std::string journal_replay::topic_to_replay(journal_sequence sequence, const journal_entry_header& header) const {
    const auto point = points_.find(header.tablet);
    if (point != points_.end() && sequence <= point->second.covered) return {};
    return topic_of_(header.tablet);
}

result<> journal_replay::prepare(journal_sequence sequence, bytes_view payload) {
    journal_entry_cursor cursor(payload);
    while (!cursor.at_end()) {
        const auto entry = cursor.next();
        if (!entry) return std::unexpected(entry.error());
        const auto point = points_.find(entry->header.tablet);
        if (point == points_.end()) continue;
        std::string topic = topic_to_replay(sequence, entry->header);
        if (topic.empty()) continue;
        prepared_tablet& one = prepared_[entry->header.tablet];
        one.topic = std::move(topic);
        keep_image(&one, point->second, sequence, *entry);
    }
    return {};
}

void journal_replay::keep_image(prepared_tablet* of, const recovery_point& point, journal_sequence sequence,
                                const journal_entry_cursor::entry& entry) {
    // The block was about to be written again when the power failed. Its image may come behind entries of the next segment,
    // with which the replay seals this one: it counts from the start. Later ones repeat its bytes.
    const std::uint64_t start = round_down_to_block(point.segment_bytes);
    const std::uint64_t settled = point.segment_bytes - start;
    const bool is_image = entry.header.kind == journal_entry_kind::tail && entry.header.segment_base == point.segment_base &&
                          entry.header.position.value() == start && entry.data.size() >= settled;
    if (!is_image || settled == 0 || !of->image.empty()) return;
    of->image.assign(entry.data.begin(), entry.data.begin() + static_cast<std::ptrdiff_t>(settled));
    of->image_sequence = sequence;
}

env::task<> journal_replay::load_next(tablet_id id, prepared_tablet* one, result<>* outcome) {
    if (!*outcome) co_return;
    auto found = co_await state_of(id, std::move(one->topic));
    if (!found) {
        if (*outcome) *outcome = std::unexpected(found.error());
        co_return;
    }
    live_segment& segment = *(*found)->segment;
    if (!one->image.empty()) CHECK(segment.place(segment.written(), one->image, segment.next(), one->image_sequence));
}

env::task<result<>> journal_replay::load_settled_blocks() {
    std::vector<std::pair<tablet_id, prepared_tablet>> all(std::make_move_iterator(prepared_.begin()),
                                                           std::make_move_iterator(prepared_.end()));
    prepared_.clear();
    result<> outcome;
    co_await env::run_in_lanes(all.size(), tablets_at_once, [&](std::size_t index) {
        return load_next(all[index].first, &all[index].second, &outcome);
    });
    co_return outcome;
}

env::task<result<>> journal_replay::apply(journal_sequence sequence, byte_vector payload) {
    journal_entry_cursor cursor(payload);
    while (!cursor.at_end()) {
        auto entry = cursor.next();
        if (!entry) co_return std::unexpected(entry.error());
        auto applied = co_await apply_entry(sequence, entry->header, entry->data);
        if (!applied) co_return applied;
    }
    co_return result<>{};
}

env::task<result<>> journal_replay::apply_entry(journal_sequence sequence, journal_entry_header header, bytes_view data) {
    std::string topic = topic_to_replay(sequence, header);
    if (topic.empty()) co_return result<>{};
    auto found = co_await state_of(header.tablet, std::move(topic));
    if (!found) co_return std::unexpected(found.error());
    state* at = *found;
    if (at->is_deleted) co_return result<>{};
    switch (header.kind) {
        case journal_entry_kind::batch:
            at->epochs.note(header.epoch, header.base_offset);
            [[fallthrough]];
        case journal_entry_kind::tail:
            replayed_bytes_ += data.size();
            co_return co_await place(at, sequence, header, data);
        case journal_entry_kind::log_start: at->log_start = std::max(at->log_start, header.base_offset); break;
        case journal_entry_kind::deleted: at->is_deleted = true; break;
        case journal_entry_kind::truncate:
            co_return fail(log_errc::newer_format, "a truncate entry, which this version does not write");
    }
    co_return result<>{};
}

env::task<result<>> journal_replay::place(state* at, journal_sequence sequence, journal_entry_header header, bytes_view data) {
    // Deletion by retention may have removed the segment of an entry whose log start entry comes later or came before.
    if (at->segment && header.segment_base < at->segment->base()) co_return result<>{};
    if (!at->segment) at->segment = std::make_shared<live_segment>(header.segment_base);
    if (header.segment_base > at->segment->base()) {
        const bool is_next = at->segment->next().value() == header.segment_base.value() && at->late.empty();
        if (!is_next) {
            at->late.push_back({header, byte_vector(data.begin(), data.end())});
            co_return result<>{};
        }
        auto sealed = co_await at->writer->seal(at->segment);
        if (!sealed) co_return sealed;
        at->segment = std::make_shared<live_segment>(header.segment_base);
        at->max_timestamp = no_timestamp;
        at->is_max_timestamp_known = true;
    }
    const std::uint64_t unwritten_before = at->segment->unwritten_bytes();
    const std::size_t memory_before = at->segment->tail().memory_bytes();
    if (!at->segment->place(header.position.value(), data, header.next, sequence)) {
        at->late.push_back({header, byte_vector(data.begin(), data.end())});
        co_return result<>{};
    }
    note_timestamp(at, header, data);
    context_.pinned_bytes += at->segment->unwritten_bytes() - unwritten_before;
    context_.tail_memory_bytes += at->segment->tail().memory_bytes() - memory_before;
    if (at->segment->unwritten_bytes() >= early_write_bytes) {
        auto written = co_await at->writer->write_blocks(at->segment);
        if (!written) co_return written;
    }
    if (!at->late.empty()) co_return co_await place_late(at, sequence);
    co_return result<>{};
}

void journal_replay::note_timestamp(state* at, const journal_entry_header& header, bytes_view data) const {
    if (header.kind == journal_entry_kind::batch) {
        const auto batch = read_record_batch_header(data);
        if (batch) at->max_timestamp = std::max(at->max_timestamp, batch->max_timestamp);
        return;
    }
    // A tail repeats batches that the point has counted, when it is of the point's segment.
    const auto point = points_.find(header.tablet);
    if (point == points_.end() || point->second.segment_base != header.segment_base) at->is_max_timestamp_known = false;
}

env::task<result<>> journal_replay::place_late(state* at, journal_sequence sequence) {
    std::vector<late_entry> waiting = std::exchange(at->late, {});
    std::ranges::sort(waiting, {}, [](const late_entry& e) { return std::pair(e.header.segment_base, e.header.position); });
    for (late_entry& entry : waiting) {
        auto placed = co_await place(at, sequence, entry.header, entry.data);
        if (!placed) co_return placed;
    }
    co_return result<>{};
}

env::task<result<>> journal_replay::finish_one(tablet_id id, state* at) {
    const auto point = points_.find(id);
    const bool promised_more = point != points_.end() && point->second.has_journal_tail;
    const bool has_gap = !at->late.empty() || (promised_more && at->segment->end() <= point->second.segment_bytes &&
                                               at->segment->base() == point->second.segment_base);
    if (has_gap && !options_.accept_loss)
        co_return fail(log_errc::corrupt, fmt::format("{}: the journal lacks bytes from position {} of segment {}", at->directory,
                                                      at->segment->end(), at->segment->base()));
    if (!at->segment || at->is_deleted) co_return result<>{};
    auto settled = co_await at->writer->settle(at->segment);
    if (!settled) co_return settled;
    recovery_point& known = points_[id];
    known.tablet = id;
    known.log_start = at->log_start;
    known.segment_base = at->segment->base();
    known.segment_bytes = at->segment->end();
    known.next = at->segment->next();
    known.has_journal_tail = false;
    known.has_exact_length = false;
    known.max_timestamp = at->is_max_timestamp_known ? at->max_timestamp : no_timestamp;
    if (has_gap) {
        co_await cut_to_whole_batches(at, &known);
        // Records were deleted up to where no record is any more: the log goes on from there, empty.
        known.log_start = std::min(known.log_start, first_not_below(known.next));
        losses_.push_back(fmt::format("{}: records from offset {} on are lost", at->directory, known.next));
    }
    if (at->epochs.is_empty() && !has_gap) co_return result<>{};
    co_return co_await complete_epoch_checkpoint(&context_.world.files, at->directory, std::move(at->epochs), known.log_start,
                                                 known.next);
}

env::task<> journal_replay::cut_to_whole_batches(state* at, recovery_point* known) {
    segment_view view;
    view.tablet = known->tablet;
    view.base = known->segment_base;
    view.limit = known->segment_bytes;
    view.path = segment_path(at->directory, known->segment_base, "log");
    view.live = at->segment;
    log_reader reader(context_);
    known->segment_bytes = 0;
    known->next = next_offset(known->segment_base.value());
    for (;;) {
        auto batch = co_await reader.batch_at(view, known->segment_bytes);
        if (!batch || !*batch) co_return;
        known->segment_bytes = (*batch)->end();
        known->next = (*batch)->header.next();
    }
}

env::task<> journal_replay::finish_next(std::pair<tablet_id, state*> one, result<>* outcome) {
    if (!*outcome) co_return;
    auto finished = co_await finish_one(one.first, one.second);
    if (!finished && *outcome) *outcome = finished;
}

env::task<result<>> journal_replay::finish() {
    // A point may promise journal bytes of a tablet that no entry named.
    for (const auto& [id, point] : points_) {
        if (!point.has_journal_tail || states_.contains(id)) continue;
        std::string topic = topic_of_(id);
        if (topic.empty()) continue;
        auto made = co_await state_of(id, std::move(topic));
        if (!made) co_return std::unexpected(made.error());
    }
    std::vector<std::pair<tablet_id, state*>> all;
    for (const auto& [id, at] : states_) {
        all.emplace_back(id, at.get());
        points_.try_emplace(id);  // no insertion while the tablets below run side by side
    }
    result<> outcome;
    co_await env::run_in_lanes(all.size(), tablets_at_once,
                               [&](std::size_t index) { return finish_next(all[index], &outcome); });
    co_return outcome;
}

std::unordered_map<tablet_id, recovery_point> journal_replay::take_points() {
    std::erase_if(points_, [&](const auto& entry) { return topic_of_(entry.first).empty(); });
    std::erase_if(points_, [&](const auto& entry) {
        const auto at = states_.find(entry.first);
        return at != states_.end() && (at->second->is_deleted || !at->second->segment);
    });
    return std::move(points_);
}

}  // namespace logstore
