// What a connection sends.
#include <utility>

#include <fmt/format.h>

#include "http/connection.h"

namespace logstore::http {
namespace {

/// Larger bodies are handed to the stream as they are.
constexpr std::size_t copied_body_bytes_max = std::size_t(16) << 10;
/// A stream of records goes on when the client has left no more than this.
constexpr std::size_t drained_bytes = std::size_t(64) << 10;

}  // namespace

sending connection::how() const {
    sending as;
    as.asked = request_.asked;
    as.is_version_1_1 = request_.is_version_1_1;
    as.keeps_alive = request_.keeps_alive && !with_.is_stopping;
    as.allowed_origin = request_.allowed_origin;
    return as;
}

void connection::write_answer(answer what, const sending& as, route where) {
    sending dated = as;
    dated.date = with_.date.now();
    append_answer_head(output_.text(), what, dated);
    with_.metrics.count(where, what.status);
    if (as.asked == method::head || what.body.empty()) return;
    if (what.body.size() <= copied_body_bytes_max) {
        output_.text() += what.body;
    } else {
        output_.add(std::move(what.body));
    }
    note_unsent();
}

void connection::count_time(route where, env::monotonic_time begun) {
    if (begun != env::monotonic_time()) with_.metrics.count_time(where, now() - begun);
}

void connection::close_in_place(std::string_view why) {
    ++with_.metrics.connections_closed_unanswered;
    with_.log.write("closed the connection of {}: {}", stream_->peer(), why);
    send_output();
    state_ = state::closing;
    stream_->close_after_sending();
}

void connection::send_output() {
    if (output_.is_empty()) return;
    if (state_ != state::open && state_ != state::finishing) {
        output_.discard();
        return;
    }
    with_.metrics.sent_bytes += output_.size_bytes();
    sent_bytes_ += output_.size_bytes();
    output_.send(*stream_);
    stream_->flush();
    note_unsent();
    note_sent();
}

/// What the client has not taken is counted among the answers of the process, but for a little.
void connection::note_unsent() {
    const std::size_t pending = unsent_bytes();
    const std::size_t counted = uncounted_unsent_bytes + answer_bytes_held_;
    const std::size_t wanted = pending > counted ? pending - counted : 0;
    if (wanted > unsent_bytes_held_) {
        with_.answer_memory.take_anyway(wanted - unsent_bytes_held_);
    } else if (wanted < unsent_bytes_held_) {
        with_.answer_memory.give_back(unsent_bytes_held_ - wanted);
    }
    unsent_bytes_held_ = wanted;
}

/// The memory of answers is let go when all of them have left, not piece by piece: it is soon enough.
void connection::note_sent() {
    if (answer_bytes_held_ == 0 || is_serving_ || stream_->pending_send_bytes() > 0 || !output_.is_empty())
        return;
    with_.answer_memory.give_back(std::exchange(answer_bytes_held_, 0));
}

void connection::begin(const answer& head) {
    sending as = how();
    if (!as.is_version_1_1) as.keeps_alive = false;
    as.date = with_.date.now();
    append_answer_head(output_.text(), head, as, true);
    with_.metrics.count(request_.what.where, head.status);
    count_time(request_.what.where, request_.begun);
    send_output();
}

void connection::write(std::string piece) {
    if (piece.empty() || state_ == state::closed || state_ == state::closing) return;
    if (request_.is_version_1_1) {
        fmt::format_to(std::back_inserter(output_.text()), "{:x}\r\n", piece.size());
        output_.add(std::move(piece));
        output_.text() += "\r\n";
    } else {
        output_.add(std::move(piece));
    }
    send_output();
}

env::task<void> connection::drained() {
    struct awaiter {
        connection& self;
        bool await_ready() const noexcept {
            return self.stream_ == nullptr || self.state_ == state::closing ||
                   self.stream_->pending_send_bytes() <= drained_bytes;
        }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { self.drain_waiter_ = waiting; }
        void await_resume() const noexcept {}
    };
    co_await awaiter{*this};
}

void connection::wake_drained() {
    if (!drain_waiter_) return;
    if (stream_ != nullptr && state_ != state::closing && stream_->pending_send_bytes() > drained_bytes)
        return;
    with_.target.world().loop.post([waiting = std::exchange(drain_waiter_, {})] { waiting.resume(); });
}

}  // namespace logstore::http
