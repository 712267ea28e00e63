#include "kafka/server/described_configs.h"

#include <algorithm>

namespace logstore::kafka {
namespace {

using config = describe_configs_response::config;

config_origin origin_of(cluster::config_source from) {
    switch (from) {
        case cluster::config_source::topic: return config_origin::topic;
        case cluster::config_source::broker: return config_origin::static_broker;
        case cluster::config_source::program: return config_origin::program;
    }
    return config_origin::unknown;
}

/// The values in order of precedence: what is set on the topic, what is set on the broker, what the program
/// says.
std::vector<describe_configs_response::synonym> synonyms_of(const cluster::described_config& one,
                                                            const cluster::topic_settings& defaults) {
    const cluster::topic_config& about = *one.config;
    std::vector<describe_configs_response::synonym> synonyms;
    if (one.source == cluster::config_source::topic)
        synonyms.push_back({std::string(about.name), one.value, config_origin::topic});
    if (about.broker_name.empty()) return synonyms;
    const std::int64_t of_broker = about.read(defaults);
    const std::int64_t of_program = about.read(cluster::topic_settings());
    const std::string name(about.broker_name);
    if (of_broker != of_program)
        synonyms.push_back({name, about.text_of(of_broker), config_origin::static_broker});
    synonyms.push_back({name, about.text_of(of_program), config_origin::program});
    return synonyms;
}

}  // namespace

bool config_selection::has(std::string_view name) const {
    return keys == nullptr || keys->empty() || std::ranges::find(*keys, name) != keys->end();
}

std::vector<config> describe_topic(const cluster::topic_configs& set, const cluster::topic_settings& defaults,
                                   const config_selection& wanted) {
    std::vector<config> described;
    for (const cluster::described_config& one : cluster::describe_topic_configs(set, defaults)) {
        if (!wanted.has(one.config->name)) continue;
        config& answer = described.emplace_back();
        answer.name = one.config->name;
        answer.value = one.value;
        answer.origin = origin_of(one.source);
        answer.type = static_cast<config_value_type>(one.config->type);
        if (wanted.with_synonyms) answer.synonyms = synonyms_of(one, defaults);
        answer.documentation.reset();
        if (wanted.with_documentation) answer.documentation = one.config->meaning;
    }
    return described;
}

std::vector<config> describe_broker(const std::vector<broker_config>& all, const config_selection& wanted) {
    std::vector<config> described;
    for (const broker_config& one : all) {
        const bool is_wanted =
            wanted.has(one.name) || (!one.other_name.empty() && wanted.has(one.other_name));
        if (!is_wanted) continue;
        config& answer = described.emplace_back();
        answer.name = one.name;
        answer.value = one.value;
        answer.is_read_only = true;
        answer.type = one.type;
        const bool is_set = one.value != one.default_value;
        answer.origin = is_set ? config_origin::static_broker : config_origin::program;
        if (wanted.with_synonyms) {
            if (is_set) answer.synonyms.push_back({one.name, one.value, config_origin::static_broker});
            answer.synonyms.push_back({one.name, one.default_value, config_origin::program});
        }
        answer.documentation.reset();
        if (wanted.with_documentation) answer.documentation = one.documentation;
    }
    return described;
}

}  // namespace logstore::kafka
