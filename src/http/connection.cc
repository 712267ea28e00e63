#include "http/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace logstore::http {
namespace {

/// Received requests that wait for the one before.
constexpr std::size_t waiting_input_bytes_max = std::size_t(16) << 10;
/// What an idle connection keeps.
constexpr std::size_t kept_input_bytes = std::size_t(4) << 10;
/// Memory for input that is mostly empty is given back above this.
constexpr std::size_t roomy_input_bytes = std::size_t(48) << 10;
/// One delivery; of a body that is known to go on, more.
constexpr std::size_t delivery_bytes = std::size_t(16) << 10;
constexpr std::size_t body_delivery_bytes = std::size_t(64) << 10;

}  // namespace

connection::connection(const serving& with, connection_owner& owner, std::unique_ptr<env::stream> socket)
    : with_(with), owner_(owner), stream_(std::move(socket)) {}

connection::~connection() {
    CHECK(first_slot_ == nullptr && !is_serving_ && !awaits_burst_end_ && in_flight_bytes_ == 0 &&
          request_bytes_held_ == 0 && answer_bytes_held_ == 0 && unsent_bytes_held_ == 0);
}

/// No more than what is looked at next, so that little waits behind it.
std::size_t connection::receive_max() {
    if (phase_ != phase::body || request_.chunks || request_bytes_held_ == 0) return delivery_bytes;
    const std::size_t missing = request_.content_length - std::min(rest().size(), request_.content_length);
    return std::clamp(missing, delivery_bytes, body_delivery_bytes);
}

void connection::on_received(bytes_view bytes) {
    quiet_ticks_ = 0;
    with_.metrics.received_bytes += bytes.size();
    if (state_ != state::open) return;  // the stream may still deliver; nobody will look at it
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    work();
}

void connection::on_sent(std::size_t) {
    quiet_ticks_ = 0;
    note_unsent();
    note_sent();
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
    output_.discard();
    hurry_.set();
    wake_drained();
    with_.request_memory.give_back(std::exchange(request_bytes_held_, 0));
    with_.answer_memory.give_back(std::exchange(answer_bytes_held_, 0) + std::exchange(unsent_bytes_held_, 0));
    update_end();
}

void connection::update_receiving() {
    if (state_ == state::closed || state_ == state::closing) return;
    const bool is_unsent = stream_->pending_send_bytes() > with_.options.unsent_bytes_soft_max;
    // With nothing in its way, what is there is the beginning of a head that needs the rest.
    const bool is_in_the_way = is_serving_ || first_slot_ != nullptr || !may_take_request();
    const bool is_behind = phase_ != phase::body && is_in_the_way && rest().size() >= waiting_input_bytes_max;
    const bool must_pause = state_ == state::open && (is_unsent || is_behind);
    if (must_pause == is_paused_) return;
    is_paused_ = must_pause;
    if (must_pause) {
        stream_->pause_receiving();
    } else {
        stream_->resume_receiving();
    }
}

void connection::work() {
    if (is_working_) return;
    is_working_ = true;
    bool goes_on = true;
    while (goes_on) {
        while (may_take_request() && take_next()) {
        }
        const bool is_held_up = !may_take_request();
        drop_used_input();
        answer_done_slots();
        send_output();
        // What left at once holds nothing up any more, and nobody will tell of it.
        goes_on = is_held_up && may_take_request();
    }
    is_working_ = false;
    // Only the end of the input can keep the next request from being taken.
    if (has_all_input_ && first_slot_ == nullptr && may_take_request()) state_ = state::finishing;
    update_receiving();
    update_end();
}

void connection::drop_used_input() {
    if (used_ == 0) return;
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    if (input_.empty() && input_.capacity() > kept_input_bytes) input_ = {};
    if (input_.capacity() > roomy_input_bytes && input_.capacity() / 4 > input_.size()) input_.shrink_to_fit();
}

bool connection::may_take_request() const {
    if (state_ != state::open || is_serving_) return false;
    if (slots_ >= with_.options.in_flight_appends_per_connection ||
        in_flight_bytes_ >= with_.options.in_flight_bytes_per_connection) {
        return false;
    }
    const std::size_t unsent = unsent_bytes();
    if (unsent > uncounted_unsent_bytes && with_.answer_memory.is_scarce()) return false;
    return unsent <= with_.options.unsent_bytes_soft_max;
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
    stream_->close();
    wake_drained();
}

void connection::on_tick(const patience& limits) {
    if (state_ == state::closed || state_ == state::closing) return;
    if (is_stalled(limits)) {
        ++with_.metrics.connections_closed_as_stalled;
        return abort();
    }
    const bool is_busy = is_serving_ || first_slot_ != nullptr || stream_->pending_send_bytes() > 0;
    if (is_busy || state_ != state::open) return;
    if (phase_ == phase::head && rest().empty()) {
        if (++quiet_ticks_ <= limits.idle_ticks) return;
        ++with_.metrics.connections_closed_as_idle;
        return abort();
    }
    if (++arriving_ticks_ <= limits.request_ticks) return;
    fail({408, "request_timeout", "the request did not arrive in time"}, true);
    work();
}

/// The client takes nothing, or next to nothing, of its answers.
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

void connection::update_end() {
    if (state_ == state::open || is_working_ || is_serving_ || first_slot_ != nullptr) return;
    if (state_ == state::finishing) {
        state_ = state::closing;
        stream_->close_after_sending();
    }
    if (state_ == state::closed && !awaits_burst_end_) leave_later();
}

/// Not from here: a coroutine of this object may be among the callers.
void connection::leave_later() {
    if (std::exchange(is_leaving_, true)) return;
    with_.target.world().loop.post([this] { owner_.on_gone(*this); });
}

}  // namespace logstore::http
