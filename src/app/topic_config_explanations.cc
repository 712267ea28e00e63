#include "app/topic_config_explanations.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/topic_config.h"
#include "config/server_options.h"

namespace logstore::app {
namespace {

using cluster::topic_config;

std::string values_of(const topic_config& about) {
    if (!about.is_number()) return fmt::format("{}", fmt::join(about.words, " or "));
    const std::string_view blank = about.unit.empty() ? "" : " ";
    if (about.max == std::numeric_limits<std::int64_t>::max())
        return fmt::format("{}{}{} or more", about.min, blank, about.unit);
    return fmt::format("{} to {}{}{}", about.min, about.max, blank, about.unit);
}

/// With the unit that is easily read beside the number that is to be written.
std::string default_of(const topic_config& about) {
    const std::int64_t number = about.read(cluster::topic_settings());
    const std::string text = about.text_of(number);
    if (!about.is_number() || about.unit.empty() || number <= 0) return text;
    const auto counts = about.unit == "ms" ? config::unit::milliseconds : config::unit::bytes;
    const std::string readable = config::readable_number(counts, number);
    return readable.starts_with(text) ? text : fmt::format("{} ({})", text, readable);
}

/// Empty where no option of the server decides.
std::string_view server_option_of(const topic_config& about) {
    const auto table = config::server_option_table();
    const auto found = std::ranges::find(table, about.broker_name, &config::server_option::kafka_name);
    return about.broker_name.empty() || found == table.end() ? std::string_view() : found->name;
}

}  // namespace

std::vector<argument_description> topic_config_explanations() {
    std::vector<argument_description> made;
    for (const topic_config& about : cluster::topic_config_table()) {
        std::string meaning =
            fmt::format("{} Values: {}. Default: {}", about.meaning, values_of(about), default_of(about));
        if (const auto option = server_option_of(about); !option.empty())
            meaning += fmt::format(", or what the server has as {}", option);
        made.push_back({std::string(about.name), meaning + "."});
    }
    return made;
}

}  // namespace logstore::app
