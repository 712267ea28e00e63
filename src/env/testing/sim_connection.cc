#include "env/testing/sim_connection.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace logstore::env {

namespace {

/// Between two chunks of what has arrived together.
constexpr duration longest_gap = std::chrono::microseconds(20);

error local_close() {
    return {std::make_error_code(std::errc::operation_canceled), "closed here"};
}

}  // namespace

std::size_t sim_connection::pipe::arrived(monotonic_time now) const {
    std::uint64_t until = taken;
    for (const auto& one : arrivals) {
        if (one.when > now) break;
        until = one.bytes_until;
    }
    return static_cast<std::size_t>(until - taken);
}

void sim_connection::pipe::drop_bytes() {
    bytes.clear();
    head = 0;
    arrivals.clear();
    taken = handed_over;
}

sim_connection::sim_connection(sim_network& net, end_description connecting, end_description accepting)
    : net_(net) {
    ends_[0].about = std::move(connecting);
    ends_[1].about = std::move(accepting);
    for (auto& one : ends_) {
        one.incoming.window =
            net.random_.between(net.options_.least_window_bytes, net.options_.most_window_bytes);
    }
}

// ---- receiving

void sim_connection::start(int side, stream_handler& handler) {
    auto& at = ends_[side];
    CHECK(at.handler == nullptr, "a stream is started once");
    at.handler = &handler;
    if (at.now == state::closing) {
        finish_later(side, *at.why_closed);
    } else {
        wake(side);
    }
}

void sim_connection::resume_receiving(int side) {
    ends_[side].paused = false;
    wake(side);
}

bool sim_connection::may_deliver(const end& at) const {
    return at.now == state::lingering || (at.now == state::open && at.handler != nullptr && !at.paused);
}

void sim_connection::wake(int side) {
    auto& at = ends_[side];
    const auto& in = at.incoming;
    if (at.delivery_scheduled || !may_deliver(at)) return;
    const bool hears_end = awaits_end(at);
    if (in.arrivals.empty() && !hears_end && !in.reset) return;
    if (stalled_ || net_.is_blocked(machine(other(side)), machine(side))) {
        ++net_.counters_.deliveries_held;
        return;
    }
    monotonic_time when = monotonic_time::max();
    if (!in.arrivals.empty()) when = in.arrivals.front().when;
    if (hears_end) when = std::min(when, *in.end_arrives);
    if (in.reset) when = std::min(when, in.reset->first);
    if (when <= net_.scheduler_.now()) {
        when = net_.scheduler_.now() + duration(static_cast<duration::rep>(net_.random_.below(
                                           static_cast<std::uint64_t>(longest_gap.count()))));
    }
    at.delivery_scheduled = true;
    net_.scheduler_.at(when, at.about.loop, [self = shared_from_this(), side] {
        self->ends_[side].delivery_scheduled = false;
        self->deliver(side);
    });
}

void sim_connection::deliver(int side) {
    auto& at = ends_[side];
    auto& in = at.incoming;
    if (!may_deliver(at)) return;
    const auto now = net_.scheduler_.now();
    if (stalled_ || net_.is_blocked(machine(other(side)), machine(side))) return wake(side);
    const bool lingering = at.now == state::lingering;
    if (const auto available = in.arrived(now); available > 0) {
        if (net_.random_.one_in(net_.options_.break_one_in)) return break_now();
        if (lingering) {
            (void)take(in, available);
        } else {
            hand_to_user(side, available);
        }
        wake_sender(other(side));
    } else if (in.reset && in.reset->first <= now && in.size() == 0) {
        const error why(in.reset->second, "receiving from " + at.about.peer);
        return finish(side, lingering ? local_close() : why);
    } else if (awaits_end(at) && *in.end_arrives <= now && in.size() == 0) {
        return take_end(side);
    }
    wake(side);
}

/// The peer closed, or sent its last.
void sim_connection::take_end(int side) {
    auto& at = ends_[side];
    if (at.now == state::lingering) return finish(side, local_close());
    if (!at.handler->on_peer_finished()) {
        if (at.handler != nullptr && at.now == state::open)
            finish(side, error(std::error_code(), "closed by " + at.about.peer));
        return;
    }
    at.peer_has_finished = true;
    wake(side);  // a reset may follow
}

void sim_connection::hand_to_user(int side, std::size_t available) {
    auto& at = ends_[side];
    const mutable_bytes space = at.handler->receive_space();
    if (at.handler == nullptr || at.now != state::open || at.paused) return;
    const auto most = std::min(available, net_.options_.largest_chunk_bytes);
    const auto magnitude = net_.random_.below(static_cast<std::uint64_t>(std::bit_width(most)) + 1);
    auto count = std::min<std::size_t>(most, net_.random_.between(1, std::uint64_t{1} << magnitude));
    count = std::min(count, space.empty() ? at.handler->receive_max() : space.size());
    byte_vector bytes = take(at.incoming, count);
    maybe_corrupt(bytes);
    ++net_.counters_.deliveries;
    net_.counters_.bytes_delivered += bytes.size();
    if (!space.empty()) {
        std::memcpy(space.data(), bytes.data(), bytes.size());
        at.handler->on_received(space.first(bytes.size()));
    } else {
        at.handler->on_received(bytes);
        std::ranges::fill(bytes, std::byte{0xdd});  // valid during the call only
    }
}

byte_vector sim_connection::take(pipe& from, std::size_t count) {
    const auto first = from.bytes.begin() + static_cast<std::ptrdiff_t>(from.head);
    byte_vector bytes(first, first + static_cast<std::ptrdiff_t>(count));
    from.head += count;
    from.taken += count;
    while (!from.arrivals.empty() && from.arrivals.front().bytes_until <= from.taken)
        from.arrivals.pop_front();
    if (from.head * 2 >= from.bytes.size()) {
        from.bytes.erase(from.bytes.begin(), from.bytes.begin() + static_cast<std::ptrdiff_t>(from.head));
        from.head = 0;
    }
    return bytes;
}

void sim_connection::maybe_corrupt(byte_vector& bytes) {
    if (!net_.random_.one_in(net_.options_.corrupt_one_in)) return;
    bytes[net_.random_.below(bytes.size())] ^= std::byte{1} << net_.random_.below(8);
    ++net_.counters_.bits_flipped;
}

// ---- sending

monotonic_time sim_connection::arrival_from(int side) {
    auto& to = ends_[other(side)].incoming;
    to.last_arrival =
        std::max(to.last_arrival, net_.scheduler_.now() + net_.options_.latency.draw(net_.random_));
    return to.last_arrival;
}

void sim_connection::send(int side, shared_bytes bytes) {
    auto& at = ends_[side];
    if (at.now != state::open || bytes.bytes.empty()) return;
    at.queued_bytes += bytes.bytes.size();
    at.queue.push_back(std::move(bytes));
}

void sim_connection::flush(int side) {
    auto& at = ends_[side];
    if (is_down(at) || at.sending_scheduled) return;
    hand_over(side);
}

/// The kernel takes what it has room for.
void sim_connection::hand_over(int side) {
    auto& at = ends_[side];
    auto& peer = ends_[other(side)];
    auto& out = peer.incoming;
    if (at.incoming.reset && at.incoming.reset->first <= net_.scheduler_.now() && at.queued_bytes > 0) {
        return finish_later(
            side, error(std::make_error_code(std::errc::broken_pipe), "sending to " + at.about.peer));
    }
    const auto handed_over_before = out.handed_over;
    while (!at.queue.empty() && out.size() < out.window) {
        const auto piece = at.queue.front().bytes.subspan(at.head_sent);
        const auto part = piece.first(std::min(piece.size(), out.window - out.size()));
        out.bytes.insert(out.bytes.end(), part.begin(), part.end());
        out.handed_over += part.size();
        at.queued_bytes -= part.size();
        at.head_sent += part.size();
        if (at.head_sent < at.queue.front().bytes.size()) continue;
        at.queue.pop_front();
        at.head_sent = 0;
    }
    if (out.handed_over > handed_over_before) {
        const auto when = arrival_from(side);
        if (out.is_cut || is_down(peer)) {
            out.drop_bytes();
            if (!out.is_cut && !at.incoming.reset) {
                reset_peer(other(side), std::make_error_code(std::errc::connection_reset));
            }
            wake_sender(side);
        } else {
            out.arrivals.push_back({out.handed_over, when});
            wake(other(side));
        }
    }
    if (at.queue.empty() && at.now == state::sending_last) all_sent(side);
}

void sim_connection::all_sent(int side) {
    auto& at = ends_[side];
    at.now = state::lingering;
    ends_[other(side)].incoming.end_arrives = arrival_from(side);
    wake(other(side));
    at.linger_timer =
        at.about.loop->start_timer(net_.scheduler_.now() + close_linger, [self = shared_from_this(), side] {
            self->ends_[side].linger_timer.reset();
            self->finish(side, local_close());
        });
    wake(side);
}

/// There is room again on the way from `side`.
void sim_connection::wake_sender(int side) {
    auto& at = ends_[side];
    if (at.sending_scheduled || at.queue.empty() || is_down(at)) return;
    at.sending_scheduled = true;
    const auto when = net_.scheduler_.now() + net_.options_.latency.draw(net_.random_);
    net_.scheduler_.at(when, at.about.loop, [self = shared_from_this(), side] { self->go_on_sending(side); });
}

void sim_connection::go_on_sending(int side) {
    auto& at = ends_[side];
    at.sending_scheduled = false;
    if (is_down(at)) return;
    const auto before = at.queued_bytes;
    hand_over(side);
    if (at.now == state::open && at.handler != nullptr && at.queued_bytes < before)
        at.handler->on_sent(at.queued_bytes);
}

// ---- closing

void sim_connection::close(int side) {
    if (!is_down(ends_[side])) finish_later(side, local_close());
}

void sim_connection::close_after_sending(int side) {
    auto& at = ends_[side];
    if (at.now != state::open) return;
    at.now = state::sending_last;
    flush(side);
}

void sim_connection::abandon(int side) {
    auto& at = ends_[side];
    at.handler = nullptr;
    if (!is_down(at)) shut(side);
    at.now = state::closed;
}

/// The socket is closed: the peer is told, by a reset when there was something unread.
void sim_connection::shut(int side) {
    auto& at = ends_[side];
    auto& to_peer = ends_[other(side)].incoming;
    if (at.linger_timer) at.about.loop->cancel_timer(*std::exchange(at.linger_timer, {}));
    at.queue.clear();
    at.head_sent = at.queued_bytes = 0;
    const bool unread = at.incoming.size() > 0;
    at.incoming.drop_bytes();
    if (unread && !is_down(ends_[other(side)])) {
        if (net_.random_.coin()) to_peer.drop_bytes();
        reset_peer(side, std::make_error_code(std::errc::connection_reset));
    } else if (!to_peer.end_arrives) {
        to_peer.end_arrives = arrival_from(side);
        wake(other(side));
    }
    wake_sender(other(side));  // what waited for room learns that nobody reads any more
}

/// The other end will learn that the connection is gone.
void sim_connection::reset_peer(int side, std::error_code why) {
    auto& to_peer = ends_[other(side)].incoming;
    to_peer.reset.emplace(arrival_from(side), why);
    wake(other(side));
}

void sim_connection::finish_later(int side, error why) {
    auto& at = ends_[side];
    if (!is_down(at)) shut(side);
    at.now = state::closing;
    at.why_closed = std::move(why);
    if (at.handler == nullptr) return;  // start() tells
    at.about.loop->post(
        [self = shared_from_this(), side] { self->finish(side, *self->ends_[side].why_closed); });
}

void sim_connection::finish(int side, error why) {
    auto& at = ends_[side];
    if (at.now == state::closed) return;
    if (at.handler == nullptr) return finish_later(side, std::move(why));
    if (!is_down(at)) shut(side);
    at.now = state::closed;
    std::exchange(at.handler, nullptr)->on_closed(std::move(why));
}

// ---- faults

void sim_connection::break_now(std::errc why) {
    const auto self = shared_from_this();
    ++net_.counters_.connections_broken;
    for (auto& one : ends_) {
        one.incoming.drop_bytes();
        one.incoming.is_cut = true;
    }
    for (const int side : {0, 1}) {
        if (ends_[side].now == state::open || ends_[side].now == state::sending_last) {
            reset_peer(other(side), std::make_error_code(why));
            if (ends_[side].now == state::sending_last) finish_later(side, local_close());
        } else if (ends_[side].now == state::lingering) {
            finish_later(side, local_close());
        }
    }
}

void sim_connection::resume() {
    stalled_ = false;
    for (const int side : {0, 1}) wake(side);
}

void sim_connection::end_process(int side) {
    const auto self = shared_from_this();
    auto& at = ends_[side];
    if (is_down(at)) return;
    ends_[other(side)].incoming.drop_bytes();
    if (!is_down(ends_[other(side)])) reset_peer(side, std::make_error_code(std::errc::connection_reset));
    at.incoming.drop_bytes();
    finish_later(side, error(std::make_error_code(std::errc::connection_aborted), "the process has ended"));
}

}  // namespace logstore::env
