#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

constexpr std::int64_t timeout_ms_max = std::int64_t(24) * 3600 * 1000;

}  // namespace

CLI::Option* add_number(CLI::App& command, const char* name, std::string& text, config::unit counts,
                        std::int64_t min, std::int64_t max, std::string description) {
    return command.add_option(name, text, std::move(description))
        ->type_name("N")
        ->check(check_quantity(counts, min, max));
}

void add_topic_name(CLI::App& command, const char* word, std::string& name, std::string description) {
    command.add_option(word, name, std::move(description))->required()->check(check_topic_name);
}

CLI::Option* add_repeated(CLI::App& command, const char* name, std::vector<std::string>& texts,
                          std::string description) {
    return command.add_option(name, texts, std::move(description))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_timeout(CLI::App& command, std::string& text, std::string description) {
    command.add_option("--timeout", text, std::move(description) + " Default: 30s.")
        ->type_name("TIME")
        ->check(check_quantity(config::unit::milliseconds, 1, timeout_ms_max));
}

std::optional<std::int32_t> optional_count(const std::string& checked_text) {
    if (checked_text.empty()) return std::nullopt;
    return static_cast<std::int32_t>(number_in(config::unit::none, checked_text));
}

}  // namespace logstore::app
