#include "shard/checkpointer.h"

#include <algorithm>

#include "base/logging.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr env::duration tick = std::chrono::milliseconds(500);
/// Tablets that are written at the same time: enough to keep a disk busy, few enough to bound memory.
constexpr std::size_t tablets_at_once = 32;

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

bool checkpointer::is_needed() const {
    const journal& appends = owner_.journal_;
    return appends.used_bytes() >= appends.capacity_bytes() / 2 ||
           owner_.context_.pinned_bytes >= owner_.options_.pinned_bytes_max / 2 || !owner_.waiting_.empty();
}

env::task<> checkpointer::run() {
    last_checkpoint_ = last_retention_ = owner_.world_.time().now();
    while (!stopping_) {
        co_await wait_for_work();
        if (stopping_ || owner_.has_failed_) break;
        const env::monotonic_time now = owner_.world_.time().now();
        const bool is_due = now - last_checkpoint_ >= owner_.options_.checkpoint_interval;
        if (is_needed() || (is_due && !owner_.dirty_.empty())) {
            // Under pressure the oldest files are enough; by the clock everything leaves, so that a replay stays short.
            const journal_sequence up_to =
                is_due ? owner_.journal_.durable_sequence() : owner_.journal_.oldest_full_file_end();
            const std::uint64_t released_before = owner_.journal_.counters().files_released;
            const std::uint64_t pinned_before = owner_.context_.pinned_bytes;
            auto done = co_await checkpoint(up_to);
            if (owner_.accept_storage_result(done)) last_checkpoint_ = owner_.world_.time().now();
            owner_.admit_waiting();
            // Still above the half: go on at once, after others had their turn. Nothing freed: the next tick tries again.
            const bool has_freed = owner_.journal_.counters().files_released > released_before ||
                                   owner_.context_.pinned_bytes < pinned_before;
            if (is_needed() && done && has_freed) woken_ = true;
            if (!done) co_await env::sleep(owner_.world_.loop, std::chrono::milliseconds(50));
            co_await env::yield(owner_.world_.loop);
        }
        co_await settle_idle();
        owner_.admit_waiting();
        co_await look_at_space();
        if (now - last_retention_ >= owner_.options_.retention_interval) {
            last_retention_ = now;
            co_await apply_retention();
        }
    }
}

env::task<> checkpointer::leave_journal(shard::hosted* target, journal_sequence sequence, result<>* outcome) {
    auto done = co_await target->replica->log().leave_journal(sequence);
    --target->uses;
    if (!done && *outcome) *outcome = done;
}

env::task<result<>> checkpointer::checkpoint(journal_sequence leave_up_to) {
    result<> outcome;
    // Copied: tablets join dirty_ while this runs.
    std::vector<shard::hosted*> leaving;
    for (shard::hosted* target : owner_.dirty_) {
        const auto needed = target->replica->log().first_needed_sequence();
        if (!target->replica->is_closed() && needed && *needed <= leave_up_to) {
            ++target->uses;
            leaving.push_back(target);
        }
    }
    std::size_t started = 0;
    while (started < leaving.size()) {
        env::gate together;
        const std::size_t end = std::min(leaving.size(), started + tablets_at_once);
        for (; started < end; ++started) env::spawn(together, leave_journal(leaving[started], leave_up_to, &outcome));
        co_await together.close();
    }
    if (!outcome) co_return outcome;
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

env::task<> checkpointer::settle_one(shard::hosted* target) {
    auto done = co_await target->replica->log().settle();
    --target->uses;
    owner_.accept_storage_result(done);
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
        ++target->uses;
        idle.push_back(target);
    }
    std::size_t started = 0;
    while (started < idle.size()) {
        env::gate together;
        const std::size_t end = std::min(idle.size(), started + tablets_at_once);
        for (; started < end; ++started) env::spawn(together, settle_one(idle[started]));
        co_await together.close();
    }
}

env::task<> checkpointer::apply_retention() {
    const timestamp_ms now = owner_.world_.time().wall_now();
    std::vector<tablet_id> ids;
    for (const auto& [id, held] : owner_.tablets_) ids.push_back(id);
    for (const tablet_id& id : ids) {
        shard::hosted* target = owner_.find(id);
        if (target == nullptr || target->replica->is_closed() || stopping_) continue;
        ++target->uses;
        auto freed = co_await target->replica->log().apply_retention(now);
        --target->uses;
        if (!freed) {
            const result<> failed = std::unexpected(freed.error());
            owner_.accept_storage_result(failed);
        } else if (*freed > 0) {
            log_info("retention", "{}: {} bytes deleted, the log starts at {}", target->replica->log().directory(), *freed,
                     target->replica->log_start());
        }
    }
}

env::task<> checkpointer::look_at_space() {
    auto space = co_await owner_.world_.files.space(owner_.context_.folder);
    if (!space) co_return;
    const bool is_low = space->free_bytes < owner_.options_.reserve_bytes;
    if (is_low && !owner_.is_low_on_space_)
        log_warning("storage", "less than {} bytes are free: appends are refused, reads go on", owner_.options_.reserve_bytes);
    if (!is_low && owner_.is_low_on_space_) log_info("storage", "there is room on disk again: appends go on");
    owner_.is_low_on_space_ = is_low;
    // A full disk is tried again by the next write behind.
    if (!is_low && owner_.context_.is_full) owner_.context_.is_full = false;
    if (is_low) owner_.admit_waiting();
}

env::task<result<>> checkpointer::close_all() {
    std::vector<shard::hosted*> open;
    for (const auto& [id, held] : owner_.tablets_)
        if (held->replica->log().next() != next_offset(0) || held->replica->log().log_start() != offset(0))
            open.push_back(held.get());
    result<> outcome;
    for (std::size_t started = 0; started < open.size() && outcome;) {
        env::gate together;
        const std::size_t end = std::min(open.size(), started + tablets_at_once);
        for (; started < end; ++started) {
            const auto close_one = [](tablet_log* log, result<>* into) -> env::task<> {
                auto closed = co_await log->close();
                if (!closed && *into) *into = closed;
            };
            env::spawn(together, close_one(&open[started]->replica->log(), &outcome));
        }
        co_await together.close();
    }
    if (!outcome) co_return outcome;
    co_return co_await record_points();
}

}  // namespace logstore
