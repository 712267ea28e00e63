#include "env/tcp_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "env/socket_calls.h"

namespace logstore::env {
namespace {

/// How often one readiness may fill all room there is before other connections get their turn.
constexpr int receive_rounds = 4;
/// Pieces of one sendmsg.
constexpr std::size_t send_pieces = 256;
/// Queue capacity an idle connection keeps.
constexpr std::size_t kept_queue_pieces = 64;

error local_close() {
    return {std::make_error_code(std::errc::operation_canceled), "closed here"};
}

}  // namespace

tcp_connection::tcp_connection(asio_executor& loop, receive_scratch& scratch, int socket)
    : loop_(loop), scratch_(scratch), socket_(loop.context()), peer_(peer_address(socket).text()) {
    set_stream_options(socket);
    boost::system::error_code failed;
    socket_.assign(socket, failed);
    if (failed) {
        ::close(socket);
        finish_later(socket_error(failed.value(), "watching the connection of " + peer_));
    }
}

void tcp_connection::start(stream_handler& handler) {
    CHECK(handler_ == nullptr, "a stream is started once");
    handler_ = &handler;
    if (state_ == state::closing) {
        finish_later(*why_closed_);
    } else {
        wait_readable();
    }
}

void tcp_connection::resume_receiving() {
    if (!paused_) return;
    paused_ = false;
    wait_readable();
}

// --- receiving

void tcp_connection::wait_readable() {
    const bool wanted = delivers() || state_ == state::lingering;
    if (waiting_readable_ || !wanted) return;
    waiting_readable_ = true;
    socket_.async_wait(asio_descriptor::wait_read,
                       [self = pointer(this)](const boost::system::error_code& failed) {
                           self->waiting_readable_ = false;
                           if (!failed) self->receive();
                       });
}

void tcp_connection::receive() {
    bool drained = false;
    for (int round = 0; round < receive_rounds && !drained; ++round) {
        if (!receive_once(drained)) return;
    }
    wait_readable();
}

bool tcp_connection::receive_once(bool& drained) {
    const bool lingering = state_ == state::lingering;
    if (!lingering && !delivers()) return false;
    const mutable_bytes space = lingering ? mutable_bytes{} : handler_->receive_space();
    if (is_down()) return false;  // the user closed from receive_space
    const std::size_t elsewhere =
        lingering ? scratch_.memory.size() : std::min(scratch_.memory.size(), handler_->receive_max());

    std::array<iovec, 2> room{iovec{space.data(), space.size()}, iovec{scratch_.memory.data(), elsewhere}};
    const bool has_space = !space.empty();
    ssize_t received = 0;
    do {
        received = has_space ? ::readv(socket_.native_handle(), room.data(), int(room.size()))
                             : ::recv(socket_.native_handle(), room[1].iov_base, room[1].iov_len, 0);
    } while (received < 0 && errno == EINTR);

    if (received < 0) {
        drained = errno == EAGAIN || errno == EWOULDBLOCK;
        if (!drained) finish(lingering ? local_close() : socket_error(errno, "receiving from " + peer_));
        return drained;
    }
    if (received == 0) {
        receive_end();
        return false;
    }
    drained = std::size_t(received) < space.size() + elsewhere;
    if (!lingering) deliver(space, std::size_t(received));
    return !is_down();
}

void tcp_connection::receive_end() {
    if (state_ == state::lingering) return finish(local_close());
    const pointer self(this);  // the user may destroy the stream in the call
    const bool goes_on = handler_->on_peer_finished();
    if (is_down() || handler_ == nullptr) return;
    if (goes_on) {
        peer_has_finished_ = true;
    } else {
        finish(error(std::error_code(), "closed by " + peer_));
    }
}

void tcp_connection::deliver(mutable_bytes space, std::size_t received) {
    const std::size_t in_space = std::min(received, space.size());
    if (in_space > 0) handler_->on_received(space.first(in_space));
    const bytes_view rest = bytes_view(scratch_.memory).first(received - in_space);
    if (rest.empty() || state_ != state::open || handler_ == nullptr) return;
    handler_->on_received(rest);  // also to one that has paused just now
}

// --- sending

void tcp_connection::send(shared_bytes bytes) {
    if (state_ != state::open || bytes.bytes.empty()) return;
    queued_bytes_ += bytes.bytes.size();
    queue_.push_back(std::move(bytes));
}

void tcp_connection::flush() {
    if (waiting_writable_ || is_down()) return;
    write_queue();
}

void tcp_connection::write_queue() {
    while (queue_head_ < queue_.size()) {
        std::array<iovec, send_pieces> pieces;
        const std::size_t count = std::min(queue_.size() - queue_head_, pieces.size());
        std::size_t offered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const bytes_view piece = queue_[queue_head_ + i].bytes.subspan(i == 0 ? head_sent_ : 0);
            pieces[i] = {const_cast<std::byte*>(piece.data()), piece.size()};
            offered += piece.size();
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait_writable();
        if (sent < 0) return finish_later(socket_error(errno, "sending to " + peer_));
        consume(std::size_t(sent));
        if (std::size_t(sent) < offered) return wait_writable();
    }
    all_sent();
}

void tcp_connection::consume(std::size_t sent) {
    CHECK(sent <= queued_bytes_);
    queued_bytes_ -= sent;
    while (sent > 0) {
        const std::size_t left = queue_[queue_head_].bytes.size() - head_sent_;
        if (sent < left) {
            head_sent_ += sent;
            return;
        }
        sent -= left;
        queue_[queue_head_++] = {};
        head_sent_ = 0;
    }
}

void tcp_connection::all_sent() {
    CHECK(queued_bytes_ == 0);
    queue_.clear();
    queue_head_ = 0;
    if (queue_.capacity() > kept_queue_pieces) queue_.shrink_to_fit();
    if (state_ != state::sending_last) return;
    state_ = state::lingering;
    ::shutdown(socket_.native_handle(), SHUT_WR);
    linger_timer_ = loop_.start_timer(loop_.time().now() + close_linger, [self = pointer(this)] {
        self->linger_timer_.reset();
        self->finish(local_close());
    });
    wait_readable();
}

void tcp_connection::wait_writable() {
    waiting_writable_ = true;
    socket_.async_wait(
        asio_descriptor::wait_write, [self = pointer(this)](const boost::system::error_code& failed) {
            self->waiting_writable_ = false;
            if (failed) return;
            const std::size_t before = self->queued_bytes_;
            self->write_queue();
            if (self->state_ == state::open && self->handler_ != nullptr && self->queued_bytes_ < before) {
                self->handler_->on_sent(self->queued_bytes_);
            }
        });
}

// --- closing

void tcp_connection::close() {
    if (!is_down()) finish_later(local_close());
}

void tcp_connection::close_after_sending() {
    if (state_ != state::open) return;
    state_ = state::sending_last;
    flush();
}

void tcp_connection::finish_later(error why) {
    state_ = state::closing;
    drop_socket();
    why_closed_ = std::move(why);
    if (handler_ == nullptr) return;  // start() tells
    loop_.post([self = pointer(this)] { self->finish(*self->why_closed_); });
}

void tcp_connection::finish(error why) {
    if (state_ == state::closed) return;
    if (handler_ == nullptr) return finish_later(std::move(why));
    drop_socket();
    state_ = state::closed;
    std::exchange(handler_, nullptr)->on_closed(std::move(why));
}

void tcp_connection::drop_socket() {
    boost::system::error_code ignored;
    if (socket_.is_open()) socket_.close(ignored);
    queue_.clear();
    queue_head_ = head_sent_ = queued_bytes_ = 0;
    if (linger_timer_) loop_.cancel_timer(*std::exchange(linger_timer_, {}));
}

void tcp_connection::abandon() {
    handler_ = nullptr;
    if (state_ == state::closed) return;
    drop_socket();
    state_ = state::closed;
}

}  // namespace logstore::env
