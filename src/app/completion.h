// Scripts that complete the command line in a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/command_tree.h"

namespace logstore::app {

enum class shell { bash, zsh, fish };

std::optional<shell> shell_of_name(std::string_view name);

/// A script to be sourced: commands, options, values with a fixed choice, files, and topics, for which it
/// asks the server for a second at most.
std::string completion_script(shell which, const command_description& program);

}  // namespace logstore::app
