#include "kafka/server/connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/protocol/errc.h"
#include "kafka/server/dispatch.h"
#include "shard/connection_counts.h"

namespace logstore::kafka {
namespace {

/// What is too short for a header is nobody's; it is found when the frame is decoded.
bool is_produce(bytes_view frame) {
    return frame.size() < 2 || (frame[0] == std::byte(0) && frame[1] == std::byte(0));
}

}  // namespace

connection::connection(const connection_resources& shared, std::unique_ptr<env::stream> socket)
    : shared_(shared),
      stream_(std::move(socket)),
      seat_(shared.turns, connection_counts::address_of(stream_->peer())),
      reader_(shared.with.options.frame_bytes_max),
      unsent_(shared.answer_memory) {}

connection::~connection() {
    CHECK(first_slot_ == nullptr && !is_serving_ && !awaits_burst_end_ && in_flight_bytes_ == 0 &&
          fetched_bytes_ == 0 && kept_bytes_ == 0);
}

// --- receiving

/// What is read beyond what can be worked on is memory that nobody was asked for.
std::size_t connection::receive_max() {
    const bool is_scarce = shared_.request_memory.is_scarce() || shared_.kept_memory.is_scarce();
    if (is_scarce) return small_delivery_bytes_max;
    return shared_.turns.is_heavy(seat_.number()) ? heavy_delivery_bytes_max : delivery_bytes_max;
}

mutable_bytes connection::receive_space() {
    const mutable_bytes space = reader_.space();
    const bool is_heavy = shared_.turns.is_heavy(seat_.number());
    return space.first(std::min(space.size(), is_heavy ? heavy_delivery_bytes_max : delivery_bytes_max));
}

void connection::on_received(bytes_view bytes) {
    quiet_ticks_ = 0;
    shared_.with.metrics.received_bytes += bytes.size();
    unpaid_ += delivery_cost + std::chrono::nanoseconds(bytes.size() / delivered_bytes_per_ns);
    if (state_ != state::open) return;  // the stream may still deliver; nobody will look at it
    has_news_ = true;
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
    if (waits_for_turn()) is_turn_over_ = false;
    shared_.turns.cancel(*this);
    shared_.request_memory.cancel(*this);
    shared_.request_memory.give_back(std::exchange(admitted_bytes_, 0));
    shared_.frame_memory.release(*this);
    shared_.kept_memory.give_back(std::exchange(kept_bytes_, 0));
    shared_.answer_memory.give_back(std::exchange(fetched_bytes_, 0));
    unsent_.clear();
    update_end();
}

std::size_t connection::unsent_max() const {
    const std::size_t most = shared_.with.options.unsent_bytes_soft_max;
    return shared_.answer_memory.is_scarce() ? std::min(most, small_bytes_max) : most;
}

void connection::update_receiving() {
    if (state_ == state::closed) return;
    const bool unsent = stream_->pending_send_bytes() > unsent_max();
    const bool is_at_limit = is_over_limit_ || unsent || reader_.is_behind();
    const bool must_pause = state_ == state::open && (is_at_limit || waits_for_turn());
    if (must_pause == is_paused_) return;
    is_paused_ = must_pause;
    if (must_pause) {
        if (is_at_limit) ++shared_.with.metrics.receive_pauses;
        stream_->pause_receiving();
    } else {
        stream_->resume_receiving();
    }
}

// --- taking requests

void connection::work() {
    if (is_working_) return;
    is_working_ = true;
    turn_cost_ = 0;
    const env::monotonic_time begun = now();
    if (must_wait_for_turn(begun)) wait_for_turn();
    if (!is_turn_over_) has_news_ = false;
    while (!is_turn_over_ && may_take_request() && take_next()) {
        if (turn_cost_ >= turn_cost_max) go_on_later();
    }
    reader_.keep_rest();
    note_kept();
    answer_done_slots();
    is_working_ = false;
    send_output();
    update_receiving();
    pay(begun);
    update_end();
}

bool connection::must_wait_for_turn(env::monotonic_time when) const {
    if (is_turn_over_ || has_turn_ || state_ != state::open) return false;
    return (has_news_ || reader_.has_input()) && shared_.turns.must_wait(seat_.number(), when);
}

/// Behind other connections of its address, and other addresses that want much of the shard's time.
void connection::wait_for_turn() {
    is_turn_over_ = true;
    ++shared_.with.metrics.turn_waits;
    shared_.turns.wait(*this, seat_.number());
}

void connection::on_turn() {
    is_turn_over_ = false;
    has_turn_ = true;
    work();
    has_turn_ = false;
}

void connection::pay(env::monotonic_time since) {
    const env::monotonic_time until = now();
    const env::duration work = std::max(std::exchange(estimated_, {}), until - since);
    shared_.turns.charge(seat_.number(), std::exchange(unpaid_, {}) + work, until);
}

/// After what waits in the shard's loop meanwhile.
void connection::go_on_later() {
    is_turn_over_ = true;
    shared_.with.target.world().loop.post([this] {
        is_turn_over_ = false;
        work();
    });
}

bool connection::may_take_request() {
    if (state_ != state::open || is_serving_ || is_waiting() || waits_for_room()) return false;
    const std::size_t most = unsent_max();
    if (output_.size_bytes() > most) send_output();
    return stream_->pending_send_bytes() <= most;
}

/// It is there already, so the limit cannot keep it out; receive_max() sees to it that little comes above.
void connection::note_kept() {
    const std::size_t bytes = state_ == state::closed ? 0 : reader_.kept_bytes();
    const std::size_t counted = bytes > frame_reader::kept_bytes_soft_max ? bytes : 0;
    if (counted > kept_bytes_) shared_.kept_memory.take_anyway(counted - kept_bytes_);
    if (counted < kept_bytes_) shared_.kept_memory.give_back(kept_bytes_ - counted);
    kept_bytes_ = counted;
}

bool connection::take_next() {
    switch (reader_.next()) {
        case frame_reader::step::need_bytes: return false;
        case frame_reader::step::bad: refuse(reader_.problem()); return false;
        case frame_reader::step::needs_room: return make_room();
        case frame_reader::step::frame: return is_its_turn() && admit_frame() && take_request();
    }
    CHECK(false);
}

/// Any request but Produce waits until those before it are answered; only then is it let in, for what it
/// becomes in memory is known when it is decoded.
bool connection::is_its_turn() {
    if (is_produce(reader_.frame())) return true;
    answer_done_slots();
    return first_slot_ == nullptr && state_ == state::open;
}

bool connection::is_small_request() const {
    if (in_flight_bytes_ > 0) return false;
    return reader_.frame_bytes() <=
           (is_produce(reader_.frame()) ? small_bytes_max : small_other_request_bytes_max);
}

bool connection::admit_frame() {
    is_over_limit_ = true;
    if (admitted_bytes_ == 0) {
        if (in_flight_bytes_ >= shared_.with.options.in_flight_bytes_per_connection) return false;
        if (is_small_request()) {
            shared_.request_memory.take_anyway(reader_.frame_bytes());
        } else if (!shared_.request_memory.take_or_wait(reader_.frame_bytes(), *this)) {
            return false;
        }
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
    const std::size_t most = shared_.with.options.other_request_bytes_max;
    if (reader_.whole_room_bytes() > most && !is_produce(reader_.begun_frame())) {
        refuse({protocol_errc::too_large, fmt::format("a request of {} bytes that is not Produce; the limit is {}",
                                                      reader_.whole_room_bytes(), most)});
        return false;
    }
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
    slot->begun = now();
    slot->held_bytes = take_admission();
    turn_cost_ += produce_cost + slot->memory_bytes();
    if (const std::size_t answer_bytes = slot->memory_bytes(); answer_bytes > small_bytes_max) {
        shared_.request_memory.take_anyway(answer_bytes);
        in_flight_bytes_ += answer_bytes;
        slot->held_bytes += answer_bytes;
    }
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
    const std::size_t frame_bytes = take_admission();
    request_hold hold(shared_.request_memory, frame_bytes, std::move(owner));
    hold_ = &hold;
    if (state_ == state::open) hurry_.reset();
    const auto request = decode_request_frame(frame, shared_.with.options.request_limits());
    CHECK(request.has_value(), "the same bytes were understood before");
    request_context context{shared_.with,          *request,       output_, hurry_,
                            shared_.answer_memory, fetched_bytes_, hold,
                            shared_.turns,         seat_.number()};
    const std::size_t output_before = output_.encoded_bytes();
    const env::monotonic_time begun = now();
    const result<> served = co_await handler_of(request->header.api)(&context);
    shared_.with.metrics.count_time(request->header.api, now() - begun);
    const std::size_t answer_bytes = output_.encoded_bytes() - output_before;
    turn_cost_ += other_cost + answer_bytes;
    estimated_ += other_request_cost + static_cast<env::duration::rep>(answer_bytes) * encoded_byte_cost;
    is_serving_ = false;
    in_flight_bytes_ -= frame_bytes;
    hold_ = nullptr;
    hold.end();
    if (!served) refuse(served.error());
    work();
}

/// The peer broke the protocol: answers on their way still leave, then the stream is closed.
void connection::refuse(const error& why) {
    if (state_ != state::open) return;
    shared_.with.log.write("closed the connection of {}: {}", stream_->peer(), why.message());
    ++shared_.with.metrics.connections_closed_as_invalid;
    is_refused_ = true;
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
    if (first_slot_ == nullptr || !first_slot_->is_done()) return;
    const env::monotonic_time answered = now();  // one for all that leave together
    while (first_slot_ != nullptr && first_slot_->is_done()) {
        shared_.with.metrics.count_time(api_key::produce, answered - first_slot_->begun);
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
        shared_.answer_memory.give_back(std::exchange(fetched_bytes_, 0));
        return;
    }
    has_answered_ = true;
    const std::size_t sent_bytes = output_.size_bytes();
    const std::size_t encoded_bytes = output_.encoded_bytes();
    shared_.with.metrics.sent_bytes += sent_bytes;
    output_.send(*stream_);
    stream_->flush();
    const std::size_t record_bytes = std::exchange(fetched_bytes_, 0);
    if (stream_->pending_send_bytes() == 0) {  // nearly always: no other shard need know of it
        if (record_bytes > 0) shared_.answer_memory.give_back(record_bytes);
        return unsent_.clear();
    }
    const std::size_t more_bytes = encoded_bytes + unsent_answers::part_bytes;
    shared_.answer_memory.take_anyway(more_bytes);
    unsent_.add(sent_bytes, record_bytes + more_bytes);
    note_sent();
}

void connection::note_sent() {
    unsent_.note_pending(stream_->pending_send_bytes());
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
    if (limits.must_not_wait && hold_ != nullptr && hold_->waits_for_records &&
        hold_->bytes() > small_other_request_bytes_max) {
        hurry_.set();
        return;
    }
    if (leaves_answers(limits)) {
        ++shared_.with.metrics.connections_closed_as_unread;
        shared_.with.log.write("closed the connection of {}: it takes none of its answers, and others wait",
                               stream_->peer());
        return abort();
    }
    const bool is_busy = waits_for_turn() || is_serving_ || first_slot_ != nullptr || is_over_limit_;
    if (is_busy || state_ == state::closed) return;
    ++quiet_ticks_;
    if (!is_stalled(limits) && quiet_ticks_ <= limits.idle_ticks) return;
    ++shared_.with.metrics.connections_closed_as_idle;
    abort();
}

bool connection::leaves_answers(const patience& limits) {
    const std::uint64_t taken = unsent_.sent_position();
    const std::size_t demanded_bytes = std::max<std::size_t>(1, unsent_.held_bytes() / pace_divisor);
    if (limits.unread_ticks == 0 || state_ == state::closed || unsent_.held_bytes() <= small_bytes_max ||
        taken >= unread_mark_ + demanded_bytes) {
        unread_mark_ = taken;
        unread_ticks_ = 0;
        return false;
    }
    return ++unread_ticks_ >= limits.unread_ticks;
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
        // Who was told nothing loses nothing: what it still sends need not be waited for.
        if (is_refused_ && !has_answered_) stream_->close();
        else stream_->close_after_sending();
    }
    if (state_ == state::closed && !awaits_burst_end_ && !is_turn_over_) leave_later();
}

/// Not from here: a coroutine of this object may be among the callers.
void connection::leave_later() {
    if (std::exchange(is_leaving_, true)) return;
    shared_.with.target.world().loop.post([this] { shared_.owner.on_gone(*this); });
}

}  // namespace logstore::kafka
