// The manual page, made from the help.
#pragma once

#include <string>
#include <string_view>

#include "app/command_tree.h"

namespace logstore::app {

/// In the man macros of roff: `logstore man | man -l -`.
std::string man_page(const command_description& program, std::string_view version);

}  // namespace logstore::app
