#include "app/syntax/argument_checks.h"

#include <fmt/format.h>

#include "app/record_format.h"
#include "app/start_position.h"
#include "config/server_options.h"
#include "env/stream.h"
#include "kafka/client/compression.h"
#include "model/topic_partition.h"

namespace logstore::app {

std::string check_topic_name(const std::string& name) {
    if (is_legal_topic_name(name)) return {};
    return fmt::format(
        "'{}' is not a topic name: use 1 to 249 letters, digits, '.', '_' and '-', but not '.' or '..'",
        name);
}

std::string check_server(const std::string& text) {
    const auto address = env::socket_address::parse(text);
    if (!address) return address.error().detail;
    if (address->host.empty() || address->port == 0)
        return fmt::format("'{}' names no host or no port: use HOST:PORT", text);
    return {};
}

std::string check_override(const std::string& text) {
    const auto parsed = config::parse_override(text);
    return parsed ? std::string() : parsed.error().detail;
}

std::string check_topic_config(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals != 0) return {};
    return fmt::format("'{}' is not NAME=VALUE, for example retention.ms=86400000", text);
}

std::function<std::string(const std::string&)> check_quantity(config::unit counts, std::int64_t min,
                                                              std::int64_t max) {
    return [counts, min, max](const std::string& text) -> std::string {
        const auto number = config::parse_quantity(counts, text);
        if (number && *number >= min && *number <= max) return {};
        return fmt::format("'{}' is not a number from {} to {}", text, min, max);
    };
}

std::string check_codec(const std::string& text) {
    if (kafka::codec_of_name(text)) return {};
    return fmt::format("'{}' is not none, gzip, snappy, lz4 or zstd", text);
}

std::string check_acks(const std::string& text) {
    if (text == "all" || text == "1" || text == "0") return {};
    return fmt::format("'{}' is not all, 1 or 0", text);
}

std::string check_header(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals != 0) return {};
    return fmt::format("'{}' is not NAME=VALUE", text);
}

std::string check_from(const std::string& text) {
    if (start_position::parse(text)) return {};
    return fmt::format("'{}' is not beginning, end, offset:N, last:N, time:2026-11-22T10:00:00Z or time:-10m",
                       text);
}

std::string check_trim_offset(const std::string& text) {
    if (text == trim_everything) return {};
    const std::string wrong =
        check_quantity(config::unit::none, 0, std::numeric_limits<std::int64_t>::max())(text);
    return wrong.empty() ? wrong : wrong + fmt::format(", or '{}'", trim_everything);
}

std::string check_format(const std::string& text) {
    const auto format = record_format::parse(text);
    return format ? std::string() : format.error();
}

std::int64_t number_in(config::unit counts, const std::string& checked_text) {
    return config::parse_quantity(counts, checked_text).value();
}

std::pair<std::string, std::string> split_at_equals(const std::string& checked_text) {
    const std::size_t equals = checked_text.find('=');
    return {checked_text.substr(0, equals), checked_text.substr(equals + 1)};
}

}  // namespace logstore::app
