#include "kafka/server/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "kafka/protocol/errc.h"
#include "kafka/server/dispatch.h"

namespace logstore::kafka {

connection::connection(const connection_resources& shared, std::unique_ptr<env::stream> socket)
    : shared_(shared), stream_(std::move(socket)), reader_(shared.with.options.frame_bytes_max) {}

connection::~connection() {
    CHECK(first_slot_ == nullptr && !is_serving_ && !awaits_burst_end_ && in_flight_bytes_ == 0 &&
          fetched_bytes_ == 0);
}

// --- receiving

void connection::on_received(bytes_view bytes) {
    quiet_ticks_ = 0;
    shared_.with.metrics.received_bytes += bytes.size();
    if (state_ != state::open) return;  // the stream may still deliver; nobody will look at it
    reader_.receive(bytes);
    work();
}

void connection::on_sent(std::size_t) {
    quiet_ticks_ = 0;
    note_sent();
    work();
}

void connection::on_closed(error) {
    state_ = state::closed;
    stream_.reset();
    hurry_.set();
    shared_.request_memory.cancel(*this);
    shared_.request_memory.give_back(std::exchange(admitted_bytes_, 0));
    shared_.frame_memory.release(*this);
    shared_.fetch_memory.give_back(std::exchange(fetched_bytes_, 0));
    update_end();
}

void connection::update_receiving() {
    if (state_ == state::closed) return;
    const bool unsent = stream_->pending_send_bytes() > shared_.with.options.unsent_bytes_soft_max;
    const bool must_pause = state_ == state::open && (is_over_limit_ || unsent || reader_.is_behind());
    if (must_pause == is_paused_) return;
    is_paused_ = must_pause;
    if (must_pause) {
        ++shared_.with.metrics.receive_pauses;
        stream_->pause_receiving();
    } else {
        stream_->resume_receiving();
    }
}

// --- taking requests

void connection::work() {
    if (is_working_) return;
    is_working_ = true;
    while (may_take_request() && take_next()) {
    }
    reader_.keep_rest();
    answer_done_slots();
    is_working_ = false;
    send_output();
    update_receiving();
    update_end();
}

bool connection::may_take_request() {
    if (state_ != state::open || is_serving_ || is_waiting() || waits_for_room()) return false;
    const std::size_t unsent_max = shared_.with.options.unsent_bytes_soft_max;
    if (output_.size_bytes() > unsent_max) send_output();
    return stream_->pending_send_bytes() <= unsent_max;
}

bool connection::take_next() {
    switch (reader_.next()) {
        case frame_reader::step::need_bytes: return false;
        case frame_reader::step::bad: refuse(reader_.problem()); return false;
        case frame_reader::step::needs_room: return make_room();
        case frame_reader::step::frame: return admit_frame() && take_request();
    }
    CHECK(false);
}

bool connection::admit_frame() {
    is_over_limit_ = true;
    if (admitted_bytes_ == 0) {
        if (in_flight_bytes_ >= shared_.with.options.in_flight_bytes_per_connection) return false;
        if (!shared_.request_memory.take_or_wait(reader_.frame_bytes(), *this)) return false;
        note_admitted();
    }
    is_over_limit_ = false;
    return true;
}

/// The frame that comes next counts among the requests in flight, and no longer as one that arrives.
void connection::note_admitted() {
    admitted_bytes_ = reader_.frame_bytes();
    shared_.frame_memory.release(*this);
    pace_mark_bytes_ = 0;
    stalled_ticks_ = 0;
    owes_bytes_ = false;
}

void connection::on_granted() {
    note_admitted();
    is_over_limit_ = false;
    work();
}

bool connection::make_room() {
    is_over_limit_ = true;
    if (in_flight_bytes_ >= shared_.with.options.in_flight_bytes_per_connection) return false;
    if (!shared_.frame_memory.grow_or_wait(*this, reader_.wanted_room_bytes(), reader_.whole_room_bytes())) {
        return false;
    }
    is_over_limit_ = false;
    reader_.make_room();
    return true;
}

void connection::on_room() {
    pace_mark_bytes_ = reader_.arrived_bytes();
    owes_bytes_ = true;
    work();
}

/// The admitted frame becomes a request under way.
std::size_t connection::take_admission() {
    in_flight_bytes_ += admitted_bytes_;
    return std::exchange(admitted_bytes_, 0);
}

void connection::give_back(std::size_t bytes) {
    in_flight_bytes_ -= bytes;
    shared_.request_memory.give_back(bytes);
}

bool connection::take_request() {
    const auto request = decode_request_frame(reader_.frame(), shared_.with.options.request_limits());
    if (!request) {
        refuse(request.error());
        return false;
    }
    if (request->header.api == api_key::produce) return take_produce(*request);
    answer_done_slots();
    if (first_slot_ != nullptr || state_ != state::open) return false;
    take_other(*request);
    return true;
}

bool connection::take_produce(const request_frame& request) {
    produce_slot* slot = shared_.slots.take();
    const auto started = slot->start(shared_.with, request, reader_, *this);
    if (!started) {
        shared_.slots.give_back(slot);
        refuse(started.error());
        return false;
    }
    shared_.with.metrics.count(api_key::produce);
    slot->held_bytes = take_admission();
    (last_slot_ != nullptr ? last_slot_->next : first_slot_) = slot;
    last_slot_ = slot;
    reader_.consume();
    return true;
}

void connection::take_other(const request_frame& request) {
    if (handler_of(request.header.api) == nullptr) {
        return refuse({protocol_errc::unknown_api, std::string(api_name(request.header.api))});
    }
    shared_.with.metrics.count(request.header.api);
    std::shared_ptr<const void> owner;
    const bytes_view frame = reader_.share_frame(owner);
    reader_.consume();
    is_serving_ = true;
    env::spawn(gate_, serve(std::move(owner), frame));
}

env::task<void> connection::serve(std::shared_ptr<const void> owner, bytes_view frame) {
    const std::size_t held_bytes = take_admission();
    const auto request = decode_request_frame(frame, shared_.with.options.request_limits());
    CHECK(request.has_value(), "the same bytes were understood before");
    request_context context{shared_.with, *request, output_, hurry_, shared_.fetch_memory, fetched_bytes_};
    const result<> served = co_await handler_of(request->header.api)(&context);
    is_serving_ = false;
    give_back(held_bytes);
    owner.reset();
    if (!served) refuse(served.error());
    work();
}

/// The peer broke the protocol: answers on their way still leave, then the stream is closed.
void connection::refuse(const error& why) {
    if (state_ != state::open) return;
    shared_.with.log.write("closed the connection of {}: {}", stream_->peer(), why.message());
    ++shared_.with.metrics.connections_closed_as_invalid;
    state_ = state::finishing;
}

// --- answering

void connection::on_produced(produce_slot& slot) {
    // It will end the connection when its turn comes: nothing more is appended until then.
    if (slot.is_outcome_unknown() && state_ == state::open) state_ = state::finishing;
    if (std::exchange(awaits_burst_end_, true)) return;
    shared_.with.target.after_burst(*this);
}

void connection::on_burst_end() {
    awaits_burst_end_ = false;
    answer_done_slots();
    work();
}

void connection::answer_done_slots() {
    while (first_slot_ != nullptr && first_slot_->is_done()) {
        if (state_ == state::open || state_ == state::finishing) {
            if (first_slot_->demands_close()) {
                close_in_place_of(*first_slot_);
            } else if (!first_slot_->wants_no_answer()) {
                first_slot_->answer(output_.bytes());
            }
        }
        drop_slot();
    }
}

void connection::close_in_place_of(const produce_slot& slot) {
    ++shared_.with.metrics.connections_closed_unanswered;
    shared_.with.log.write("closed the connection of {}: {}", stream_->peer(),
                           slot.is_outcome_unknown() ? "it is not known whether its append is durable"
                                                     : "a produce request with acks=0 failed");
    send_output();
    state_ = state::closing;
    stream_->close_after_sending();
}

void connection::drop_slot() {
    produce_slot* done = std::exchange(first_slot_, first_slot_->next);
    if (first_slot_ == nullptr) last_slot_ = nullptr;
    give_back(done->held_bytes);
    shared_.slots.give_back(done);
}

void connection::send_output() {
    if (output_.is_empty()) return;
    if (state_ != state::open && state_ != state::finishing) {
        output_.discard();
        shared_.fetch_memory.give_back(std::exchange(fetched_bytes_, 0));
        return;
    }
    shared_.with.metrics.sent_bytes += output_.size_bytes();
    output_.send(*stream_);
    stream_->flush();
    note_sent();
}

/// The records of a fetch are let go when all of them have left, not piece by piece: it is soon enough.
void connection::note_sent() {
    if (fetched_bytes_ == 0 || stream_->pending_send_bytes() > 0 || !output_.is_empty()) return;
    shared_.fetch_memory.give_back(std::exchange(fetched_bytes_, 0));
}

// --- the end

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
}

void connection::on_tick(const patience& limits) {
    if (waits_for_room()) note_waiting_tick(limits);
    const bool is_busy = is_serving_ || first_slot_ != nullptr || is_over_limit_;
    if (is_busy || state_ == state::closed) return;
    ++quiet_ticks_;
    if (!is_stalled(limits) && quiet_ticks_ <= limits.idle_ticks) return;
    ++shared_.with.metrics.connections_closed_as_idle;
    abort();
}

/// The peer of a frame that waits goes on sending, into the kernel's buffers: what it sent is there at once
/// when the frame gets its room. So the time of waiting is time in which it may have stalled, which shows
/// soon after.
void connection::note_waiting_tick(const patience& limits) {
    constexpr std::uint32_t ticks_to_show = 2;
    if (stalled_ticks_ + ticks_to_show < limits.stalled_ticks) ++stalled_ticks_;
}

bool connection::is_stalled(const patience& limits) {
    if (!reader_.is_within_large_frame()) return false;
    const bool must_keep_pace = limits.must_keep_pace && !owes_bytes_;
    const std::size_t demanded_bytes =
        must_keep_pace ? std::max<std::size_t>(1, room_bytes() / pace_divisor) : 1;
    if (reader_.arrived_bytes() < pace_mark_bytes_ + demanded_bytes) {
        return ++stalled_ticks_ >= limits.stalled_ticks;
    }
    pace_mark_bytes_ = reader_.arrived_bytes();
    stalled_ticks_ = 0;
    owes_bytes_ = false;
    return false;
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
    shared_.with.target.world().loop.post([this] { shared_.owner.on_gone(*this); });
}

}  // namespace logstore::kafka
