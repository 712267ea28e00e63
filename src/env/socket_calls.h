// The system calls around sockets, without a loop. Private to env.
#pragma once

#include <string>
#include <vector>

#include <sys/socket.h>

#include "env/stream.h"

namespace logstore::env {

/// An address as the kernel takes it.
struct kernel_address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
    /// "127.0.0.1:80", "[::1]:80"; an IPv4 address in an IPv6 one is shown as IPv4.
    std::string text() const;
    std::uint16_t port() const;
};

/// The addresses of `of`, at least one. Blocks when the host is a name, unless `numeric_only`.
result<std::vector<kernel_address>> resolve(const socket_address& of, bool for_listening, bool numeric_only);

/// A bound, listening, non-blocking socket. REQUIRES of the caller: close it.
result<int> make_listening_socket(const socket_address& at, bool shared);

/// The address that `socket` is bound to or, of its peer; empty when it has none any more.
kernel_address local_address(int socket);
kernel_address peer_address(int socket);

/// What every stream socket gets: small answers leave at once, and a peer that vanished is noticed in the
/// end.
void set_stream_options(int socket);

error socket_error(int number, std::string what);

}  // namespace logstore::env
