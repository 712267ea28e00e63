#include "env/socket_calls.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace logstore::env {
namespace {

constexpr int listen_backlog = 4096;

void set_option(int socket, int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
}

std::string bracketed(const char* host, std::uint16_t port) {
    socket_address shown;
    shown.host = std::string_view(host).starts_with("::ffff:") && std::strchr(host, '.') ? host + 7 : host;
    shown.port = port;
    return shown.text();
}

result<int> listen_at(const kernel_address& address, bool shared) {
    const int made = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) return std::unexpected(socket_error(errno, "socket"));
    set_option(made, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared) set_option(made, SOL_SOCKET, SO_REUSEPORT, 1);
    if (address.family() == AF_INET6) set_option(made, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (::bind(made, address.get(), address.bytes) == 0 && ::listen(made, listen_backlog) == 0) return made;
    const int why = errno;
    ::close(made);
    return std::unexpected(socket_error(why, "listening on " + address.text()));
}

}  // namespace

error socket_error(int number, std::string what) {
    return {std::error_code(number, std::generic_category()), std::move(what)};
}

std::string kernel_address::text() const {
    char host[INET6_ADDRSTRLEN] = "?";
    if (family() == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, host, sizeof host);
    } else if (family() == AF_INET6) {
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, host, sizeof host);
    }
    return bracketed(host, port());
}

std::uint16_t kernel_address::port() const {
    if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    return 0;
}

result<std::vector<kernel_address>> resolve(const socket_address& of, bool for_listening, bool numeric_only) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (for_listening ? AI_PASSIVE : 0) | (numeric_only ? AI_NUMERICHOST : 0);
    if (of.host.empty() && !for_listening) {
        return std::unexpected(socket_error(EINVAL, "'" + of.text() + "' names no host"));
    }
    addrinfo* found = nullptr;
    const std::string port = std::to_string(of.port);
    const int failed =
        ::getaddrinfo(of.host.empty() ? nullptr : of.host.c_str(), port.c_str(), &hints, &found);
    if (failed != 0) {
        const int number = failed == EAI_SYSTEM ? errno : EADDRNOTAVAIL;
        return std::unexpected(socket_error(number, "'" + of.host + "': " + ::gai_strerror(failed)));
    }
    std::vector<kernel_address> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        kernel_address address;
        std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
        address.bytes = each->ai_addrlen;
        // An IPv6 socket on every address takes IPv4 too, so it goes first.
        const bool first = of.host.empty() && address.family() == AF_INET6;
        addresses.insert(first ? addresses.begin() : addresses.end(), address);
    }
    ::freeaddrinfo(found);
    return addresses;
}

result<int> make_listening_socket(const socket_address& at, bool shared) {
    auto addresses = resolve(at, true, false);
    if (!addresses) return std::unexpected(addresses.error());
    result<int> made = std::unexpected(socket_error(EADDRNOTAVAIL, at.text()));
    for (const kernel_address& address : *addresses) {
        made = listen_at(address, shared);
        // Only a machine without that address family goes on to the next one.
        if (made || made.error().code != std::errc::address_family_not_supported) return made;
    }
    return made;
}

kernel_address local_address(int socket) {
    kernel_address address;
    address.bytes = sizeof address.storage;
    ::getsockname(socket, address.get(), &address.bytes);
    return address;
}

kernel_address peer_address(int socket) {
    kernel_address address;
    address.bytes = sizeof address.storage;
    ::getpeername(socket, address.get(), &address.bytes);
    return address;
}

void set_stream_options(int socket) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace logstore::env
