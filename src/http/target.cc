#include "http/target.h"

#include <charconv>

#include <fmt/format.h>

namespace logstore::http {
namespace {

constexpr std::uint32_t bit(method one) {
    return std::uint32_t(1) << static_cast<unsigned>(one);
}
constexpr std::uint32_t bit(parameter one) {
    return std::uint32_t(1) << static_cast<unsigned>(one);
}

constexpr std::uint32_t get_and_head = bit(method::get) | bit(method::head);
constexpr std::uint32_t read_parameters = bit(parameter::offset) | bit(parameter::max_bytes) |
                                          bit(parameter::max_records) | bit(parameter::wait_ms) |
                                          bit(parameter::encoding) | bit(parameter::follow);

struct route_facts {
    std::string_view name;
    std::uint32_t methods = 0;
    std::string_view method_names;
    std::uint32_t parameters = 0;
};

// In the order of the enumeration.
constexpr std::array<route_facts, route_count> routes{{
    {"/", get_and_head, "GET, HEAD", 0},
    {"/openapi.yaml", get_and_head, "GET, HEAD", 0},
    {"/health/live", get_and_head, "GET, HEAD", 0},
    {"/health/ready", get_and_head, "GET, HEAD", 0},
    {"/metrics", get_and_head, "GET, HEAD", 0},
    {"/append", bit(method::post), "POST", 0},
    {"/read", get_and_head, "GET, HEAD", read_parameters | bit(parameter::topic) | bit(parameter::partition)},
    {"/topics", get_and_head | bit(method::post), "GET, HEAD, POST", 0},
    {"/topics/{topic}", get_and_head | bit(method::put) | bit(method::remove), "GET, HEAD, PUT, DELETE", 0},
    {"/topics/{topic}/records", bit(method::post), "POST", 0},
    {"/topics/{topic}/partitions/{partition}/records", get_and_head, "GET, HEAD", read_parameters},
    {"other", 0, "", 0},
}};

constexpr std::array<std::string_view, parameter_count> parameter_names{
    "topic", "partition", "offset", "max_bytes", "max_records", "wait_ms", "follow", "encoding"};

const route_facts& facts(route of) {
    return routes[static_cast<std::size_t>(of)];
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// Visible ASCII with %XX for everything else; nothing when it is not that.
std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte <= 0x20 || byte >= 0x7f || byte == '#') return std::nullopt;
        if (byte != '%') {
            plain += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        plain += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return plain;
}

std::unexpected<api_error> bad_target() {
    return refuse(400, "bad_target", "the path or query of the request is malformed");
}

/// Takes the part up to the next slash off the front of `path`.
std::string_view take_part(std::string_view& path) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    return part;
}

route fixed_route(std::string_view path) {
    for (const route one : {route::append, route::read, route::topics, route::live, route::ready,
                            route::metrics, route::page, route::openapi}) {
        if (path == facts(one).name) return one;
    }
    return route::none;
}

/// "/topics/{topic}" and what lies below it. False: malformed.
bool take_topic_path(std::string_view path, target& into) {
    const bool ends_in_slash = path.ends_with('/');
    std::string_view rest = path.substr(std::string_view("/topics/").size());
    auto topic = decoded(take_part(rest));
    if (!topic) return false;
    if (topic->empty() || ends_in_slash) return true;
    into.topic = std::move(*topic);
    if (rest.empty()) return into.where = route::topic, true;
    const std::string_view kind = take_part(rest);
    if (kind == "records" && rest.empty()) return into.where = route::topic_records, true;
    if (kind != "partitions") return true;
    auto partition = decoded(take_part(rest));
    if (!partition) return false;
    if (rest != "records") return true;
    into.partition = std::move(*partition);
    into.where = route::partition_records;
    return true;
}

api_result<> take_parameter(std::string_view text, target& into) {
    if (text.empty()) return {};
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto name = decoded(text.substr(0, equals));
    auto value = decoded(text.substr(std::min(equals + 1, text.size())));
    if (!name || !value) return bad_target();
    for (std::size_t i = 0; i < parameter_count; ++i) {
        if (parameter_names[i] != *name) continue;
        if ((facts(into.where).parameters & bit(static_cast<parameter>(i))) == 0) break;
        if (into.parameters[i]) {
            return refuse(400, "repeated_parameter", fmt::format("the parameter '{}' is given twice", *name));
        }
        into.parameters[i] = std::move(*value);
        return {};
    }
    return refuse(
        400, "unknown_parameter",
        fmt::format("{} has no such parameter; docs/http.md lists what there is", facts(into.where).name));
}

}  // namespace

std::string_view route_name(route of) {
    return facts(of).name;
}
std::string_view allowed_methods(route of) {
    return facts(of).method_names;
}
bool allows(route of, method asked) {
    return (facts(of).methods & bit(asked)) != 0;
}
bool takes_body(route of, method asked) {
    return of != route::none && (asked == method::post || asked == method::put);
}
std::string_view parameter_name(parameter of) {
    return parameter_names[static_cast<std::size_t>(of)];
}

api_result<target> parse_target(std::string_view text) {
    const std::size_t path_bytes = std::min(text.find('?'), text.size());
    const std::string_view path = text.substr(0, path_bytes);
    target found;
    if (path.starts_with("/topics/")) {
        if (!take_topic_path(path, found)) return bad_target();
    } else {
        found.where = fixed_route(path);
        if (found.where == route::none && !decoded(path)) return bad_target();
    }
    if (found.where == route::none) return found;
    std::string_view query = text.substr(std::min(path_bytes + 1, text.size()));
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        if (auto taken = take_parameter(query.substr(0, end), found); !taken) {
            return std::unexpected(std::move(taken).error());
        }
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return found;
}

api_result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t min,
                                      std::int64_t max) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || at != end || number < min || number > max) {
        return refuse(400, "invalid_parameter",
                      fmt::format("{} must be a number from {} to {}", name, min, max));
    }
    return number;
}

}  // namespace logstore::http
