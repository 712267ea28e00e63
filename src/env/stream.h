// Byte streams between machines. Completion-shaped: the backend delivers bytes and takes ownership of bytes to send, so that a
// readiness backend (Asio) and a completion backend (io_uring) fit behind it alike.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "env/clock.h"
#include "env/task.h"

namespace logstore::env {

/// Bytes to send and what keeps them alive.
struct shared_bytes {
    std::shared_ptr<const void> owner;
    bytes_view bytes;

    shared_bytes() = default;
    shared_bytes(std::shared_ptr<const void> the_owner, bytes_view the_bytes)
        : owner(std::move(the_owner)), bytes(the_bytes) {}
    /// Owns a vector's bytes.
    explicit shared_bytes(byte_vector content) {
        auto kept = std::make_shared<const byte_vector>(std::move(content));
        bytes = *kept;
        owner = std::move(kept);
    }
};

/// What a stream tells its user, on the stream's thread. None of these is called from inside a call the user makes, and none
/// after on_closed.
class stream_handler {
  public:
    virtual ~stream_handler() = default;
    /// Where the next bytes should go, when the user has a place for them (the rest of a large frame); empty = anywhere.
    virtual mutable_bytes receive_space() { return {}; }
    /// How many bytes it takes at most beyond that space at a time. At least 1.
    virtual std::size_t receive_max() { return std::numeric_limits<std::size_t>::max(); }
    /// Bytes arrived; they lie at the start of the last receive_space(), or in memory that is valid during this call only.
    virtual void on_received(bytes_view bytes) = 0;
    /// Bytes that flush() could not hand over at once have left since; `pending_bytes` still wait. Not called for what flush()
    /// did hand over at once: ask pending_send_bytes() after it.
    virtual void on_sent(std::size_t pending_bytes) { (void)pending_bytes; }
    /// The peer will send no more; it may still read, or be gone: only sending tells. True: the stream stays open for what is
    /// still to be sent, until this side closes it. False: it is closed, and on_closed follows. Not called again.
    virtual bool on_peer_finished() { return false; }
    /// The last call: the peer closed (an error_code of value 0), the stream broke, or close() or close_after_sending() was
    /// called (operation_canceled). The user may destroy the stream from here on, also inside this call.
    virtual void on_closed(error why) = 0;
};

inline constexpr duration close_linger = std::chrono::seconds(1);

/// One connection of one executor.
class stream {
  public:
    /// Destroying an open stream closes it without a call of the handler.
    virtual ~stream() = default;
    /// Begins to receive. Once. send() and flush() work before it.
    virtual void start(stream_handler& handler) = 0;
    /// Stops and resumes receiving, for back-pressure; no on_received between the two, except one for the rest of what had
    /// left the kernel when the handler paused from inside on_received: at most receive_max(). Nothing is kept here. Bytes in
    /// the kernel wait there, and so does the news that the peer closed.
    virtual void pause_receiving() = 0;
    virtual void resume_receiving() = 0;
    /// Queues bytes; they leave at flush(), or with what is queued before. Dropped when the stream is closing.
    virtual void send(shared_bytes bytes) = 0;
    /// Sends all that is queued, in as few system calls as possible.
    virtual void flush() = 0;
    /// Bytes queued and not yet with the kernel.
    virtual std::size_t pending_send_bytes() const = 0;
    /// Closes; on_closed follows. Bytes not yet sent are dropped.
    virtual void close() = 0;
    /// Closes after what is queued was sent. What the peer still sends is thrown away until it closes too, close_linger at most:
    /// closing over unread bytes would reset the connection and take the last answer from the peer.
    virtual void close_after_sending() = 0;
    /// "127.0.0.1:54321".
    virtual std::string peer() const = 0;
};

struct socket_address {
    std::string host;
    std::uint16_t port = 0;
    /// Parses "HOST:PORT" or "[IPv6]:PORT"; an empty host is every address of this machine (for listening only).
    static result<socket_address> parse(std::string_view text);
    std::string text() const {
        return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
    }
};

/// Accepts connections while it lives.
class listener {
  public:
    virtual ~listener() = default;
    /// The port in use, also when 0 was asked for.
    virtual std::uint16_t port() const = 0;
};

inline constexpr duration connect_timeout = std::chrono::seconds(10);

/// The sockets of one executor.
class network {
  public:
    virtual ~network() = default;
    /// Listens; every accepted stream goes to `on_accept` on this executor. With `shared`, several executors listen on the
    /// same address and the kernel spreads connections (SO_REUSEPORT).
    virtual result<std::unique_ptr<listener>> listen(socket_address at, bool shared,
                                                     std::move_only_function<void(std::unique_ptr<stream>)> on_accept) = 0;
    /// Gives up after connect_timeout.
    virtual task<result<std::unique_ptr<stream>>> connect(socket_address to) = 0;
};

}  // namespace logstore::env
