// Every command, declared. The order of the calls is the order of the help.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/syntax/command_parser.h"

namespace logstore::app {

void add_serve(command_parser& parser);
void add_topic(command_parser& parser);
void add_produce(command_parser& parser);
void add_consume(command_parser& parser);
void add_bench(command_parser& parser);
void add_inspect(command_parser& parser);
void add_repair(command_parser& parser);
void add_completion(command_parser& parser);
void add_man(command_parser& parser);

// What several commands declare alike.

CLI::Option* add_number(CLI::App& command, const char* name, std::string& text, config::unit counts,
                        std::int64_t min, std::int64_t max, std::string description);
/// The positional `word`, a topic's name.
void add_topic_name(CLI::App& command, const char* word, std::string& name, std::string description);
/// May be repeated, one value each.
CLI::Option* add_repeated(CLI::App& command, const char* name, std::vector<std::string>& texts,
                          std::string description);
void add_timeout(CLI::App& command, std::string& text, std::string description);
/// Nothing when the option was not given.
std::optional<std::int32_t> optional_count(const std::string& checked_text);

}  // namespace logstore::app
