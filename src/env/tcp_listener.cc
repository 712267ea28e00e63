#include "env/tcp_listener.h"

#include <cerrno>

#include <sys/socket.h>

#include "base/logging.h"
#include "env/socket_calls.h"

namespace logstore::env {
namespace {

/// Connections accepted before the streams that exist already get their turn.
constexpr int accepts_a_burst = 64;
/// How long to wait when the process or the machine has no more descriptors or memory.
constexpr duration accept_back_off = std::chrono::milliseconds(100);

bool is_starvation(int why) {
    return why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM;
}

}  // namespace

tcp_acceptor::tcp_acceptor(asio_executor& loop, receive_scratch& scratch, int socket,
                           accept_callback on_accept)
    : loop_(loop),
      scratch_(scratch),
      socket_(loop.context(), socket),
      on_accept_(std::move(on_accept)),
      port_(local_address(socket).port()) {}

void tcp_acceptor::stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (retry_) loop_.cancel_timer(*retry_);
}

void tcp_acceptor::wait_readable() {
    socket_.async_wait(asio_descriptor::wait_read,
                       [self = pointer(this)](const boost::system::error_code& failed) {
                           if (!failed) self->accept_burst();
                       });
}

void tcp_acceptor::accept_burst() {
    for (int i = 0; i < accepts_a_burst && !stopped_; ++i) {
        if (!accept_one()) break;
    }
    if (!stopped_ && !retry_) wait_readable();
}

bool tcp_acceptor::accept_one() {
    const int accepted = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
        starved_ = false;
        tcp_connection::pointer connection(new tcp_connection(loop_, scratch_, accepted));
        on_accept_(std::make_unique<tcp_stream>(std::move(connection)));
        return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (is_starvation(errno)) {
        back_off(errno);
        return false;
    }
    return true;  // that connection broke before it was accepted: the next one
}

void tcp_acceptor::back_off(int why) {
    if (!std::exchange(starved_, true)) {
        log_error("network", "no new connections on port {} for the moment: {}", port_,
                  std::error_code(why, std::generic_category()).message());
    }
    retry_ = loop_.start_timer(loop_.time().now() + accept_back_off, [self = pointer(this)] {
        self->retry_.reset();
        self->accept_burst();
    });
}

}  // namespace logstore::env
