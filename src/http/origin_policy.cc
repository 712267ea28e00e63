#include "http/origin_policy.h"

#include <algorithm>

namespace logstore::http {
namespace {

bool equals_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_number(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The host of "host:port"; empty when it is malformed.
std::string_view without_port(std::string_view host) {
    const std::size_t colon = host.starts_with('[') ? host.find(':', host.find(']')) : host.find(':');
    if (colon == std::string_view::npos) return host;
    return is_number(host.substr(colon + 1)) ? host.substr(0, colon) : std::string_view();
}

/// An address cannot be pointed elsewhere. Digits and dots alone are never a name: no top-level domain is a
/// number.
bool is_address(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) return true;
    return !host.empty() &&
           std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace

bool origin_policy::is_own_host(std::string_view host) const {
    const std::string_view name = without_port(host);
    if (is_address(name) || equals_without_case(name, "localhost")) return true;
    return std::ranges::any_of(options_.allowed_hosts,
                               [&](const std::string& one) { return equals_without_case(one, name); });
}

bool origin_policy::is_allowed_origin(std::string_view origin) const {
    return std::ranges::any_of(options_.allowed_origins,
                               [&](const std::string& one) { return equals_without_case(one, origin); });
}

api_result<> origin_policy::check(const request_head& head) const {
    if (head.origin) {
        if (is_allowed_origin(*head.origin)) return {};
        std::string_view origin_host = *head.origin;
        const bool is_http = origin_host.starts_with("http://") || origin_host.starts_with("https://");
        origin_host.remove_prefix(is_http ? origin_host.find("//") + 2 : 0);
        if (!is_http || !equals_without_case(origin_host, head.host) || !is_own_host(head.host)) {
            return refuse(403, "foreign_origin",
                          "pages of other sites may not use this server; http.allowed_origins and "
                          "http.allowed_hosts say "
                          "which may");
        }
    } else if (!options_.serves_other_machines && !head.host.empty() && !is_own_host(head.host)) {
        return refuse(403, "unknown_host",
                      "this server is not known under the name in the Host field; use its address or "
                      "localhost, or name it "
                      "in http.allowed_hosts");
    }
    return {};
}

}  // namespace logstore::http
