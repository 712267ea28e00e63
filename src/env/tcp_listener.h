// Accepting TCP connections on an Asio loop. Private to env.
#pragma once

#include <optional>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "env/asio_executor.h"
#include "env/tcp_connection.h"

namespace logstore::env {

/// What a listener and the callbacks under way share.
class tcp_acceptor : public boost::intrusive_ref_counter<tcp_acceptor, boost::thread_unsafe_counter> {
  public:
    using pointer = boost::intrusive_ptr<tcp_acceptor>;
    using accept_callback = std::move_only_function<void(std::unique_ptr<stream>)>;

    /// Takes over a listening non-blocking socket.
    tcp_acceptor(asio_executor& loop, receive_scratch& scratch, int socket, accept_callback on_accept);
    void wait_readable();
    void stop();
    std::uint16_t port() const { return port_; }

  private:
    void accept_burst();
    /// False when it is no use to go on now.
    bool accept_one();
    void back_off(int why);

    asio_executor& loop_;
    receive_scratch& scratch_;
    asio_descriptor socket_;
    accept_callback on_accept_;
    std::uint16_t port_;
    bool stopped_ = false;
    /// Waiting for resources; said once until an accept succeeds again.
    bool starved_ = false;
    std::optional<timer_id> retry_;
};

class tcp_listener final : public listener {
  public:
    explicit tcp_listener(tcp_acceptor::pointer acceptor) : acceptor_(std::move(acceptor)) {}
    ~tcp_listener() override { acceptor_->stop(); }
    std::uint16_t port() const override { return acceptor_->port(); }

  private:
    tcp_acceptor::pointer acceptor_;
};

}  // namespace logstore::env
