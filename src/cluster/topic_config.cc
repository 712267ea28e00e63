#include "cluster/topic_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/errc.h"

namespace logstore::cluster {
namespace {

/// Kafka's topic configs that this version has not, so that the answer can say so.
constexpr std::array<std::string_view, 24> unsupported_names{
    "delete.retention.ms",
    "errors.deadletterqueue.group.enable",
    "file.delete.delay.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "max.compaction.lag.ms",
    "message.downconversion.enable",
    "message.format.version",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.difference.max.ms",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "segment.index.bytes",
    "segment.jitter.ms",
    "compression.gzip.level",
    "compression.zstd.level",
};

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || rest != end) return std::nullopt;
    return number;
}

bool is_among(std::span<const std::string_view> words, std::string_view text) {
    return std::ranges::find(words, text) != words.end();
}

/// The setting `text` stands for, within the table's bounds.
result<std::int64_t> parse_value(const topic_config& about, std::string_view text) {
    if (about.is_number()) {
        const auto number = parse_number(text);
        if (number && *number >= about.min && *number <= about.max) return *number;
        return fail(errc::invalid_config,
                    fmt::format("{} must be a number from {} to {}", about.name, about.min, about.max));
    }
    // Kafka reads booleans without regard to case.
    std::string word(text);
    if (about.type == config_type::boolean) {
        std::ranges::transform(word, word.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    }
    const auto found = std::ranges::find(about.words, word);
    if (found != about.words.end()) return found - about.words.begin();
    if (is_among(about.unsupported_words, word)) {
        return fail(errc::unsupported_config,
                    fmt::format("{}={} is not supported by this version; it must be {}", about.name, word,
                                fmt::join(about.words, " or ")));
    }
    return fail(errc::invalid_config,
                fmt::format("{} must be {}", about.name, fmt::join(about.words, " or ")));
}

}  // namespace

std::string topic_config::text_of(std::int64_t number) const {
    return is_number() ? std::to_string(number) : std::string(words[static_cast<std::size_t>(number)]);
}

const topic_config* find_topic_config(std::string_view name) {
    const auto table = topic_config_table();
    const auto found = std::ranges::find(table, name, &topic_config::name);
    return found == table.end() ? nullptr : &*found;
}

result<std::string> accept_topic_config(std::string_view name, std::string_view value,
                                        const topic_config_limits& limits) {
    const topic_config* about = find_topic_config(name);
    if (about == nullptr && is_among(unsupported_names, name)) {
        return fail(errc::unsupported_config,
                    fmt::format("the topic config {} is not supported by this version", name));
    }
    if (about == nullptr)
        return fail(errc::invalid_config, fmt::format("there is no topic config {:.100}", name));
    const auto number = parse_value(*about, without_blanks(value));
    if (!number) return std::unexpected(number.error());
    if (about->name == "max.message.bytes" && *number > limits.message_bytes_max) {
        return fail(errc::invalid_config,
                    fmt::format("max.message.bytes must be at most {}, the largest request of this broker",
                                limits.message_bytes_max));
    }
    return about->text_of(*number);
}

result<topic_configs> accept_topic_configs(const topic_configs& configs, const topic_config_limits& limits) {
    topic_configs accepted;
    for (const auto& [name, value] : configs) {
        auto text = accept_topic_config(name, value, limits);
        if (!text) return std::unexpected(text.error());
        accepted.emplace(name, std::move(*text));
    }
    return accepted;
}

topic_settings settings_of(const topic_configs& configs, const topic_settings& defaults) {
    topic_settings settings = defaults;
    for (const auto& [name, value] : configs) {
        const topic_config* about = find_topic_config(name);
        if (about == nullptr) continue;
        const auto number = parse_value(*about, without_blanks(value));
        if (number) about->assign(settings, *number);
    }
    return settings;
}

std::vector<described_config> describe_topic_configs(const topic_configs& configs,
                                                     const topic_settings& defaults) {
    const topic_settings settings = settings_of(configs, defaults);
    const topic_settings of_program;
    std::vector<described_config> described;
    for (const topic_config& about : topic_config_table()) {
        described_config one;
        one.config = &about;
        one.value = about.text_of(about.read(settings));
        if (configs.contains(about.name))
            one.source = config_source::topic;
        else if (about.read(defaults) != about.read(of_program))
            one.source = config_source::broker;
        described.push_back(std::move(one));
    }
    return described;
}

std::string topic_configs_markdown() {
    std::string out =
        "# Topic configs\n\n"
        "Set when a topic is created or later, with Kafka's tools. What a topic does not set, the broker's "
        "option decides.\n\n"
        "| config | default | values | meaning |\n|---|---|---|---|\n";
    for (const topic_config& about : topic_config_table()) {
        const std::string values = about.is_number() ? fmt::format("{} to {}", about.min, about.max)
                                                     : fmt::format("{}", fmt::join(about.words, ", "));
        out += fmt::format("| `{}` | {}{}{} | {} | {} |\n", about.name,
                           about.text_of(about.read(topic_settings{})), about.unit.empty() ? "" : " ",
                           about.unit, values, about.meaning);
    }
    return out;
}

}  // namespace logstore::cluster
