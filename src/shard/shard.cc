#include "shard/shard.h"

#include <algorithm>

#include "base/logging.h"
#include "shard/checkpointer.h"

namespace logstore {
namespace {

/// A tablet with so much that only the journal holds is written behind at once, in large pieces.
constexpr std::uint64_t write_behind_bytes = std::uint64_t(1) << 20;

journal_options journal_options_of(const shard_options& options, shard_id id) {
    journal_options out;
    out.folder = options.journal_folder;
    out.shard = id;
    out.file_bytes = options.journal_file_bytes;
    out.files = options.journal_files;
    return out;
}

struct watch_message final : env::remote_message {
    watch_message(shard& the_target, seen_tablet the_seen, std::shared_ptr<data_wait> the_waiter,
                  void (*the_action)(shard&, const seen_tablet&, const std::shared_ptr<data_wait>&))
        : target(the_target), seen(the_seen), waiter(std::move(the_waiter)), action(the_action) {}
    void run() override {
        const std::unique_ptr<watch_message> self(this);
        action(target, seen, waiter);
    }
    shard& target;
    seen_tablet seen;
    std::shared_ptr<data_wait> waiter;
    void (*action)(shard&, const seen_tablet&, const std::shared_ptr<data_wait>&);
};

}  // namespace

shard::shard(env::environment world, shard_id id, shard_options options, fatal_handler on_fatal)
    : world_(world), id_(id), options_(std::move(options)), on_fatal_(std::move(on_fatal)),
      journal_(world, journal_options_of(options_, id), *this),
      context_(world, journal_, options_.logs_folder, options_.open_files_max, options_.index_cache_bytes_max,
               options_.tail_cache_bytes_max),
      checkpointer_(std::make_unique<checkpointer>(*this)) {}

shard::~shard() = default;

shard& shard::owner_of(const tablet_id& tablet) const {
    // Partitions of one topic go round the shards, so that a topic's load spreads evenly.
    const std::size_t start = std::hash<topic_id>{}(tablet.topic);
    return *peers_[(start + static_cast<std::size_t>(tablet.partition.value())) % peers_.size()];
}

env::task<result<>> shard::open(journal_sequence first, std::uint64_t journal_salt) {
    journal_salt_ = journal_salt;
    auto opened = co_await journal_.open(first, journal_salt);
    if (!opened) co_return opened;
    env::spawn(work_, checkpointer_->run());
    co_return result<>{};
}

shard::hosted* shard::find(const tablet_id& tablet) {
    const auto at = tablets_.find(tablet);
    return at == tablets_.end() ? nullptr : at->second.get();
}

// Appends.

void append_call::run() {
    if (returning_) on_appended();
    else target_->append_here(*this);
}

void shard::append(append_call& call) {
    shard& owner = owner_of(call.tablet);
    call.home_ = this;
    call.target_ = &owner;
    call.returning_ = false;
    if (&owner == this) return append_here(call);
    CHECK(call.owner != nullptr, "a batch for another shard is kept alive by its owner");
    owner.world_.loop.send(&call);
}

bool shard::has_room(std::size_t batch_bytes) const {
    return journal_.has_room(batch_bytes, context_.images_owed + 1) &&
           context_.pinned_bytes + batch_bytes <= options_.pinned_bytes_max;
}

std::uint64_t shard::batch_bytes_max(const tablet& replica) const {
    // Half of the pinned limit, and half a journal file.
    const std::uint64_t admitted = std::min<std::uint64_t>(journal_.entry_bytes_max(), options_.pinned_bytes_max / 2);
    return std::min<std::uint64_t>(admitted, replica.settings().batch_bytes_max);
}

void shard::append_here(append_call& call) {
    hosted* target = find(call.tablet);
    if (target == nullptr || target->replica->is_closed()) return refuse(call, tablet_errc::unknown_tablet);
    if (is_stopping_) return refuse(call, tablet_errc::stopping);
    if (has_failed_) return refuse(call, tablet_errc::outcome_unknown);
    if (context_.is_full || is_low_on_space_) return refuse(call, tablet_errc::storage_unavailable);
    const auto header = read_record_batch_header(call.batch);
    if (!header || header->size_bytes() != call.batch.size()) return refuse(call, tablet_errc::corrupt_batch);
    if (call.batch.size() > batch_bytes_max(*target->replica)) return refuse(call, tablet_errc::batch_too_large);
    if (!waiting_.empty() || !has_room(call.batch.size())) {
        waiting_append held{&call, {}};
        if (call.owner == nullptr) {
            held.kept.assign(call.batch.begin(), call.batch.end());
            call.batch = held.kept;
        }
        waiting_.push_back(std::move(held));
        waiting_.back().call->batch = waiting_.back().kept.empty() ? call.batch : bytes_view(waiting_.back().kept);
        checkpointer_->wake();
        return;
    }
    append_now(call, *target, *header);
}

void shard::append_now(append_call& call, hosted& target, const record_batch_header& header) {
    pending_append pending{&target, &call, target.replica->append(header, call.batch, world_.time().wall_now())};
    call.outcome.base_offset = pending.placed.base_offset;
    call.outcome.append_time = pending.placed.append_time;
    pending_.push_back(pending);
    ++counters_.appended_batches;
    counters_.appended_records += static_cast<std::uint64_t>(header.record_count);
    counters_.appended_bytes += call.batch.size();
    if (target.view != nullptr && target.view->notes_appends())
        target.view->note_appended(call.batch, call.outcome.base_offset);
    if (!target.is_dirty) {
        target.is_dirty = true;
        dirty_.push_back(&target);
    }
    if (journal_.used_bytes() >= journal_.capacity_bytes() / 2 || context_.pinned_bytes >= options_.pinned_bytes_max / 2)
        checkpointer_->wake();
}

void shard::admit_waiting() {
    while (!waiting_.empty()) {
        append_call& call = *waiting_.front().call;
        hosted* target = find(call.tablet);
        if (target == nullptr || target->replica->is_closed()) {
            refuse(call, tablet_errc::unknown_tablet);
        } else if (context_.is_full || is_low_on_space_) {
            refuse(call, tablet_errc::storage_unavailable);
        } else {
            if (!has_room(call.batch.size())) return;
            append_now(call, *target, *read_record_batch_header(call.batch));
        }
        waiting_.pop_front();
    }
}

void shard::finish(append_call& call, append_outcome outcome) {
    call.outcome = outcome;
    if (call.home_ == this) return call.on_appended();
    call.returning_ = true;
    call.home_->world_.loop.send(&call);
}

void shard::refuse(append_call& call, tablet_errc why) {
    call.outcome = append_outcome{};
    call.outcome.code = why;
    // Posted: a caller is not answered from inside its own call.
    refused_.push_back(&call);
    if (refused_.size() == 1) world_.loop.post([this] { run_refused(); });
}

void shard::run_refused() {
    for (append_call* call : std::exchange(refused_, {})) finish(*call, call->outcome);
}

void shard::on_group_durable(journal_sequence durable) {
    while (!pending_.empty() && pending_.front().placed.sequence <= durable) {
        const pending_append done = pending_.front();
        pending_.pop_front();
        tablet& replica = *done.target->replica;
        replica.note_durable(done.placed);
        if (replica.log().unwritten_bytes() >= write_behind_bytes) schedule_write_behind(*done.target);
        append_outcome outcome;
        outcome.code = replica.is_closed() ? tablet_errc::unknown_tablet : tablet_errc::ok;
        outcome.base_offset = done.placed.base_offset;
        outcome.append_time = done.placed.append_time;
        outcome.log_start_offset = replica.log_start();
        finish(*done.call, outcome);
    }
}

void shard::on_journal_failed(error why) { fail_for_good(std::move(why)); }

void shard::fail_for_good(error why) {
    if (std::exchange(has_failed_, true)) return;
    on_fatal_(std::move(why));
    // Where the process lives on for a moment: nobody may be told that these were written, nor that they were not.
    append_outcome unknown;
    unknown.code = tablet_errc::outcome_unknown;
    for (const pending_append& pending : std::exchange(pending_, {})) finish(*pending.call, unknown);
    for (const waiting_append& held : std::exchange(waiting_, {})) finish(*held.call, unknown);
}

void shard::after_burst(burst_listener& listener) {
    burst_listeners_.push_back(&listener);
    if (burst_listeners_.size() > 1) return;
    world_.loop.post([this] {
        for (burst_listener* one : std::exchange(burst_listeners_, {})) one->on_burst_end();
    });
}

// Write-behind.

bool shard::accept_storage_result(const result<>& done) {
    if (done) {
        context_.is_full = false;
        return true;
    }
    const std::error_code code = done.error().code;
    if (is_lack_of_space(code)) {
        context_.is_full = true;
        tell_no_space(done.error().message());
        return false;
    }
    if (code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system) {
        if (descriptors_.note_refusal(world_.time().now()))
            log_warning("storage", "shard {}: {}: writing to segments is tried again", id_, done.error().message());
        return false;
    }
    if (code == std::errc::no_buffer_space) return false;  // the journal is full for now: tried again at the next checkpoint
    fail_for_good(done.error());
    return false;
}

void shard::tell_no_space(std::string_view why) {
    if (!space_.note_refusal(world_.time().now())) return;
    log_warning("storage", "shard {}: no room on disk ({}): appends are refused and reads go on until there is room", id_, why);
}

void shard::schedule_write_behind(hosted& target) {
    if (target.is_writing || context_.is_full) return;
    target.is_writing = true;
    env::spawn(work_, write_behind(&target));
}

env::task<> shard::write_behind(hosted* target) {
    ++target->uses;
    ++write_behinds_;
    for (;;) {
        auto done = co_await target->replica->log().write_behind();
        if (!accept_storage_result(done)) break;
        admit_waiting();
        // By size at every seal: a fast producer fills a disk between two looks of the clock.
        if (target->replica->log().has_sealed_since_retention() && !target->replica->is_closed()) {
            const offset limit = co_await retention_limit(target);
            auto freed = co_await target->replica->log().apply_retention(world_.time().wall_now(), limit);
            const result<> applied = freed ? result<>{} : result<>(std::unexpected(freed.error()));
            if (!accept_storage_result(applied)) break;
            if (*freed > 0)
                log_debug("retention", "{}: {} bytes deleted, the log starts at {}", target->replica->log().directory(), *freed,
                          target->replica->log_start());
        }
        // What is left may wait for its group: the next durable one comes back here.
        const tablet_log& log = target->replica->log();
        if (target->replica->is_closed() || log.unwritten_bytes() < write_behind_bytes || !log.has_work_behind()) break;
        co_await env::yield(world_.loop);
    }
    target->is_writing = false;
    --write_behinds_;
    --target->uses;
}

// Reads.

env::task<read_outcome> shard::read_here(read_request request) {
    read_outcome out;
    hosted* target = find(request.tablet);
    if (target == nullptr || target->replica->is_closed()) {
        out.code = tablet_errc::unknown_tablet;
        co_return out;
    }
    ++target->uses;
    tablet& replica = *target->replica;
    out.epoch = replica.epoch();
    out.code = replica.check_epoch(request.current_epoch);
    if (out.code == tablet_errc::ok) {
        auto read = co_await replica.read(request.from, request.bytes_max, request.at_least_one);
        out.code = read.code;
        out.records = std::move(read.pieces);
        out.bytes = read.bytes;
    }
    out.high_watermark = replica.high_watermark();
    out.log_start_offset = replica.log_start();
    --target->uses;
    co_return out;
}

env::task<read_outcome> shard::read(read_request request) {
    return at_owner(std::move(request), &shard::read_here);
}

env::task<list_offset_outcome> shard::list_offset_here(list_offset_request request) {
    list_offset_outcome out;
    hosted* target = find(request.tablet);
    if (target == nullptr || target->replica->is_closed()) {
        out.code = tablet_errc::unknown_tablet;
        co_return out;
    }
    ++target->uses;
    tablet& replica = *target->replica;
    out.epoch = replica.epoch();
    out.code = replica.check_epoch(request.current_epoch);
    if (out.code == tablet_errc::ok) {
        if (request.query == offset_query::earliest) out.found_offset = replica.log_start().value();
        if (request.query == offset_query::latest) out.found_offset = replica.high_watermark().value();
        if (request.query == offset_query::by_timestamp || request.query == offset_query::max_timestamp) {
            result<timed_offset> found;
            if (request.query == offset_query::by_timestamp) found = co_await replica.find_timestamp(request.timestamp);
            else found = co_await replica.find_max_timestamp();
            if (found) {
                out.found_offset = found->found_offset;
                out.timestamp = found->timestamp;
            } else {
                log_error("tablet", "{}: {}", replica.log().directory(), found.error().message());
                out.code = tablet_errc::storage_error;
            }
        }
    }
    --target->uses;
    co_return out;
}

env::task<list_offset_outcome> shard::list_offset(list_offset_request request) {
    return at_owner(std::move(request), &shard::list_offset_here);
}

env::task<epoch_end_outcome> shard::find_epoch_end_here(epoch_end_request request) {
    epoch_end_outcome out;
    hosted* target = find(request.tablet);
    if (target == nullptr || target->replica->is_closed()) {
        out.code = tablet_errc::unknown_tablet;
        co_return out;
    }
    ++target->uses;
    tablet& replica = *target->replica;
    out.code = replica.check_epoch(request.current_epoch);
    if (out.code == tablet_errc::ok) {
        auto found = co_await replica.end_of_epoch(request.wanted);
        if (found) {
            out.end = *found;
        } else {
            log_error("tablet", "{}: {}", replica.log().directory(), found.error().message());
            out.code = tablet_errc::storage_error;
        }
    }
    --target->uses;
    co_return out;
}

env::task<epoch_end_outcome> shard::find_epoch_end(epoch_end_request request) {
    return at_owner(std::move(request), &shard::find_epoch_end_here);
}

void shard::watch_here(const seen_tablet& seen, const std::shared_ptr<data_wait>& waiter) {
    hosted* target = find(seen.tablet);
    if (is_stopping_ || target == nullptr || !target->replica->watch(seen.high_watermark, waiter)) waiter->on_tablet_changed();
}

env::task<> shard::wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until, wait_signal* cancel) {
    constexpr std::size_t watched_between_turns = 256;
    const auto waiter = std::make_shared<data_wait>(world_.loop);
    std::size_t watched = 0;
    for (const seen_tablet& one : seen) {
        if (++watched % watched_between_turns == 0) {
            co_await env::yield(world_.loop);
            if (waiter->is_finished()) break;
        }
        shard& owner = owner_of(one.tablet);
        if (&owner == this) {
            watch_here(one, waiter);
            continue;
        }
        const auto action = [](shard& target, const seen_tablet& s, const std::shared_ptr<data_wait>& w) {
            target.watch_here(s, w);
        };
        owner.world_.loop.send(new watch_message(owner, one, waiter, action));
    }
    co_await waiter->wait(until, cancel);
}

// Topics.

env::task<result<>> shard::remove_hosted(std::unique_ptr<hosted> gone) {
    if (gone->view != nullptr) gone->view->stop();
    // Readers and writers that hold it finish first; nothing new finds it.
    while (gone->uses > 0) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
    if (gone->view != nullptr) co_await remove_view(std::move(gone->view));
    std::erase(dirty_, gone.get());
    co_return co_await gone->replica->log().rename_for_deletion();
}

env::task<result<>> shard::delete_tablet(tablet_id id) {
    hosted* target = find(id);
    if (target == nullptr) co_return result<>{};
    target->replica->close_for_deletion();
    journal_entry_header entry;
    entry.kind = journal_entry_kind::deleted;
    entry.tablet = id;
    while (!journal_.has_room_for_checkpoint(0)) {
        // Nobody makes room any more. The metadata knows that the topic is gone: the next start finishes the deletion.
        if (is_stopping_ || has_failed_) co_return fail(std::make_error_code(std::errc::operation_canceled), "stopping");
        checkpointer_->wake();
        co_await env::sleep(world_.loop, std::chrono::milliseconds(5));
    }
    const journal_sequence sequence = journal_.add(entry, {});
    const bool durable = co_await journal_.until_durable(sequence);
    if (!durable) co_return fail(std::make_error_code(std::errc::io_error), "the journal failed");
    // Appends before the entry are durable, so nothing pending points at the tablet any more.
    co_await env::yield(world_.loop);
    auto at = tablets_.find(id);
    if (at == tablets_.end()) co_return result<>{};
    std::unique_ptr<hosted> gone = std::move(at->second);
    tablets_.erase(at);
    co_return co_await remove_hosted(std::move(gone));
}

env::task<result<>> shard::remove_topics_except(std::shared_ptr<const std::vector<hosted_topic>> topics) {
    std::unordered_map<topic_id, const hosted_topic*> wanted;
    for (const hosted_topic& topic : *topics) wanted.emplace(topic.id, &topic);
    std::vector<tablet_id> gone;
    for (const auto& [id, held] : tablets_)
        if (!wanted.contains(id.topic)) gone.push_back(id);
    for (const tablet_id& id : gone) {
        auto deleted = co_await delete_tablet(id);
        if (!deleted && (is_stopping_ || !accept_storage_result(deleted))) co_return deleted;
    }
    co_return result<>{};
}

env::task<result<>> shard::set_topics(std::shared_ptr<const std::vector<hosted_topic>> topics,
                                      std::shared_ptr<const std::unordered_map<tablet_id, recovery_point>> found) {
    auto removed = co_await remove_topics_except(topics);
    if (!removed) co_return removed;
    co_return co_await add_topics(std::move(topics), std::move(found));
}

env::task<result<>> shard::add_topics(std::shared_ptr<const std::vector<hosted_topic>> topics,
                                      std::shared_ptr<const std::unordered_map<tablet_id, recovery_point>> found) {
    constexpr std::size_t made_between_turns = 256;
    std::size_t looked_at = 0;
    for (const hosted_topic& topic : *topics) {
        for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
            const tablet_id id{topic.id, partition_id(partition)};
            if (++looked_at % made_between_turns == 0) co_await env::yield(world_.loop);
            if (!is_local(id)) continue;
            if (hosted* known = find(id)) {
                known->replica->set_settings(topic.settings);
                co_await set_view(known);
                continue;
            }
            std::optional<recovery_point> point;
            if (found) {
                if (const auto at = found->find(id); at != found->end()) point = at->second;
            }
            auto held = std::make_unique<hosted>(world_.loop);
            held->replica = std::make_unique<tablet>(context_, id, topic.name, topic.settings,
                                                     leader_epoch(options_.boot.value()), point);
            hosted* made = tablets_.emplace(id, std::move(held)).first->second.get();
            co_await set_view(made);
        }
    }
    co_return result<>{};
}

env::task<result<>> shard::stop() {
    is_stopping_ = true;
    while (!waiting_.empty()) {
        refuse(*waiting_.front().call, tablet_errc::stopping);
        waiting_.pop_front();
    }
    while (!pending_.empty() && !has_failed_) co_await env::sleep(world_.loop, std::chrono::milliseconds(1));
    checkpointer_->stop();
    for (const auto& [id, held] : tablets_)
        if (held->view != nullptr) held->view->stop();
    co_await work_.close();
    result<> closed = fail(std::make_error_code(std::errc::io_error), "storage failed");
    if (!has_failed_) closed = co_await checkpointer_->close_all();
    co_await context_.ahead.close();
    co_await journal_.close();
    co_return closed;
}

}  // namespace logstore
