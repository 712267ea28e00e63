// The configurations that a topic can have, explained to people.
#pragma once

#include <vector>

#include "app/command_tree.h"

namespace logstore::app {

/// Each with its meaning, unit, bounds and default, and with the server's option that decides where a topic
/// says nothing.
std::vector<argument_description> topic_config_explanations();

}  // namespace logstore::app
