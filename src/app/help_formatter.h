// How help is laid out. Included by app/syntax alone (it pulls in the parser).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/command_tree.h"

namespace logstore::app {

/// What the parser does not know about a command.
struct command_help {
    /// After the command's name: "NAME [OPTIONS]".
    std::string usage;
    /// Whole lines, shown as they are.
    std::vector<std::string> examples;
    /// After the examples; whole lines too.
    std::vector<std::string> notes;
    /// Between options and examples; nothing without entries.
    explained_list list{};
};

/// Description, usage, arguments, options, commands, examples; two columns, wrapped.
class help_formatter : public CLI::Formatter {
  public:
    void add(const CLI::App* command, command_help help) { texts_[command] = std::move(help); }
    command_help help_of(const CLI::App& command) const {
        const auto found = texts_.find(&command);
        return found == texts_.end() ? command_help{} : found->second;
    }

    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;

  private:
    std::map<const CLI::App*, command_help> texts_;
};

/// "logstore topic create".
std::string full_name(const CLI::App& command);

}  // namespace logstore::app
