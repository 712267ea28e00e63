// From a command to what it does.
#pragma once

#include <string>
#include <vector>

#include "app/console.h"

namespace logstore::app {

/// Everything but the process: parses `arguments` (without the program's name), runs the command, answers the
/// exit code.
int run_command(console& out, const std::vector<std::string>& arguments);

}  // namespace logstore::app
