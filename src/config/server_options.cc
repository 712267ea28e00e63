#include "config/server_options.h"

#include <set>

#include <fmt/format.h>

#include "config/errc.h"
#include "config/nearest_name.h"
#include "config/toml_entries.h"

namespace logstore::config {
namespace {

const server_option* find_option(std::string_view name) {
    for (const server_option& about : server_option_table()) {
        if (about.name == name || (!about.kafka_name.empty() && about.kafka_name == name)) return &about;
    }
    return nullptr;
}

std::string unknown_option_sentence(std::string_view name) {
    std::vector<std::string_view> known;
    for (const server_option& about : server_option_table()) {
        known.push_back(about.name);
        if (!about.kafka_name.empty()) known.push_back(about.kafka_name);
    }
    const std::string_view nearest = nearest_name(name, known);
    if (nearest.empty()) return fmt::format("{} is not an option", name);
    return fmt::format("{} is not an option; did you mean {}?", name, nearest);
}

/// `place` says where the setting stands, for the error.
result<const server_option*> set_option(server_options& options, std::string_view name,
                                        const option_value& value, std::string_view place) {
    const server_option* about = find_option(name);
    if (about == nullptr) {
        return fail(errc::invalid_configuration, fmt::format("{}: {}", place, unknown_option_sentence(name)));
    }
    const result<option_value> accepted = accept_value(*about, value);
    if (!accepted) return fail(accepted.error().code, fmt::format("{}: {}", place, accepted.error().detail));
    about->assign(options, *accepted);
    return about;
}

result<> set_from_toml(server_options& options, std::string_view toml, std::string_view source) {
    const auto entries = read_toml_entries(toml, source);
    if (!entries) return std::unexpected(entries.error());
    std::set<const server_option*> seen;
    for (const toml_entry& entry : *entries) {
        const std::string place = fmt::format("{}:{}", source, entry.line);
        const auto set = set_option(options, entry.name, entry.value, place);
        if (!set) return std::unexpected(set.error());
        // TOML itself refuses a key twice; this is one option under both of its names.
        if (!seen.insert(*set).second) {
            return fail(errc::invalid_configuration, fmt::format("{}: {} is set twice", place, (*set)->name));
        }
    }
    return {};
}

}  // namespace

result<option_override> parse_override(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return fail(errc::invalid_configuration, fmt::format("\"{}\" is not of the form name=value", text));
    }
    return option_override{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

result<server_options> load_server_options(std::string_view toml, std::string_view source,
                                           const std::vector<option_override>& overrides) {
    server_options options;
    LOGSTORE_TRY(set_from_toml(options, toml, source));
    for (const option_override& setting : overrides) {
        const auto set = set_option(options, setting.name, setting.value, "command line");
        if (!set) return std::unexpected(set.error());
    }
    LOGSTORE_TRY(check_server_options(options));
    return options;
}

result<> check_server_options(const server_options& options) {
    const auto refused = [](std::string_view sentence) {
        return fail(errc::invalid_configuration, std::string(sentence));
    };
    if (options.data_dir.empty()) return refused("data_dir must not be empty");
    if (options.kafka_listen.empty()) return refused("kafka.listen must not be empty");
    if (options.in_flight_bytes < options.frame_bytes_max) {
        return refused(
            "kafka.in_flight_bytes must be at least kafka.frame_bytes_max, or the largest request is never "
            "read");
    }
    if (static_cast<std::uint32_t>(options.message_bytes_max) > options.frame_bytes_max) {
        return refused(
            "topics.message_bytes_max must be at most kafka.frame_bytes_max, or the largest batch cannot "
            "arrive");
    }
    if (static_cast<std::uint32_t>(options.partitions_default) > options.partitions_per_topic_max) {
        return refused("topics.partitions_default must be at most topics.partitions_per_topic_max");
    }
    return {};
}

}  // namespace logstore::config
