// One TCP connection on an Asio loop. Private to env.
#pragma once

#include <optional>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "env/asio_executor.h"
#include "env/stream.h"

namespace logstore::env {

/// Where the bytes of all streams of an executor arrive when their users have no place for them: nothing is
/// kept here between two calls, so that an idle connection owns no buffer.
struct receive_scratch {
    static constexpr std::size_t bytes = 256 * 1024;
    byte_vector memory = byte_vector(bytes);
};

/// What a stream and the callbacks under way share. Asio tells when the socket is ready; the calls are plain
/// non-blocking ones, so that a burst is one readv or one sendmsg, and received bytes go where the user wants
/// them.
class tcp_connection : public boost::intrusive_ref_counter<tcp_connection, boost::thread_unsafe_counter> {
  public:
    using pointer = boost::intrusive_ptr<tcp_connection>;

    /// Takes over a connected non-blocking socket.
    tcp_connection(asio_executor& loop, receive_scratch& scratch, int socket);

    void start(stream_handler& handler);
    void pause_receiving() { paused_ = true; }
    void resume_receiving();
    void send(shared_bytes bytes);
    void flush();
    std::size_t pending_send_bytes() const { return queued_bytes_; }
    void close();
    void close_after_sending();
    const std::string& peer() const { return peer_; }
    /// The stream is gone: closes, and its handler hears nothing more.
    void abandon();

  private:
    enum class state {
        open,
        /// Bytes queued are the last ones; nothing is delivered any more.
        sending_last,
        /// Everything is sent and our side is shut; waits for the peer to close.
        lingering,
        /// The socket is closed; on_closed is on its way.
        closing,
        closed,
    };

    bool delivers() const {
        return state_ == state::open && handler_ != nullptr && !paused_ && !peer_has_finished_;
    }
    bool is_down() const { return state_ == state::closing || state_ == state::closed; }

    void wait_readable();
    void receive();
    /// False when nothing is to be received any more now.
    bool receive_once(bool& drained);
    /// The peer closed, or shut its side only.
    void receive_end();
    void deliver(mutable_bytes space, std::size_t received);

    void wait_writable();
    void write_queue();
    void consume(std::size_t sent);
    void all_sent();

    /// Closes the socket and tells the user from the loop.
    void finish_later(error why);
    void finish(error why);
    void drop_socket();

    asio_executor& loop_;
    receive_scratch& scratch_;
    asio_descriptor socket_;
    std::string peer_;
    stream_handler* handler_ = nullptr;
    state state_ = state::open;
    bool paused_ = false;
    /// And this side goes on: there is nothing more to receive.
    bool peer_has_finished_ = false;
    bool waiting_readable_ = false;
    bool waiting_writable_ = false;

    std::vector<shared_bytes> queue_;
    /// The first piece of the queue that is not sent yet, and how much of it is.
    std::size_t queue_head_ = 0;
    std::size_t head_sent_ = 0;
    std::size_t queued_bytes_ = 0;

    std::optional<error> why_closed_;
    std::optional<timer_id> linger_timer_;
};

/// The stream that users hold.
class tcp_stream final : public stream {
  public:
    explicit tcp_stream(tcp_connection::pointer connection) : connection_(std::move(connection)) {}
    ~tcp_stream() override { connection_->abandon(); }

    void start(stream_handler& handler) override { connection_->start(handler); }
    void pause_receiving() override { connection_->pause_receiving(); }
    void resume_receiving() override { connection_->resume_receiving(); }
    void send(shared_bytes bytes) override { connection_->send(std::move(bytes)); }
    void flush() override { connection_->flush(); }
    std::size_t pending_send_bytes() const override { return connection_->pending_send_bytes(); }
    void close() override { connection_->close(); }
    void close_after_sending() override { connection_->close_after_sending(); }
    std::string peer() const override { return connection_->peer(); }

  private:
    tcp_connection::pointer connection_;
};

}  // namespace logstore::env
