#include "shard/journal_replay.h"

#include <algorithm>

#include "base/logging.h"
#include "env/gate.h"
#include "log/log_errc.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

/// A tablet with so much in memory is written while the replay goes on.
constexpr std::uint64_t early_write_bytes = std::uint64_t(1) << 20;
constexpr std::size_t tablets_at_once = 32;

journal_options no_journal() {
    journal_options options;
    options.folder = "";
    return options;
}

}  // namespace

journal_replay::journal_replay(env::environment world, recovery_options options, tablet_topic_lookup topic_of,
                               std::unordered_map<tablet_id, recovery_point> points)
    : options_(std::move(options)), topic_of_(std::move(topic_of)), points_(std::move(points)),
      unused_journal_(world, no_journal(), *this),
      context_(world, unused_journal_, options_.logs_folder, options_.open_files_max, 0, 0) {}

journal_replay::~journal_replay() = default;

env::task<result<journal_replay::state*>> journal_replay::state_of(tablet_id id, std::string topic) {
    if (const auto at = states_.find(id); at != states_.end()) co_return at->second.get();
    auto made = std::make_unique<state>();
    made->directory = options_.logs_folder + "/" + tablet_directory_name(topic, id.partition);
    made->writer = std::make_unique<segment_writer>(context_, id, made->directory);
    if (const auto point = points_.find(id); point != points_.end()) {
        made->log_start = point->second.log_start;
        made->segment = std::make_shared<live_segment>(point->second.segment_base,
                                                       point->second.segment_bytes, point->second.next);
        auto loaded = co_await made->writer->load_hole(made->segment);
        if (!loaded) co_return std::unexpected(loaded.error());
        // The old journals hold the block's image when it was being rewritten: it may be rewritten again.
        made->segment->note_image_durable();
        context_.pinned_bytes += made->segment->unwritten_bytes();
    }
    co_return states_.emplace(id, std::move(made)).first->second.get();
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
    std::string topic = topic_of_(header.tablet);
    if (topic.empty()) co_return result<>{};
    if (const auto point = points_.find(header.tablet); point != points_.end() && sequence <= point->second.covered)
        co_return result<>{};
    auto found = co_await state_of(header.tablet, std::move(topic));
    if (!found) co_return std::unexpected(found.error());
    state* at = *found;
    if (at->is_deleted) co_return result<>{};
    switch (header.kind) {
        case journal_entry_kind::batch:
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
    }
    const std::uint64_t unwritten_before = at->segment->unwritten_bytes();
    const std::size_t memory_before = at->segment->tail().memory_bytes();
    if (!at->segment->place(header.position.value(), data, header.next, sequence)) {
        at->late.push_back({header, byte_vector(data.begin(), data.end())});
        co_return result<>{};
    }
    context_.pinned_bytes += at->segment->unwritten_bytes() - unwritten_before;
    context_.tail_memory_bytes += at->segment->tail().memory_bytes() - memory_before;
    if (at->segment->unwritten_bytes() >= early_write_bytes) {
        auto written = co_await at->writer->write_blocks(at->segment);
        if (!written) co_return written;
    }
    if (!at->late.empty()) co_return co_await place_late(at, sequence);
    co_return result<>{};
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
    if (has_gap) log_error("recovery", "{}: records from offset {} on are lost", at->directory, at->segment->next());
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
    co_return result<>{};
}

env::task<> journal_replay::finish_into(tablet_id id, state* at, result<>* outcome) {
    auto finished = co_await finish_one(id, at);
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
    for (std::size_t started = 0; started < all.size() && outcome;) {
        env::gate together;
        const std::size_t end = std::min(all.size(), started + tablets_at_once);
        for (; started < end; ++started) env::spawn(together, finish_into(all[started].first, all[started].second, &outcome));
        co_await together.close();
    }
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
