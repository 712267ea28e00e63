#include "shard/checkpointer.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "env/lanes.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr env::duration tick = std::chrono::milliseconds(500);
/// Tablets that are written at the same time: enough to keep a disk busy, few enough to bound memory.
constexpr std::size_t tablets_at_once = 64;

}  // namespace

void checkpointer::wake() {
    if (woken_) return;
    woken_ = true;
    if (!sleeping_) return;
    owner_.world_.loop.cancel_timer(timer_);
    owner_.world_.loop.post([waiting = std::exchange(sleeping_, {})] { waiting.resume(); });
}

void checkpointer::stop() {
    stopping_ = true;
    woken_ = false;
    wake();
}

env::task<> checkpointer::wait_for_work() {
    struct awaiter {
        checkpointer& self;
        bool await_ready() const noexcept { return self.woken_; }
        void await_suspend(std::coroutine_handle<> waiting) {
            self.sleeping_ = waiting;
            env::executor& loop = self.owner_.world_.loop;
            self.timer_ = loop.start_timer(loop.time().now() + tick, [this_ = &self] {
                if (this_->sleeping_) std::exchange(this_->sleeping_, {}).resume();
            });
        }
        void await_resume() const noexcept {}
    };
    co_await awaiter{*this};
    woken_ = false;
}

bool checkpointer::is_journal_pressed() const {
    const journal& appends = owner_.journal_;
    return appends.used_bytes() >= appends.capacity_bytes() / 2;
}

bool checkpointer::is_memory_pressed() const {
    return owner_.context_.pinned_bytes >= owner_.options_.pinned_bytes_max / 2;
}

env::task<> checkpointer::run() {
    last_checkpoint_ = last_retention_ = owner_.world_.time().now();
    while (!stopping_) {
        co_await wait_for_work();
        if (stopping_ || owner_.has_failed_) break;
        const env::monotonic_time now = owner_.world_.time().now();
        // After a lack of space everything is tried, so that the end of it is known.
        const bool is_due = now - last_checkpoint_ >= owner_.options_.checkpoint_interval;
        co_await relieve(std::exchange(tries_again_, false) || is_due);
        co_await settle_idle();
        owner_.admit_waiting();
        co_await look_at_space();
        if (now - last_retention_ >= owner_.options_.retention_interval) {
            last_retention_ = now;
            co_await apply_retention();
        }
    }
}

env::task<> checkpointer::relieve(bool is_due) {
    const bool is_stuck = owner_.is_awaiting_room();
    if (!is_journal_pressed() && !is_memory_pressed() && !is_stuck && (!is_due || owner_.dirty_.empty())) co_return;
    const std::uint64_t released_before = owner_.journal_.counters().files_released;
    const std::uint64_t pinned_before = owner_.context_.pinned_bytes;
    result<> done;
    if (is_memory_pressed()) {
        done = co_await write_behind_all();
        owner_.admit_waiting();
    }
    if (done && (is_journal_pressed() || is_due || owner_.is_awaiting_room())) {
        const env::monotonic_time begun = owner_.world_.time().now();
        // Under pressure the oldest files are enough; by the clock everything leaves, so that a replay stays short.
        done = co_await checkpoint(is_due ? owner_.journal_.durable_sequence() : owner_.journal_.oldest_full_file_end());
        if (done) {
            last_checkpoint_ = owner_.world_.time().now();
            ++owner_.counters_.checkpoints;
            owner_.counters_.checkpoint_time += last_checkpoint_ - begun;
        }
    }
    owner_.accept_storage_result(done);
    owner_.admit_waiting();
    // Still above the half: go on at once, after others had their turn. Nothing freed: the next tick tries again.
    const bool has_freed =
        owner_.journal_.counters().files_released > released_before || owner_.context_.pinned_bytes < pinned_before;
    const bool is_pressed = is_journal_pressed() || is_memory_pressed() || owner_.is_awaiting_room();
    if (is_pressed && done && has_freed) woken_ = true;
    if (!done) co_await env::sleep(owner_.world_.loop, std::chrono::milliseconds(50));
    co_await env::yield(owner_.world_.loop);
}

env::task<> checkpointer::run_step(sweep* work, shard::hosted* target) {
    if (!work->outcome) co_return;
    auto done = co_await work->what(target->replica->log());
    if (!done && work->outcome) work->outcome = std::move(done);
}

env::task<result<>> checkpointer::for_each(std::vector<shard::hosted*> targets, step what) {
    sweep work{std::move(what), {}};
    for (shard::hosted* target : targets) ++target->uses;
    co_await env::run_in_lanes(targets.size(), tablets_at_once,
                               [&](std::size_t index) { return run_step(&work, targets[index]); });
    for (shard::hosted* target : targets) --target->uses;
    co_return std::move(work.outcome);
}

env::task<result<>> checkpointer::write_behind_all() {
    std::vector<shard::hosted*> targets;
    for (shard::hosted* target : owner_.dirty_)
        if (!target->replica->is_closed() && !target->is_writing && target->replica->log().unwritten_bytes() >= block_bytes)
            targets.push_back(target);
    co_return co_await for_each(std::move(targets), [](tablet_log& log) { return log.write_behind(); });
}

env::task<result<>> checkpointer::checkpoint(journal_sequence leave_up_to) {
    std::vector<shard::hosted*> leaving;
    for (shard::hosted* target : owner_.dirty_) {
        const auto needed = target->replica->log().first_needed_sequence();
        if (!target->replica->is_closed() && needed && *needed <= leave_up_to) leaving.push_back(target);
    }
    auto left = co_await for_each(std::move(leaving),
                                  [leave_up_to](tablet_log& log) { return log.leave_journal(leave_up_to); });
    if (!left) co_return left;
    const journal_sequence copied = owner_.journal_.last_added_sequence();
    const bool durable = co_await owner_.journal_.until_durable(copied);
    if (!durable) co_return fail(std::make_error_code(std::errc::io_error), "the journal failed");
    co_return co_await record_points();
}

env::task<result<>> checkpointer::record_points() {
    recovery_point_file file;
    file.boot = owner_.options_.boot;
    file.shards = static_cast<std::uint32_t>(owner_.peers_.size());
    file.shard = owner_.id_;
    file.journal_salt = owner_.journal_salt_;
    file.floor = owner_.journal_.collecting_sequence();
    file.points.reserve(owner_.tablets_.size());
    for (const auto& [id, held] : owner_.tablets_) {
        const tablet_log& log = held->replica->log();
        if (held->replica->is_closed() || (log.next() == next_offset(0) && log.log_start() == offset(0))) continue;
        file.points.push_back(log.point());
        if (const auto needed = log.first_needed_sequence()) file.floor = std::min(file.floor, *needed);
    }
    const journal_sequence floor = file.floor;
    std::vector<std::pair<tablet_id, offset>> recorded;
    for (const recovery_point& point : file.points) recorded.emplace_back(point.tablet, point.segment_base);
    byte_vector content = encode_recovery_points(file);
    auto written = co_await replace_file(&owner_.world_.files, owner_.options_.recovery_folder,
                                         recovery_points_name(file.boot, file.shard), std::move(content));
    if (!written) co_return written;
    owner_.journal_.release_below(floor);
    for (const auto& [id, segment_base] : recorded)
        if (shard::hosted* target = owner_.find(id)) target->replica->log().note_recorded(segment_base);
    forget_clean();
    co_return result<>{};
}

void checkpointer::forget_clean() {
    std::erase_if(owner_.dirty_, [](shard::hosted* target) {
        target->is_dirty = target->replica->log().first_needed_sequence().has_value();
        return !target->is_dirty;
    });
}

std::uint64_t checkpointer::ragged_bytes() const {
    std::uint64_t sum = 0;
    for (const shard::hosted* held : owner_.dirty_) {
        const std::uint64_t unwritten = held->replica->log().unwritten_bytes();
        if (unwritten < block_bytes) sum += unwritten;
    }
    return sum;
}

env::task<> checkpointer::settle_idle() {
    if (owner_.context_.is_full) co_return;
    const timestamp_ms now = owner_.world_.time().wall_now();
    // Ragged ends of many tablets: a copy in the journal does not give their memory back, writing them does.
    const bool is_pressed = ragged_bytes() >= owner_.options_.pinned_bytes_max / 4;
    const auto idle_ms = std::chrono::duration_cast<std::chrono::milliseconds>(owner_.options_.settle_after).count();
    std::vector<shard::hosted*> idle;
    for (shard::hosted* target : owner_.dirty_) {
        const tablet_log& log = target->replica->log();
        const bool is_ragged = log.unwritten_bytes() < block_bytes;
        const bool is_quiet = (is_pressed && is_ragged) || now - log.last_append_time() >= idle_ms ||
                              now < log.last_append_time();
        if (target->replica->is_closed() || target->is_writing || !is_quiet || !log.first_needed_sequence()) continue;
        idle.push_back(target);
    }
    if (idle.empty()) co_return;
    auto settled = co_await for_each(std::move(idle), [](tablet_log& log) { return log.settle(); });
    owner_.accept_storage_result(settled);
}

env::task<> checkpointer::apply_retention() {
    const timestamp_ms now = owner_.world_.time().wall_now();
    std::vector<tablet_id> ids;
    for (const auto& [id, held] : owner_.tablets_) ids.push_back(id);
    std::vector<tablet_id> moved;
    for (const tablet_id& id : ids) {
        const bool has_freed = co_await apply_retention_to(id, now);
        if (has_freed) moved.push_back(id);
    }
    if (moved.empty() || stopping_ || owner_.has_failed_) co_return;
    // A segment that a recovery point names stays until a later one is recorded, which an idle shard does not do by itself.
    auto recorded = co_await record_points();
    if (!owner_.accept_storage_result(recorded)) co_return;
    for (const tablet_id& id : moved) co_await apply_retention_to(id, now);
}

env::task<bool> checkpointer::apply_retention_to(tablet_id id, timestamp_ms now) {
    shard::hosted* target = owner_.find(id);
    if (target == nullptr || target->replica->is_closed() || stopping_) co_return false;
    ++target->uses;
    const offset limit = co_await owner_.retention_limit(target);
    auto freed = co_await target->replica->log().apply_retention(now, limit);
    --target->uses;
    if (!freed) {
        const result<> failed = std::unexpected(freed.error());
        owner_.accept_storage_result(failed);
        co_return false;
    }
    if (*freed > 0)
        log_info("retention", "{}: {} bytes deleted, the log starts at {}", target->replica->log().directory(), *freed,
                 target->replica->log_start());
    co_return *freed > 0;
}

env::task<> checkpointer::look_at_space() {
    auto space = co_await owner_.world_.files.space(owner_.context_.folder);
    if (!space) co_return;
    const bool is_low = space->free_bytes < owner_.options_.reserve_bytes;
    if (is_low) owner_.tell_no_space(fmt::format("less than {} bytes are free", owner_.options_.reserve_bytes));
    owner_.is_low_on_space_ = is_low;
    if (!is_low && std::exchange(owner_.context_.is_full, false)) tries_again_ = true;
    if (!is_low && owner_.space_.note_room(owner_.world_.time().now()))
        log_info("storage", "shard {}: there is room on disk again: appends go on", owner_.id_);
    owner_.descriptors_.note_room(owner_.world_.time().now());
    if (is_low) owner_.admit_waiting();
}

env::task<result<>> checkpointer::close_all() {
    std::vector<shard::hosted*> open;
    for (const auto& [id, held] : owner_.tablets_)
        if (held->replica->log().next() != next_offset(0) || held->replica->log().log_start() != offset(0))
            open.push_back(held.get());
    auto closed = co_await for_each(std::move(open), [](tablet_log& log) { return log.close(); });
    if (!closed) co_return closed;
    co_return co_await record_points();
}

}  // namespace logstore
