#include "resp/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "resp/reply_writer.h"

namespace logstore::resp {
namespace {

/// Received requests that wait for those before them.
constexpr std::size_t waiting_input_bytes_max = std::size_t(16) << 10;
/// What an idle connection keeps.
constexpr std::size_t kept_input_bytes = std::size_t(4) << 10;
/// One delivery; of a request that is known to go on, more.
constexpr std::size_t delivery_bytes = std::size_t(16) << 10;
constexpr std::size_t large_delivery_bytes = std::size_t(64) << 10;
/// Of unsent replies, what is in floor_bytes.
constexpr std::size_t uncounted_unsent_bytes = std::size_t(16) << 10;
/// A read goes on when the client has left no more than this.
constexpr std::size_t drained_bytes = std::size_t(64) << 10;

}  // namespace

connection::connection(const serving& with, connection_owner& owner, std::unique_ptr<env::stream> socket)
    : with_(with),
      owner_(owner),
      stream_(std::move(socket)),
      context_{with, session_, hurry_, *this},
      parser_(with.options.requests) {
    session_.id = with.limits.last_connection_id.fetch_add(1) + 1;
    session_.peer = stream_->peer();
    session_.begun = with.now();
}

connection::~connection() {
    CHECK(waves_.empty() && !is_work_posted_ && in_flight_bytes_ == 0 && input_bytes_held_ == 0 &&
          unsent_bytes_held_ == 0);
}

/// No more than what is looked at next, so that little waits behind it.
std::size_t connection::receive_max() {
    return std::clamp(parser_.missing_bytes(), delivery_bytes, large_delivery_bytes);
}

void connection::on_received(bytes_view bytes) {
    quiet_ticks_ = 0;
    with_.metrics.received_bytes += bytes.size();
    if (state_ != state::open) return;  // the stream may still deliver; nobody will look at it
    if (std::exchange(has_request_, false)) parser_.start_again();  // what was found may move
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    work();
}

void connection::on_sent(std::size_t) {
    quiet_ticks_ = 0;
    note_unsent();
    wake_drained();
    work();
}

bool connection::on_peer_finished() {
    has_all_input_ = true;
    hurry_.set();
    work();
    return true;
}

void connection::on_closed(error) {
    state_ = state::closed;
    stream_.reset();
    output_.clear();
    hurry_.set();
    wake_drained();
    with_.request_memory.give_back(std::exchange(input_bytes_held_, 0));
    with_.answer_memory.give_back(std::exchange(unsent_bytes_held_, 0));
    update_end();
}

void connection::work() {
    if (is_working_) return;
    is_working_ = true;
    bool goes_on = true;
    while (goes_on) {
        answer_done_waves();
        while (may_take_request() && take_next()) answer_done_waves();
        const bool is_held_up = !may_take_request();
        drop_used_input();
        send_output();
        // What left at once holds nothing up any more, and nobody will tell of it.
        goes_on = is_held_up && may_take_request();
    }
    is_working_ = false;
    // Only the end of the input can keep the next command from being taken.
    if (has_all_input_ && waves_.empty() && may_take_request()) state_ = state::finishing;
    update_receiving();
    update_end();
}

void connection::work_later() {
    if (std::exchange(is_work_posted_, true)) return;
    with_.target.world().loop.post([this] {
        is_work_posted_ = false;
        work();
    });
}

void connection::finish() {
    if (state_ != state::open) return;
    state_ = state::finishing;
    hurry_.set();
    work();
}

void connection::abort() {
    if (state_ == state::closed) return;
    state_ = state::closing;
    hurry_.set();
    stream_->close();
    wake_drained();
}

void connection::on_tick(const patience& limits) {
    if (state_ == state::closed || state_ == state::closing) return;
    if (is_stalled(limits)) {
        ++with_.metrics.connections_closed_as_stalled;
        return abort();
    }
    if (!waves_.empty() || stream_->pending_send_bytes() > 0 || state_ != state::open) return;
    if (rest().empty()) {
        arriving_ticks_ = 0;
        if (++quiet_ticks_ <= limits.idle_ticks) return;
    } else if (++arriving_ticks_ <= limits.request_ticks) {
        return;
    }
    ++with_.metrics.connections_closed_as_idle;
    abort();
}

/// The client takes nothing, or next to nothing, of its replies.
bool connection::is_stalled(const patience& limits) {
    const std::size_t pending = stream_->pending_send_bytes();
    const std::uint64_t taken = sent_bytes_ - pending;
    if (pending == 0) {
        unsent_ticks_ = 0;
        return false;
    }
    if (unsent_ticks_++ == 0) taken_mark_bytes_ = taken;
    if (unsent_ticks_ <= limits.write_ticks) return false;
    unsent_ticks_ = 0;
    return taken - taken_mark_bytes_ < unsent_bytes_per_timeout;
}

void connection::update_receiving() {
    if (state_ == state::closed || state_ == state::closing) return;
    const bool is_unsent = unsent_bytes() > with_.options.unsent_bytes_soft_max;
    // With nothing in its way, what is there is the beginning of a request that needs the rest.
    const bool is_in_the_way = has_request_ || !parser_.problem().empty() || !may_take_request();
    const bool is_behind = is_in_the_way && rest().size() >= waiting_input_bytes_max;
    const bool must_pause = state_ == state::open && (is_unsent || is_behind);
    if (must_pause == is_paused_) return;
    is_paused_ = must_pause;
    if (must_pause) {
        stream_->pause_receiving();
    } else {
        stream_->resume_receiving();
    }
}

void connection::drop_used_input() {
    if (used_ > 0) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ = 0;
        if (input_.empty() && input_.capacity() > kept_input_bytes) input_ = {};
        if (has_request_) {
            // What was found in it lies elsewhere now.
            has_request_ = false;
            parser_.start_again();
        }
    }
    if (state_ == state::open && !hold_input()) {
        with_.log.write("closed the connection of {}: there is no memory for its request", session_.peer);
        // It must not be taken for the answer of a command before.
        if (waves_.empty()) {
            reply_writer(output_, session_.protocol)
                .error("ERR the server has no memory for this request at the moment; try again");
        }
        state_ = state::finishing;
    }
}

void connection::update_end() {
    if (state_ == state::open || is_working_ || !waves_.empty()) return;
    if (state_ == state::finishing) {
        state_ = state::closing;
        stream_->close_after_sending();
    }
    // Not from here: a coroutine of this object may be among the callers.
    if (state_ != state::closed || is_work_posted_ || std::exchange(is_going_, true)) return;
    with_.target.world().loop.post([this] { owner_.on_gone(*this); });
}

// --- replies

void connection::answer_done_waves() {
    while (!waves_.empty() && waves_.front()->is_done) {
        const std::unique_ptr<wave> done = std::move(waves_.front());
        waves_.pop_front();
        in_flight_bytes_ -= done->input.size();
        with_.request_memory.give_back(done->held_bytes);
        with_.metrics.count_time(done->kind, with_.now() - done->begun);
        if (state_ != state::open && state_ != state::finishing) continue;
        if (output_.empty()) {
            output_ = std::move(done->replies);
        } else {
            output_ += done->replies;
        }
        if (done->is_outcome_unknown) close_in_place();
    }
}

void connection::close_in_place() {
    ++with_.metrics.connections_closed_unanswered;
    with_.log.write("closed the connection of {}: it is not known whether its write is durable", session_.peer);
    send_output();
    state_ = state::closing;
    stream_->close_after_sending();
}

void connection::send_output() {
    if (output_.empty()) return;
    if (state_ != state::open && state_ != state::finishing) {
        output_.clear();
        return;
    }
    with_.metrics.sent_bytes += output_.size();
    sent_bytes_ += output_.size();
    auto kept = std::make_shared<const std::string>(std::exchange(output_, {}));
    const bytes_view bytes = bytes_of(*kept);
    stream_->send(env::shared_bytes(std::move(kept), bytes));
    stream_->flush();
    note_unsent();
}

/// What the client has not taken is counted among the answers of the process, but for a little.
void connection::note_unsent() {
    const std::size_t pending = unsent_bytes();
    const std::size_t wanted = pending > uncounted_unsent_bytes ? pending - uncounted_unsent_bytes : 0;
    if (wanted > unsent_bytes_held_) {
        with_.answer_memory.take_anyway(wanted - unsent_bytes_held_);
    } else if (wanted < unsent_bytes_held_) {
        with_.answer_memory.give_back(unsent_bytes_held_ - wanted);
    }
    unsent_bytes_held_ = wanted;
}

env::task<void> connection::pass_on(std::string& replies) {
    struct awaiter {
        connection& self;
        bool await_ready() const noexcept {
            return self.stream_ == nullptr || self.state_ == state::closing ||
                   self.stream_->pending_send_bytes() <= drained_bytes;
        }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { self.drain_waiter_ = waiting; }
        void await_resume() const noexcept {}
    };
    if (state_ == state::open || state_ == state::finishing) {
        output_ += replies;
        send_output();
    }
    replies.clear();
    co_await awaiter{*this};
}

void connection::wake_drained() {
    if (!drain_waiter_) return;
    if (stream_ != nullptr && state_ != state::closing && stream_->pending_send_bytes() > drained_bytes) return;
    with_.target.world().loop.post([waiting = std::exchange(drain_waiter_, {})] { waiting.resume(); });
}

}  // namespace logstore::resp
