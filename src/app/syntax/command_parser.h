// The syntax of the command line: one parse. Only app/syntax knows the parser's library.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/command_line.h"
#include "app/command_tree.h"
#include "app/help_formatter.h"
#include "config/quantity.h"

namespace logstore::app {

/// Where the commands are declared, and what several of them share. For one parse; one thread.
///
/// Each add_…() function of commands.h declares its commands here. What their options write to belongs to the
/// function that makes the command from it: a shared_ptr that lives as long as the parser.
class command_parser {
  public:
    command_parser();

    CLI::App& root() { return root_; }
    /// `made` runs when the whole line has passed its checks and chose this command.
    CLI::App& add_command(CLI::App& parent, const char* name, const char* description, command_help help,
                          std::function<command()> made);
    /// A command that has commands of its own.
    CLI::App& add_group(CLI::App& parent, const char* name, const char* description, command_help help);

    /// --server and --json; read by target().
    void add_server_options(CLI::App& command);
    void add_server(CLI::App& command);
    void add_json(CLI::App& command, std::string description = "Print one JSON document instead of text.");
    bool json() const { return json_; }
    /// Of the environment when --server was not given.
    server_choice target() const;

    std::expected<command, early_exit> parse(const std::vector<std::string>& arguments);
    command_description describe() const { return described(root_); }

  private:
    command_description described(const CLI::App& at) const;
    const CLI::App& deepest() const;
    early_exit usage_error(std::string_view what) const;
    early_exit missing_command() const;
    early_exit unexpected_argument() const;

    std::shared_ptr<help_formatter> formatter_ = std::make_shared<help_formatter>();
    CLI::App root_{"A Kafka-compatible log store: every acknowledged record is on stable storage.",
                   "logstore"};
    std::optional<command> chosen_;
    std::string server_;
    bool json_ = false;
};

}  // namespace logstore::app
