// The configs a topic can have: Kafka's names, their types, bounds and meanings.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/topic_settings.h"

namespace logstore::cluster {

/// The numbers are those of Kafka's DescribeConfigs.
enum class config_type : std::int8_t { boolean = 1, text = 2, int32 = 3, int64 = 5, list = 7 };

/// One config; plain data with static lifetime.
struct topic_config {
    std::string_view name;
    /// What Kafka calls the broker's default for it; empty when there is none.
    std::string_view broker_name{};
    std::string_view meaning;
    config_type type = config_type::int64;
    /// "ms", "bytes" or empty.
    std::string_view unit{};
    std::int64_t min = 0;
    std::int64_t max = 0;
    /// The values of what is not a number, and those that Kafka knows beside them.
    std::span<const std::string_view> words{};
    std::span<const std::string_view> unsupported_words{};

    /// The setting as a number; for words their index.
    std::int64_t (*read)(const topic_settings& from) = nullptr;
    void (*assign)(topic_settings& to, std::int64_t number) = nullptr;

    bool is_number() const { return words.empty(); }
    /// A setting as text.
    std::string text_of(std::int64_t number) const;
};

std::span<const topic_config> topic_config_table();
/// Null when there is none of this name.
const topic_config* find_topic_config(std::string_view name);

/// A topic's own configs as text: what its creator set, nothing else.
using topic_configs = std::map<std::string, std::string, std::less<>>;

/// What this broker can do, beyond the table's bounds.
struct topic_config_limits {
    /// A max.message.bytes above the largest request could never be used.
    std::int32_t message_bytes_max = 32 << 20;
};

/// The text to store when `name` is set to `value`: the number or word it stands for, so short.
/// invalid_config or unsupported_config with a sentence for the client.
result<std::string> accept_topic_config(std::string_view name, std::string_view value,
                                        const topic_config_limits& limits);
/// The same for all of `configs`.
result<topic_configs> accept_topic_configs(const topic_configs& configs, const topic_config_limits& limits);

/// `defaults` with `configs` over them. Never fails: a stored value that this version cannot use counts as
/// not set.
topic_settings settings_of(const topic_configs& configs, const topic_settings& defaults);

/// Where a described value comes from.
enum class config_source { topic, broker, program };

struct described_config {
    const topic_config* config = nullptr;
    std::string value;
    config_source source = config_source::program;
};

/// Every config of the table with its value in force. `defaults` are the broker's.
std::vector<described_config> describe_topic_configs(const topic_configs& configs,
                                                     const topic_settings& defaults);

/// The reference page of all topic configs, in Markdown.
std::string topic_configs_markdown();

}  // namespace logstore::cluster
