// Which web pages may talk to this server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/api_error.h"
#include "http/request_head.h"

namespace logstore::http {

struct origin_options {
    /// Names (without a port) under which clients reach this server. Addresses and localhost always count.
    std::vector<std::string> allowed_hosts;
    /// Other origins ("https://console.example") whose pages may use this server.
    std::vector<std::string> allowed_origins;
    /// Clients of other machines are served, under names that this server need not know.
    bool serves_other_machines = false;
};

/// Keeps the pages of other sites out, in whose name a browser sends requests from inside the network:
///
/// - A request that names an origin, as browsers do, must come from a page of this server, or of an allowed
/// origin.
/// - A page that points its own name at this server's address (DNS rebinding) names that name as the host: it
/// must be an
///   address, localhost or an allowed host. Where other machines are served, this holds for requests that
///   name an origin; where only this one is, for all.
class origin_policy {
  public:
    explicit origin_policy(origin_options options) : options_(std::move(options)) {}

    api_result<> check(const request_head& head) const;
    /// Whether the page of another origin is to be told that it may read the answer.
    bool is_allowed_origin(std::string_view origin) const;

  private:
    bool is_own_host(std::string_view host) const;

    const origin_options options_;
};

}  // namespace logstore::http
