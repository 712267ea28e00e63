#include <charconv>

#include "env/stream.h"

namespace logstore::env {
namespace {

std::unexpected<error> malformed(std::string_view text) {
    return fail(std::make_error_code(std::errc::invalid_argument),
                "'" + std::string(text) + "' is not HOST:PORT or [IPv6]:PORT");
}

}  // namespace

result<socket_address> socket_address::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed(text);
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);

    if (host.starts_with('[')) {
        if (!host.ends_with(']') || host.size() < 3) return malformed(text);
        host = host.substr(1, host.size() - 2);
        if (host.find_first_of("[]") != std::string_view::npos) return malformed(text);
    } else if (host.find_first_of(":[]") != std::string_view::npos) {
        return malformed(text);
    }

    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || failed != std::errc{} || end != digits.data() + digits.size())
        return malformed(text);

    socket_address parsed;
    parsed.host = host;
    parsed.port = port;
    return parsed;
}

}  // namespace logstore::env
