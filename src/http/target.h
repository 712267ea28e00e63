// What a request is about: its path and its parameters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/api_error.h"
#include "http/request_head.h"

namespace logstore::http {

enum class route : std::uint8_t {
    page,
    openapi,
    live,
    ready,
    metrics,
    append,
    read,
    topics,
    topic,
    topic_records,
    partition_records,
    none,  ///< no path of this server
};
inline constexpr std::size_t route_count = static_cast<std::size_t>(route::none) + 1;

/// The path as documentation writes it.
std::string_view route_name(route of);
/// "GET, HEAD".
std::string_view allowed_methods(route of);
bool allows(route of, method asked);
/// Whether this method of this route takes a body of JSON.
bool takes_body(route of, method asked);

enum class parameter : std::uint8_t {
    topic,
    partition,
    offset,
    max_bytes,
    max_records,
    wait_ms,
    follow,
    encoding
};
inline constexpr std::size_t parameter_count = static_cast<std::size_t>(parameter::encoding) + 1;
std::string_view parameter_name(parameter of);

struct target {
    route where = route::none;
    /// From the path, decoded.
    std::string topic;
    std::string partition;
    /// From the query, decoded.
    std::array<std::optional<std::string>, parameter_count> parameters;

    const std::optional<std::string>& get(parameter which) const {
        return parameters[static_cast<std::size_t>(which)];
    }
};

/// Takes a target ("/topics/a?b=c") apart. Total. An unknown path is route::none; an unknown or repeated
/// parameter, or one that the route does not have, is refused: a misspelt one would silently mean its
/// default.
api_result<target> parse_target(std::string_view text);

/// A decimal number from `min` to `max`, given as `name`.
api_result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t min,
                                      std::int64_t max);

}  // namespace logstore::http
