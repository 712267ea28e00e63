#include "env/asio_network.h"

#include <cerrno>

#include <unistd.h>

#include "env/completion.h"
#include "env/socket_calls.h"
#include "env/tcp_listener.h"

namespace logstore::env {
namespace {

/// The outcome of a connect() in progress on `socket`: 0 or an errno.
int connect_outcome(int socket) {
    int why = 0;
    socklen_t bytes = sizeof why;
    return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &why, &bytes) == 0 ? why : errno;
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop outlives its coroutines, and the socket lives in
// the frame that awaits.

/// Completes with 0 when `socket` is connected, else with an errno; ETIMEDOUT at `deadline`.
task<int> wait_connected(asio_executor& loop, asio_descriptor& socket, monotonic_time deadline) {
    completion<int> done;
    bool late = false;
    const timer_id alarm = loop.start_timer(deadline, [&socket, &late] {
        late = true;
        socket.cancel();
    });
    socket.async_wait(asio_descriptor::wait_write, [&](const boost::system::error_code&) {
        done.set(late ? ETIMEDOUT : connect_outcome(socket.native_handle()));
    });
    const int outcome = co_await done;
    loop.cancel_timer(alarm);
    co_return outcome;
}

/// A connected socket to one address, or the errno as an error.
task<result<int>> connect_one(asio_executor& loop, kernel_address to, monotonic_time deadline) {
    const int made = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) co_return std::unexpected(socket_error(errno, "socket"));
    int why = ::connect(made, to.get(), to.bytes) == 0 ? 0 : errno;
    if (why == EINPROGRESS) {
        asio_descriptor waiting(loop.context());
        boost::system::error_code failed;
        waiting.assign(made, failed);
        if (failed) {
            why = failed.value();
        } else {
            why = co_await wait_connected(loop, waiting, deadline);
            waiting.release();
        }
    }
    if (why == 0) co_return made;
    ::close(made);
    co_return std::unexpected(socket_error(why, "connecting to " + to.text()));
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace

result<std::unique_ptr<listener>> asio_network::listen(
    socket_address at, bool shared, std::move_only_function<void(std::unique_ptr<stream>)> on_accept) {
    auto socket = make_listening_socket(at, shared);
    if (!socket) return std::unexpected(std::move(socket).error());
    tcp_acceptor::pointer acceptor(new tcp_acceptor(loop_, scratch_, *socket, std::move(on_accept)));
    acceptor->wait_readable();
    return std::make_unique<tcp_listener>(std::move(acceptor));
}

task<result<std::unique_ptr<stream>>> asio_network::connect(socket_address to) {
    const monotonic_time deadline = loop_.time().now() + connect_timeout;
    auto addresses = resolve(to, false, true);
    if (!addresses && !to.host.empty()) {
        auto ask = [to] { return resolve(to, false, false); };
        addresses = co_await run_blocking(resolver_, loop_, std::move(ask));
    }
    if (!addresses) co_return std::unexpected(std::move(addresses).error());

    result<int> socket = std::unexpected(socket_error(EADDRNOTAVAIL, to.text()));
    for (const kernel_address& address : *addresses) {
        socket = co_await connect_one(loop_, address, deadline);
        if (socket) break;
    }
    if (!socket) co_return std::unexpected(std::move(socket).error());
    tcp_connection::pointer connection(new tcp_connection(loop_, scratch_, *socket));
    std::unique_ptr<stream> made = std::make_unique<tcp_stream>(std::move(connection));
    co_return made;
}

}  // namespace logstore::env
