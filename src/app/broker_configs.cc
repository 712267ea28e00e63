#include "app/broker_configs.h"

#include <limits>

#include <fmt/format.h>

namespace logstore::app {
namespace {

using kafka::config_value_type;

config_value_type type_of(const config::option& about) {
    if (about.is_switch()) return config_value_type::boolean;
    if (!about.is_number() || about.is_choice()) return config_value_type::text;
    const bool is_short = about.max <= std::numeric_limits<std::int32_t>::max();
    return is_short ? config_value_type::int32 : config_value_type::int64;
}

/// As Kafka's clients write it: no quotes, numbers without a unit.
std::string text_of(const config::option& about, const config::option_value& value) {
    if (const bool* set = std::get_if<bool>(&value)) return *set ? "true" : "false";
    if (const std::string* text = std::get_if<std::string>(&value)) return *text;
    const std::int64_t number = std::get<std::int64_t>(value);
    return about.is_choice() ? std::string(about.choices[static_cast<std::size_t>(number)])
                             : std::to_string(number);
}

std::string documentation_of(const config::option& about) {
    std::string text(about.meaning);
    if (const std::string bounds = config::describe_bounds(about); !bounds.empty())
        text += fmt::format(" Values: {}.", bounds);
    if (!about.kafka_name.empty()) text += fmt::format(" In this server's configuration: {}.", about.name);
    return text;
}

}  // namespace

kafka::broker_configs broker_configs_of(const config::server_options& from) {
    auto all = std::make_shared<std::vector<kafka::broker_config>>();
    for (const config::server_option& about : config::server_option_table()) {
        kafka::broker_config& one = all->emplace_back();
        const bool has_kafka_name = !about.kafka_name.empty();
        one.name = has_kafka_name ? about.kafka_name : about.name;
        if (has_kafka_name) one.other_name = about.name;
        one.value = text_of(about, about.read(from));
        one.default_value = text_of(about, about.initial());
        one.type = type_of(about);
        one.documentation = documentation_of(about);
    }
    return all;
}

}  // namespace logstore::app
